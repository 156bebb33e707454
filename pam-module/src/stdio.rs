//! Keeps the descriptors 0, 1 and 2 away from the daemon's connection.
//!
//! A program that runs with one of them closed would get it back as the login socket, and the
//! conversation functions of `misc_conv(3)` write prompts to 2 and read answers from 0.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// The highest of the standard descriptors.
const STDERR: i32 = 2;

/// Occupies the standard descriptors that are closed, until it is dropped.
pub struct Plugs {
    _held: Vec<OwnedFd>,
}

impl Plugs {
    /// Plugs what is open. A socket without a peer fails every read and write, as the closed
    /// descriptor would, and needs no file system.
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let mut held = Vec::new();
        loop {
            let plug =
                socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
            if plug.as_raw_fd() > STDERR {
                return Ok(Self { _held: held });
            }
            held.push(plug);
        }
    }
}
