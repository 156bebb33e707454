//! The life of the daemon: configuration, key, store, sockets, ready, until it is told to stop.

use std::{io, os::unix::net::UnixListener, path::PathBuf, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};
use twinlock_config::{Config, Diagnostics, Loaded};

use crate::{
    audit_log::AuditLog,
    audit_trail::{Retention, Trail},
    bus::{self, Accounts},
    clock::SystemClock,
    configuration::{self, Configuration},
    directory::Nss,
    engine::{Engine, EngineError, Foundations, random},
    hashing::CodeHashing,
    journal,
    login::{
        desk::Desk,
        listener::{self, ListenError},
        stack::Stacks,
    },
    notify,
    post::{NoPost, Outbox, Post},
    store::{DerivedKey, KeyError, KeySources, OpenError, Options, SledStore},
};

/// How long logins that are being decided may take to end once the daemon is told to stop, and how
/// long a moment is waited for in which none is between its two phases.
const GRACE: Duration = Duration::from_secs(2);

/// How long being ready waits for the system bus.
const BUS_PATIENCE: Duration = Duration::from_secs(2);

/// Why the daemon does not start. Each is said so that an administrator can mend it.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error("{0}")]
    Configuration(Diagnostics),
    /// There is no key to be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store cannot be served.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The store cannot be read.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The login socket cannot be opened.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The system refused something that every program needs.
    #[error("the system refused a thread or a descriptor: {0}")]
    System(#[from] io::Error),
}

/// How the daemon was started.
pub struct Start {
    /// The main configuration file.
    pub config: PathBuf,
    /// Where systemd put credentials.
    pub credentials: Option<PathBuf>,
}

impl Start {
    /// Serves until SIGTERM or SIGINT.
    ///
    /// # Errors
    /// The daemon could not start. Once it has, nothing ends it but a signal.
    pub fn run(self) -> Result<(), StartError> {
        let loaded = configuration::read(&self.config)?;
        let config = &loaded.config;
        let listener = login_socket(config)?;
        let (store, hashing, backup_key) = self.open_store(config)?;
        let audit = AuditLog::start(&config.audit.syslog)?;
        let runtime = runtime()?;
        let post = post_runtime()?;
        let foundations = Foundations {
            store: Arc::new(store),
            directory: Arc::new(Nss::new()),
            clock: Arc::new(SystemClock::start()),
            audit,
            post: Arc::new(NoPost),
            hashing: Arc::new(hashing),
        };
        let served = runtime.block_on(self.serve(
            loaded,
            foundations,
            &backup_key,
            listener,
            post.handle().clone(),
        ));
        // A look-up of a name that hangs in there is waited for by nobody.
        post.shutdown_background();
        runtime.shutdown_timeout(GRACE);
        served
    }

    /// Makes the key file, where there is no key and no store that could need another one.
    ///
    /// # Errors
    /// There is a key already, or a store.
    pub fn make_key(self) -> Result<(), StartError> {
        let Loaded { config, .. } = configuration::read(&self.config)?;
        let path = config.store.key_file.display().to_string();
        self.key_sources(&config).make(&config.store.path)?;
        journal::line(&format!("made the key {path}; keep a copy of it apart from the store's"));
        Ok(())
    }

    async fn serve(
        self,
        loaded: Loaded,
        mut foundations: Foundations,
        backup_key: &DerivedKey,
        listener: UnixListener,
        post: Handle,
    ) -> Result<(), StartError> {
        let sending = configuration::sending(&loaded);
        let read_at = foundations.clock.wall();
        let configuration = Arc::new(Configuration::new(self.config, loaded, read_at));
        let config = configuration.started_with();
        foundations.audit = keep_trail(&foundations, config.audit.keep)?;
        let audit = foundations.audit.clone();
        let clock = Arc::clone(&foundations.clock);
        let outbox = Arc::new(Outbox::new(sending, audit.clone(), clock, post));
        foundations.post = Arc::clone(&outbox) as Arc<dyn Post>;
        let engine = Arc::new(Engine::start(foundations, configuration::settings(config)).await?);
        let desk = Arc::new(Desk::new(Arc::clone(&engine), Stacks::default()));
        let accounts = Accounts::new(Arc::clone(&engine), Arc::clone(&configuration));
        let accounts = Arc::new(accounts.with_backup_key(backup_key));
        let door = listener::serve(listener, Arc::clone(&engine), Arc::clone(&desk));
        let mut logins = tokio::spawn(door);
        let (tried, bus_was_tried) = oneshot::channel();
        tokio::spawn(bus::serve(config.bus.address.clone(), accounts, tried));
        tokio::spawn(Arc::clone(&engine).keep_time());
        tokio::spawn(Arc::clone(&engine).keep_reminding(outbox.receipts()));
        tokio::spawn(notify::keep_alive());
        let mut reload = signal(SignalKind::hangup())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // Whoever has started the unit finds the command working. Logins are served already, and a
        // bus that hangs or is missing does not keep the unit from being up.
        let _ = tokio::time::timeout(BUS_PATIENCE, bus_was_tried).await;
        notify::ready();
        journal::line("ready");
        loop {
            tokio::select! {
                _ = reload.recv() => configuration.reload(&engine, &outbox),
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                ended = &mut logins => {
                    let error = ended.map_err(io::Error::other).and_then(|served| served).err();
                    let error = error.unwrap_or_else(|| io::Error::other("the login socket closed"));
                    return Err(StartError::System(error));
                }
            }
        }
        notify::stopping();
        journal::line("stopping");
        // Past the limit a login may be refused and has to be tried again; past the unit's, all.
        let _ = tokio::time::timeout(GRACE, desk.lull()).await;
        logins.abort();
        // Before the rest, which takes its time: the next daemon is waited for, and not this one.
        desk.close();
        if let Err(error) = engine.remember_time().await {
            journal::line(&format!("the latest time could not be stored: {error}"));
        }
        outbox.close().await;
        audit.settle().await;
        Ok(())
    }

    fn open_store(
        &self,
        config: &Config,
    ) -> Result<(SledStore, CodeHashing, DerivedKey), StartError> {
        let key = self.key_sources(config).load_or_make(&config.store.path)?;
        let store = SledStore::open(&config.store.path, &key, Options::default())?;
        Ok((store, CodeHashing::new(&key)?, key.derive("backup: sealing")?))
    }

    fn key_sources(&self, config: &Config) -> KeySources {
        KeySources { credentials: self.credentials.clone(), file: config.store.key_file.clone() }
    }
}

/// Begins the audit trail: what the log hears from now on reaches the store as well.
fn keep_trail(foundations: &Foundations, keep: Duration) -> Result<AuditLog, StartError> {
    let Foundations { store, clock, audit, .. } = foundations;
    let name = random::fresh()?.reference().to_string();
    let (trail, writer) = Trail::new(Arc::clone(store), audit.clone(), name);
    tokio::spawn(writer.run());
    tokio::spawn(Retention::new(Arc::clone(store), Arc::clone(clock), keep).run());
    Ok(audit.clone().with_trail(trail))
}

/// Threads that may block, for NSS and the store: fewer than the unit's `TasksMax` allows, so that
/// the daemon meets its own limit first.
const BLOCKING_THREADS: usize = 64;

/// Those of the post, where a server that hangs holds one.
const POST_THREADS: usize = 16;

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build()
}

/// Threads for messages: one that drives, and a few for gateways and the names of servers.
fn post_runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .worker_threads(1)
        .max_blocking_threads(POST_THREADS)
        .thread_name("post")
        .build()
}

/// From systemd where it made the socket, else made here.
fn login_socket(config: &Config) -> Result<UnixListener, StartError> {
    match listener::from_systemd()? {
        Some(listener) => Ok(listener),
        None => Ok(listener::bind(&config.login.socket)?),
    }
}
