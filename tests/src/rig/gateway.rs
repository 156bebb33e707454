//! An HTTP gateway for text messages that keeps what it is asked, and misbehaves on demand.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::process::eventually;

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// With this status and a short body.
    Status(u16),
    /// With a redirect to itself.
    Redirect,
    /// With a body of 10 MB.
    Huge,
    /// With a body of which a byte comes each half second.
    Slow,
    /// Not at all: the connection stays open.
    Silent,
    /// Not at all: the connection is closed.
    Close,
    /// With something that is no HTTP.
    Noise,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET /path?query`.
    pub line: String,
    /// The headers, as they came.
    pub head: String,
    /// The body.
    pub body: String,
}

/// A gateway on a port of its own.
pub struct Gateway {
    port: u16,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Gateway {
    /// Starts one on 127.0.0.1. It ends with the process.
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("bind a gateway");
        let port = listener.local_addr().expect("its address").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let answer = Arc::new(Mutex::new(answer));
        let given = Arc::clone(&answer);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                let answer = *given.lock().unwrap();
                thread::spawn(move || serve(stream, answer, &kept));
            }
        });
        Self { port, answer, requests }
    }

    /// Answers so from now on.
    pub fn turn(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The request that comes after so many, waiting for it.
    pub fn wait_for(&self, earlier: usize, timeout: Duration) -> Request {
        eventually(timeout, || self.requests().len() > earlier);
        let found = self.requests().into_iter().nth(earlier);
        found.unwrap_or_else(|| panic!("the gateway was not asked within {timeout:?}"))
    }
}

fn serve(mut stream: TcpStream, answer: Answer, kept: &Mutex<Vec<Request>>) {
    let Some(request) = read(&mut stream) else { return };
    let path = request.line.split(' ').nth(1).unwrap_or("/").to_owned();
    kept.lock().unwrap().push(request);
    // A client that has gone has had enough.
    let _ = reply(&mut stream, answer, &path);
}

fn reply(stream: &mut TcpStream, answer: Answer, path: &str) -> std::io::Result<()> {
    match answer {
        Answer::Status(status) => write!(
            stream,
            "HTTP/1.1 {status} Whatever\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
        ),
        Answer::Redirect => write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: {path}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ),
        Answer::Huge => {
            let block = [b'x'; 10_000];
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")?;
            (0..1000).try_for_each(|_| stream.write_all(&block))
        }
        Answer::Slow => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
            (0..1000).try_for_each(|_| {
                thread::sleep(Duration::from_millis(500));
                stream.write_all(b"x").and_then(|()| stream.flush())
            })
        }
        Answer::Silent => {
            thread::sleep(Duration::from_secs(600));
            Ok(())
        }
        Answer::Close => Ok(()),
        Answer::Noise => stream.write_all(b"220 mail.example.org ESMTP\r\n"),
    }
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                let (line, head) = head.split_once("\r\n").unwrap_or((head, ""));
                let (line, head, body) = (line.to_owned(), head.to_owned(), body.to_owned());
                return Some(Request { line, head, body });
            }
        }
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}
