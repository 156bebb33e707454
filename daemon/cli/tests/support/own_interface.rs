//! `org.twinlock1.Self` of the rigs' daemon.

use twinlock_bus_api::account::{EnrolledFactor, EnrolmentOffer, EnrolmentOptions, UserStatus};
use twinlock_bus_api::contact::ConfirmedContact;
use twinlock_bus_api::error::Result;
use twinlock_bus_api::voucher::ResetRequestInfo;

use super::daemon::{Shared, lock};

/// What users do about themselves.
pub(super) struct SelfInterface(pub(super) Shared);

#[zbus::interface(name = "org.twinlock1.Self")]
impl SelfInterface {
    fn version(&self) -> zbus::fdo::Result<String> {
        lock(&self.0).version()
    }

    async fn status(&self) -> Result<UserStatus> {
        let caller = lock(&self.0).caller.clone();
        if caller == "slow" {
            std::future::pending::<()>().await;
        }
        let status = lock(&self.0).user(&caller).cloned()?;
        Ok(UserStatus { mode: None, ..status })
    }

    fn begin_enrolment(&self, options: EnrolmentOptions) -> Result<EnrolmentOffer> {
        let mut state = lock(&self.0);
        let caller = state.caller.clone();
        state.check_invited(&caller, &options)?;
        state.begin(&caller, options)
    }

    fn confirm_enrolment(&self, enrolment: u64, code: &str) -> Result<EnrolledFactor> {
        lock(&self.0).confirm(enrolment, code)
    }

    fn cancel_enrolment(&self, enrolment: u64) {
        lock(&self.0).requests.push(format!("cancel {enrolment}"));
    }

    fn verify(&self, code: &str) -> Result<()> {
        let caller = lock(&self.0).caller.clone();
        lock(&self.0).check(&caller, code)
    }

    fn remove_factor(&self, factor: &str, code: &str) -> Result<()> {
        let mut state = lock(&self.0);
        let caller = state.caller.clone();
        state.check(&caller, code)?;
        state.requests.push(format!("remove {caller} {factor}"));
        Ok(())
    }

    fn request_reset(&self, reason: &str) -> Result<ResetRequestInfo> {
        lock(&self.0).request(reason)
    }

    fn cancel_reset(&self) -> Result<()> {
        lock(&self.0).cancel()
    }

    fn send_code(&self, method: &str) -> Result<(String, u64)> {
        let caller = lock(&self.0).caller.clone();
        lock(&self.0).send(&caller, method)
    }

    fn new_recovery_codes(&self, code: &str) -> Result<Vec<String>> {
        let caller = lock(&self.0).caller.clone();
        lock(&self.0).renew(&caller, Some(code))
    }

    fn clear_trusted(&self, host: &str) -> Result<u32> {
        let caller = lock(&self.0).caller.clone();
        lock(&self.0).clear(&caller, host)
    }

    fn set_contact(&self, method: &str, address: &str, code: &str) -> Result<(u64, String)> {
        let caller = lock(&self.0).caller.clone();
        lock(&self.0).offer(&caller, method, address, code)
    }

    fn confirm_contact(&self, proof: u64, code: &str) -> Result<ConfirmedContact> {
        lock(&self.0).prove(proof, code)
    }
}
