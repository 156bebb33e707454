//! `[store]`

use std::path::PathBuf;

use crate::{
    kind::{AbsolutePath, Choice},
    section::section,
};

/// What keeps the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// An embedded database on this host.
    Sled,
}

impl Backend {
    /// Every backend.
    pub const ALL: &'static [Self] = &[Self::Sled];

    /// The word for it in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sled => "sled",
        }
    }
}

section! {
    /// Where secrets and states are kept, and the key that seals them.
    pub struct Store {
        /// What keeps the records: an embedded database.
        backend: Backend = Backend::Sled => Choice::of("backend", Backend::ALL, Backend::as_str);
        /// The directory of the records, for the daemon alone (mode 0700).
        path: PathBuf = "/var/lib/twinlock/store".into() => AbsolutePath::FILE;
        /// The key that seals the records (mode 0600), where systemd hands the daemon no
        /// credential `twinlock.key`. Without it the records are lost.
        key_file: PathBuf = "/etc/twinlock/key".into() => AbsolutePath::FILE;
    }
}
