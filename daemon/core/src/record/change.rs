//! What is done to a record outside of the verification of codes. Each change that others should
//! hear of leaves its piece of news.

use std::mem;

use crate::{
    contact::{Contact, Contacts, EmailAddress, MobileNumber, Vouched},
    dialogue::StagedEnrolment,
    factor::{Factor, Kind, totp::TotpFactor},
    hashing::Hashing,
    lockout,
    login::User,
    news::Change,
    notice::Recipient,
    policy::{EnrolmentMode, Method},
    printed_code::HashedCode,
    record::{DEFAULT_LABEL, MAX_FACTORS, Superseded, UserRecord},
    scratch_codes::ScratchCodes,
    time::Timestamp,
    trusted_host::TrustedHost,
    voucher::{self, Bypass, Invitation},
};

/// A user has [`MAX_FACTORS`] already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are {MAX_FACTORS} factors already; remove one first")]
pub struct TooManyFactors;

impl UserRecord {
    /// Enrols a factor.
    ///
    /// # Errors
    /// There are too many.
    pub fn enrol(
        &mut self,
        id: String,
        label: String,
        totp: TotpFactor,
        now: Timestamp,
    ) -> Result<(), TooManyFactors> {
        if self.factors.len() >= MAX_FACTORS {
            return Err(TooManyFactors);
        }
        self.news.change(Change::Enrolled(label.clone()), now);
        self.factors.push(Factor {
            id,
            label,
            enrolled_at: now,
            last_used_at: totp.is_confirmed().then_some(now),
            kind: Kind::Totp(totp),
        });
        self.enrolment = None;
        Ok(())
    }

    pub(super) fn enrol_staged(
        &mut self,
        enrolment: &StagedEnrolment,
        hashing: &dyn Hashing,
    ) -> Result<(), Superseded> {
        let StagedEnrolment { factor, totp, recovery, invitation, beside, epoch, at } = enrolment;
        if *beside != self.factor_ids() {
            return Err(Superseded::Enrolment);
        }
        if *epoch != self.trust_epoch {
            return Err(Superseded::Factors);
        }
        if let Some(id) = invitation {
            self.check_invitation(id, *at)?;
        }
        self.enrol(factor.clone(), DEFAULT_LABEL.to_owned(), totp.clone(), *at)
            .map_err(|_| Superseded::Enrolment)?;
        if invitation.is_some() {
            self.invitation = None;
        }
        if !recovery.is_empty() {
            let hashed = recovery.iter().map(|(code, salt)| code.hashed(*salt, hashing));
            self.recovery = hashed.collect();
            self.spent.clear();
            self.scratch = ScratchCodes::default();
        }
        Ok(())
    }

    /// Puts an authenticator in the place of all that there are, with its recovery codes in the
    /// place of theirs; says which are gone. Trust in hosts rested on them and goes too.
    ///
    /// # Errors
    /// The factors changed since it was offered. Nothing is changed then.
    pub fn renew_factors(
        &mut self,
        enrolment: &StagedEnrolment,
        hashing: &dyn Hashing,
    ) -> Result<Vec<Factor>, Superseded> {
        let StagedEnrolment { factor, totp, recovery, beside, epoch, at, .. } = enrolment;
        if *beside != self.factor_ids() || *epoch != self.trust_epoch {
            return Err(Superseded::Factors);
        }
        let old = mem::take(&mut self.factors);
        if self.enrol(factor.clone(), DEFAULT_LABEL.to_owned(), totp.clone(), *at).is_err() {
            self.factors = old;
            return Err(Superseded::Factors);
        }
        for factor in &old {
            self.news.change(Change::Removed(factor.label.clone()), *at);
        }
        self.recovery = recovery.iter().map(|(code, salt)| code.hashed(*salt, hashing)).collect();
        self.spent.clear();
        self.scratch = ScratchCodes::default();
        self.distrust();
        Ok(old)
    }

    /// Takes one factor away; says which. With the last one go the recovery codes that stood in
    /// for it.
    pub fn remove_factor(&mut self, id: &str, now: Timestamp) -> Option<Factor> {
        let wanted = |factor: &Factor| factor.id.eq_ignore_ascii_case(id);
        let index = self.factors.iter().position(wanted)?;
        let removed = self.factors.remove(index);
        self.news.change(Change::Removed(removed.label.clone()), now);
        if !self.is_enrolled() {
            self.recovery.clear();
            self.spent.clear();
            self.scratch = ScratchCodes::default();
            self.distrust();
        }
        Some(removed)
    }

    /// New recovery codes; the old ones are void.
    pub fn renew_recovery(&mut self, codes: Vec<HashedCode>, now: Timestamp) {
        self.recovery = codes;
        self.spent.clear();
        self.scratch = ScratchCodes::default();
        self.news.change(Change::RecoveryRenewed, now);
    }

    /// Sets the e-mail address, or takes it away. Says whether anything changed: then trusted
    /// hosts and codes on their way are void.
    pub fn set_email(&mut self, contact: Option<Contact<EmailAddress>>, now: Timestamp) -> bool {
        let old = self.contacts.email.as_ref().map(|contact| &contact.value);
        let changed = old != contact.as_ref().map(|contact| &contact.value);
        self.contacts.email = contact;
        self.contact_changed(changed, "e-mail address", now)
    }

    /// As [`Self::set_email`], for the mobile number.
    pub fn set_mobile(&mut self, contact: Option<Contact<MobileNumber>>, now: Timestamp) -> bool {
        let old = self.contacts.mobile.as_ref().map(|contact| &contact.value);
        let changed = old != contact.as_ref().map(|contact| &contact.value);
        self.contacts.mobile = contact;
        self.contact_changed(changed, "mobile number", now)
    }

    /// Sets the contact that this is, or vouches for it anew. Says whether it is another than
    /// before. An administrator's word for what the user has proved changes nothing.
    pub fn set_contact(&mut self, contact: &Recipient, vouched: Vouched, now: Timestamp) -> bool {
        let same = self.contact(contact.method()).as_ref() == Some(contact);
        if same && vouched == Vouched::Administrator {
            return false;
        }
        let Contacts { email, mobile } = &self.contacts;
        let last_used_at = match contact {
            _ if !same => None,
            Recipient::Email(_) => email.as_ref().and_then(|old| old.last_used_at),
            Recipient::Mobile(_) => mobile.as_ref().and_then(|old| old.last_used_at),
        };
        match contact.clone() {
            Recipient::Email(value) => {
                let contact = Contact { value, vouched, since: now, last_used_at };
                self.set_email(Some(contact), now)
            }
            Recipient::Mobile(value) => {
                let contact = Contact { value, vouched, since: now, last_used_at };
                self.set_mobile(Some(contact), now)
            }
        }
    }

    /// Takes the contact of this method away; says which it was. Recovery codes that have nothing
    /// left to stand in for go with it.
    pub fn take_contact(&mut self, method: Method, now: Timestamp) -> Option<Recipient> {
        let old = self.contact(method)?;
        match method {
            Method::Email => self.set_email(None, now),
            Method::Sms => self.set_mobile(None, now),
            Method::Totp | Method::Recovery => false,
        };
        if self.methods().iter().all(|method| method == Method::Recovery) {
            self.recovery.clear();
            self.spent.clear();
            self.scratch = ScratchCodes::default();
        }
        Some(old)
    }

    fn contact_changed(&mut self, changed: bool, what: &str, now: Timestamp) -> bool {
        if changed {
            self.distrust();
            self.news.change(Change::Contact(what.to_owned()), now);
        }
        changed
    }

    /// Trusts a host.
    pub fn trust(&mut self, host: TrustedHost, limit: u32, now: Timestamp) {
        self.news.change(Change::Trusted(host.binding.to_string()), now);
        self.trusted.trust(host, limit, now);
        self.forget_counters_of_strangers();
    }

    /// Trusts one host no longer; says whether it was trusted.
    pub fn clear_trusted(&mut self, id: &str) -> bool {
        self.trust_epoch = self.trust_epoch.wrapping_add(1);
        let cleared = self.trusted.clear(id);
        self.forget_counters_of_strangers();
        cleared
    }

    /// Trusts no host any longer, and voids codes on their way; says how many hosts there were.
    pub fn distrust(&mut self) -> usize {
        self.one_time.void();
        self.trust_epoch = self.trust_epoch.wrapping_add(1);
        let cleared = self.trusted.clear_all();
        self.forget_counters_of_strangers();
        cleared
    }

    /// The counters of hosts that are trusted no longer go with the trust.
    fn forget_counters_of_strangers(&mut self) {
        let kept: Vec<_> =
            self.trusted.iter().map(|host| lockout::of_trusted_host(&host.id)).collect();
        self.lockout.keep_trusted(&kept);
    }

    /// An invitation; the one before it is void.
    pub fn invite(&mut self, invitation: Invitation) {
        self.invitation = Some(invitation);
    }

    /// A bypass code, beside those that are alive.
    pub fn issue_bypass(&mut self, bypass: Bypass, now: Timestamp) {
        self.news.change(Change::BypassIssued(bypass.by.clone()), now);
        voucher::keep(&mut self.bypasses, bypass, now);
    }

    /// Takes everything away by which the user could pass: factors, recovery codes, trusted hosts,
    /// codes on their way, bypass codes and counters; the record becomes this user's. Contacts stay,
    /// for they are where an invitation goes. What was said of an earlier account of the name is
    /// not said of this one.
    pub fn reset(&mut self, user: &User, enrolment: Option<EnrolmentMode>, now: Timestamp) {
        let empty = Self { trust_epoch: self.trust_epoch.wrapping_add(1), ..Self::new(user) };
        *self = match self.check_owner(user) {
            Ok(()) => Self {
                mfa: self.mfa,
                first_seen: self.first_seen,
                reminded_of: self.reminded_of.clone(),
                contacts: self.contacts.clone(),
                one_time: self.one_time.clone(),
                ..empty
            },
            Err(_) => empty,
        };
        self.one_time.void();
        self.unprove();
        self.enrolment = enrolment;
        self.news.change(Change::Reset, now);
    }

    /// After a reset no contact counts as a factor that the user set up; that an administrator
    /// lets it stay is their word for it.
    fn unprove(&mut self) {
        let Contacts { email, mobile } = &mut self.contacts;
        if let Some(contact) = email {
            contact.vouched = Vouched::Administrator;
        }
        if let Some(contact) = mobile {
            contact.vouched = Vouched::Administrator;
        }
    }
}
