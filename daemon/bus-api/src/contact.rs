//! Contacts on the system bus: where a user can be reached, and the proof that a new one is theirs.

use zbus::{DeserializeDict, SerializeDict, Type};

/// An e-mail address or a mobile number of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct ContactInfo {
    /// `email` or `sms`.
    pub method: String,
    /// The address or number: in full for administrators, masked for everybody else.
    pub address: String,
    /// Whose word it rests on: `administrator`, or `user` who proved it.
    pub vouched: String,
    /// When it was set or proved.
    pub since: u64,
    /// When a code that was sent there was last accepted; absent if never.
    pub last_used_at: Option<u64>,
}

/// What came of a contact that a user proved.
#[derive(Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct ConfirmedContact {
    /// `email` or `sms`.
    pub method: String,
    /// The address or number, masked.
    pub address: String,
    /// Recovery codes, where this is the user's first factor and there were none.
    pub recovery_codes: Option<Vec<String>>,
}
