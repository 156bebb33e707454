//! What `ImportFactors` of `org.twinlock1.Admin` takes: factors and scratch codes from elsewhere.
//!
//! Everything in it is wiped when it is dropped, and nothing in it has a `Debug`.

use zbus::{DeserializeDict, SerializeDict, Type};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A factor that another program made. Which of `period` and `counter` is there says what it is.
#[derive(Clone, Default, SerializeDict, DeserializeDict, Type, Zeroize, ZeroizeOnDrop)]
#[zbus(signature = "dict")]
pub struct ImportedFactor {
    /// The shared secret, base32 without padding (RFC 4648).
    pub secret: Option<String>,
    /// What it is called; absent for a default.
    pub label: Option<String>,
    /// Digits of a code, 6 to 8; absent for 6.
    pub digits: Option<u32>,
    /// Seconds of a time step of a TOTP (RFC 6238), 1 to 3600; absent for 30.
    pub period: Option<u64>,
    /// The counter of the next code of an HOTP (RFC 4226).
    pub counter: Option<u64>,
    /// The last time step of which a code was accepted.
    pub last_step: Option<u64>,
    /// The last code that was accepted.
    pub last_code: Option<String>,
}

/// Everything of one user, taken over in one step.
#[derive(Clone, Default, SerializeDict, DeserializeDict, Type, Zeroize, ZeroizeOnDrop)]
#[zbus(signature = "dict")]
pub struct AccountImport {
    /// The program that it comes from, for the log.
    pub origin: Option<String>,
    /// The factors.
    pub factors: Option<Vec<ImportedFactor>>,
    /// Codes of eight digits, each of which works once.
    pub scratch_codes: Option<Vec<String>>,
    /// Whether it takes the place of the factors that the user has.
    pub replace: Option<bool>,
}
