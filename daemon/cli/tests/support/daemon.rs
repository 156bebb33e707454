//! `org.twinlock1.Self` and `org.twinlock1.Admin` with a few users, on a socket of their own.
//!
//! The socket speaks like a bus as far as the command can tell: it answers `Hello`, and calls to
//! `org.twinlock1` reach the two interfaces. So the command connects as it does in earnest.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tempfile::TempDir;
use twinlock_bus_api::account::{
    EnrolledFactor, EnrolmentOffer, EnrolmentOptions, Problem, UserStatus,
};
use twinlock_bus_api::backup::{BackupLock, RestorePlan};
use twinlock_bus_api::error::Result;
use twinlock_bus_api::history::{DamagedDay, LogEvent, LogFilter};
use twinlock_bus_api::import::AccountImport;
use twinlock_bus_api::names::OBJECT_PATH;
use twinlock_bus_api::policy::{ConfigurationStatus, IN_FORCE, SupposedLogin};
use twinlock_bus_api::voucher::{
    BypassOptions, InvitationOptions, ResetOptions, ResetOutcome, ResetRequestInfo, Voucher,
};
use zbus::connection::Builder;
use zbus::message::{Flags, Header};

use super::own_interface::SelfInterface;
pub use super::state::State;
use super::users::{in_record, strangers, users};
use super::{configuration, explanations, refusals};

/// The code that is right.
pub const RIGHT: &str = "123456";
/// The code that was used before.
pub const USED: &str = "111111";
/// The code that makes everyone wait.
pub const LOCKING: &str = "999999";
/// The key of every enrolment.
pub const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
/// The time of every record: 2026-11-18T11:06:40Z.
pub const THEN: u64 = 1_795_000_000;

/// The present of a scripted person, three days later.
pub const NOW: u64 = THEN + 3 * 86_400;

pub(super) type Shared = Arc<Mutex<State>>;

pub(super) fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

/// What it knows, for a caller whom `Admin` admits.
fn admitted(state: &Shared) -> Result<MutexGuard<'_, State>> {
    let state = lock(state);
    state.admit()?;
    Ok(state)
}

struct Bus;

#[zbus::interface(name = "org.freedesktop.DBus")]
impl Bus {
    fn hello(&self) -> &'static str {
        ":1.7"
    }
}

struct AdminInterface(Shared);

#[zbus::interface(name = "org.twinlock1.Admin")]
impl AdminInterface {
    fn status(&self, user: &str) -> Result<UserStatus> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.user(user).cloned()
    }

    fn list_users(&self) -> Result<(Vec<UserStatus>, Vec<Problem>)> {
        let state = lock(&self.0);
        state.admit()?;
        let users = state.users.values().filter(|status| !state.damaged.contains(&status.user));
        Ok((users.map(in_record).collect(), state.problems()))
    }

    fn log(&self, filter: LogFilter) -> Result<(Vec<LogEvent>, String, bool, Vec<DamagedDay>)> {
        let mut state = lock(&self.0);
        state.admit()?;
        let (events, next, is_cut) = state.log(&filter);
        Ok((events, next, is_cut, std::mem::take(&mut state.damaged_days)))
    }

    fn find(&self, reference: &str) -> Result<(Vec<LogEvent>, Vec<DamagedDay>)> {
        let state = lock(&self.0);
        state.admit()?;
        let login = super::history::login_of(&state.log, reference);
        Ok((login, state.damaged_days.clone()))
    }

    fn begin_enrolment(&self, user: &str, options: EnrolmentOptions) -> Result<EnrolmentOffer> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.begin(user, options)
    }

    fn confirm_enrolment(&self, enrolment: u64, code: &str) -> Result<EnrolledFactor> {
        lock(&self.0).confirm(enrolment, code)
    }

    fn cancel_enrolment(&self, enrolment: u64) {
        lock(&self.0).requests.push(format!("cancel {enrolment}"));
    }

    fn verify(&self, user: &str, code: &str) -> Result<()> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.check(user, code)
    }

    fn remove_factor(&self, user: &str, factor: &str) -> Result<()> {
        lock(&self.0).requests.push(format!("remove {user} {factor}"));
        Ok(())
    }

    async fn reset(&self, users: Vec<String>, options: ResetOptions) -> Result<Vec<ResetOutcome>> {
        if users.iter().any(|user| user == "slow") {
            std::future::pending::<()>().await;
        }
        let mut state = lock(&self.0);
        state.admit()?;
        state.requests.push(format!("reset {}", users.join(" ")));
        let print = options.print.unwrap_or_default();
        Ok(users.into_iter().map(|user| state.reset(user, print)).collect())
    }

    fn invite(&self, user: &str, options: InvitationOptions) -> Result<Voucher> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.invite(user, &options)
    }

    fn list_resets(&self) -> Result<(Vec<ResetRequestInfo>, Vec<Problem>)> {
        let state = lock(&self.0);
        state.admit()?;
        Ok((state.requested.clone(), state.problems()))
    }

    fn approve_reset(&self, request: &str, options: ResetOptions) -> Result<ResetOutcome> {
        let mut state = lock(&self.0);
        state.admit()?;
        let user = state.decide("approve", request)?;
        Ok(state.reset(user, options.print.unwrap_or_default()))
    }

    fn refuse_reset(&self, request: &str) -> Result<String> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.decide("refuse", request)
    }

    fn configuration_status(&self) -> Result<ConfigurationStatus> {
        let state = lock(&self.0);
        state.admit()?;
        let mut status = state.configuration.clone();
        if status.files.is_empty() {
            status.files = IN_FORCE.to_owned();
        }
        Ok(status)
    }

    fn forget_user(&self, user: &str) -> Result<()> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.requests.push(format!("forget {user}"));
        match user {
            "nobody" => Err(refusals::no_record(user)),
            _ => Ok(()),
        }
    }

    fn issue_bypass(&self, user: &str, options: BypassOptions) -> Result<Voucher> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.bypass(user, &options)
    }

    async fn unlock(&self, user: &str, #[zbus(header)] header: Header<'_>) -> Result<()> {
        if user == "typist" && header.primary().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH) {
            // As long as it takes to type a password.
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            return Ok(());
        }
        let mut state = lock(&self.0);
        state.admit()?;
        state.user(user)?;
        state.requests.push(format!("unlock {user}"));
        Ok(())
    }

    fn statuses(&self, users: Vec<String>) -> Result<(Vec<UserStatus>, Vec<Problem>)> {
        let mut state = lock(&self.0);
        state.admit()?;
        if state.has_no_directory {
            return Err(refusals::unreadable_directory());
        }
        let lost = state.lost.clone();
        let (mut statuses, mut problems) = (Vec::new(), Vec::new());
        for user in users {
            match state.user(&user) {
                Ok(_) if user == "broken" => {
                    let text = refusals::damage(&user);
                    problems.push(Problem { user, text });
                }
                Ok(status) if !lost.contains(&user) => statuses.push(status.clone()),
                Ok(_) | Err(_) => {}
            }
        }
        Ok((statuses, problems))
    }

    fn set_switch(&self, user: &str, switch: &str) -> Result<()> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.user(user)?;
        state.requests.push(format!("switch {user} {switch}"));
        Ok(())
    }

    fn new_recovery_codes(&self, user: &str) -> Result<Vec<String>> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.renew(user, None)
    }

    fn clear_trusted(&self, user: &str, host: &str) -> Result<u32> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.clear(user, host)
    }

    fn set_contact(&self, user: &str, method: &str, address: &str) -> Result<bool> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.set(user, method, address)
    }

    fn import_factors(&self, user: &str, import: AccountImport) -> Result<()> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.import(user, &import)
    }

    fn begin_backup(&self, lock: BackupLock) -> Result<(u64, u64)> {
        Ok(admitted(&self.0)?.begin_backup(lock))
    }

    fn read_backup(&self, _backup: u64, offset: u64) -> Result<Vec<u8>> {
        Ok(admitted(&self.0)?.read_backup(offset))
    }

    fn begin_restore(&self, _size: u64) -> Result<u64> {
        admitted(&self.0)?.transfer.clear();
        Ok(1)
    }

    fn write_restore(&self, _restore: u64, piece: Vec<u8>) -> Result<()> {
        admitted(&self.0)?.transfer.extend(piece);
        Ok(())
    }

    fn plan_restore(&self, _restore: u64, key: Vec<u8>) -> Result<RestorePlan> {
        admitted(&self.0)?.plan_restore(&key)
    }

    fn commit_restore(&self, _restore: u64) -> Result<RestorePlan> {
        Ok(admitted(&self.0)?.commit_restore())
    }

    fn explain_policy(&self, user: &str, login: SupposedLogin) -> Result<String> {
        let mut state = lock(&self.0);
        state.admit()?;
        state.user(user)?;
        state.requests.push(format!(
            "explain {user} {} {:?} {:?} {}",
            login.service.unwrap_or_default(),
            login.from,
            login.first_factors,
            login.phase.unwrap_or_default()
        ));
        Ok(explanations::of(user))
    }
}

/// A running daemon, and the configuration that leads to it.
pub struct Daemon {
    /// The file for `--config`.
    pub config: PathBuf,
    /// What it knows and was asked.
    pub state: Shared,
    _directory: TempDir,
}

impl Daemon {
    /// A daemon that this user calls.
    pub fn for_caller(caller: &str) -> Self {
        let (users, strangers) = (users(), strangers());
        let caller = caller.to_owned();
        Self::start(State { users, strangers, caller, ..State::default() }, true)
    }

    /// A daemon whose user database fails.
    pub fn without_directory() -> Self {
        let caller = "root".to_owned();
        let state = State { users: users(), caller, has_no_directory: true, ..State::default() };
        Self::start(state, true)
    }

    /// A daemon that takes the caller for nobody special.
    pub fn that_forbids() -> Self {
        let caller = "alice".to_owned();
        Self::start(State { users: users(), caller, forbids: true, ..State::default() }, true)
    }

    /// A daemon of which only the bus is there.
    pub fn of_another_version() -> Self {
        Self::start(State::default(), false)
    }

    /// The path for `--config`.
    pub fn config(&self) -> &str {
        self.config.to_str().unwrap()
    }

    /// What was changed, in order.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.state).requests.clone()
    }

    fn start(state: State, has_interfaces: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("bus");
        let listener = UnixListener::bind(&socket).unwrap();
        let config = configuration(directory.path(), &format!("unix:path={}", socket.display()));
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        // Ends with the process: a test has a few of them at the most.
        std::thread::spawn(move || serve(&listener, &shared, has_interfaces));
        Self { config, state, _directory: directory }
    }
}

fn serve(listener: &UnixListener, state: &Shared, has_interfaces: bool) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut connections = Vec::new();
    for stream in listener.incoming() {
        let mut builder = Builder::unix_stream(stream.unwrap())
            .server(zbus::Guid::generate())
            .p2p()
            .serve_at("/org/freedesktop/DBus", Bus);
        if has_interfaces {
            builder = builder
                .serve_at(OBJECT_PATH, SelfInterface(Arc::clone(state)))
                .serve_at(OBJECT_PATH, AdminInterface(Arc::clone(state)));
        }
        connections.push(runtime.block_on(builder.build()).unwrap());
    }
}
