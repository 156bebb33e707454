//! What an administrator hands out, and what comes of a reset: the types of `Invite`,
//! `IssueBypass` and `Reset` on `org.twinlock1.Admin`.

use zbus::{DeserializeDict, SerializeDict, Type};

/// How an invitation is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct InvitationOptions {
    /// For how many seconds it can be used; three days if left out.
    pub seconds: Option<u64>,
    /// Show the code to the caller, whether or not it could be sent to the user.
    pub print: Option<bool>,
}

/// How a bypass code is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct BypassOptions {
    /// For how many seconds it can be used.
    pub seconds: u64,
    /// How often; once if left out.
    pub uses: Option<u32>,
    /// Where from: an address, a block of addresses, or `local`; anywhere if left out.
    pub from: Option<String>,
    /// Why it is issued.
    pub reason: String,
}

/// A code that was made. It has no `Debug`: it shows a code.
#[derive(Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct Voucher {
    /// Canonical name of the user.
    pub user: String,
    /// Names it to people; no secret.
    pub id: String,
    /// The code, in groups; absent where it was sent to the user instead.
    pub code: Option<String>,
    /// Until when it can be used.
    pub until: u64,
    /// Where the user was written to, masked.
    pub sent_to: Vec<String>,
}

/// A bypass code that can be used, without the code.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct BypassInfo {
    /// Names it to people.
    pub id: String,
    /// When it was issued.
    pub since: u64,
    /// Until when it can be used.
    pub until: u64,
    /// How often it can still be used.
    pub uses_left: u32,
    /// Where from; absent for anywhere.
    pub from: Option<String>,
    /// Why it was issued.
    pub reason: String,
    /// Who issued it.
    pub by: String,
}

/// An invitation that can be used, without its code.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct InvitationInfo {
    /// Names it to people.
    pub id: String,
    /// Until when it can be used.
    pub until: u64,
}

/// How a reset is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct ResetOptions {
    /// Show the codes of invitations to the caller, whether or not they could be sent.
    pub print: Option<bool>,
}

/// A request for a reset that waits for an administrator.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct ResetRequestInfo {
    /// Names it to people.
    pub id: String,
    /// Canonical name of the user.
    pub user: String,
    /// When it was made.
    pub since: u64,
    /// When it lapses.
    pub expires: u64,
    /// Where from: an address, `local` or `unknown`.
    pub source: String,
    /// The PAM service, or `twinlock`.
    pub service: String,
    /// What the user gave as the reason; absent if nothing.
    pub reason: Option<String>,
}

/// How one of several users fared in a reset. It has no `Debug`: it may show a code.
#[derive(Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct ResetOutcome {
    /// The name as it was given.
    pub user: String,
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why it was not: one sentence.
    pub text: String,
    /// The invitation that the next enrolment needs; absent where none was made.
    pub invitation: Option<String>,
    /// Its code, in groups; absent where it was sent to the user instead.
    pub code: Option<String>,
    /// Until when it can be used.
    pub until: Option<u64>,
    /// Where it was sent, masked.
    pub sent_to: Option<Vec<String>>,
}
