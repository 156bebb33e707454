//! The keys before the first section.

use twinlock_core::policy::{Level, Mode};

use crate::{
    faults::{Complaint, Faults},
    kind::{Choice, List, Name, Version},
    reader::Layers,
    section::section,
};

section! {
    /// What holds for the host as a whole.
    pub(crate) struct General {
        /// The version of this format. Required in the main file.
        version: u32 = Version::CURRENT => Version;
        /// How much is asked of whoever no profile matches. low: nobody who did not choose to
        /// enrol. medium: who is enrolled. high: everybody, once a host is trusted not again for
        /// two weeks. very-high: everybody at every login, from every network.
        level: Level = Level::High => Choice::of("level", Level::ALL, Level::as_str);
        /// "enforce", or "observe" to decide and log but let everyone through.
        mode: Mode = Mode::Enforce => Choice::of("mode", Mode::ALL, Mode::as_str);
        /// Services in which a key can take the place of PAM's first step, so that a login by key
        /// alone is decided too.
        account_services: Vec<String> = vec!["sshd".to_owned()] => List::of(Name::Service);
    }
}

/// Notes a main file without a version. Only this key is required: a file written for another
/// version must not be read as one of this.
pub(crate) fn require_version(top: &Layers<'_>, faults: &mut Faults<'_>) {
    if !top.has("version") {
        faults.missing(
            top.beginning(),
            Complaint::new("the file does not say its version")
                .hint(format!("begin it with `version = {}`", Version::CURRENT)),
        );
    }
}
