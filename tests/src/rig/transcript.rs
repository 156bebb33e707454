//! Text that grows while a test watches it: a terminal, a program's standard error, syslog.

use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    closed: bool,
}

/// A growing text, shared between the thread that reads it and the test that waits for it.
#[derive(Clone, Default)]
pub struct Transcript {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Transcript {
    /// An empty transcript.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that a stream gives until its end, read by a thread of its own.
    pub fn of(mut stream: impl Read + Send + 'static) -> Self {
        let transcript = Self::new();
        let writer = transcript.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                writer.append(&buffer[..count]);
            }
            writer.close();
        });
        transcript
    }

    /// Adds to the end.
    pub fn append(&self, bytes: &[u8]) {
        let (state, grown) = &*self.shared;
        state.lock().unwrap().bytes.extend_from_slice(bytes);
        grown.notify_all();
    }

    /// Says that nothing more will come.
    pub fn close(&self) {
        let (state, grown) = &*self.shared;
        state.lock().unwrap().closed = true;
        grown.notify_all();
    }

    /// How many bytes there are now: a place to search from.
    pub fn len(&self) -> usize {
        self.shared.0.lock().unwrap().bytes.len()
    }

    /// Whether nothing has come yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it, with bytes that are no UTF-8 replaced.
    pub fn text(&self) -> String {
        self.text_from(0)
    }

    /// What came after a place.
    pub fn text_from(&self, start: usize) -> String {
        let state = self.shared.0.lock().unwrap();
        String::from_utf8_lossy(state.bytes.get(start..).unwrap_or_default()).into_owned()
    }

    /// The place just behind the first `needle` at or after `start`, waiting for it until the
    /// time-out or the end of the stream.
    pub fn find(&self, start: usize, needle: &str, timeout: Duration) -> Option<usize> {
        let deadline = Instant::now() + timeout;
        let (state, grown) = &*self.shared;
        let mut state = state.lock().unwrap();
        loop {
            if let Some(end) = position(state.bytes.get(start..)?, needle.as_bytes()) {
                return Some(start + end);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            if state.closed {
                return None;
            }
            state = grown.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits until the stream has ended; false at the time-out.
    pub fn ended(&self, timeout: Duration) -> bool {
        let (state, grown) = &*self.shared;
        let guard = state.lock().unwrap();
        let (guard, _) = grown.wait_timeout_while(guard, timeout, |state| !state.closed).unwrap();
        guard.closed
    }
}

/// Where `needle` ends in `haystack`.
fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len().max(1)).position(|w| w == needle).map(|at| at + needle.len())
}
