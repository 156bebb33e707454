//! The configuration that is in force, and what the files say meanwhile.
//!
//! ```text
//! files ──read──► in force ──► engine, messages
//!   │                 │
//!   └──── status ─────┘     in force │ changed: nobody has asked for a reload │ broken: one is refused
//! ```
//!
//! Some sections hold from the start of the daemon to its end; the rest is replaced by a reload.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use twinlock_config::{Config, Loaded, load_as};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::Settings,
    factor::one_time_code,
    notice::Channels,
    record::CodeRules,
    time::Timestamp,
    trusted_host,
};

use crate::{
    daemon::StartError,
    engine::Engine,
    journal, notify,
    post::{Outbox, Sending},
};

/// What the files say, beside what is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Files {
    /// The same.
    InForce,
    /// Something else, be it that lines have moved; a reload would put it in force.
    Changed,
    /// Something that cannot be used: the first thing that is wrong.
    Broken(String),
}

/// What is in force, and from when.
struct InForce {
    loaded: Arc<Loaded>,
    since: Timestamp,
}

/// The configuration of a daemon that runs.
pub struct Configuration {
    file: PathBuf,
    started_with: Config,
    in_force: Mutex<InForce>,
}

impl Configuration {
    /// What the daemon was started with, read from `file` at this time of day.
    pub fn new(file: PathBuf, loaded: Loaded, read_at: Timestamp) -> Self {
        let started_with = loaded.config.clone();
        let in_force = Mutex::new(InForce { loaded: Arc::new(loaded), since: read_at });
        Self { file, started_with, in_force }
    }

    /// What the daemon was started with.
    pub const fn started_with(&self) -> &Config {
        &self.started_with
    }

    /// Since when what is in force is, by the time of day.
    pub fn since(&self) -> Timestamp {
        self.in_force(|it| it.since)
    }

    /// The sections that were changed, and that only a restart puts in force.
    pub fn wants_restart(&self) -> Vec<&'static str> {
        self.in_force(|it| needs_restart(&self.started_with, &it.loaded.config))
    }

    /// What the files say now. It reads them.
    pub fn files(&self) -> Files {
        let in_force = self.in_force(|it| Arc::clone(&it.loaded));
        match load(&self.file) {
            Ok(now) if now.config == in_force.config && now.templates == in_force.templates => {
                Files::InForce
            }
            Ok(_) => Files::Changed,
            Err(error) => Files::Broken(first_line(&error)),
        }
    }

    /// Puts what the files say in force, or keeps what is and says why.
    pub fn reload(&self, engine: &Engine, outbox: &Outbox) {
        notify::reloading();
        match read(&self.file) {
            Ok(loaded) => {
                outbox.replace(sending(&loaded));
                engine.replace_settings(settings(&loaded.config));
                let since = engine.now().wall;
                *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) =
                    InForce { loaded: Arc::new(loaded), since };
                for section in self.wants_restart() {
                    journal::line(&format!("[{section}] changed and needs a restart of twinlockd"));
                }
                engine.audit(AuditEvent::new(Happening::ConfigurationRead, "", "reload"));
            }
            Err(error) => {
                journal::lines(&error.to_string());
                let cause = format!("the configuration in force stays: {}", first_line(&error));
                engine.audit(AuditEvent::new(Happening::ConfigurationRefused, "", cause));
            }
        }
        notify::ready();
    }

    fn in_force<T>(&self, look: impl FnOnce(&InForce) -> T) -> T {
        look(&self.in_force.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads it as this process may obey it; the journal has what is doubtful about it.
///
/// # Errors
/// [`StartError::Configuration`]: all that is wrong with it.
pub fn read(file: &Path) -> Result<Loaded, StartError> {
    let loaded = load(file)?;
    for warning in &loaded.warnings {
        journal::lines(&warning.to_string());
    }
    Ok(loaded)
}

fn load(file: &Path) -> Result<Loaded, StartError> {
    load_as(file, nix::unistd::geteuid().as_raw()).map_err(StartError::Configuration)
}

/// What messages are sent by.
pub fn sending(loaded: &Loaded) -> Sending {
    Sending::new(&loaded.config, &loaded.templates, &host())
}

/// What decisions are made by.
pub fn settings(config: &Config) -> Settings {
    let host = host();
    Settings {
        policy: config.policy.clone(),
        codes: CodeRules {
            window: u16::try_from(config.totp.window).unwrap_or(1),
            lockout: config.lockout.clone(),
        },
        issuer: config.totp.issuer.replace("%h", &host),
        host,
        channels: Channels { email: config.email.is_some(), mobile: config.sms.is_some() },
        one_time_code: one_time_code::Rules {
            lifetime: config.one_time_code.lifetime,
            resend_after: config.one_time_code.resend_after,
            per_day: config.one_time_code.per_day,
        },
        remember: trusted_host::Rules {
            bind: config.remember.bind,
            limit: config.remember.limit,
            session: config.remember.session,
        },
        enrolment_after_reset: config.reset.enrol,
        reminder: config.email.as_ref().and_then(|email| email.reminder),
    }
}

/// The name of this host, as people know it.
fn host() -> String {
    nix::unistd::gethostname()
        .map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The sections that only a restart puts in force.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    [
        ("store", old.store != new.store),
        ("login", old.login != new.login),
        ("bus", old.bus != new.bus),
        ("audit", old.audit != new.audit),
    ]
    .into_iter()
    .filter_map(|(section, changed)| changed.then_some(section))
    .collect()
}

fn first_line(error: &StartError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::{clock::Clock, testing::Setup};

    const BASE: &str = "version = 1\n";

    /// A daemon that was started with this text, and where it stands.
    struct Started {
        folder: TempDir,
        setup: Setup,
        configuration: Configuration,
    }

    impl Started {
        fn with(text: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("twinlock.toml");
            fs::write(&file, text).unwrap();
            let setup = Setup::new();
            let loaded = read(&file).unwrap();
            let configuration = Configuration::new(file, loaded, setup.clock.wall());
            Self { folder, setup, configuration }
        }

        fn write(&self, name: &str, text: &str) {
            let file = self.folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }

        async fn reload(&self) -> Vec<String> {
            let engine = self.setup.engine().await;
            let sending = sending(&self.configuration.in_force(|it| Arc::clone(&it.loaded)));
            let handle = tokio::runtime::Handle::current();
            let clock = self.setup.clock.clone();
            let outbox = Outbox::new(sending, self.setup.audit().clone(), clock, handle);
            self.configuration.reload(&engine, &outbox);
            self.setup.lines()
        }
    }

    #[tokio::test]
    async fn what_the_files_say_is_told_from_what_is_in_force() {
        let started = Started::with(BASE);
        let files = || started.configuration.files();
        assert_eq!(files(), Files::InForce);

        started.write("twinlock.toml", "version = 1\nlevel = \"medium\"\n");
        assert_eq!(files(), Files::Changed);
        assert_eq!(started.configuration.since(), started.setup.clock.wall());
        started.setup.clock.advance(60);
        started.reload().await;
        assert_eq!(files(), Files::InForce);
        assert_eq!(started.configuration.since(), started.setup.clock.wall());

        started.write("conf.d/more.toml", "mode = \"observe\"\n");
        assert_eq!(files(), Files::Changed);
        fs::remove_file(started.folder.path().join("conf.d/more.toml")).unwrap();
        assert_eq!(files(), Files::InForce);

        started.write("templates/factor-removed.sms", "Gone.\n");
        assert_eq!(files(), Files::Changed, "a template is part of it");
    }

    #[tokio::test]
    async fn a_broken_file_leaves_what_is_in_force_and_is_told() {
        let started = Started::with(BASE);
        let since = started.configuration.since();
        started.write("twinlock.toml", "version = 1\nlevle = \"low\"\n");
        started.setup.clock.advance(60);
        let lines = started.reload().await;
        let Files::Broken(problem) = started.configuration.files() else { panic!("not broken") };
        assert!(problem.contains("levle") && !problem.contains('\n'), "{problem}");
        assert!(lines.iter().any(|line| line.contains("the configuration in force stays")));
        assert_eq!(started.configuration.since(), since);
        assert_eq!(
            started.configuration.in_force(|it| it.loaded.config.policy.level).as_str(),
            "high"
        );
    }

    #[tokio::test]
    async fn a_section_that_wants_a_restart_wants_it_until_the_restart() {
        let started = Started::with(BASE);
        assert_eq!(started.configuration.wants_restart(), [""; 0]);
        started.write("twinlock.toml", "version = 1\naudit.keep = \"30d\"\n");
        assert_eq!(started.configuration.wants_restart(), [""; 0], "nothing has read it");
        started.reload().await;
        assert_eq!(started.configuration.wants_restart(), ["audit"]);
        started.write("twinlock.toml", "version = 1\naudit.keep = \"30d\"\ntotp.window = 2\n");
        started.reload().await;
        assert_eq!(started.configuration.wants_restart(), ["audit"]);
        started.write("twinlock.toml", BASE);
        started.reload().await;
        assert_eq!(started.configuration.wants_restart(), [""; 0], "it is as it was at the start");
    }
}
