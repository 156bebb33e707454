//! Requests about what stands beside the factors: fresh codes, recovery codes, trusted hosts, contacts.

use twinlock_bus_api::account::{AdminProxy, SelfServiceProxy};
use twinlock_bus_api::contact::ConfirmedContact;

use super::calls::secrets;
use super::{CallError, Client, Subject};
use crate::secret::Secret;
use crate::version;

/// A code that was sent.
pub struct Sent {
    /// Where to, masked.
    pub to: String,
    /// For how many seconds it is good.
    pub lifetime: u64,
}

/// A contact that a user proved.
pub struct Confirmed {
    /// The address or number, masked.
    pub address: String,
    /// Recovery codes, where it is the first factor; shown this once.
    pub recovery_codes: Vec<Secret>,
}

impl From<ConfirmedContact> for Confirmed {
    fn from(contact: ConfirmedContact) -> Self {
        let ConfirmedContact { address, recovery_codes, .. } = contact;
        Self { address, recovery_codes: secrets(recovery_codes.unwrap_or_default()) }
    }
}

impl Client {
    /// The version of the daemon; none where it is of before it could say.
    ///
    /// # Errors
    /// [`CallError`], as of every call here.
    pub fn daemon_version(&mut self) -> Result<Option<String>, CallError> {
        self.call(async |bus| version::read(SelfServiceProxy::new(bus).await?.version().await))
    }

    /// Has a code sent by `email` or `sms` that counts as a fresh one of the caller's.
    ///
    /// # Errors
    /// [`CallError`], as of every call here.
    pub fn send_code(&mut self, method: &str) -> Result<Sent, CallError> {
        let sent =
            self.call(async |bus| SelfServiceProxy::new(bus).await?.send_code(method).await)?;
        let (to, lifetime) = sent;
        Ok(Sent { to, lifetime })
    }

    /// Makes new recovery codes; of the caller with a fresh code.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn new_recovery_codes(
        &mut self,
        subject: &Subject,
        code: &Secret,
    ) -> Result<Vec<Secret>, CallError> {
        let codes = self.call_about(subject, async |bus| match subject {
            Subject::Oneself => {
                SelfServiceProxy::new(bus).await?.new_recovery_codes(code.expose()).await
            }
            Subject::User(user) => AdminProxy::new(bus).await?.new_recovery_codes(user).await,
        })?;
        Ok(secrets(codes))
    }

    /// Trusts one host no longer, or none where `host` is empty; how many there were.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn clear_trusted(&mut self, subject: &Subject, host: &str) -> Result<u32, CallError> {
        self.call_about(subject, async |bus| match subject {
            Subject::Oneself => SelfServiceProxy::new(bus).await?.clear_trusted(host).await,
            Subject::User(user) => AdminProxy::new(bus).await?.clear_trusted(user, host).await,
        })
    }

    /// Has a code sent to a new contact of the caller's: the number of the proof, and where the code
    /// went, masked. An empty address takes the contact away, and the number is 0.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn offer_contact(
        &mut self,
        method: &str,
        address: &str,
        code: &Secret,
    ) -> Result<(u64, String), CallError> {
        let code = code.expose();
        self.call(async |bus| {
            SelfServiceProxy::new(bus).await?.set_contact(method, address, code).await
        })
    }

    /// Proves a new contact with the code that was sent there.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn confirm_contact(&mut self, proof: u64, code: &Secret) -> Result<Confirmed, CallError> {
        let code = code.expose();
        let contact = self
            .call(async |bus| SelfServiceProxy::new(bus).await?.confirm_contact(proof, code).await);
        Ok(contact?.into())
    }

    /// Sets a contact of a user, at once; an empty address takes it away. Says whether anything
    /// changed.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn set_contact(
        &mut self,
        user: &str,
        method: &str,
        address: &str,
    ) -> Result<bool, CallError> {
        self.call_admin(async |bus| {
            AdminProxy::new(bus).await?.set_contact(user, method, address).await
        })
    }
}
