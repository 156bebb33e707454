//! A scripted person at a terminal.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use twinlock_cli::cli::Cli;
use twinlock_cli::daemon_user::DaemonUser;
use twinlock_cli::failure::Failure;
use twinlock_cli::pam_change::Machine;
use twinlock_cli::people::People;
use twinlock_cli::prompt::Prompt;
use twinlock_cli::render::{Palette, View};
use twinlock_cli::secret::Secret;
use twinlock_cli::surroundings::Surroundings;

use super::Captured;
use super::daemon::NOW;

/// Answers in order, each to a question that must begin like this.
#[derive(Clone)]
pub struct Script(Rc<RefCell<Vec<(&'static str, &'static str)>>>);

struct Person {
    script: Script,
    screen: Captured,
    interactive: bool,
    clock: Clock,
    thinks: u64,
}

impl Prompt for Person {
    fn is_interactive(&self) -> bool {
        self.interactive
    }

    fn ask(&mut self, question: &str) -> Result<Secret, Failure> {
        use std::io::Write;
        let mut script = self.script.0.borrow_mut();
        assert!(!script.is_empty(), "nobody expected the question {question:?}");
        let (expected, answer) = script.remove(0);
        assert!(question.starts_with(expected), "{question:?} is not {expected:?}");
        writeln!(self.screen, "{question}{answer}").unwrap();
        self.clock.pass(self.thinks);
        Ok(Secret::new(answer.to_owned()))
    }

    fn tell(&mut self, text: &str) -> Result<(), Failure> {
        use std::io::Write;
        writeln!(self.screen, "{text}").unwrap();
        Ok(())
    }
}

/// The clock of a test, which stands still but where somebody takes their time.
#[derive(Clone)]
pub struct Clock(Rc<Cell<u64>>);

impl Clock {
    /// At [`NOW`].
    pub fn now() -> Self {
        Self(Rc::new(Cell::new(NOW)))
    }

    /// Seconds go by.
    pub fn pass(&self, seconds: u64) {
        self.0.set(self.0.get() + seconds);
    }

    fn read(&self) -> Timestamp {
        Timestamp::from_second(self.0.get().cast_signed()).unwrap()
    }
}

/// How a run in front of a scripted person is set up.
pub struct Scene {
    /// The script.
    pub script: Vec<(&'static str, &'static str)>,
    /// Whether the person sits at a terminal.
    pub interactive: bool,
    /// What time it is.
    pub clock: Clock,
    /// How many seconds the person takes for each answer.
    pub thinks: u64,
    /// Columns of the terminal.
    pub columns: Option<usize>,
    /// The user id of the command's process.
    pub uid: u32,
    /// The deadline of a call.
    pub patience: Duration,
    /// Colours.
    pub palette: Palette,
    /// Marks beyond ASCII.
    pub unicode: bool,
    /// Who may log in to the host.
    pub people: People,
    /// Who administers the host; none where that cannot be listed.
    pub administrators: Option<Vec<&'static str>>,
    /// Whom the daemon runs as; none where the package has made nobody.
    pub daemon_user: Option<DaemonUser>,
    /// The PAM stacks of the host.
    pub machine: Machine,
    /// Who owns every file; where there is none, who owns it by the user database.
    pub owner: Option<&'static str>,
}

impl Scene {
    /// A person at a wide terminal who answers these questions.
    pub fn at_terminal(script: &[(&'static str, &'static str)]) -> Self {
        Self {
            script: script.to_vec(),
            interactive: true,
            clock: Clock::now(),
            thinks: 0,
            columns: Some(100),
            uid: rustix::process::getuid().as_raw(),
            patience: Duration::from_secs(20),
            palette: Palette::plain(),
            unicode: true,
            people: People::default(),
            administrators: Some(vec!["root"]),
            daemon_user: None,
            machine: Machine::this(),
            owner: None,
        }
    }

    /// Runs a command line, and tells what stood on the terminal in the end.
    ///
    /// # Panics
    /// Not every line of the script was asked for.
    pub fn run(self, arguments: &[&str]) -> Shown {
        let screen = Captured::default();
        let progress = Captured::default();
        let script = Script(Rc::new(RefCell::new(self.script)));
        let (columns, people, owner) = (self.columns, self.people, self.owner);
        let (administrators, daemon_user) = (self.administrators, self.daemon_user);
        let mut around = Surroundings {
            out: Box::new(screen.clone()),
            err: Box::new(screen.clone()),
            err_palette: self.palette,
            prompt: Box::new(Person {
                script: script.clone(),
                screen: screen.clone(),
                interactive: self.interactive,
                clock: self.clock.clone(),
                thinks: self.thinks,
            }),
            view: View {
                palette: self.palette,
                now: self.clock.read(),
                zone: TimeZone::UTC,
                unicode: self.unicode,
            },
            clock: Box::new(move || self.clock.read()),
            columns: Box::new(move || columns),
            daemon_user: Box::new(move |_| daemon_user.clone()),
            people: Box::new(move || Ok(people.clone())),
            names: Box::new(move |uids| match owner {
                Some(owner) => Ok(uids.iter().map(|uid| (*uid, owner.to_owned())).collect()),
                None => twinlock_cli::people::names_of(uids),
            }),
            members: Box::new(|group| match group {
                "staff" => Ok(["alice", "bob", "dave"].map(str::to_owned).to_vec()),
                "desk" => Ok(["alice", "nina", "gone"].map(str::to_owned).to_vec()),
                "left" => Ok(["gone", "lost"].map(str::to_owned).to_vec()),
                "empty" => Ok(Vec::new()),
                other => Err(Failure::refused(format!("The group {other} cannot be listed."))),
            }),
            administrators: Box::new(move || match &administrators {
                Some(names) => Ok(names.iter().map(|name| (*name).to_owned()).collect()),
                None => Err(Failure::refused(
                    "The administrators of this host cannot be listed: /usr/bin/getent ended with \
                     exit status: 1. Check what '/usr/bin/getent group' says.",
                )),
            }),
            machine: self.machine,
            host: "web1".to_owned(),
            uid: self.uid,
            patience: self.patience,
            progress: Some(Box::new(progress.clone())),
        };
        let cli = Cli::try_parse_from(["twinlock"].iter().chain(arguments)).unwrap();
        let ended = twinlock_cli::run(cli, &mut around);
        assert!(script.0.borrow().is_empty(), "not asked: {:?}", script.0.borrow());
        let (code, sentence) = match ended {
            Ok(()) => (0, String::new()),
            Err(failure) => (failure.code(), failure.to_string()),
        };
        Shown { screen: screen.text(), progress: progress.text(), code, sentence }
    }
}

/// What a run left on the terminal, and how it ended.
pub struct Shown {
    /// Both standard streams and the dialogue, in order.
    pub screen: String,
    /// The progress line, with its control sequences.
    pub progress: String,
    /// The exit code.
    pub code: u8,
    /// The sentence of the failure.
    pub sentence: String,
}

impl Shown {
    /// All of it, for a snapshot.
    pub fn transcript(&self) -> String {
        format!("{}--- exit code {}\n{}\n", self.screen, self.code, self.sentence)
    }
}
