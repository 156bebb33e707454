//! The system log of a host: a reader on `/dev/log` that keeps every line.

use std::fs::{self, Permissions};
use std::os::unix::{fs::PermissionsExt, net::UnixDatagram};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::transcript::Transcript;

/// Where programs send their lines.
pub const SOCKET: &str = "/dev/log";

/// A running syslog reader.
pub struct Syslog {
    lines: Transcript,
    stopped: Arc<AtomicBool>,
    paused: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

impl Syslog {
    /// Binds `/dev/log`, which must not exist, and reads from it.
    pub fn start() -> Self {
        let socket = UnixDatagram::bind(SOCKET).expect("bind /dev/log");
        fs::set_permissions(SOCKET, Permissions::from_mode(0o666)).expect("open /dev/log to all");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("time-out of /dev/log");
        let lines = Transcript::new();
        let stopped = Arc::new(AtomicBool::new(false));
        let paused = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let (lines, stopped, paused) = (lines.clone(), stopped.clone(), paused.clone());
            move || read(&socket, &lines, &stopped, &paused)
        });
        Self { lines, stopped, paused, reader: Some(reader) }
    }

    /// A place to search from, so that a line of an earlier login is not taken for a later one's.
    pub fn mark(&self) -> usize {
        self.lines.len()
    }

    /// Every line so far.
    pub fn text(&self) -> String {
        self.lines.text()
    }

    /// The lines since a mark.
    pub fn since(&self, mark: usize) -> Vec<String> {
        self.lines.text_from(mark).lines().map(str::to_owned).collect()
    }

    /// The first line since the mark in which all of these words stand.
    ///
    /// Panics at the time-out, with the lines that came instead.
    pub fn wait_for(&self, mark: usize, words: &[&str], timeout: Duration) -> String {
        let mut seen = mark;
        let deadline = std::time::Instant::now() + timeout;
        loop {
            if let Some(line) = self
                .since(mark)
                .into_iter()
                .find(|line| words.iter().all(|word| line.contains(word)))
            {
                return line;
            }
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            match self.lines.find(seen, "\n", left) {
                Some(next) => seen = next,
                None => panic!(
                    "no line with {words:?} in syslog within {timeout:?}; it has\n{}",
                    self.lines.text_from(mark)
                ),
            }
        }
    }

    /// Lets the log hang: whoever writes next fills the socket's queue and then waits or gives up.
    pub fn pause(&self) {
        self.paused.store(true, Ordering::SeqCst);
    }

    /// Reads on.
    pub fn resume(&self) {
        self.paused.store(false, Ordering::SeqCst);
    }
}

impl Drop for Syslog {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            // A reader that panicked has nothing more to say.
            let _ = reader.join();
        }
    }
}

fn read(socket: &UnixDatagram, lines: &Transcript, stopped: &AtomicBool, paused: &AtomicBool) {
    let mut buffer = vec![0; 64 * 1024];
    while !stopped.load(Ordering::SeqCst) {
        if paused.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        } else if let Ok(count) = socket.recv(&mut buffer) {
            // One datagram is one line; a newline inside it would be a forged second one, and
            // stays visible as such.
            let mut line = buffer[..count].to_vec();
            while matches!(line.last(), Some(0 | b'\n')) {
                line.pop();
            }
            line.push(b'\n');
            lines.append(&line);
        }
    }
    lines.close();
}
