//! `org.twinlock1.Admin`: what administrators do about anybody. Every method asks first who calls.

use std::sync::Arc;

use twinlock_bus_api::{
    account::{EnrolledFactor, EnrolmentOffer, EnrolmentOptions, Problem, UserStatus},
    backup::{BackupLock, RestorePlan},
    error::Result,
    history::{DamagedDay, LogEvent, LogFilter},
    import::AccountImport,
    policy::{ConfigurationStatus, SupposedLogin},
    voucher::{
        BypassOptions, InvitationOptions, ResetOptions, ResetOutcome, ResetRequestInfo, Voucher,
    },
};
use zbus::{Connection, interface, message::Header};
use zeroize::Zeroizing;

use super::{
    account::{Accounts, Authority},
    caller::Caller,
};

/// The interface.
pub(super) struct AdminInterface {
    accounts: Arc<Accounts>,
}

impl AdminInterface {
    pub(super) const fn new(accounts: Arc<Accounts>) -> Self {
        Self { accounts }
    }

    /// The caller, if an administrator: before anything else, and before any lock is taken.
    async fn administrator(&self, header: &Header<'_>, connection: &Connection) -> Result<Caller> {
        self.accounts.administrator(header, connection, None).await
    }
}

#[interface(name = "org.twinlock1.Admin")]
impl AdminInterface {
    #[zbus(out_args("status"))]
    async fn status(
        &self,
        user: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<UserStatus> {
        let (_, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.status(&user, Authority::Administrator).await
    }

    #[zbus(out_args("users", "problems"))]
    async fn list_users(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(Vec<UserStatus>, Vec<Problem>)> {
        self.administrator(&header, connection).await?;
        self.accounts.list().await
    }

    #[zbus(out_args("events", "next", "is_cut", "damaged"))]
    async fn log(
        &self,
        filter: LogFilter,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(Vec<LogEvent>, String, bool, Vec<DamagedDay>)> {
        self.accounts.administrator(&header, connection, filter.user.as_deref()).await?;
        self.accounts.log(filter).await
    }

    #[zbus(out_args("events", "damaged"))]
    async fn find(
        &self,
        reference: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(Vec<LogEvent>, Vec<DamagedDay>)> {
        self.administrator(&header, connection).await?;
        self.accounts.find(&reference).await
    }

    #[zbus(out_args("offer"))]
    async fn begin_enrolment(
        &self,
        user: String,
        options: EnrolmentOptions,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<EnrolmentOffer> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.begin_enrolment(&user, &caller, Authority::Administrator, &options).await
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
        let caller =
            self.accounts.administrator_of_enrolment(enrolment, &header, connection).await?;
        self.accounts.confirm_enrolment(&caller, enrolment, &code).await
    }

    async fn cancel_enrolment(
        &self,
        enrolment: u64,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let caller =
            self.accounts.administrator_of_enrolment(enrolment, &header, connection).await?;
        self.accounts.cancel_enrolment(&caller, enrolment);
        Ok(())
    }

    async fn verify(
        &self,
        user: String,
        code: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let code = Zeroizing::new(code);
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.verify(&user, &caller, &code).await
    }

    async fn remove_factor(
        &self,
        user: String,
        factor: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.remove_factor(&user, &caller, Authority::Administrator, &factor, "").await
    }

    #[zbus(out_args("outcomes"))]
    async fn reset(
        &self,
        users: Vec<String>,
        options: ResetOptions,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<ResetOutcome>> {
        let caller = self.accounts.administrator_of_all(&users, &header, connection).await?;
        self.accounts.reset_all(users, &caller, options.print.unwrap_or_default()).await
    }

    async fn unlock(
        &self,
        user: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.unlock(&user, &caller).await
    }

    #[zbus(out_args("statuses", "problems"))]
    async fn statuses(
        &self,
        users: Vec<String>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(Vec<UserStatus>, Vec<Problem>)> {
        let about = users.first().filter(|_| users.len() == 1).map(String::as_str);
        self.accounts.administrator(&header, connection, about).await?;
        self.accounts.statuses(&users).await
    }

    async fn set_switch(
        &self,
        user: String,
        switch: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.set_switch(&user, &caller, &switch).await
    }

    async fn import_factors(
        &self,
        user: String,
        import: AccountImport,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.import_factors(&user, &caller, &import).await
    }

    #[zbus(out_args("backup", "size"))]
    async fn begin_backup(
        &self,
        lock: BackupLock,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(u64, u64)> {
        let caller = self.administrator(&header, connection).await?;
        self.accounts.begin_backup(&caller, lock).await
    }

    #[zbus(out_args("piece"))]
    async fn read_backup(
        &self,
        backup: u64,
        offset: u64,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<u8>> {
        let caller = self.administrator(&header, connection).await?;
        self.accounts.read_backup(&caller, backup, offset)
    }

    #[zbus(out_args("restore"))]
    async fn begin_restore(
        &self,
        size: u64,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<u64> {
        let caller = self.administrator(&header, connection).await?;
        self.accounts.begin_restore(&caller, size)
    }

    async fn write_restore(
        &self,
        restore: u64,
        piece: Vec<u8>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let caller = self.administrator(&header, connection).await?;
        self.accounts.write_restore(&caller, restore, &piece)
    }

    #[zbus(out_args("plan"))]
    async fn plan_restore(
        &self,
        restore: u64,
        key: Vec<u8>,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<RestorePlan> {
        let key = Zeroizing::new(key);
        let caller = self.administrator(&header, connection).await?;
        self.accounts.plan_restore(&caller, restore, &key).await
    }

    #[zbus(out_args("restored"))]
    async fn commit_restore(
        &self,
        restore: u64,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<RestorePlan> {
        let caller = self.administrator(&header, connection).await?;
        self.accounts.commit_restore(&caller, restore).await
    }

    #[zbus(out_args("explanation"))]
    async fn explain_policy(
        &self,
        user: String,
        login: SupposedLogin,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<String> {
        let (_, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.explain(&user, login).await
    }

    #[zbus(out_args("status"))]
    async fn configuration_status(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<ConfigurationStatus> {
        self.administrator(&header, connection).await?;
        self.accounts.configuration_status().await
    }

    #[zbus(out_args("codes"))]
    async fn new_recovery_codes(
        &self,
        user: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Vec<String>> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.new_recovery_codes(&user, &caller, Authority::Administrator, "").await
    }

    #[zbus(out_args("cleared"))]
    async fn clear_trusted(
        &self,
        user: String,
        host: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<u32> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.clear_trusted(&user, &caller, &host).await
    }

    #[zbus(out_args("is_changed"))]
    async fn set_contact(
        &self,
        user: String,
        method: String,
        address: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<bool> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.set_contact(&user, &caller, &method, &address).await
    }

    #[zbus(out_args("invitation"))]
    async fn invite(
        &self,
        user: String,
        options: InvitationOptions,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Voucher> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.invite(&user, &caller, &options).await
    }

    #[zbus(out_args("bypass"))]
    async fn issue_bypass(
        &self,
        user: String,
        options: BypassOptions,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<Voucher> {
        let (caller, user) = self.accounts.administrator_of(&user, &header, connection).await?;
        self.accounts.issue_bypass(&user, &caller, &options).await
    }

    #[zbus(out_args("requests", "problems"))]
    async fn list_resets(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<(Vec<ResetRequestInfo>, Vec<Problem>)> {
        self.administrator(&header, connection).await?;
        self.accounts.list_resets().await
    }

    #[zbus(out_args("outcome"))]
    async fn approve_reset(
        &self,
        request: String,
        options: ResetOptions,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<ResetOutcome> {
        let (caller, asked) =
            self.accounts.administrator_of_request(&request, &header, connection).await?;
        let print = options.print.unwrap_or_default();
        self.accounts.approve_reset(&request, asked.as_deref(), &caller, print).await
    }

    #[zbus(out_args("user"))]
    async fn refuse_reset(
        &self,
        request: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<String> {
        let (caller, asked) =
            self.accounts.administrator_of_request(&request, &header, connection).await?;
        self.accounts.refuse_reset(&request, asked.as_deref(), &caller).await
    }

    async fn forget_user(
        &self,
        user: String,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> Result<()> {
        let caller = self.accounts.administrator(&header, connection, Some(&user)).await?;
        self.accounts.forget(&user, &caller).await
    }
}
