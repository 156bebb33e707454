//! A person at a terminal: a program on a pseudo-terminal of its own, text that is waited for,
//! lines that are typed.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

use super::process::{PATIENCE, demand, wait_for};
use super::transcript::Transcript;

/// How often a screen on which nothing comes is looked at.
const GLANCE: Duration = Duration::from_millis(5);

/// A program on a terminal. Dropping it kills the program.
pub struct Terminal {
    child: Child,
    /// None once it has been hung up.
    keyboard: Option<File>,
    watcher: Option<JoinHandle<()>>,
    screen: Transcript,
    /// Up to here the screen has been looked at.
    cursor: usize,
    /// Whether the watcher is to stop, at the next pause or at once.
    over: Arc<AtomicBool>,
    hung_up: Arc<AtomicBool>,
}

impl Terminal {
    /// Starts a program with a fresh pseudo-terminal as its controlling one.
    pub fn start(command: &Command) -> Self {
        let (master, slave) = pseudo_terminal();
        let end = || Stdio::from(slave.try_clone().expect("share the terminal"));
        let mut command = on_terminal(command);
        let child = command
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
        drop(command);
        drop(slave);
        let keyboard = master.try_clone().expect("share the master");
        let screen = Transcript::new();
        let (over, hung_up) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let watcher = thread::spawn({
            let (screen, over, hung_up) = (screen.clone(), over.clone(), hung_up.clone());
            move || watch(master, &screen, &over, &hung_up)
        });
        let (keyboard, watcher) = (Some(keyboard), Some(watcher));
        Self { child, keyboard, watcher, screen, cursor: 0, over, hung_up }
    }

    /// Waits until a text stands on the screen behind what was expected before.
    ///
    /// Panics at the time-out or at the program's end, with the screen.
    pub fn expect(&mut self, text: &str) -> &mut Self {
        self.expect_within(text, PATIENCE)
    }

    /// The same with a time of one's own.
    pub fn expect_within(&mut self, text: &str, timeout: Duration) -> &mut Self {
        match self.screen.find(self.cursor, text, timeout) {
            Some(end) => self.cursor = end,
            None => {
                panic!("{text:?} did not come on the terminal; it shows\n{}", self.screen.text())
            }
        }
        self
    }

    /// Waits until one of several texts stands on the screen behind what was expected before, and
    /// tells which: of those that are there, the one that stands first.
    ///
    /// Panics like [`Terminal::expect`].
    pub fn expect_one_of(&mut self, texts: &[&str], timeout: Duration) -> usize {
        let deadline = Instant::now() + timeout;
        loop {
            let found = texts.iter().enumerate().filter_map(|(which, text)| {
                Some((self.screen.find(self.cursor, text, Duration::ZERO)?, which))
            });
            if let Some((end, which)) = found.min() {
                self.cursor = end;
                return which;
            }
            assert!(
                Instant::now() < deadline && !self.screen.ended(Duration::from_millis(10)),
                "none of {texts:?} came on the terminal; it shows\n{}",
                self.screen.text()
            );
        }
    }

    /// Types a line at a question that may come behind what was expected before, or not at all
    /// before the program ends. Tells whether it came.
    pub fn answer_if_asked(&mut self, question: &str, line: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(end) = self.screen.find(self.cursor, question, Duration::from_millis(20)) {
                self.cursor = end;
                self.type_line(line);
                return true;
            }
            if self.child.try_wait().expect("ask after the program").is_some() {
                return false;
            }
        }
        false
    }

    /// Takes everything that is on the screen now as looked at.
    pub fn look_away(&mut self) {
        self.cursor = self.screen.len();
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) -> &mut Self {
        self.type_bytes(format!("{line}\n").as_bytes())
    }

    /// Types bytes as they are.
    pub fn type_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let keyboard = self.keyboard.as_mut().expect("a terminal that has not been hung up");
        let mut rest = bytes;
        while !rest.is_empty() {
            match keyboard.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(GLANCE),
                Err(error) => panic!("type on the terminal: {error}"),
            }
        }
        self
    }

    /// Everything that has been on the screen.
    pub fn transcript(&self) -> String {
        self.screen.text()
    }

    /// The process id of the program.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the program's end and everything that it wrote.
    pub fn finish(&mut self) -> ExitStatus {
        self.finish_within(PATIENCE)
    }

    /// The same with a time of one's own.
    pub fn finish_within(&mut self, timeout: Duration) -> ExitStatus {
        let status = wait_for(&mut self.child, timeout).unwrap_or_else(|| {
            panic!("the program on the terminal goes on after {timeout:?}:\n{}", self.screen.text())
        });
        self.over.store(true, Ordering::SeqCst);
        self.screen.ended(Duration::from_secs(1));
        status
    }

    /// Takes the terminal away, and waits for the program's end: SIGHUP, if it does nothing else.
    pub fn hang_up(mut self) -> ExitStatus {
        self.hung_up.store(true, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.take() {
            watcher.join().expect("the watcher of the terminal");
        }
        self.keyboard = None;
        wait_for(&mut self.child, PATIENCE).unwrap_or_else(|| {
            panic!("the program goes on without its terminal:\n{}", self.screen.text())
        })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command in a session of its own, with its standard input as controlling terminal;
/// `setsid(1)` does what would need unsafe code here.
fn on_terminal(inner: &Command) -> Command {
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env("TERM", "dumb").env("LC_ALL", "C.UTF-8").env("LANG", "C.UTF-8");
    command
}

/// Both ends of a pseudo-terminal of 50 lines. No program inherits them by being started: one that
/// had the master would keep its own terminal from being hung up.
fn pseudo_terminal() -> (File, File) {
    // Not to wait is a property of the master, so that its watcher can stop.
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let master = posix_openpt(flags).expect("open a pseudo-terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("unlock the pseudo-terminal");
    let name = ptsname_r(&master).expect("the name of the pseudo-terminal");
    demand(Command::new("stty").args(["-F", &name, "rows", "50", "cols", "200"]));
    let mut slave = OpenOptions::new();
    let slave = slave.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(&name);
    (File::from(OwnedFd::from(master)), slave.expect("open the terminal"))
}

fn watch(mut master: File, screen: &Transcript, over: &AtomicBool, hung_up: &AtomicBool) {
    let mut buffer = [0; 4096];
    while !hung_up.load(Ordering::SeqCst) {
        match master.read(&mut buffer) {
            Ok(count @ 1..) => screen.append(&buffer[..count]),
            // EIO: nobody has the terminal open. login(1) hangs it up and opens it again, so this
            // is the end only when the program has ended.
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(GLANCE),
            _ if over.load(Ordering::SeqCst) => break,
            _ => thread::sleep(GLANCE),
        }
    }
    screen.close();
}
