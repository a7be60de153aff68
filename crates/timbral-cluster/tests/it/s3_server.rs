//! As much of an S3 server as object stores need, in memory, with faults.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Objects by their keys, without the bucket.
type Objects = BTreeMap<String, Vec<u8>>;

#[derive(Default)]
struct State {
    objects: Objects,
    requests: usize,
    faults: usize,
}

/// A server with one bucket, `bucket`.
pub(crate) struct S3Server {
    state: Arc<Mutex<State>>,
    pub(crate) port: u16,
}

/// Every tenth request fails.
const FAULT_EVERY: usize = 10;

/// How a request fails.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Status 503.
    Unavailable,
    /// The connection is closed without an answer.
    Closed,
    /// The connection is closed after half of the body.
    Half,
}

impl S3Server {
    pub(crate) async fn start(objects: Objects) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            objects,
            ..State::default()
        }));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { state, port }
    }

    /// The environment in which a process uses this server.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let endpoint = format!("http://127.0.0.1:{}", self.port);
        let pairs = [
            ("AWS_ENDPOINT", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
        ];
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    pub(crate) fn objects(&self) -> Objects {
        self.state.lock().unwrap().objects.clone()
    }

    /// Requests, and those that failed on purpose.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.requests, state.faults)
    }
}

/// Answers the requests of a connection.
async fn serve(stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line).await {
                Ok(n) if n > 0 => {}
                _ => return,
            }
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let header = |name: &str| {
            let line = head
                .iter()
                .find(|l| l.to_ascii_lowercase().starts_with(&format!("{name}:")));
            line.map(|line| line.split_once(':').unwrap().1.trim().to_owned())
        };
        let length = header("content-length").map_or(0, |n| n.parse().unwrap());
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let mut words = head[0].split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let fault = next_fault(&mut state.lock().unwrap());
        let answer = match fault {
            Fault::Closed => return,
            Fault::Unavailable => Answer::new(503, "Service Unavailable", Vec::new()),
            _ => answer(
                &mut state.lock().unwrap().objects,
                method,
                target,
                header("range"),
                body,
            ),
        };
        let bytes = answer.to_bytes(method);
        let sent = if fault == Fault::Half {
            bytes.len() / 2
        } else {
            bytes.len()
        };
        if stream.get_mut().write_all(&bytes[..sent]).await.is_err() || sent < bytes.len() {
            return;
        }
    }
}

fn next_fault(state: &mut State) -> Fault {
    state.requests += 1;
    if !state.requests.is_multiple_of(FAULT_EVERY) {
        return Fault::None;
    }
    state.faults += 1;
    [Fault::Unavailable, Fault::Closed, Fault::Half][state.faults % 3]
}

struct Answer {
    status: (u16, &'static str),
    headers: String,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, reason: &'static str, body: Vec<u8>) -> Self {
        Self {
            status: (status, reason),
            headers: String::new(),
            body,
        }
    }

    fn to_bytes(&self, method: &str) -> Vec<u8> {
        let ((status, reason), headers, n) = (self.status, &self.headers, self.body.len());
        let head = format!("HTTP/1.1 {status} {reason}\r\ncontent-length: {n}\r\n{headers}\r\n");
        let mut bytes = head.into_bytes();
        if method != "HEAD" {
            bytes.extend(&self.body);
        }
        bytes
    }
}

const DATE: &str = "last-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\n";

/// The version of an object.
fn e_tag(bytes: &[u8]) -> String {
    let sum = bytes
        .iter()
        .fold(5381u64, |sum, b| sum.wrapping_mul(33) ^ u64::from(*b));
    format!("{sum:016x}")
}

fn answer(
    objects: &mut Objects,
    method: &str,
    target: &str,
    range: Option<String>,
    body: Vec<u8>,
) -> Answer {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = path.trim_start_matches("/bucket").trim_start_matches('/');
    match method {
        "GET" if query.contains("list-type=2") => list(objects, query),
        "GET" | "HEAD" => {
            let Some(bytes) = objects.get(key) else {
                return Answer::new(404, "Not Found", Vec::new());
            };
            let tag = e_tag(bytes);
            let head = format!("{DATE}etag: \"{tag}\"\r\n");
            let range = range
                .as_deref()
                .and_then(|range| range.strip_prefix("bytes="));
            let Some((start, end)) = range.and_then(|range| range.split_once('-')) else {
                let answer = Answer::new(200, "OK", bytes.clone());
                return Answer {
                    headers: head,
                    ..answer
                };
            };
            let n = bytes.len();
            let (start, end) = match (start.parse::<usize>(), end.parse::<usize>()) {
                (Ok(start), end) => (start, end.map_or(n, |end| (end + 1).min(n))),
                (_, Ok(last)) => (n - last.min(n), n),
                _ => return Answer::new(400, "Bad Request", Vec::new()),
            };
            let headers = format!("{head}content-range: bytes {start}-{}/{n}\r\n", end - 1);
            let answer = Answer::new(206, "Partial Content", bytes[start..end].to_vec());
            Answer { headers, ..answer }
        }
        "PUT" => {
            let headers = format!("etag: \"{}\"\r\n", e_tag(&body));
            objects.insert(key.to_owned(), body);
            let answer = Answer::new(200, "OK", Vec::new());
            Answer { headers, ..answer }
        }
        "POST" if query.starts_with("delete") => {
            let text = String::from_utf8(body).unwrap();
            let mut xml = "<DeleteResult>".to_owned();
            for part in text.split("<Key>").skip(1) {
                let key = part.split("</Key>").next().unwrap();
                objects.remove(key);
                write!(xml, "<Deleted><Key>{key}</Key></Deleted>").unwrap();
            }
            xml.push_str("</DeleteResult>");
            Answer::new(200, "OK", xml.into_bytes())
        }
        "DELETE" => {
            objects.remove(key);
            Answer::new(204, "No Content", Vec::new())
        }
        _ => Answer::new(400, "Bad Request", Vec::new()),
    }
}

/// All objects under a prefix, in one page.
fn list(objects: &Objects, query: &str) -> Answer {
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let mut values = pairs
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        values.next().unwrap_or_default().replace("%2F", "/")
    };
    let (prefix, delimiter, after) = (value("prefix"), value("delimiter"), value("start-after"));
    let mut xml = "<ListBucketResult><IsTruncated>false</IsTruncated>".to_owned();
    for (key, bytes) in objects.iter().filter(|(key, _)| key.starts_with(&prefix)) {
        let is_below = !delimiter.is_empty() && key[prefix.len()..].contains(&delimiter);
        if is_below || *key <= after {
            continue;
        }
        let (size, tag) = (bytes.len(), e_tag(bytes));
        write!(
            xml,
            "<Contents><Key>{key}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified>\
             <ETag>\"{tag}\"</ETag><Size>{size}</Size></Contents>"
        )
        .unwrap();
    }
    xml.push_str("</ListBucketResult>");
    Answer::new(200, "OK", xml.into_bytes())
}
