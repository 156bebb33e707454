//! `[audit]`

use std::path::PathBuf;

use crate::{kind::AbsolutePath, section::section};

section! {
    /// The record of logins and changes.
    pub struct Audit {
        /// The socket of the system log, which gets one line for each event (facility authpriv).
        syslog: PathBuf = "/dev/log".into() => AbsolutePath::SOCKET;
    }
}
