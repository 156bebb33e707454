//! `[audit]`

use std::{path::PathBuf, time::Duration};

use crate::{
    kind::{AbsolutePath, Span},
    section::section,
};

/// Five years, more than rules of the trade ask for.
const LONGEST: u64 = 5 * 365 * 86_400;

section! {
    /// The record of logins and changes.
    pub struct Audit {
        /// The socket of the system log, which gets one line for each event (facility authpriv).
        syslog: PathBuf = "/dev/log".into() => AbsolutePath::SOCKET;
        /// How long events are kept in the store, where `twinlock log` and `twinlock why` find
        /// them. What the system log keeps is its own affair.
        keep: Duration = Duration::from_secs(90 * 86_400) => Span::seconds(86_400, LONGEST);
    }
}
