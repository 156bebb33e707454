//! The authentication log: audit lines to syslog (facility authpriv), which the journal collects
//! too; to standard error where syslog takes none.
//!
//! A log that hangs must not hang a login, and a login must not grow the daemon without bound: a
//! thread of its own writes from a bounded queue. What does not fit is counted, and the count is
//! logged as soon as there is room.

use std::{
    path::{Path, PathBuf},
    process,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use syslog::{Facility, Formatter3164, Logger, LoggerBackend};
use twinlock_core::{
    audit::{AuditEvent, AuditRecord, Happening},
    time::Timestamp,
};

use crate::{audit_trail::Trail, journal};

/// Lines that wait for a slow log: a few seconds of a busy host.
const QUEUE: usize = 4096;

/// Takes events; cheap to clone.
#[derive(Clone)]
pub struct AuditLog {
    queue: SyncSender<AuditEvent>,
    dropped: Arc<AtomicU64>,
    trail: Option<Trail>,
}

impl AuditLog {
    /// Starts the writing thread. `socket` is the syslog socket, normally `/dev/log`; it need not
    /// be there yet, and may come back after it went away.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(socket: &Path) -> std::io::Result<Self> {
        let (queue, events) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let writer = Writer { socket: socket.to_owned(), logger: None, dropped: dropped.clone() };
        thread::Builder::new().name("audit-log".to_owned()).spawn(move || writer.run(&events))?;
        Ok(Self { queue, dropped, trail: None })
    }

    /// The same log, which hands its events to a trail as well.
    #[must_use]
    pub fn with_trail(self, trail: Trail) -> Self {
        Self { trail: Some(trail), ..self }
    }

    /// Hands an event to the log and to the trail, if there is one. `at` is the time of day. Never
    /// waits.
    pub fn record(&self, event: AuditEvent, at: Timestamp) {
        if let Some(trail) = &self.trail {
            trail.keep(AuditRecord::new(&event, at));
        }
        self.write(event);
    }

    /// Waits until the trail has what was recorded before, two seconds at the most.
    pub async fn settle(&self) {
        if let Some(trail) = &self.trail {
            trail.settle().await;
        }
    }

    /// Hands an event to the log alone. Never waits.
    pub fn write(&self, event: AuditEvent) {
        match self.queue.try_send(event) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

struct Writer {
    socket: PathBuf,
    logger: Option<Logger<LoggerBackend, Formatter3164>>,
    dropped: Arc<AtomicU64>,
}

impl Writer {
    fn run(mut self, events: &Receiver<AuditEvent>) {
        while let Ok(event) = events.recv() {
            let lost = self.dropped.swap(0, Ordering::Relaxed);
            if lost > 0 {
                let cause = format!("{lost} audit lines were lost: the log was too slow");
                self.write(&AuditEvent::new(Happening::Trouble, "", cause));
            }
            self.write(&event);
        }
    }

    fn write(&mut self, event: &AuditEvent) {
        let line = event.to_string();
        if self.send(event, &line) {
            return;
        }
        // The socket may be new since the last line (syslog restarted): one more try with it. The
        // journal reads the socket too, so standard error is for lines that it does not get.
        self.logger = None;
        if !self.send(event, &line) {
            journal::line(&line);
        }
    }

    fn send(&mut self, event: &AuditEvent, line: &str) -> bool {
        if self.logger.is_none() {
            self.logger = syslog::unix_custom(formatter(), &self.socket).ok();
        }
        let Some(logger) = &mut self.logger else { return false };
        match event.happening {
            Happening::Trouble => logger.err(line),
            Happening::LoginRefused
            | Happening::LoginLocked
            | Happening::CodeRefused
            | Happening::CallRefused
            | Happening::MessageDelayed
            | Happening::MessageFailed => logger.warning(line),
            _ => logger.notice(line),
        }
        .is_ok()
    }
}

fn formatter() -> Formatter3164 {
    Formatter3164 {
        facility: Facility::LOG_AUTHPRIV,
        hostname: None,
        process: "twinlockd".to_owned(),
        pid: process::id(),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A log that a test reads.
    pub(crate) fn captured() -> (AuditLog, Receiver<AuditEvent>) {
        let (queue, events) = sync_channel(QUEUE);
        (AuditLog { queue, dropped: Arc::default(), trail: None }, events)
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixDatagram, time::Duration};

    use super::*;

    fn event(user: &str) -> AuditEvent {
        AuditEvent::new(Happening::LoginRefused, user, "wrong code")
    }

    fn receive(socket: &UnixDatagram) -> String {
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    fn listen(path: &Path) -> UnixDatagram {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        socket
    }

    #[test]
    fn a_line_reaches_authpriv_also_after_syslog_restarted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = AuditLog::start(&path).unwrap();
        log.write(event("nobody listens yet"));
        thread::sleep(Duration::from_millis(100));

        let socket = listen(&path);
        log.write(event("alice"));
        // A writer that has not had its turn has the first line still to write.
        let line = std::iter::repeat_with(|| receive(&socket)).find(|line| line.contains("alice"));
        let line = line.unwrap();
        // authpriv (10) times eight, plus warning (4): RFC 3164 section 4.1.1.
        assert!(line.starts_with("<84>"), "{line}");
        assert!(line.contains("twinlockd["), "{line}");
        assert!(line.contains(r#"event=login.refused user="alice" cause="wrong code""#), "{line}");

        drop(socket);
        std::fs::remove_file(&path).unwrap();
        let socket = listen(&path);
        log.write(event("bob"));
        assert!(receive(&socket).contains("bob"));
    }

    #[test]
    fn a_log_that_hangs_holds_nobody_up_and_the_loss_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let socket = listen(&path);
        let log = AuditLog::start(&path).unwrap();
        // Nobody reads: the socket's buffer fills, then the queue, then lines are dropped.
        for _ in 0..3 * QUEUE {
            log.write(event("alice"));
        }
        assert!(log.dropped.load(Ordering::Relaxed) > 0);
        let lines = std::iter::from_fn(|| Some(receive(&socket)));
        let told = lines.take(2 * QUEUE).find(|line| {
            // The count comes with the next event after there was room.
            log.write(event("bob"));
            line.contains("audit lines were lost")
        });
        assert!(told.is_some());
    }
}
