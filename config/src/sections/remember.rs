//! `[remember]`

use std::time::Duration;

use twinlock_core::trusted_host::Bind;

use crate::{
    kind::{Choice, Count, Span},
    section::section,
};

section! {
    /// Trusted hosts, from which a user is not asked again for a while.
    pub struct Remember {
        /// What the trust is bound to: the address, the SSH key, both, or with auto the key where
        /// one was used and else the address.
        bind: Bind = Bind::Auto => Choice::of("binding", Bind::ALL, Bind::as_str);
        /// How many hosts one user can trust; the oldest makes room.
        limit: u32 = 20 => Count(1..=20);
        /// For how long after a code su and sudo ask for no second one in the same login session.
        /// sshd has to tell of the session: in its PAM stack `session optional pam_twinlock.so`
        /// stands behind `session required pam_loginuid.so`, as 'twinlock pam enable sshd' has it.
        session: Duration = Duration::ZERO => Span::seconds(0, 86_400);
    }
}
