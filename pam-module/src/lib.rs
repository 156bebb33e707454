//! `pam_twinlock.so`: a terminal for the daemon.
//!
//! ```text
//! application ─ libpam ─ hook (here) ─ login ─┬─ conversation ─ the person
//!                                             └─ client ─ transport ─ twinlockd
//! ```
//!
//! The module holds no secret, no policy and no file. It shows what the daemon says, sends what
//! the person types, and turns the daemon's verdict into a return code ([`outcome`]). In the auth,
//! account and password phases `PAM_SUCCESS` and `PAM_IGNORE` come from a verdict and from nothing
//! else; whatever fails is an error, in bounded time, with a line in the log and a sentence for
//! the person ([`failure`]).
//!
//! It runs inside `su` and `sudo`, whose caller chooses the environment, the arguments, the limits
//! and the open descriptors. So it reads no environment variable, takes its paths from the PAM
//! stack alone, sends without `SIGPIPE`, and keeps off the standard descriptors ([`stdio`]).
// Not `forbid`: that cannot be lifted for the one file that talks to libpam.
#![deny(unsafe_code)]

pub mod client;
pub mod context;
pub mod conversation;
pub mod failure;
pub mod guard;
pub mod log;
pub mod login;
pub mod outcome;
pub mod reply;
pub mod stdio;
pub mod ticket;
pub mod transport;

use std::alloc::System;

use pamsm::{Pam, PamError, PamFlags, PamLibExt, PamServiceModule, pam_module};
use twinlock_bus_api::login::{Phase, Verdict};

use crate::client::Client;
use crate::context::{Context, ContextError, audit_session, described, exact};
use crate::conversation::Handle;
use crate::failure::Failure;
use crate::guard::guarded;
use crate::log::{Log, Quoted, Severity};
use crate::login::Conversation;
use crate::reply::Line;
use crate::stdio::Plugs;
use crate::ticket::Ticket;
use twinlock_bus_api::module_arguments::Arguments;
use zeroizing_alloc::ZeroAlloc;

/// Wipes memory as it is given back: what libraries copy on the way, the buffers of D-Bus messages for
/// one, belongs to no type of ours that could do it.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

/// `PAM_PRELIM_CHECK` of `<security/pam_modules.h>`, which pamsm does not name.
const PRELIM_CHECK: i32 = 0x4000;
/// `PAM_UPDATE_AUTHTOK`.
const UPDATE_AUTHTOK: i32 = 0x2000;

/// The six hooks.
struct Twinlock;

pam_module!(Twinlock);

impl PamServiceModule for Twinlock {
    fn authenticate(pam: Pam, flags: PamFlags, arguments: Vec<String>) -> PamError {
        run(Hook::Authenticate, &pam, flags, &arguments)
    }

    /// Twinlock sets no credentials, and a login that `authenticate` let in is not to fail here.
    fn setcred(_: Pam, _: PamFlags, _: Vec<String>) -> PamError {
        PamError::SUCCESS
    }

    fn acct_mgmt(pam: Pam, flags: PamFlags, arguments: Vec<String>) -> PamError {
        run(Hook::Account, &pam, flags, &arguments)
    }

    fn chauthtok(pam: Pam, flags: PamFlags, arguments: Vec<String>) -> PamError {
        let hook = match (flags.bits() & PRELIM_CHECK != 0, flags.bits() & UPDATE_AUTHTOK != 0) {
            (true, false) => Hook::PasswordCheck,
            (false, true) => Hook::PasswordUpdate,
            _ => Hook::PasswordUnknown,
        };
        run(hook, &pam, flags, &arguments)
    }

    fn open_session(pam: Pam, flags: PamFlags, arguments: Vec<String>) -> PamError {
        // Where no text may be shown there is nothing to ask the daemon for.
        if !flags.contains(PamFlags::SILENT) {
            run(Hook::OpenSession, &pam, flags, &arguments);
        }
        PamError::IGNORE
    }

    fn close_session(_: Pam, _: PamFlags, _: Vec<String>) -> PamError {
        PamError::IGNORE
    }
}

/// The hooks that ask the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hook {
    Authenticate,
    Account,
    /// `pam_sm_chauthtok` with `PAM_PRELIM_CHECK`.
    PasswordCheck,
    /// `pam_sm_chauthtok` with `PAM_UPDATE_AUTHTOK`.
    PasswordUpdate,
    /// `pam_sm_chauthtok` with neither or both.
    PasswordUnknown,
    OpenSession,
}

impl Hook {
    const fn phase(self) -> Phase {
        match self {
            Self::Authenticate => Phase::Auth,
            Self::Account => Phase::Account,
            Self::PasswordCheck | Self::PasswordUpdate | Self::PasswordUnknown => Phase::Password,
            Self::OpenSession => Phase::Session,
        }
    }

    /// Whether a login or a password change starts here, so that no older ticket may count.
    const fn starts_anew(self) -> bool {
        matches!(self, Self::Authenticate | Self::PasswordCheck)
    }

    /// Whether this is the update of a password change that its check let happen.
    fn is_decided(self, handle: &Handle<'_>) -> bool {
        self == Self::PasswordUpdate && handle.ticket().is_some_and(|ticket| !ticket.is_void())
    }

    /// Whether the ticket of an earlier hook goes back to the daemon.
    const fn redeems(self) -> bool {
        matches!(self, Self::Account | Self::PasswordUpdate)
    }
}

/// Runs one hook: the dialogue, then what the person and the log are told, then the code.
fn run(hook: Hook, pam: &Pam, flags: PamFlags, arguments: &[String]) -> PamError {
    let whole = guarded(|| {
        let mut handle = Handle::new(pam);
        let result = guarded(|| attempt(hook, pam, &mut handle, flags, arguments));
        match result.unwrap_or_else(|panicked| Err(panicked.into())) {
            Ok(verdict) if hook.is_decided(&handle) => outcome::after_check(Some(verdict)),
            Ok(verdict) => outcome::return_code(hook.phase(), verdict),
            Err(failure) => {
                let decided = hook.is_decided(&handle);
                let advice = if decided { failure::BEHIND_A_CHANGE } else { failure.advice() };
                report(hook, pam, &mut handle, flags, arguments, (&failure, advice));
                if decided {
                    return outcome::after_check(None);
                }
                failure.return_code(hook.phase())
            }
        }
    });
    whole.unwrap_or(PamError::AUTHINFO_UNAVAIL)
}

fn attempt(
    hook: Hook,
    pam: &Pam,
    handle: &mut Handle<'_>,
    flags: PamFlags,
    arguments: &[String],
) -> Result<Verdict, Failure> {
    if hook.starts_anew() {
        handle.keep_ticket(&Ticket::void()).map_err(Failure::Ticket)?;
    }
    if hook == Hook::PasswordUnknown {
        return Err(Failure::PasswordFlags);
    }
    let arguments = Arguments::parse(arguments)?;
    let context = gather(hook, pam, handle, flags)?;
    let log = Log::new(&context.service, hook.phase().as_str());
    let trace = |text: &str| {
        if arguments.debug {
            log.write(Severity::Debug, &format_args!("{text}; user={}", Quoted(&context.user)));
        }
    };

    let _plugs = Plugs::new().map_err(Failure::Descriptors)?;
    trace("asking the daemon");
    let mut daemon = Client::new(arguments.socket.clone(), arguments.timeout, client::ROOT);
    let ended = login::run(hook.phase(), &context, handle, &mut daemon)?;
    trace(&format!("the daemon's verdict is {}", ended.verdict.as_str()));
    if let (true, Some(ticket)) = (hook.starts_anew(), &ended.ticket) {
        handle.keep_ticket(ticket).map_err(Failure::Ticket)?;
    }
    Ok(ended.verdict)
}

/// The facts of the login, from the PAM handle.
fn gather(hook: Hook, pam: &Pam, handle: &Handle<'_>, flags: PamFlags) -> Result<Context, Failure> {
    // Asks for the name where the application left that to the modules.
    let user = pam.get_user(None).map_err(|_| ContextError::Missing("PAM_USER"))?;
    let readable = |item| move |_: PamError| ContextError::Unreadable(item);
    let rhost = pam.get_rhost().map_err(readable("PAM_RHOST"))?;
    let ruser = pam.get_ruser().map_err(readable("PAM_RUSER"))?;
    let service = pam.get_service().map_err(readable("PAM_SERVICE"))?;
    // In the check of a password change the old one is the password that was shown.
    let password = match hook {
        Hook::PasswordCheck => pam.get_cached_oldauthtok(),
        _ => pam.get_cached_authtok(),
    };
    let password = password.ok().flatten();
    let variable = |name: &'static str| -> Result<Option<String>, Failure> {
        // The environment of the PAM handle, which the application fills; never the process's.
        let value = pam.getenv(name).map_err(readable(name))?;
        Ok(described(name, value)?)
    };
    Ok(Context {
        service: exact("PAM_SERVICE", service)?,
        user: exact("PAM_USER", user)?,
        rhost: described("PAM_RHOST", rhost)?,
        ruser: described("PAM_RUSER", ruser)?,
        tty: described("PAM_TTY", handle.tty())?,
        ssh_connection: variable("SSH_CONNECTION")?,
        ssh_auth_info: variable("SSH_AUTH_INFO_0")?,
        has_authtok: password.is_some_and(|password| !password.is_empty()),
        interactive: !flags.contains(PamFlags::SILENT),
        ticket: if hook.redeems() { handle.ticket() } else { None },
        caller_uid: rustix::process::getuid().as_raw(),
        expired: flags.contains(PamFlags::CHANGE_EXPIRED_AUTHTOK),
        audit_session: audit_session(),
    })
}

/// Tells the log the cause, and the person what to do.
fn report(
    hook: Hook,
    pam: &Pam,
    handle: &mut Handle<'_>,
    flags: PamFlags,
    arguments: &[String],
    (failure, advice): (&Failure, &str),
) {
    let text = |value: pamsm::PamResult<Option<&std::ffi::CStr>>| {
        value.ok().flatten().map(|value| value.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let service = text(pam.get_service());
    let (user, rhost) = (text(pam.get_cached_user()), text(pam.get_rhost()));
    let socket = match failure {
        Failure::Call(_) | Failure::Nonsense(_) => Arguments::parse(arguments)
            .map(|arguments| format!(" (socket {})", arguments.socket.display()))
            .unwrap_or_default(),
        _ => String::new(),
    };
    Log::new(&service, hook.phase().as_str()).write(
        failure.severity(),
        &format_args!("{failure}{socket}; user={} rhost={}", Quoted(&user), Quoted(&rhost)),
    );
    if hook != Hook::OpenSession && !flags.contains(PamFlags::SILENT) {
        let style = twinlock_bus_api::login::Style::Error;
        let _ = handle.show(&[Line { style, text: advice.to_owned() }]);
    }
}
