//! A local server of one archive, good or faulty.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with a request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// Answers ranges.
    Good,
    /// Ignores ranges.
    NoRange,
    /// Answers ranges, but closes the connection after n bytes of each response.
    Cut(usize),
    /// Answers 404.
    NotFound,
    /// Sends a web page instead.
    Page,
    /// Answers a range with a different one.
    WrongRange,
}

pub(crate) struct Server {
    pub(crate) url: String,
    /// The first byte asked for by each request.
    pub(crate) requests: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    /// Serves until the end of the process.
    pub(crate) fn start(body: Vec<u8>, manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/genres.tar.gz", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), &body, manner, &seen);
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> Vec<usize> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, body: &[u8], manner: Manner, seen: &Mutex<Vec<usize>>) {
    let mut start = None;
    for line in BufReader::new(&stream).lines() {
        let line = line.unwrap().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            start = Some(range.trim_end_matches('-').parse::<usize>().unwrap());
        }
    }
    seen.lock().unwrap().push(start.unwrap_or(0));
    let (status, first, body) = match (manner, start) {
        (Manner::NotFound, _) => ("404 Not Found", None, &b"gone"[..]),
        (Manner::Page, _) => ("200 OK", None, &b"<html>"[..]),
        (Manner::WrongRange, Some(_)) => ("206 Partial Content", Some(0), body),
        (Manner::Good | Manner::Cut(_), Some(start)) if start < body.len() => {
            ("206 Partial Content", Some(start), &body[start..])
        }
        _ => ("200 OK", None, body),
    };
    let sent = match manner {
        Manner::Cut(n) => n.min(body.len()),
        _ => body.len(),
    };
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    if let Some(first) = first {
        let last = first + body.len() - 1;
        head += &format!("Content-Range: bytes {first}-{last}/{}\r\n", last + 1);
    }
    // The client may have gone.
    let _ = write!(stream, "{head}Connection: close\r\n\r\n");
    let _ = stream.write_all(&body[..sent]);
}
