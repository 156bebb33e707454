//! `twinlock pam enable SERVICE`.
//!
//! ```text
//! checks ──► plan ──► difference, question ──► lock, plan again ──► change, reload ──► watch
//! ```

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use twinlock_bus_api::history::LogFilter;
use twinlock_bus_api::names::LOGIN_SOCKET;
use twinlock_config::duration;
use twinlock_pam_stack::siblings::{self, Sibling};

use super::watch;
use crate::escape;
use crate::failure::Failure;
use crate::pam_change::change;
use crate::pam_change::demands::{SSHD, root_stays_out};
use crate::pam_change::guard::Armed;
use crate::pam_change::place::{Form, Misplaced, asks_password};
use crate::pam_change::plan::{self, NoPlan};
use crate::pam_change::record::{Changed, Record, Records};
use crate::pam_change::sshd::{self, Unfit};
use crate::prompt::confirm;
use crate::render::moment::second;
use crate::render::pam;
use crate::settings;
use crate::surroundings::Surroundings;

/// The service that changes passwords, and lets nobody in.
const PASSWD: &str = "passwd";

/// Its lines, as the packages install them.
const PASSWD_EXAMPLE: &str = "/usr/share/doc/twinlock/examples/pam/passwd";

const HELP: &str = "The change is taken back by itself unless it is confirmed in time: log in \
                    once more, in a second session, while this one stays open, and confirm with \
                    'twinlock pam confirm SERVICE', or at the question here. Whatever happens to \
                    the terminal, the daemon or the host meanwhile, it is taken back.";

/// Ask for a second factor in a service: shows what will change, and takes it back unless confirmed
#[derive(clap::Args)]
#[command(after_long_help = HELP)]
pub struct Args {
    /// The PAM service: the name of a file in /etc/pam.d
    #[arg(value_parser = super::service)]
    service: String,

    /// Take the change back unless it is confirmed within this time
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = super::within)]
    confirm_within: Duration,

    /// What comes before the code, over SSH; where it is left out, what sshd is set for
    #[arg(long, value_name = "WHAT")]
    first_factor: Option<FirstFactor>,

    /// Leave the configuration of sshd as it is
    #[arg(long)]
    no_sshd_config: bool,

    /// Ask no question, and do not wait for the login
    #[arg(long)]
    yes: bool,
}

/// What comes before the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FirstFactor {
    /// A password, which PAM asks for
    Password,
    /// An SSH key
    Key,
}

/// Enables.
///
/// # Errors
/// [`Failure`]; nothing is changed then, or what was is taken back.
pub fn run(args: &Args, config: Option<&Path>, around: &mut Surroundings) -> Result<(), Failure> {
    let service = &*args.service;
    if service == PASSWD {
        return Err(by_hand_for_passwd(around));
    }
    plan::check_module(&around.machine).map_err(refused)?;
    let socket = settings::login_socket(config)?;
    let mut client = around.client(config)?;
    client.log(&LogFilter { limit: Some(1), ..LogFilter::default() })?;
    check_socket(&socket)?;
    let arguments = arguments(&socket);

    let record = super::open(around)?.of(service)?;
    if record.as_ref().is_some_and(|record| !record.is_confirmed) {
        return Err(pending(service));
    }
    let form = form(args, around)?;
    let files = planned(args, form, &arguments, around)?;
    let sibling = siblings::unasked(&plan::stacks_with(&around.machine, &files), service);
    if files.is_empty() {
        tell_of(sibling, around)?;
        return around.print(&format!("{service} asks Twinlock already; nothing was changed.\n"));
    }
    if record.is_some() {
        return Err(enabled_before(service));
    }
    around.print(&pam::difference(&files))?;
    warn(service, form, &files, around)?;
    tell_of(sibling, around)?;
    if !args.yes {
        let also = if sshd::concerns(&around.machine, &files) { ", and reload sshd" } else { "" };
        confirm(&mut *around.prompt, &format!("Change {service}{also}?"))?;
    }
    let made = make(args, form, &arguments, &files, around)?;
    if let Some(reloaded) = &made.reloaded {
        around.print(&format!("{reloaded}\n"))?;
    }
    around.print(&next(&made, args.confirm_within, around))?;
    if args.yes || !around.prompt.is_interactive() {
        return Ok(());
    }
    watch::until_confirmed(&made.record, &mut client, around)
}

/// Its code is asked in the password phase, where libpam runs the stack twice: the line has one place.
fn by_hand_for_passwd(around: &Surroundings) -> Failure {
    Failure::refused(format!(
        "passwd lets nobody in: it asks for a code in its password phase, and this command writes no \
         line of that. Write 'password required pam_twinlock.so' into {} by hand, behind the line that \
         changes the password, as {PASSWD_EXAMPLE} shows it.",
        around.machine.file_of(PASSWD).display()
    ))
}

fn refused(why: NoPlan) -> Failure {
    Failure::refused(why.to_string())
}

/// A module that cannot reach its daemon refuses every login.
fn check_socket(socket: &Path) -> Result<(), Failure> {
    UnixStream::connect(socket).map(drop).map_err(|cause| {
        Failure::unreachable(format!(
            "twinlockd does not listen for logins at {}: {cause}. Start it with 'systemctl start \
             twinlock-login.socket twinlockd'.",
            socket.display()
        ))
    })
}

/// What the module has to be told where the socket is not in the usual place.
fn arguments(socket: &Path) -> String {
    if socket == Path::new(LOGIN_SOCKET) {
        return String::new();
    }
    format!("socket={}", socket.display())
}

fn pending(service: &str) -> Failure {
    Failure::refused(format!(
        "A change of {service} waits to be confirmed. 'twinlock pam confirm {service}' keeps it, \
         'twinlock pam revert {service}' takes it back."
    ))
}

/// A second record would take the place of the first, and with it of what was there at the beginning.
fn enabled_before(service: &str) -> Failure {
    Failure::refused(format!(
        "{service} is enabled, and this would change it once more, which could not be taken back \
         whole. 'twinlock pam disable {service}' first, then enable it anew."
    ))
}

/// What comes before the code: as it was said, else as people log in now.
fn form(args: &Args, around: &Surroundings) -> Result<Form, Failure> {
    let is_sshd = args.service == SSHD;
    match args.first_factor {
        Some(FirstFactor::Password) => Ok(Form::Password),
        Some(FirstFactor::Key) if is_sshd => Ok(Form::Key),
        Some(FirstFactor::Key) => Err(Failure::refused(
            "Only sshd checks keys. Leave --first-factor out for other services.",
        )),
        None if is_sshd && !args.no_sshd_config => {
            let settings = sshd::current(&around.machine.sshd).map_err(unfit)?;
            let is_by_key = settings.iter().all(|settings| sshd::form_of(settings) == Form::Key);
            Ok(if is_by_key { Form::Key } else { Form::Password })
        }
        None => Ok(Form::Password),
    }
}

/// The files that change: the stack, and what sshd has to be told.
fn planned(
    args: &Args,
    form: Form,
    arguments: &str,
    around: &Surroundings,
) -> Result<Vec<Changed>, Failure> {
    let machine = &around.machine;
    if args.service == SSHD {
        sshd::check_service(&machine.sshd).map_err(unfit)?;
    }
    let mut files = Vec::new();
    files.extend(plan::stack(machine, &args.service, form, arguments).map_err(refused)?);
    if args.service != SSHD {
        return Ok(files);
    }
    if !args.no_sshd_config {
        let drop_in = sshd::drop_in(machine, form).map_err(unfit)?;
        let stacks = machine.stacks();
        if form == Form::Key && drop_in.is_some() && asks_password(&stacks, &args.service) {
            let path = machine.file_of(&args.service);
            let other = Misplaced::OtherForm(Form::Password);
            return Err(refused(NoPlan::Misplaced(path, other)));
        }
        files.extend(drop_in);
    } else if form == Form::Key {
        // Nothing in the stack asks for a first factor then: a code alone would log in.
        let settings = sshd::current(&machine.sshd).map_err(unfit)?;
        if !settings.iter().all(|settings| sshd::fits(form, settings)) {
            return Err(unfit(Unfit::Left(form)));
        }
    }
    Ok(files)
}

fn unfit(why: Unfit) -> Failure {
    Failure::refused(why.to_string())
}

/// Has sshd read what was written. One that does not lets nobody in by it, so all of it goes.
fn reload(
    record: &Record,
    records: &Records,
    around: &Surroundings,
) -> Result<Option<String>, Failure> {
    if !sshd::concerns(&around.machine, &record.files) {
        return Ok(None);
    }
    match change::reload_sshd(&around.machine, &record.files) {
        Ok(None) => Ok(Some(
            "No sshd that runs was found; if there is one, have it read its configuration again."
                .to_owned(),
        )),
        Ok(said) => Ok(said),
        Err(failure) => {
            change::undo(&around.machine, records, record)?;
            Err(failure)
        }
    }
}

/// What an administrator should think of first.
fn warn(
    service: &str,
    form: Form,
    files: &[Changed],
    around: &mut Surroundings,
) -> Result<(), Failure> {
    if sshd::concerns(&around.machine, files) {
        around.prompt.tell(
            "From then on nobody logs in over SSH with a key alone, neither root nor programs that \
             copy or deploy. Sessions that are open stay.",
        )?;
    }
    if service == SSHD
        && let Some(sentence) = root_stays_out(&around.machine, form, files)
    {
        around.prompt.tell(&sentence)?;
    }
    if service != "login" {
        return Ok(());
    }
    around.prompt.tell(
        "This is the console. With the daemon dead nobody gets in there either: root then needs \
         another way, such as SSH with a service that is left alone, or the boot loader \
         (init=/bin/sh). Leave the console alone unless somebody can reach one of these.",
    )
}

/// Says that the same program lets people in by another service.
fn tell_of(sibling: Option<Sibling>, around: &mut Surroundings) -> Result<(), Failure> {
    sibling.map_or(Ok(()), |sibling| around.prompt.tell(&pam::unasked(sibling)))
}

/// A change that is in force.
struct Made {
    record: Record,
    armed: Armed,
    /// What was done for sshd to go by it.
    reloaded: Option<String>,
}

/// Makes the change, if everything still is as it was shown. Nobody takes it back in the middle of it.
fn make(
    args: &Args,
    form: Form,
    arguments: &str,
    shown: &[Changed],
    around: &Surroundings,
) -> Result<Made, Failure> {
    let records = super::open(around)?;
    if records.of(&args.service)?.is_some() || planned(args, form, arguments, around)? != shown {
        return Err(Failure::refused(
            "Nothing was changed, because somebody else changed the file meanwhile. Look at the \
             difference again.",
        ));
    }
    let (machine, within) = (&around.machine, args.confirm_within);
    let now = seconds((around.clock)());
    let (record, armed) =
        change::make(machine, &records, &args.service, shown.to_vec(), now, within)?;
    let reloaded = reload(&record, &records, around)?;
    let (at, left) = next_second((around.clock)());
    std::thread::sleep(left);
    let record = change::settle(machine, &records, record, at)?;
    Ok(Made { record, armed, reloaded })
}

/// The next second that begins, and how long that takes. The daemon's log has whole seconds: a login that
/// it has in an earlier one may have met what was there before.
fn next_second(now: Timestamp) -> (u64, Duration) {
    match u64::try_from(now.subsec_nanosecond()) {
        Ok(into @ 1..1_000_000_000) => {
            (seconds(now).saturating_add(1), Duration::from_nanos(1_000_000_000 - into))
        }
        _ => (seconds(now), Duration::ZERO),
    }
}

/// Whole seconds since the epoch.
fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

fn next(Made { record, armed, .. }: &Made, within: Duration, around: &Surroundings) -> String {
    let service = &record.service;
    let mut text = format!(
        "Done. It is taken back at {} ({} after it was made) by {}, unless it is confirmed.\nKeep this \
         session open. Log in through {service} in a second one, and then:\n  twinlock pam confirm \
         {service}\n",
        second(record.confirm_by, &around.view),
        duration::display(within),
        escape::line(&armed.who),
    );
    if !armed.survives_restart {
        text.push_str(
            "After a restart of the host nobody takes it back: twinlock-pam-revert.service is not \
             enabled here.\n",
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_counts_of_which_a_part_was_before() {
        let at = |nanoseconds| Timestamp::new(1_795_000_000, nanoseconds).unwrap();
        assert_eq!(next_second(at(0)), (1_795_000_000, Duration::ZERO));
        assert_eq!(next_second(at(1)), (1_795_000_001, Duration::from_nanos(999_999_999)));
        assert_eq!(next_second(at(999_999_999)), (1_795_000_001, Duration::from_nanos(1)));
    }
}
