//! Requests whose answer may hold a code: invitations, bypass codes, resets.

use twinlock_bus_api::account::{AdminProxy, Problem, SelfServiceProxy};
use twinlock_bus_api::voucher::{
    BypassOptions, InvitationOptions, ResetOptions, ResetOutcome, ResetRequestInfo, Voucher,
};

use super::{CallError, Client};
use crate::secret::Secret;

/// An invitation or a bypass code, its code in wiping hands.
pub struct Issued {
    /// Canonical name of the user.
    pub user: String,
    /// Names it to people.
    pub id: String,
    /// The code, where it is for the caller.
    pub code: Option<Secret>,
    /// Until when it can be used.
    pub until: u64,
    /// Where the user was written to, masked.
    pub sent_to: Vec<String>,
}

impl From<Voucher> for Issued {
    fn from(voucher: Voucher) -> Self {
        let Voucher { user, id, code, until, sent_to } = voucher;
        Self { user, id, code: code.map(Secret::new), until, sent_to }
    }
}

/// How one user fared in a reset.
pub struct ResetEnd {
    /// The name as it was given.
    pub user: String,
    /// Whether it was done.
    pub done: bool,
    /// What was done, or why it was not.
    pub text: String,
    /// The invitation that was made.
    pub invitation: Option<Issued>,
}

impl ResetEnd {
    /// A reset that did not come to pass.
    pub fn failed(user: impl Into<String>, text: impl Into<String>) -> Self {
        Self { user: user.into(), done: false, text: text.into(), invitation: None }
    }
}

impl From<ResetOutcome> for ResetEnd {
    fn from(outcome: ResetOutcome) -> Self {
        let ResetOutcome { user, done, text, invitation, code, until, sent_to } = outcome;
        let code = code.map(Secret::new);
        let invitation = invitation.map(|id| Issued {
            user: user.clone(),
            id,
            code,
            until: until.unwrap_or_default(),
            sent_to: sent_to.unwrap_or_default(),
        });
        Self { user, done, text, invitation }
    }
}

impl Client {
    /// Makes an invitation.
    ///
    /// # Errors
    /// [`CallError`], as of every call here.
    pub fn invite(&mut self, user: &str, options: InvitationOptions) -> Result<Issued, CallError> {
        let made =
            self.call_admin(async |bus| AdminProxy::new(bus).await?.invite(user, options).await)?;
        Ok(made.into())
    }

    /// Issues a bypass code.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn issue_bypass(
        &mut self,
        user: &str,
        options: BypassOptions,
    ) -> Result<Issued, CallError> {
        let issued = self.call_admin(async |bus| {
            AdminProxy::new(bus).await?.issue_bypass(user, options).await
        })?;
        Ok(issued.into())
    }

    /// Takes everything of these users away by which they could pass.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn reset(&mut self, users: &[&str], print: bool) -> Result<Vec<ResetEnd>, CallError> {
        let options = ResetOptions { print: Some(print) };
        let outcomes =
            self.call_admin(async |bus| AdminProxy::new(bus).await?.reset(users, options).await)?;
        Ok(outcomes.into_iter().map(ResetEnd::from).collect())
    }

    /// Asks for a reset of the caller.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn request_reset(&mut self, reason: &str) -> Result<ResetRequestInfo, CallError> {
        self.call(async |bus| SelfServiceProxy::new(bus).await?.request_reset(reason).await)
    }

    /// Takes the caller's request back.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn cancel_reset(&mut self) -> Result<(), CallError> {
        self.call(async |bus| SelfServiceProxy::new(bus).await?.cancel_reset().await)
    }

    /// The requests for a reset that wait, and of whom it cannot be told whether they wait.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn list_resets(&mut self) -> Result<(Vec<ResetRequestInfo>, Vec<Problem>), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.list_resets().await)
    }

    /// Resets the user who asked for it.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn approve_reset(&mut self, id: &str, print: bool) -> Result<ResetEnd, CallError> {
        let options = ResetOptions { print: Some(print) };
        let outcome = self
            .call_admin(async |bus| AdminProxy::new(bus).await?.approve_reset(id, options).await)?;
        Ok(outcome.into())
    }

    /// Refuses a request; returns whose it was.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn refuse_reset(&mut self, id: &str) -> Result<String, CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.refuse_reset(id).await)
    }

    /// Deletes the record of a user.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn forget_user(&mut self, user: &str) -> Result<(), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.forget_user(user).await)
    }
}
