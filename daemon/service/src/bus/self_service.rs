//! `org.twinlock1.Self`: what local users do about themselves. The subject is the caller.

use std::sync::Arc;

use twinlock_bus_api::{
    account::{EnrolledFactor, EnrolmentOffer, EnrolmentOptions, UserStatus},
    contact::ConfirmedContact,
    error::Result,
    voucher::ResetRequestInfo,
};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::account::{Accounts, Authority};

/// The interface.
pub(super) struct SelfInterface {
    accounts: Arc<Accounts>,
}

impl SelfInterface {
    pub(super) const fn new(accounts: Arc<Accounts>) -> Self {
        Self { accounts }
    }
}

#[interface(name = "org.twinlock1.Self")]
impl SelfInterface {
    #[zbus(out_args("version"))]
    async fn version(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<String> {
        self.accounts.caller(&header, connection).await?;
        Ok(env!("CARGO_PKG_VERSION").to_owned())
    }

    #[zbus(out_args("status"))]
    async fn status(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<UserStatus> {
        let caller = self.accounts.caller(&header, connection).await?;
        self.accounts.status(&self.accounts.own(&caller).await?, Authority::Own).await
    }

    #[zbus(out_args("offer"))]
    async fn begin_enrolment(
        &self,
        options: EnrolmentOptions,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<EnrolmentOffer> {
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.begin_enrolment(&user, &caller, Authority::Own, &options).await
    }

    #[zbus(out_args("factor"))]
    async fn confirm_enrolment(
        &self,
        enrolment: u64,
        code: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<EnrolledFactor> {
        let code = Zeroizing::new(code);
        let caller = self.accounts.caller(&header, connection).await?;
        self.accounts.confirm_enrolment(&caller, enrolment, &code).await
    }

    async fn cancel_enrolment(
        &self,
        enrolment: u64,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let caller = self.accounts.caller(&header, connection).await?;
        self.accounts.cancel_enrolment(&caller, enrolment);
        Ok(())
    }

    async fn verify(
        &self,
        code: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let code = Zeroizing::new(code);
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.verify(&user, &caller, &code).await
    }

    async fn remove_factor(
        &self,
        factor: String,
        code: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let code = Zeroizing::new(code);
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.remove_factor(&user, &caller, Authority::Own, &factor, &code).await
    }

    #[zbus(out_args("request"))]
    async fn request_reset(
        &self,
        reason: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<ResetRequestInfo> {
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.request_reset(&user, &reason).await
    }

    async fn cancel_reset(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let caller = self.accounts.caller(&header, connection).await?;
        self.accounts.cancel_reset(&self.accounts.own(&caller).await?).await
    }

    #[zbus(out_args("to", "lifetime"))]
    async fn send_code(
        &self,
        method: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(String, u64)> {
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.send_code(&user, &caller, &method).await
    }

    #[zbus(out_args("codes"))]
    async fn new_recovery_codes(
        &self,
        code: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<String>> {
        let code = Zeroizing::new(code);
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.new_recovery_codes(&user, &caller, Authority::Own, &code).await
    }

    #[zbus(out_args("cleared"))]
    async fn clear_trusted(
        &self,
        host: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<u32> {
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.clear_trusted(&user, &caller, &host).await
    }

    #[zbus(out_args("proof", "to"))]
    async fn set_contact(
        &self,
        method: String,
        address: String,
        code: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(u64, String)> {
        let code = Zeroizing::new(code);
        let caller = self.accounts.caller(&header, connection).await?;
        let user = self.accounts.own(&caller).await?;
        self.accounts.offer_contact(&user, &caller, &method, &address, &code).await
    }

    #[zbus(out_args("contact"))]
    async fn confirm_contact(
        &self,
        proof: u64,
        code: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<ConfirmedContact> {
        let code = Zeroizing::new(code);
        let caller = self.accounts.caller(&header, connection).await?;
        self.accounts.confirm_contact(&caller, proof, &code).await
    }
}
