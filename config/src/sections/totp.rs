//! `[totp]`

use crate::{
    kind::{Count, Issuer},
    section::section,
};

section! {
    /// Codes of an authenticator app (RFC 6238).
    pub struct Totp {
        /// How many time steps of 30 seconds a code may be early or late. Each one more makes a
        /// guess two codes luckier.
        window: u32 = 1 => Count(0..=10);
        /// The name that the authenticator app shows beside the account; %h is the host's name.
        issuer: String = "%h".to_owned() => Issuer;
    }
}
