//! What the tests of the daemon rest on: everything in memory, every clock and every fault at will.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, mpsc::Receiver},
};

use twinlock_core::{
    audit::AuditEvent,
    dialogue::{Settings, World},
    factor::totp::{Secret, TotpFactor},
    lockout::Rules,
    login::User,
    notice::Notice,
    policy::Policy,
    record::{CodeRules, UserRecord},
    time::Timestamp,
};
use zbus::{OwnedVariant, Variant};

use crate::{
    audit_log::{self, AuditLog},
    bus::Accounts,
    clock::{Clock, testing::TestClock},
    configuration::Configuration,
    directory::testing::TestDirectory,
    engine::{Done, Engine, Foundations},
    hashing::CodeHashing,
    login::request::Request,
    post::Post,
    store::memory::MemoryStore,
};

/// The secret of RFC 4226 appendix D; no line of a log may ever show it.
pub(crate) const SECRET: &[u8] = b"12345678901234567890";

/// The codes of [`SECRET`], by time step from 0: RFC 4226 appendix D.
pub(crate) const CODES: [&str; 10] = [
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
    "520489",
];

/// The time step at which tests begin.
pub(crate) const STEP: usize = 4;

/// The code of now, when tests begin.
pub(crate) const RIGHT: &str = CODES[STEP];

/// No code of [`SECRET`] near any time of a test.
pub(crate) const WRONG: &str = "000000";

/// A post that keeps what it is handed.
#[derive(Default)]
struct Letters(Mutex<Vec<Notice>>);

impl Post for Letters {
    fn send(&self, notice: Notice) {
        self.0.lock().unwrap().push(notice);
    }
}

/// A daemon's surroundings.
pub(crate) struct Setup {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) directory: Arc<TestDirectory>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) settings: Settings,
    audit: AuditLog,
    post: Arc<Letters>,
    events: Mutex<Receiver<AuditEvent>>,
}

impl Setup {
    /// Users alice (1000), bob (1001), nobody (65534) and root; nobody is enrolled.
    pub(crate) fn new() -> Self {
        let (audit, events) = audit_log::testing::captured();
        let users = [("alice", 1000), ("bob", 1001), ("nobody", 65534), ("root", 0)];
        Self {
            store: Arc::new(MemoryStore::new()),
            directory: Arc::new(TestDirectory::with(&users)),
            clock: Arc::new(TestClock::at(30 * STEP as u64)),
            settings: settings(Policy::default()),
            audit,
            post: Arc::default(),
            events: Mutex::new(events),
        }
    }

    /// As [`Setup::new`], under this policy.
    pub(crate) fn under(policy: Policy) -> Self {
        Self { settings: settings(policy), ..Self::new() }
    }

    /// A daemon over the store; another call is another daemon over the same.
    pub(crate) async fn engine(&self) -> Arc<Engine> {
        let foundations = Foundations {
            store: self.store.clone(),
            directory: self.directory.clone(),
            clock: self.clock.clone(),
            audit: self.audit.clone(),
            post: self.post.clone(),
            hashing: Arc::new(CodeHashing::for_tests()),
        };
        Arc::new(Engine::start(foundations, self.settings.clone()).await.unwrap())
    }

    /// What the bus serves of a daemon over the store, with the shipped configuration in no file.
    pub(crate) async fn accounts(&self) -> Accounts {
        let shipped = twinlock_config::parse(&[("twinlock.toml", twinlock_config::SHIPPED)]);
        let file = "/nonexistent/twinlock.toml".into();
        let configuration = Configuration::new(file, shipped.unwrap(), self.clock.wall());
        Accounts::new(self.engine().await, Arc::new(configuration))
    }

    /// Where events go.
    pub(crate) const fn audit(&self) -> &AuditLog {
        &self.audit
    }

    /// What users were told since the last call.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.post.0.lock().unwrap())
    }

    /// The audit lines since the last call.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.events.lock().unwrap().try_iter().map(|event| event.to_string()).collect()
    }
}

fn settings(policy: Policy) -> Settings {
    Settings {
        policy,
        codes: CodeRules { window: 1, lockout: Rules::default() },
        issuer: "web1".to_owned(),
        host: "web1".to_owned(),
        ..Settings::default()
    }
}

/// A user as the directory of [`Setup`] has them.
pub(crate) fn user(name: &str, uid: u32) -> User {
    User { name: name.to_owned(), uid, groups: Vec::new() }
}

pub(crate) fn alice() -> User {
    user("alice", 1000)
}

/// Enrols a user with [`SECRET`].
pub(crate) async fn enrol(engine: &Engine, user: &User) {
    change(engine, user, |record| {
        let totp = TotpFactor::new(Secret::new(SECRET));
        record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, Timestamp::EPOCH).unwrap();
    })
    .await;
}

/// Changes a user's record.
pub(crate) async fn change(engine: &Engine, user: &User, change: impl Fn(&mut UserRecord)) {
    let step = |record: &mut UserRecord, _: &World<'_>| {
        change(record);
        Done { answer: (), effects: Vec::new() }
    };
    engine.step(user, step).await.unwrap();
}

/// The context of a call of `Begin` for a login over SSH with a password, with what is `extra` in
/// place of it or beside it.
pub(crate) fn context(user: &str, extra: &[(&str, Variant<'_>)]) -> HashMap<String, OwnedVariant> {
    let base = [
        ("service", Variant::from("sshd")),
        ("user", Variant::from(user)),
        ("ssh_connection", Variant::from("203.0.113.9 50022 192.0.2.1 22")),
        ("has_authtok", Variant::from(true)),
    ];
    base.iter()
        .chain(extra)
        .map(|(key, value)| {
            let value = OwnedVariant::try_from(value.try_clone().unwrap()).unwrap();
            ((*key).to_owned(), value)
        })
        .collect()
}

/// A call of `Begin`.
pub(crate) fn request(phase: &str, user: &str, extra: &[(&str, Variant<'_>)]) -> Request {
    Request::read(phase, &context(user, extra)).unwrap()
}
