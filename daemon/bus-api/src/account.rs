//! `org.twinlock1.Self` and `org.twinlock1.Admin`: factors, codes and records on the system bus.
//!
//! `Self` takes its subject from the caller's uid, `Admin` from its `user` argument. Dictionaries
//! are `a{sv}`, so that a later version adds keys without breaking an earlier peer. Times are
//! seconds since the Unix epoch, UTC, as `t`.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, SerializeDict, Type};

use crate::{
    backup::{BackupLock, RestorePlan},
    contact::{ConfirmedContact, ContactInfo},
    error::Result,
    history::{DamagedDay, LogEvent, LogFilter},
    import::AccountImport,
    policy::{ConfigurationStatus, SupposedLogin},
    trusted_host::TrustedHostInfo,
    voucher::{
        BypassInfo, BypassOptions, InvitationInfo, InvitationOptions, ResetOptions, ResetOutcome,
        ResetRequestInfo, Voucher,
    },
};

/// One enrolled factor, without its secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct FactorInfo {
    /// Stable identifier within the user's record; `email` or `sms` of a contact.
    pub id: String,
    /// `totp`, `hotp` for a token that counts, `email` or `sms`.
    pub method: String,
    /// What the user called it; of a contact the masked address.
    pub label: String,
    /// When it was enrolled.
    pub enrolled_at: u64,
    /// When a code of it was last accepted; absent if never.
    pub last_used_at: Option<u64>,
}

/// A factor that was just enrolled. No `Debug`: it holds codes.
#[derive(Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct EnrolledFactor {
    /// As of [`FactorInfo`].
    pub id: String,
    /// As of [`FactorInfo`].
    pub method: String,
    /// As of [`FactorInfo`].
    pub label: String,
    /// As of [`FactorInfo`].
    pub enrolled_at: u64,
    /// As of [`FactorInfo`].
    pub last_used_at: Option<u64>,
    /// Recovery codes, where this is the user's first factor and there were none.
    pub recovery_codes: Option<Vec<String>>,
}

/// What stands of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct UserStatus {
    /// Canonical name.
    pub user: String,
    /// Numeric user id.
    pub uid: u32,
    /// `enrolled`, `pending` (a second factor is or will be required, and there is none),
    /// `unenrolled` (there is none, and nobody asks for it), `locked` or `mismatch` (the record is
    /// of another uid).
    pub state: String,
    /// The enrolled factors.
    pub factors: Vec<FactorInfo>,
    /// Consecutive wrong codes on the account, over all sources.
    pub failures: u32,
    /// The account's hard limit has stopped its guessable factors.
    pub stopped: bool,
    /// Sources that must wait, and until when.
    pub waits: Vec<(String, u64)>,
    /// The per-user switch; absent where it was never set.
    pub switch: Option<bool>,
    /// What the policy demands of the user, the switch included: `off`, `voluntary`, `enrolled`,
    /// `required` or `always`. Absent, as what follows, where the policy was not asked.
    pub second_factor: Option<String>,
    /// How the user comes to be enrolled: `at-will`, `at-login`, `invitation` or `admin`; absent
    /// once they are.
    pub enrolment: Option<String>,
    /// The date from which a second factor is required; absent once it has come.
    pub required_from: Option<u64>,
    /// When the user must have enrolled; absent where that is now or never.
    pub deadline: Option<u64>,
    /// Seconds of grace that begin with the user's next login; absent once they have.
    pub grace: Option<u64>,
    /// `enforce` or `observe`; for administrators only.
    pub mode: Option<String>,
    /// An invitation that can be used; absent where there is none.
    pub invitation: Option<InvitationInfo>,
    /// Bypass codes that can be used; absent where there is none.
    pub bypasses: Option<Vec<BypassInfo>>,
    /// A request for a reset that waits for an administrator; absent where there is none.
    pub reset_request: Option<ResetRequestInfo>,
    /// Recovery codes that are left.
    pub recovery_codes: Option<u32>,
    /// Where the user can be reached.
    pub contacts: Option<Vec<ContactInfo>>,
    /// Hosts from which no code is asked now, oldest first.
    pub trusted_hosts: Option<Vec<TrustedHostInfo>>,
    /// The methods by which the user can give a fresh code over the bus now: `totp`, `email`, `sms`,
    /// `recovery`.
    pub code_methods: Option<Vec<String>>,
}

/// What an open enrolment shows: once, to the caller that opened it.
#[derive(Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct EnrolmentOffer {
    /// Names the enrolment in `ConfirmEnrolment`; 0 if it is done already.
    pub enrolment: u64,
    /// Canonical name of the user.
    pub user: String,
    /// The id that the factor has, or will have.
    pub factor: String,
    /// The account as the app shows it, `user@host`.
    pub account: String,
    /// The shared key, base32 without padding (RFC 4648).
    pub secret: String,
    /// The same as an `otpauth://` URI, for a QR code.
    pub uri: String,
}

/// How an administrator's enrolment is done.
#[derive(Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct EnrolmentOptions {
    /// What the factor is called; empty for a default.
    pub label: String,
    /// A code of a factor that the user has already; where there is none, the invitation that an
    /// enrolment needs; else empty.
    pub code: String,
    /// Take the factor without a confirming code (administrators only).
    pub unconfirmed: bool,
}

/// Without the code, which a log must never hold.
impl std::fmt::Debug for EnrolmentOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentOptions")
            .field("label", &self.label)
            .field("unconfirmed", &self.unconfirmed)
            .finish_non_exhaustive()
    }
}

/// How one of several users fared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Outcome {
    /// The name as it was given.
    pub user: String,
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why it was not: one sentence.
    pub text: String,
}

/// Why there is no status of one of several users: name and sentence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Problem {
    /// The name as it was given.
    pub user: String,
    /// One sentence.
    pub text: String,
}

/// What local users do about themselves.
#[zbus::proxy(
    interface = "org.twinlock1.Self",
    default_service = "org.twinlock1",
    default_path = "/org/twinlock1"
)]
pub trait SelfService {
    /// The version of the daemon. One of before this method answers with `UnknownMethod`.
    fn version(&self) -> Result<String>;

    /// What stands of the caller.
    fn status(&self) -> Result<UserStatus>;

    /// Opens an enrolment and shows its secret. A caller who has a factor gives a code of it; one
    /// who has none gives the invitation, where that is how users enrol.
    fn begin_enrolment(&self, options: EnrolmentOptions) -> Result<EnrolmentOffer>;

    /// Proves with a first code that the app has the key, and enrols it.
    fn confirm_enrolment(&self, enrolment: u64, code: &str) -> Result<EnrolledFactor>;

    /// Forgets an open enrolment.
    fn cancel_enrolment(&self, enrolment: u64) -> Result<()>;

    /// Tries a code: it counts as used, and as a failure.
    fn verify(&self, code: &str) -> Result<()>;

    /// Takes one factor away, with a fresh code.
    fn remove_factor(&self, factor: &str, code: &str) -> Result<()>;

    /// Asks an administrator to reset the caller; empty for no reason.
    fn request_reset(&self, reason: &str) -> Result<ResetRequestInfo>;

    /// Takes the caller's request back.
    fn cancel_reset(&self) -> Result<()>;

    /// Sends a code by `email` or `sms` that counts as a fresh one: where it went, masked, and for
    /// how many seconds it is good.
    fn send_code(&self, method: &str) -> Result<(String, u64)>;

    /// Makes new recovery codes, with a fresh code; the old ones are void.
    fn new_recovery_codes(&self, code: &str) -> Result<Vec<String>>;

    /// Trusts one host no longer, or none where `host` is empty; says how many there were.
    fn clear_trusted(&self, host: &str) -> Result<u32>;

    /// Sends a code to a new contact, which counts once [`Self::confirm_contact`] has it: the number
    /// of the proof, and where the code went, masked. An empty address takes the contact away at
    /// once, and the number is 0. Takes a fresh code.
    fn set_contact(&self, method: &str, address: &str, code: &str) -> Result<(u64, String)>;

    /// Proves a new contact with the code that was sent there.
    fn confirm_contact(&self, proof: u64, code: &str) -> Result<ConfirmedContact>;
}

/// What administrators do about anybody. Polkit may ask who is not root for a password meanwhile.
#[zbus::proxy(
    interface = "org.twinlock1.Admin",
    default_service = "org.twinlock1",
    default_path = "/org/twinlock1"
)]
pub trait Admin {
    /// What stands of one user.
    #[zbus(allow_interactive_auth)]
    fn status(&self, user: &str) -> Result<UserStatus>;

    /// What stands of everyone who has a record, by name, and whose record cannot be read.
    #[zbus(allow_interactive_auth)]
    fn list_users(&self) -> Result<(Vec<UserStatus>, Vec<Problem>)>;

    /// Events of the past, in the order in which they happened; where to go on, for
    /// [`LogFilter::after`]; whether there may be more by now; and of which days that were looked
    /// at a part cannot be read.
    #[zbus(allow_interactive_auth)]
    fn log(&self, filter: LogFilter) -> Result<(Vec<LogEvent>, String, bool, Vec<DamagedDay>)>;

    /// The latest event with this reference and the other events of its login, in order, each
    /// explained, empty if no event has it; and where others of them may be that cannot be read.
    #[zbus(allow_interactive_auth)]
    fn find(&self, reference: &str) -> Result<(Vec<LogEvent>, Vec<DamagedDay>)>;

    /// Opens an enrolment for a user, or enrols without a confirming code.
    #[zbus(allow_interactive_auth)]
    fn begin_enrolment(&self, user: &str, options: EnrolmentOptions) -> Result<EnrolmentOffer>;

    /// Proves with a first code that the app has the key, and enrols it.
    #[zbus(allow_interactive_auth)]
    fn confirm_enrolment(&self, enrolment: u64, code: &str) -> Result<EnrolledFactor>;

    /// Forgets an open enrolment.
    #[zbus(allow_interactive_auth)]
    fn cancel_enrolment(&self, enrolment: u64) -> Result<()>;

    /// Tries a code of a user: it counts as used, and as a failure.
    #[zbus(allow_interactive_auth)]
    fn verify(&self, user: &str, code: &str) -> Result<()>;

    /// Takes one factor of a user away.
    #[zbus(allow_interactive_auth)]
    fn remove_factor(&self, user: &str, factor: &str) -> Result<()>;

    /// Takes everything of these users away by which they could pass, each on its own.
    #[zbus(allow_interactive_auth)]
    fn reset(&self, users: &[&str], options: ResetOptions) -> Result<Vec<ResetOutcome>>;

    /// Clears a user's waits and failure counts.
    #[zbus(allow_interactive_auth)]
    fn unlock(&self, user: &str) -> Result<()>;

    /// What stands of these users, whether or not they have a record. Names that the user database
    /// does not know are in neither list.
    #[zbus(allow_interactive_auth)]
    fn statuses(&self, users: &[&str]) -> Result<(Vec<UserStatus>, Vec<Problem>)>;

    /// Sets or clears the per-user switch: `on`, `off` or `default`.
    #[zbus(allow_interactive_auth)]
    fn set_switch(&self, user: &str, switch: &str) -> Result<()>;

    /// Takes over what another program knew of a user, all of it or nothing.
    #[zbus(allow_interactive_auth)]
    fn import_factors(&self, user: &str, import: AccountImport) -> Result<()>;

    /// Seals every record as of now; says under which number the file is read, and how long it is.
    fn begin_backup(&self, lock: BackupLock) -> Result<(u64, u64)>;

    /// A piece of that file from this offset on; the last one ends it.
    fn read_backup(&self, backup: u64, offset: u64) -> Result<Vec<u8>>;

    /// Makes room for a file of so many bytes that is to be restored.
    fn begin_restore(&self, size: u64) -> Result<u64>;

    /// Hands over its next piece, at most [`PIECE`](crate::backup::PIECE) bytes.
    fn write_restore(&self, restore: u64, piece: &[u8]) -> Result<()>;

    /// Opens it, with the store's key where `key` is empty, and says what its restore would do.
    fn plan_restore(&self, restore: u64, key: &[u8]) -> Result<RestorePlan>;

    /// Restores it: all of it or nothing.
    fn commit_restore(&self, restore: u64) -> Result<RestorePlan>;

    /// Why a login of this user would be decided as it would be, as JSON.
    #[zbus(allow_interactive_auth)]
    fn explain_policy(&self, user: &str, login: SupposedLogin) -> Result<String>;

    /// Which configuration is in force, and what the files say meanwhile.
    #[zbus(allow_interactive_auth)]
    fn configuration_status(&self) -> Result<ConfigurationStatus>;

    /// Makes an invitation to enrol, in place of the one before.
    #[zbus(allow_interactive_auth)]
    fn invite(&self, user: &str, options: InvitationOptions) -> Result<Voucher>;

    /// Makes a code that stands for a second factor for a while.
    #[zbus(allow_interactive_auth)]
    fn issue_bypass(&self, user: &str, options: BypassOptions) -> Result<Voucher>;

    /// The requests for a reset that wait for an administrator, oldest first, and of whom it cannot
    /// be told whether they wait.
    #[zbus(allow_interactive_auth)]
    fn list_resets(&self) -> Result<(Vec<ResetRequestInfo>, Vec<Problem>)>;

    /// Resets the user who asked for it.
    #[zbus(allow_interactive_auth)]
    fn approve_reset(&self, request: &str, options: ResetOptions) -> Result<ResetOutcome>;

    /// Refuses a request; returns whose it was.
    #[zbus(allow_interactive_auth)]
    fn refuse_reset(&self, request: &str) -> Result<String>;

    /// Deletes the record of a user, whether or not NSS knows the name.
    #[zbus(allow_interactive_auth)]
    fn forget_user(&self, user: &str) -> Result<()>;

    /// Makes new recovery codes for a user; the old ones are void.
    #[zbus(allow_interactive_auth)]
    fn new_recovery_codes(&self, user: &str) -> Result<Vec<String>>;

    /// Trusts one host of a user no longer, or none where `host` is empty; says how many there were.
    #[zbus(allow_interactive_auth)]
    fn clear_trusted(&self, user: &str, host: &str) -> Result<u32>;

    /// Sets a user's contact, which counts at once; an empty address takes it away. Says whether
    /// anything changed.
    #[zbus(allow_interactive_auth)]
    fn set_contact(&self, user: &str, method: &str, address: &str) -> Result<bool>;
}
