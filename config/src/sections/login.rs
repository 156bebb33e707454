//! `[login]`

use std::path::PathBuf;

use crate::{kind::AbsolutePath, section::section};

section! {
    /// The socket over which the PAM module and the daemon talk.
    pub struct Login {
        /// The socket of the daemon. Where it is not the default, the PAM module must be told as
        /// well: `socket=PATH`.
        socket: PathBuf = "/run/twinlock/login.sock".into() => AbsolutePath::SOCKET;
    }
}
