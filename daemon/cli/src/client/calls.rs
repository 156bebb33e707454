//! The requests, each for oneself or for a user that an administrator names.

use twinlock_bus_api::account::{
    AdminProxy, EnrolledFactor, EnrolmentOffer, EnrolmentOptions, FactorInfo, Problem,
    SelfServiceProxy, UserStatus,
};
use twinlock_bus_api::import::AccountImport;
use twinlock_bus_api::policy::{ConfigurationStatus, SupposedLogin, Switch};

use super::{CallError, Client};
use crate::secret::Secret;

/// Whom a verb is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The caller, through `org.twinlock1.Self`.
    Oneself,
    /// A user by name, through `org.twinlock1.Admin`.
    User(String),
}

impl From<Option<String>> for Subject {
    fn from(user: Option<String>) -> Self {
        user.map_or(Self::Oneself, Self::User)
    }
}

/// An open enrolment, its secrets in wiping hands.
pub struct Offer {
    /// Names it in further calls; 0 where the factor is enrolled already.
    pub enrolment: u64,
    /// Canonical name of the user.
    pub user: String,
    /// The id that the factor has, or will have.
    pub factor: String,
    /// The account as the app shows it.
    pub account: String,
    /// The shared key in base32.
    pub secret: Secret,
    /// The `otpauth://` URI.
    pub uri: Secret,
}

impl From<EnrolmentOffer> for Offer {
    fn from(offer: EnrolmentOffer) -> Self {
        let EnrolmentOffer { enrolment, user, factor, account, secret, uri } = offer;
        Self {
            enrolment,
            user,
            factor,
            account,
            secret: Secret::new(secret),
            uri: Secret::new(uri),
        }
    }
}

/// A factor that was just enrolled, with what came along.
pub struct Enrolled {
    /// The factor.
    pub factor: FactorInfo,
    /// Recovery codes, where it is the first factor; shown this once.
    pub recovery_codes: Vec<Secret>,
}

impl From<EnrolledFactor> for Enrolled {
    fn from(enrolled: EnrolledFactor) -> Self {
        let EnrolledFactor { id, method, label, enrolled_at, last_used_at, recovery_codes } =
            enrolled;
        Self {
            factor: FactorInfo { id, method, label, enrolled_at, last_used_at },
            recovery_codes: secrets(recovery_codes.unwrap_or_default()),
        }
    }
}

/// Codes in wiping hands.
pub(super) fn secrets(codes: Vec<String>) -> Vec<Secret> {
    codes.into_iter().map(Secret::new).collect()
}

impl Client {
    /// What stands of the subject.
    ///
    /// # Errors
    /// [`CallError`], as of every call here.
    pub fn status(&mut self, subject: &Subject) -> Result<UserStatus, CallError> {
        self.call_about(subject, async |bus| match subject {
            Subject::Oneself => SelfServiceProxy::new(bus).await?.status().await,
            Subject::User(user) => AdminProxy::new(bus).await?.status(user).await,
        })
    }

    /// What stands of everyone who has a record, and whose record cannot be read.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn list_users(&mut self) -> Result<(Vec<UserStatus>, Vec<Problem>), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.list_users().await)
    }

    /// What stands of these users, and of whom it cannot be told. A thousand at the most.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn statuses(
        &mut self,
        users: &[&str],
    ) -> Result<(Vec<UserStatus>, Vec<Problem>), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.statuses(users).await)
    }

    /// Opens an enrolment.
    ///
    /// # Errors
    /// [`CallError`]; `CodeRequired` where the subject has a factor and gave no code of it.
    pub fn begin_enrolment(
        &mut self,
        subject: &Subject,
        label: &str,
        code: &Secret,
        unconfirmed: bool,
    ) -> Result<Offer, CallError> {
        let options = EnrolmentOptions {
            label: label.to_owned(),
            code: code.expose().to_owned(),
            unconfirmed,
        };
        let offer = self.call_about(subject, async |bus| match subject {
            Subject::Oneself => SelfServiceProxy::new(bus).await?.begin_enrolment(options).await,
            Subject::User(user) => AdminProxy::new(bus).await?.begin_enrolment(user, options).await,
        })?;
        Ok(offer.into())
    }

    /// Enrols with a first code.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn confirm_enrolment(
        &mut self,
        subject: &Subject,
        enrolment: u64,
        code: &Secret,
    ) -> Result<Enrolled, CallError> {
        let code = code.expose();
        let enrolled = self.call_about(subject, async |bus| match subject {
            Subject::Oneself => {
                SelfServiceProxy::new(bus).await?.confirm_enrolment(enrolment, code).await
            }
            Subject::User(_) => {
                AdminProxy::new(bus).await?.confirm_enrolment(enrolment, code).await
            }
        })?;
        Ok(enrolled.into())
    }

    /// Forgets an open enrolment.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn cancel_enrolment(&mut self, subject: &Subject, enrolment: u64) -> Result<(), CallError> {
        self.call_about(subject, async |bus| match subject {
            Subject::Oneself => SelfServiceProxy::new(bus).await?.cancel_enrolment(enrolment).await,
            Subject::User(_) => AdminProxy::new(bus).await?.cancel_enrolment(enrolment).await,
        })
    }

    /// Tries a code.
    ///
    /// # Errors
    /// [`CallError`]; the code is right only where there is none.
    pub fn verify(&mut self, subject: &Subject, code: &Secret) -> Result<(), CallError> {
        let code = code.expose();
        self.call_about(subject, async |bus| match subject {
            Subject::Oneself => SelfServiceProxy::new(bus).await?.verify(code).await,
            Subject::User(user) => AdminProxy::new(bus).await?.verify(user, code).await,
        })
    }

    /// Takes one of the caller's own factors away.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn remove_own_factor(&mut self, factor: &str, code: &Secret) -> Result<(), CallError> {
        let code = code.expose();
        self.call(async |bus| SelfServiceProxy::new(bus).await?.remove_factor(factor, code).await)
    }

    /// Takes one factor of a user away.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn remove_factor(&mut self, user: &str, factor: &str) -> Result<(), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.remove_factor(user, factor).await)
    }

    /// Clears a user's waits and failure counts.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn unlock(&mut self, user: &str) -> Result<(), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.unlock(user).await)
    }

    /// Sets or clears the switch of a user.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn set_switch(&mut self, user: &str, switch: Switch) -> Result<(), CallError> {
        self.call_admin(async |bus| {
            AdminProxy::new(bus).await?.set_switch(user, switch.as_str()).await
        })
    }

    /// Takes over what another program knew of a user.
    ///
    /// # Errors
    /// [`CallError`]; then nothing of it was taken.
    pub fn import_factors(&mut self, user: &str, import: AccountImport) -> Result<(), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.import_factors(user, import).await)
    }

    /// Why a login of a user would be decided as it would be, as JSON.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn explain_policy(
        &mut self,
        user: &str,
        login: SupposedLogin,
    ) -> Result<String, CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.explain_policy(user, login).await)
    }

    /// Which configuration is in force, and what the files say meanwhile.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn configuration_status(&mut self) -> Result<ConfigurationStatus, CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.configuration_status().await)
    }
}
