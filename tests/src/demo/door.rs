//! A way in from the machine around the private one: a port on 127.0.0.1, for whoever sits there.
//!
//! The listener is made before the namespaces and keeps the network that it was made in; what it
//! accepts goes to an sshd inside. `sshd(8)`, option `-i`.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};

use crate::rig::process::{as_pid, guarded, wait_for};

/// The port that is tried first, because it is easy to remember.
const PORT: u16 = 2222;

/// A port that nobody answers yet.
pub struct Doorway(TcpListener);

impl Doorway {
    /// Takes a port on 127.0.0.1.
    pub fn reserve() -> io::Result<Self> {
        let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = bind(PORT).or_else(|_| bind(0))?;
        listener.set_nonblocking(true)?;
        Ok(Self(listener))
    }

    /// Which one it is.
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("a listener has an address").port()
    }

    /// Leads whoever comes to an sshd on the machine of the calling thread.
    pub fn open(self) -> Door {
        let closed = Arc::new(AtomicBool::new(false));
        let porter = thread::spawn({
            let closed = closed.clone();
            move || serve(&self.0, &closed)
        });
        Door { closed, porter: Some(porter) }
    }
}

/// An open port. Dropping it closes it and ends the logins that came through it.
pub struct Door {
    closed: Arc<AtomicBool>,
    porter: Option<JoinHandle<()>>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        if let Some(porter) = self.porter.take() {
            // A porter that panicked has let nobody in since.
            let _ = porter.join();
        }
    }
}

fn serve(listener: &TcpListener, closed: &AtomicBool) {
    let mut visitors: Vec<Child> = Vec::new();
    while !closed.load(Ordering::SeqCst) {
        visitors.retain_mut(|visitor| matches!(visitor.try_wait(), Ok(None)));
        match listener.accept() {
            Ok((visitor, _)) => visitors.push(welcome(visitor)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(20));
            }
            // The visitor was gone before the door was.
            Err(_) => {}
        }
    }
    for visitor in &mut visitors {
        show_out(visitor);
    }
}

/// Asks sshd to end, which hands it on to the session: killed, it would leave the session behind.
fn show_out(visitor: &mut Child) {
    // An error means that it has ended already.
    let _ = kill(as_pid(visitor.id()), Signal::SIGTERM);
    if wait_for(visitor, Duration::from_secs(2)).is_none() {
        let _ = visitor.kill();
        let _ = visitor.wait();
    }
}

fn welcome(visitor: TcpStream) -> Child {
    visitor.set_nonblocking(false).expect("a connection that waits");
    let end = || Stdio::from(OwnedFd::from(visitor.try_clone().expect("share the connection")));
    let mut sshd = guarded("/usr/sbin/sshd");
    sshd.args(["-i", "-f", "/etc/ssh/sshd_config"]);
    sshd.stdin(end()).stdout(end()).stderr(Stdio::null()).spawn().expect("sshd starts")
}
