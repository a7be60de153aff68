//! Processes of a cluster on loopback.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use timbral_cluster::Session;
use tokio::sync::{Mutex, MutexGuard};

/// A process that ends with the test.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program of an example of this crate, which cargo builds before the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.ancestors().nth(2).unwrap().join("examples").join(name);
    let build = "build it: cargo build -p timbral-cluster --examples";
    assert!(path.exists(), "{}: {build}", path.display());
    path
}

/// Starts an example of this crate.
pub(crate) fn start(example: &str, args: &[&str], environment: &[(String, String)]) -> Process {
    let mut command = Command::new(self::example(example));
    command.args(args).envs(environment.iter().cloned());
    let child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn();
    Process(child.unwrap())
}

/// Ports that nothing listens at, below those that systems give to clients.
fn free_ports(n: usize) -> Vec<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + (std::process::id() % 500) as u16 * 20;
    let next = || first + NEXT.fetch_add(1, Ordering::Relaxed);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(next)
        .filter(is_free)
        .take(n)
        .collect()
}

/// Clusters run one after the other: three at a time on two cores would wait for each other.
static ONE: Mutex<()> = Mutex::const_new(());

pub(crate) struct Cluster {
    port: u16,
    environment: Vec<(String, String)>,
    pub(crate) scheduler: Option<Process>,
    pub(crate) executors: Vec<Process>,
    _one: MutexGuard<'static, ()>,
}

impl Cluster {
    pub(crate) async fn start(environment: &[(String, String)]) -> Self {
        let mut cluster = Self {
            port: free_ports(1)[0],
            environment: environment.to_vec(),
            scheduler: None,
            executors: Vec::new(),
            _one: ONE.lock().await,
        };
        cluster.start_scheduler().await;
        cluster.start_executors();
        cluster
    }

    pub(crate) async fn start_scheduler(&mut self) {
        let port = self.port.to_string();
        // Longer than a busy machine holds up a heartbeat, else tracks are computed twice.
        let args = ["--port", &port, "--executor-timeout", "15"];
        self.scheduler = Some(start("cluster_scheduler", &args, &self.environment));
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(("127.0.0.1", self.port))
                .await
                .is_ok()
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the scheduler does not listen");
    }

    pub(crate) fn start_executors(&mut self) {
        let scheduler = self.port.to_string();
        for (port, id) in free_ports(2).iter().zip(["one", "two"]) {
            let port = port.to_string();
            let args = [
                "--scheduler-port",
                &scheduler,
                "--id",
                id,
                "--port",
                &port,
                "--threads",
                "1",
                "--heartbeat",
                "1",
            ];
            self.executors
                .push(start("cluster_executor", &args, &self.environment));
        }
    }

    pub(crate) fn address(&self) -> String {
        format!("df://localhost:{}", self.port)
    }

    pub(crate) async fn session(&self) -> Session {
        Session::remote(&self.address()).await.unwrap()
    }
}
