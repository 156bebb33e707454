//! `[reset]`

use twinlock_core::policy::EnrolmentMode;

use crate::{kind::Choice, section::section};

/// How a user can come to be enrolled again.
const MODES: &[EnrolmentMode] = &[EnrolmentMode::Invitation, EnrolmentMode::AtLogin];

section! {
    /// What holds after the factors of a user were taken away.
    pub struct Reset {
        /// How the user enrols again: with an invitation code, or at the next login that requires
        /// it, with the password alone.
        enrol: EnrolmentMode = EnrolmentMode::Invitation =>
            Choice::of("enrolment after a reset", MODES, EnrolmentMode::as_str);
    }
}
