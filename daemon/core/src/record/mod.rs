//! One user's record: everything that Twinlock remembers of them, so that one login is one
//! compare-and-swap.

mod change;
mod import;
mod invited;
mod restore;
mod verify;

use serde::{Deserialize, Serialize};

pub use self::{
    change::TooManyFactors,
    import::{Import, ImportError},
    invited::Admission,
    restore::Present,
    verify::{Proof, Trial, Verification},
};
use crate::{
    contact::{Contacts, Vouched},
    dialogue::Staged,
    factor::{Factor, one_time_code::OneTimeCodes},
    hashing::Hashing,
    lockout::{self, Lockout},
    login::User,
    news::News,
    notice::{Channels, Recipient},
    policy::{EnrolmentMode, Method, Methods, Standing},
    printed_code::{HashedCode, SpentCode},
    reminder::Dates,
    reset_request::ResetRequest,
    scratch_codes::ScratchCodes,
    time::Timestamp,
    trusted_host::TrustedHosts,
    voucher::{Bypass, Invitation},
};

/// The most factors of one user: what a person can keep apart, and a bound on a guess's chance.
pub const MAX_FACTORS: usize = 10;

/// The label of a factor that was given none.
pub const DEFAULT_LABEL: &str = "authenticator";

/// Recovery codes of one set.
pub const RECOVERY_CODES: usize = 10;

/// Why what was staged does not take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Superseded {
    /// An enrolment came second.
    #[error("another enrolment came first")]
    Enrolment,
    /// The invitation was used or withdrawn in between, or its time is over.
    #[error("the invitation is not valid any more")]
    Invitation,
    /// The factors changed in between, as by a reset.
    #[error("the second factors were changed in between")]
    Factors,
}

/// What stands of one user. It has no `Debug`: it holds secrets.
///
/// A field that this version does not know is an error: to pass over it would be to lose, with the
/// next change, what a later version rests on. What a user has not got is not written, so that an
/// earlier version reads whatever it could have written itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRecord {
    /// Canonical name.
    pub user: String,
    /// The uid that the name had when the record was made. A record whose uid no longer matches
    /// belongs to an earlier account of the same name.
    pub uid: u32,
    /// Enrolled factors, oldest first.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// Counters of wrong codes.
    #[serde(default)]
    pub lockout: Lockout,
    /// The per-user switch: `None` leaves it to the policy.
    #[serde(default)]
    pub mfa: Option<bool>,
    /// What the user has not been told yet.
    #[serde(default)]
    pub news: News,
    /// The first login that Twinlock saw of the user, from which a grace period runs.
    #[serde(default)]
    pub first_seen: Option<Timestamp>,
    /// The dates of the policy of which the user was reminded.
    #[serde(default, skip_serializing_if = "Dates::is_empty")]
    pub reminded_of: Dates,
    /// Recovery codes that have not been used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<HashedCode>,
    /// Recovery codes of the same set that have been used, oldest first, so that one which is typed
    /// again is told from a guess.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<SpentCode>,
    /// Scratch codes that came from another program and have not been used.
    #[serde(default, skip_serializing_if = "ScratchCodes::is_empty")]
    pub scratch: ScratchCodes,
    /// Where the user can be reached.
    #[serde(default, skip_serializing_if = "Contacts::is_empty")]
    pub contacts: Contacts,
    /// Codes that were sent.
    #[serde(default, skip_serializing_if = "OneTimeCodes::is_empty")]
    pub one_time: OneTimeCodes,
    /// Hosts that need no code.
    #[serde(default, skip_serializing_if = "TrustedHosts::is_empty")]
    pub trusted: TrustedHosts,
    /// How often all trust was withdrawn: a login that was decided before trusts nothing after.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub trust_epoch: u32,
    /// An invitation to enrol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Invitation>,
    /// Bypass codes, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bypasses: Vec<Bypass>,
    /// The latest request for a reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_request: Option<ResetRequest>,
    /// What the next enrolment needs, as after a reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentMode>,
    /// The method that was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_method: Option<Method>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The record is another account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UidMismatch {
    /// The uid in the record.
    pub recorded: u32,
    /// The uid that NSS gives the name now.
    pub actual: u32,
}

/// How codes are tried.
#[derive(Debug, Clone)]
pub struct CodeRules {
    /// `[totp] window`: time steps either side of now.
    pub window: u16,
    /// `[lockout]`.
    pub lockout: lockout::Rules,
}

impl Default for CodeRules {
    fn default() -> Self {
        Self { window: 1, lockout: lockout::Rules::default() }
    }
}

impl UserRecord {
    /// An empty record.
    pub fn new(user: &User) -> Self {
        Self {
            user: user.name.clone(),
            uid: user.uid,
            factors: Vec::new(),
            lockout: Lockout::default(),
            mfa: None,
            news: News::default(),
            first_seen: None,
            reminded_of: Dates::default(),
            recovery: Vec::new(),
            spent: Vec::new(),
            scratch: ScratchCodes::default(),
            contacts: Contacts::default(),
            one_time: OneTimeCodes::default(),
            trusted: TrustedHosts::default(),
            trust_epoch: 0,
            invitation: None,
            bypasses: Vec::new(),
            reset_request: None,
            enrolment: None,
            last_method: None,
        }
    }

    /// That the record is this user's.
    pub fn check_owner(&self, user: &User) -> Result<(), UidMismatch> {
        if self.uid == user.uid {
            Ok(())
        } else {
            Err(UidMismatch { recorded: self.uid, actual: user.uid })
        }
    }

    /// Whether the user has set up a second factor: an authenticator, or a contact that they proved.
    pub fn is_enrolled(&self) -> bool {
        let Contacts { email, mobile } = &self.contacts;
        !self.factors.is_empty()
            || email.as_ref().is_some_and(|contact| contact.vouched == Vouched::User)
            || mobile.as_ref().is_some_and(|contact| contact.vouched == Vouched::User)
    }

    /// Whether there is any way in which the user can show a second factor, also one that this host
    /// cannot use now: what is done on the user's own word then needs a code.
    pub fn has_factor(&self) -> bool {
        self.is_enrolled() || !self.methods().is_empty()
    }

    /// The contact that carries codes of this method.
    pub fn contact(&self, method: Method) -> Option<Recipient> {
        let Contacts { email, mobile } = &self.contacts;
        match method {
            Method::Email => email.as_ref().map(|contact| Recipient::Email(contact.value.clone())),
            Method::Sms => mobile.as_ref().map(|contact| Recipient::Mobile(contact.value.clone())),
            Method::Totp | Method::Recovery => None,
        }
    }

    /// The methods by which the user can show a second factor, whatever the policy says. After a
    /// reset contacts carry invitations only, until the user has enrolled anew.
    pub fn methods(&self) -> Methods {
        let has = |method: &Method| match method {
            Method::Totp => !self.factors.is_empty(),
            Method::Email => self.contacts.email.is_some() && self.enrolment.is_none(),
            Method::Sms => self.contacts.mobile.is_some() && self.enrolment.is_none(),
            Method::Recovery => self.recovery_left() > 0,
        };
        Method::ALL.iter().copied().filter(has).collect()
    }

    /// How many codes of last resort have not been used: recovery codes and imported scratch codes.
    pub fn recovery_left(&self) -> usize {
        self.recovery.len() + self.scratch.len()
    }

    /// What the policy needs to know of the record.
    pub fn standing(&self, channels: Channels) -> Standing {
        let enrolled = self.methods();
        Standing {
            switch: self.mfa,
            first_login: self.first_seen,
            enrolled,
            usable: enrolled.iter().filter(|method| channels.carry(*method)).collect(),
            enrolment: self.enrolment,
            own: self.is_enrolled(),
        }
    }

    /// The ids of the factors: what an enrolment that is confirmed later is compared with.
    pub fn factor_ids(&self) -> Vec<String> {
        self.factors.iter().map(|factor| factor.id.clone()).collect()
    }

    /// What waited for the account phase takes effect.
    ///
    /// # Errors
    /// What it rested on is not so any more: of two enrolments at once the first wins, and what a
    /// reset took away stays away.
    pub fn apply(
        &mut self,
        staged: &Staged,
        hashing: &dyn Hashing,
        now: Timestamp,
    ) -> Result<(), Superseded> {
        match staged {
            Staged::BeginGrace { at } => self.first_seen = self.first_seen.or(Some(*at)),
            Staged::Enrol(enrolment) => self.enrol_staged(enrolment, hashing)?,
            Staged::Trust { host, limit, epoch } => {
                if *epoch != self.trust_epoch || self.methods().is_empty() {
                    return Err(Superseded::Factors);
                }
                self.trust((**host).clone(), *limit, now);
            }
            Staged::UseTrust { host, at } => self.trusted.note_use(host, *at),
            Staged::GiveCode(_) | Staged::MayRenew { .. } => {}
            Staged::ChangePassword if self.methods().is_empty() => {}
            Staged::ChangePassword => {
                self.distrust();
            }
        }
        Ok(())
    }
}
