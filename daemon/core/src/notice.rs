//! Messages to users: what is said, to whom. How it is worded stands in templates, and how it
//! travels is the daemon's.

use std::{fmt, time::Duration};

use zeroize::Zeroizing;

use crate::{
    contact::{ContactError, Contacts, EmailAddress, MobileNumber},
    login::{LoginContext, Source},
    policy::Method,
    reference::Reference,
    time::Timestamp,
};

/// Which kinds of message this host can send, by its configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Channels {
    /// E-mail.
    pub email: bool,
    /// Text messages.
    pub mobile: bool,
}

impl Channels {
    /// Whether codes of this method reach anybody.
    pub const fn carry(self, method: Method) -> bool {
        match method {
            Method::Totp | Method::Recovery => true,
            Method::Email => self.email,
            Method::Sms => self.mobile,
        }
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// By e-mail.
    Email(EmailAddress),
    /// As a text message.
    Mobile(MobileNumber),
}

impl Recipient {
    /// Every contact of a user.
    pub fn all_of(contacts: &Contacts) -> Vec<Self> {
        let email = contacts.email.iter().map(|contact| Self::Email(contact.value.clone()));
        let mobile = contacts.mobile.iter().map(|contact| Self::Mobile(contact.value.clone()));
        email.chain(mobile).collect()
    }

    /// What a person typed as the contact that carries codes of this method; `None` if it is a
    /// method that sends nothing.
    ///
    /// # Errors
    /// It is no address or number.
    pub fn read(method: Method, text: &str) -> Option<Result<Self, ContactError>> {
        match method {
            Method::Email => Some(text.parse().map(Self::Email)),
            Method::Sms => Some(text.parse().map(Self::Mobile)),
            Method::Totp | Method::Recovery => None,
        }
    }

    /// The method whose codes it carries.
    pub const fn method(&self) -> Method {
        match self {
            Self::Email(_) => Method::Email,
            Self::Mobile(_) => Method::Sms,
        }
    }

    /// What it is called in sentences.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Email(_) => "e-mail address",
            Self::Mobile(_) => "mobile number",
        }
    }

    /// In full.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Mobile(number) => number.as_str(),
        }
    }

    /// As it is shown to somebody who may not be its owner.
    pub fn masked(&self) -> String {
        match self {
            Self::Email(address) => address.masked(),
            Self::Mobile(number) => number.masked(),
        }
    }
}

/// A secret in a message: a one-time code, an invitation. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A one-time code for a login.
    OneTimeCode {
        /// The code.
        code: SecretText,
        /// How long it can be used.
        lifetime: Duration,
    },
    /// A code that proves that a new contact is the user's.
    ContactProof {
        /// The code.
        code: SecretText,
        /// How long it can be used.
        lifetime: Duration,
    },
    /// A factor was enrolled.
    FactorEnrolled {
        /// What the user calls it.
        label: String,
    },
    /// A factor was removed.
    FactorRemoved {
        /// What the user called it.
        label: String,
    },
    /// A host is trusted from now on.
    HostTrusted {
        /// The address, the key, or both.
        host: String,
        /// Until when.
        until: Timestamp,
    },
    /// A contact was changed. Goes to the old one and to the new one.
    ContactChanged {
        /// `e-mail address` or `mobile number`.
        what: &'static str,
        /// The old one, masked.
        old: Option<String>,
        /// The new one, masked.
        new: Option<String>,
    },
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: usize,
    },
    /// There are new recovery codes, and the old ones are void.
    RecoveryCodesRenewed,
    /// An administrator issued a bypass code.
    BypassIssued {
        /// Until when it can be used.
        until: Timestamp,
        /// How often.
        uses: u32,
        /// Why.
        reason: String,
    },
    /// A bypass code was used.
    BypassUsed,
    /// Everything was taken away by an administrator.
    Reset,
    /// Somebody says that the user has lost everything.
    ResetRequested {
        /// The request's id.
        id: String,
        /// When it lapses.
        expires: Timestamp,
        /// What was given as the reason.
        reason: Option<String>,
    },
    /// An administrator does not do what a request asked for.
    ResetRefused {
        /// The request's id.
        id: String,
    },
    /// A code with which the user can enrol.
    Invitation {
        /// The code.
        code: SecretText,
        /// Until when.
        until: Timestamp,
    },
    /// The second factor was switched off, or on again, for this user.
    Switched {
        /// On.
        on: bool,
    },
    /// A second factor will be required.
    Reminder {
        /// From then on.
        from: Timestamp,
    },
}

impl Subject {
    /// The name of the template that words it.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::OneTimeCode { .. } => "one-time-code",
            Self::ContactProof { .. } => "contact-proof",
            Self::FactorEnrolled { .. } => "factor-enrolled",
            Self::FactorRemoved { .. } => "factor-removed",
            Self::HostTrusted { .. } => "host-trusted",
            Self::ContactChanged { .. } => "contact-changed",
            Self::RecoveryCodeUsed { .. } => "recovery-code-used",
            Self::RecoveryCodesRenewed => "recovery-codes-renewed",
            Self::BypassIssued { .. } => "bypass-issued",
            Self::BypassUsed => "bypass-used",
            Self::Reset => "reset",
            Self::ResetRequested { .. } => "reset-requested",
            Self::ResetRefused { .. } => "reset-refused",
            Self::Invitation { .. } => "invitation",
            Self::Switched { .. } => "switched",
            Self::Reminder { .. } => "reminder",
        }
    }
}

/// One message to one user, to be sent once the record is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Where it goes; to each of them. Empty: nowhere, and nothing happens.
    pub to: Vec<Recipient>,
    /// What is said.
    pub subject: Subject,
    /// Whom it is about: the canonical name.
    pub user: String,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it, where that is somebody else: an administrator's name.
    pub by: Option<String>,
    /// The PAM service.
    pub service: Option<String>,
    /// Where from.
    pub source: Option<Source>,
    /// What the person can quote.
    pub reference: Option<Reference>,
}

impl Notice {
    /// A message outside of a login.
    pub fn new(
        to: Vec<Recipient>,
        subject: Subject,
        user: impl Into<String>,
        at: Timestamp,
    ) -> Self {
        Self {
            to,
            subject,
            user: user.into(),
            at,
            by: None,
            service: None,
            source: None,
            reference: None,
        }
    }

    /// A message of a login.
    pub fn of_login(
        to: Vec<Recipient>,
        subject: Subject,
        login: &LoginContext,
        at: Timestamp,
    ) -> Self {
        Self {
            service: Some(login.service.clone()),
            source: Some(login.source.clone()),
            ..Self::new(to, subject, login.user.name.clone(), at)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_shown_by_debug() {
        let code = SecretText::new("482913");
        let subject = Subject::OneTimeCode { code, lifetime: Duration::from_secs(600) };
        let notice = Notice::new(Vec::new(), subject, "alice", Timestamp::EPOCH);
        assert!(!format!("{notice:?}").contains("482913"));
    }
}
