//! The benchmark of `make bench`.
//!
//! ```text
//! enrol 300 users ─► rounds of each place: for each user one login through each contender, in turn
//!                 ─► 1 in parallel ─► 8 in parallel ─► tables
//! ```
//! Interleaved, so that what the machine does besides falls on all alike. Stores and secrets are on
//! the disk that holds the build, because the private machine's own files are in memory, where
//! nothing has to be made durable.

mod contender;
mod figures;
mod schedule;

use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::statfs::statfs;

use crate::login::Login;
use crate::rig::application::Application;
use crate::rig::bus::Bus;
use crate::rig::command::json;
use crate::rig::daemon::{Daemon, configure};
use crate::rig::host::Host;
use crate::rig::{artifacts, users};
use contender::{Contender, share_with_google};
use figures::{Times, rates_table, times_table};
use schedule::{Schedule, code};

const USERS: u32 = 300;

/// Rounds of each place in which each login is timed by itself.
const ROUNDS: usize = 2;

/// How many processes log in at once where the rate is measured.
const PARALLEL: [usize; 2] = [1, 8];

/// How many processes share what is not measured.
const HANDS: usize = 8;

/// Longer than all logins of a round take on any machine that one would measure on.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the benchmark and prints its tables.
///
/// # Errors
/// A sentence, when the programs are not built or the private machine or a login failed.
pub fn run() -> Result<(), String> {
    for program in [
        artifacts::shipped_module(),
        artifacts::daemon(),
        artifacts::command(),
        artifacts::pam_login(),
    ] {
        if !program.exists() {
            let path = program.display();
            return Err(format!(
                "{path} is not built. `make bench` builds it and comes back here."
            ));
        }
    }
    let disk = Disk::new()?;
    let place = disk.0.clone();
    catch_unwind(AssertUnwindSafe(|| Host::run_bare(move |_| measure(&place))))
        .map_err(|_| "The benchmark ended early; the reason stands above.".to_owned())
}

/// A directory on the disk that holds the build, gone at the end.
struct Disk(PathBuf);

impl Disk {
    fn new() -> Result<Self, String> {
        let name = format!("bench-{}", std::process::id());
        let program = artifacts::daemon();
        let path = program.with_file_name(name);
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What cannot be removed is in the build directory and goes with it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn measure(disk: &Path) {
    let started = Instant::now();
    let _bus = Bus::start();
    configure(&format!("version = 1\n\n[store]\npath = \"{}/store\"\n", disk.display()));
    let _daemon = Daemon::start();
    for contender in Contender::ALL {
        contender.install(disk);
    }
    introduce(disk);
    let users = enrol(disk);
    say(&format!("{USERS} users enrolled in {:.1} s", started.elapsed().as_secs_f64()));
    let mut schedule = Schedule::default();
    for place in Place::ALL {
        let times = one_by_one(&users, place, &mut schedule);
        say(&format!("\n{}\n{}", place.title(), times_table(&times)));
    }
    let rates = PARALLEL.map(|count| (count, in_parallel(&users, count, &mut schedule)));
    say(&format!("\nmany logins in long-lived processes\n{}", rates_table(&rates)));
    say(&format!(
        "\nEach of the {} logins succeeded. It took {:.0} s.",
        Contender::ALL.len() * users.len() * (Place::ALL.len() * ROUNDS + PARALLEL.len()),
        started.elapsed().as_secs_f64()
    ));
}

/// Where a login takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a process that has no module loaded yet, as in every sshd, su and sudo.
    OwnProcess,
    /// In a process that has logged people in before. libpam unloads the other modules after each
    /// login; Twinlock stays.
    SameProcess,
}

impl Place {
    const ALL: [Self; 2] = [Self::OwnProcess, Self::SameProcess];

    const fn title(self) -> &'static str {
        match self {
            Self::OwnProcess => "each login in a process of its own, as in sshd, su and sudo",
            Self::SameProcess => "all logins in one process",
        }
    }
}

/// What is measured, and on what.
fn introduce(disk: &Path) {
    let profile = artifacts::profile();
    let cpus = thread::available_parallelism().map_or(0, usize::from);
    let kind = statfs(disk).map_or_else(|error| error.to_string(), |it| file_system(&it));
    say(&format!(
        "From pam_start to pam_end, interleaved: {} rounds of {USERS} users. Each code is used up in \
         the\nlogin; with Twinlock, on the disk before the reply. Twinlock is asked in the auth and \
         in the\naccount phase.\n\nDaemon of the profile {profile}, module as it is shipped, {cpus} \
         CPUs, stores on {kind}",
        Place::ALL.len() * ROUNDS
    ));
    if profile != "release" {
        say("This is not what is shipped: `make bench` measures the release profile.");
    }
}

/// The file system's name, by its magic number in statfs(2).
fn file_system(about: &nix::sys::statfs::Statfs) -> String {
    use nix::sys::statfs as magic;
    let kind = about.filesystem_type();
    let names = [
        (magic::EXT4_SUPER_MAGIC, "ext4"),
        (magic::BTRFS_SUPER_MAGIC, "btrfs"),
        (magic::XFS_SUPER_MAGIC, "xfs"),
        (magic::TMPFS_MAGIC, "tmpfs, where nothing is durable"),
        (magic::OVERLAYFS_SUPER_MAGIC, "overlayfs"),
    ];
    let known = names.into_iter().find(|(number, _)| *number == kind);
    known.map_or_else(|| format!("file system {:#x}", kind.0), |(_, name)| name.to_owned())
}

/// A user and the base32 key that all contenders share.
struct Person {
    name: String,
    secret: String,
}

fn enrol(secrets: &Path) -> Vec<Person> {
    let names = users::create_many("user", USERS);
    let enrolled = share(&names, |name| {
        let printed = json(&["enroll", name, "--no-confirm", "--json"]);
        let secret = printed["secret"].as_str().expect("enroll prints the key").to_owned();
        share_with_google(secrets, name, &secret);
        Person { name: name.clone(), secret }
    });
    assert_eq!(enrolled.len(), names.len(), "not everybody is enrolled");
    enrolled
}

/// The codes of a round, made before it is measured.
fn codes(users: &[Person], schedule: &mut Schedule) -> Vec<String> {
    let step = schedule.next();
    share(users, |user| code(&user.secret, step))
}

/// Times of each contender, one login at a time.
fn one_by_one(users: &[Person], place: Place, schedule: &mut Schedule) -> [Times; 3] {
    let mut times = [const { Vec::new() }; 3];
    let mut application = Application::start();
    for round in 0..ROUNDS {
        for (number, (user, code)) in users.iter().zip(codes(users, schedule)).enumerate() {
            for turn in 0..Contender::ALL.len() {
                // Each one goes first, second and third as often as the others.
                let index = (turn + number + round) % Contender::ALL.len();
                if place == Place::OwnProcess {
                    application = Application::start();
                }
                let outcome = application.login(&Contender::ALL[index].login(&user.name, &code));
                assert!(outcome.is_success(), "{} in round {round}: {outcome:?}", user.name);
                times[index].push(Duration::from_micros(outcome.micros));
            }
        }
    }
    times.map(Times::new)
}

/// Logins per second of each contender, with so many processes at once.
fn in_parallel(users: &[Person], count: usize, schedule: &mut Schedule) -> [f64; 3] {
    let codes = codes(users, schedule);
    Contender::ALL.map(|contender| {
        let logins: Vec<_> = users
            .iter()
            .zip(&codes)
            .map(|(user, code)| contender.login(&user.name, code))
            .collect();
        let piles = logins.chunks(logins.len().div_ceil(count));
        let mut workers: Vec<_> = piles.map(|pile| (ready(contender), pile)).collect();
        let started = Instant::now();
        thread::scope(|scope| {
            for (application, pile) in &mut workers {
                scope.spawn(move || carry_out(application, pile));
            }
        });
        logins.len() as f64 / started.elapsed().as_secs_f64()
    })
}

/// A process that has the contender's module loaded, so that the first login does not stand for
/// the start of a program.
fn ready(contender: Contender) -> Application {
    let mut application = Application::start();
    application.login(&contender.login("nobody", ""));
    application
}

fn carry_out(application: &mut Application, logins: &[Login]) {
    for login in logins {
        application.submit(login);
    }
    for login in logins {
        let outcome = application.outcome_within(PATIENCE);
        assert!(outcome.is_success(), "{} among many: {outcome:?}", login.user);
    }
}

/// Does the same with each thing, several at once; results are in the order of the things.
fn share<T: Sync, R: Send>(things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let hands: Vec<_> = things
            .chunks(things.len().div_ceil(HANDS))
            .map(|pile| scope.spawn(|| pile.iter().map(&work).collect::<Vec<_>>()))
            .collect();
        hands.into_iter().flat_map(|hand| hand.join().expect("it is done")).collect()
    })
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).expect("standard output takes text");
}
