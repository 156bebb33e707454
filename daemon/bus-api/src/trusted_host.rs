//! Trusted hosts on the system bus.

use zbus::{DeserializeDict, SerializeDict, Type};

/// A host from which a user is asked for no code.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct TrustedHostInfo {
    /// Stable identifier within the user's record.
    pub id: String,
    /// The address or network that it is known by; absent where it is known by the key alone.
    pub address: Option<String>,
    /// The fingerprint of the SSH key that it is known by; absent where the address is enough.
    pub key: Option<String>,
    /// Since when.
    pub since: u64,
    /// Until when.
    pub until: u64,
    /// When it last spared the user a code; absent if never.
    pub last_used_at: Option<u64>,
}
