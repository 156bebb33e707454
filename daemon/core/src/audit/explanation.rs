//! What an event means in plain words, and what an administrator can do about it.
//!
//! The cause of an event is short and stable, for a log. Here it becomes an answer to 'why could I
//! not log in?'. A cause that is not known here is shown as it stands, never guessed at.

mod change;
mod message;
mod way_back;

use self::change::change;
use super::{AuditRecord, remedy::Remedy};

/// An event in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What happened, and why: a sentence or two.
    pub meaning: String,
    /// What to do; empty where nothing needs to be done.
    pub advice: String,
}

impl Explanation {
    fn new(meaning: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { meaning: meaning.into(), advice: advice.into() }
    }
}

/// Explains an event.
pub fn explain(record: &AuditRecord) -> Explanation {
    if record.event == "login.observed" {
        return observed(record);
    }
    if record.event.starts_with("message.") {
        return message::explain(record);
    }
    of_cause(record, &record.cause).unwrap_or_else(|| plain(record))
}

/// The cause alone decides, if it is one of those that need words.
fn of_cause(record: &AuditRecord, cause: &str) -> Option<Explanation> {
    let remedy = Remedy::of(record);
    change(record, cause)
        .or_else(|| code(cause, &remedy))
        .or_else(|| waiting(cause, &remedy))
        .or_else(|| account(cause, &remedy))
        .or_else(|| policy(record, cause, &remedy))
        .or_else(|| way_back::explain(cause, &remedy))
        .or_else(|| dialogue(cause, &remedy))
        .or_else(|| daemon(record, cause))
}

fn code(cause: &str, remedy: &Remedy) -> Option<Explanation> {
    if let Some(steps) = steps_off(cause) {
        return Some(Explanation::new(
            format!("The code was right for another time: {}.", clock_difference(steps)),
            remedy.set_the_clocks(),
        ));
    }
    Some(match cause {
        "wrong code" => Explanation::new(
            "The code was not right for any factor of the user, nor had it been within ten minutes \
             of then.",
            remedy.type_another_code(),
        ),
        "wrong code for an enrolment" => Explanation::new(
            "The code was not right for the key that was about to be enrolled.",
            "Scan the QR code again, or compare the key that was typed in by hand, and make sure \
             that the phone sets its clock by itself.",
        ),
        "no right code for an enrolment" => Explanation::new(
            "The user was to set up a second factor at this login and gave no right code of it; \
             nothing was enrolled.",
            "The next login offers a new key. Remove the entry of the old one from the app.",
        ),
        "not a code" => Explanation::new(
            "What was typed is no code: a code is 6 to 8 digits. Often it is the password, typed \
             at the wrong prompt.",
            "Log in again: the password first, the code of the app at 'Verification code'.",
        ),
        "code used before" => Explanation::new(
            "The code was right, but it had been accepted before, or a later one had. A code works \
             once.",
            remedy.wait_for_the_next_code(),
        ),
        "recovery code used before" => Explanation::new(
            "The recovery code had been right once, and was used then. It was not counted as a guess.",
            "Another code of the same list does it; 'twinlock recovery new' makes new ones.",
        ),
        _ => {
            let number = cause.strip_suffix(" codes refused")?;
            Explanation::new(
                format!("The login ended after {number} codes in a row that were not accepted."),
                "Each of them is an event of its own just before, with its own cause.",
            )
        }
    })
}

fn waiting(cause: &str, remedy: &Remedy) -> Option<Explanation> {
    if cause == "the account has reached its hard limit" {
        return Some(Explanation::new(
            "So many wrong codes came for this account, one after the other and from any source, \
             that codes stopped for it ([lockout] hard_limit).",
            remedy.unlock_the_account(),
        ));
    }
    let seconds = cause.strip_prefix("the source waits ")?.strip_suffix(" s")?;
    Some(Explanation::new(
        format!(
            "Too many wrong codes for this user came from this source, so codes from there were \
             not looked at for another {seconds} seconds."
        ),
        remedy.wait_or_unlock(),
    ))
}

fn account(cause: &str, remedy: &Remedy) -> Option<Explanation> {
    if let Some(uids) = cause.strip_prefix("the record is of uid ") {
        let (recorded, actual) = uids.split_once(", the user has ")?;
        return Some(Explanation::new(
            format!(
                "The stored factors belong to uid {recorded}, and the name has uid {actual} now: \
                 they are of an earlier account of this name. Nobody is let in with them."
            ),
            remedy.reset_the_user(),
        ));
    }
    Some(match cause {
        "no such user" | "the user is not known" => Explanation::new(
            "The user database (NSS) knows no user of this name. The person was asked for a code \
             all the same, so that nobody learns which names exist.",
            remedy.look_the_user_up(),
        ),
        "not enrolled" => Explanation::new(
            "A second factor is required of this login, the user has none, and could not set one \
             up there.",
            remedy.enrol_the_user(),
        ),
        "not enrolled, and this service cannot show a QR code" => Explanation::new(
            "A second factor is required of this login and the user has none. A graphical login \
             cannot show a QR code.",
            format!(
                "The user logs in over SSH first, or runs 'twinlock enroll'. {}",
                remedy.enrol_the_user()
            ),
        ),
        _ => return None,
    })
}

fn policy(record: &AuditRecord, cause: &str, remedy: &Remedy) -> Option<Explanation> {
    let explain = remedy.explain_the_policy();
    if cause.starts_with("the source is in the denied network ") {
        return Some(Explanation::new(
            format!("Logins from this address are refused before any prompt: {cause}."),
            format!("If they should not be, change [network] deny. {explain}"),
        ));
    }
    if cause.ends_with(" is in no allowed network") {
        return Some(Explanation::new(
            format!("Remote logins are allowed from listed networks only, and {cause}."),
            format!("If it should be allowed, add it to [network] allow. {explain}"),
        ));
    }
    if cause.starts_with("no first factor was shown, and no second one would be asked") {
        return Some(Explanation::new(
            "The login had shown neither a password nor a key, and the policy would have asked for \
             no second factor either: it would have been let in for nothing.",
            "Put pam_twinlock after the module that takes the password, or set \
             'AuthenticationMethods publickey,keyboard-interactive' in sshd_config.",
        ));
    }
    if cause.contains("asked for a key alone") {
        return Some(Explanation::new(
            "The policy wants a second factor of this login. sshd let it in by a key alone, and \
             never asked PAM for more.",
            format!(
                "Set 'AuthenticationMethods publickey,keyboard-interactive' in sshd_config, or give \
                 the account a profile with first_factor = [\"key\"] and mfa = false. {explain}"
            ),
        ));
    }
    if cause.starts_with("enrolled with ") {
        return Some(Explanation::new(
            format!("The user is {cause}."),
            format!("Allow one of these methods in 'methods' of the profile or level. {explain}"),
        ));
    }
    let is_refused = matches!(record.event.as_str(), "login.refused" | "login.observed");
    match cause {
        "an address list is set, and the source cannot be read" => Some(Explanation::new(
            "Lists of addresses decide who may log in, and this login did not say where it came \
             from.",
            "Look at what the service passes to PAM as the remote host; under sshd it is \
             SSH_CONNECTION.",
        )),
        _ if is_refused && cause.starts_with("not enrolled, and ") => Some(Explanation::new(
            format!("A second factor is required of this login. The user is {cause}."),
            format!("{} {explain}", remedy.enrol_the_user()),
        )),
        _ if record.event == "login.skipped" => {
            Some(Explanation::new(format!("No second factor was asked: {cause}."), explain))
        }
        _ => None,
    }
}

fn dialogue(cause: &str, remedy: &Remedy) -> Option<Explanation> {
    Some(match cause {
        "no answer within five minutes" => {
            Explanation::new("The prompt for a code was left unanswered.", "Log in again.")
        }
        "cancelled" | "the connection was closed" => Explanation::new(
            "The person, or the program that logged them in, gave up before a code was given.",
            "Nothing needs to be done. If logins always end so, compare the time-outs: LoginGraceTime \
             of sshd, and timeout= of pam_twinlock.",
        ),
        "another enrolment came first" => Explanation::new(
            "While this login set up a second factor, another one of the same user had finished \
             doing so. What this one showed was not taken.",
            "Log in again with the factor that was enrolled, and remove the other entry from the \
             app. If the user knows of one login only, reset them: somebody has the password.",
        ),
        "too many logins of this user wait for an answer" => Explanation::new(
            "So many logins of this user from this source stood at the prompt for a code that no \
             further one was opened.",
            remedy.watch_the_user(),
        ),
        _ if cause.contains("ticket") => Explanation::new(
            format!("What the auth phase handed to the account phase was not accepted: {cause}."),
            "Log in again. If it stays so, look whether the PAM stack of the service runs both \
             phases of pam_twinlock in one process.",
        ),
        _ => return None,
    })
}

fn daemon(record: &AuditRecord, cause: &str) -> Option<Explanation> {
    Some(match record.event.as_str() {
        "trouble" if cause.starts_with("the user database ") => Explanation::new(
            format!("The login could not be decided: {cause}."),
            "Look at what nsswitch.conf names for passwd and group (sssd, LDAP); 'getent passwd' \
             shows whether it answers.",
        ),
        "trouble" if cause.starts_with("the clock is ") => Explanation::new(
            format!("The time of day went back: {cause}."),
            "Set the clock, and let a time service keep it ('timedatectl').",
        ),
        "trouble" if cause.contains("audit") => Explanation::new(
            format!("The log is not complete: {cause}."),
            "No login was held up by it. If it happens again, look at the load of the host, and at \
             who fails to log in so often.",
        ),
        "trouble" => Explanation::new(
            format!("The daemon could not do what was asked of it: {cause}"),
            "Nobody was let in for it. 'systemctl status twinlockd' and 'journalctl -u twinlockd' \
             say more.",
        ),
        "call.refused" => Explanation::new(
            format!("Somebody asked the daemon for what they may not have: {cause}."),
            "Find out who has that user id, and what they wanted.",
        ),
        "configuration.refused" => Explanation::new(
            format!("A changed configuration was not put in force; {cause}"),
            "'twinlock config check' shows every mistake in it. Mend them and reload.",
        ),
        _ => return None,
    })
}

/// What would have been, had the policy been enforced.
fn observed(record: &AuditRecord) -> Explanation {
    let Some(would) = record.cause.strip_prefix("would ") else { return plain(record) };
    let let_in = "Nobody was refused: the policy only observes (mode = \"observe\").";
    if let Some(methods) = would.strip_prefix("require: ") {
        return Explanation::new(
            format!("{let_in} Enforced, this login would have been asked for one of: {methods}."),
            String::new(),
        );
    }
    if would.starts_with("enrol: ") {
        return Explanation::new(
            format!("{let_in} Enforced, the user would have had to set up a second factor."),
            Remedy::of(record).enrol_the_user(),
        );
    }
    if let Some(reason) = would.strip_prefix("skip: ") {
        let meaning =
            format!("{let_in} Enforced, no second factor would have been asked: {reason}.");
        return Explanation::new(meaning, String::new());
    }
    let cause = would.strip_prefix("deny: ").unwrap_or(would);
    let Explanation { meaning, advice } =
        of_cause(record, cause).unwrap_or_else(|| Explanation::new(sentence(cause), String::new()));
    Explanation::new(
        format!("{let_in} Enforced, this login would have been refused. {meaning}"),
        advice,
    )
}

/// The event as it stands, for those that explain themselves.
fn plain(record: &AuditRecord) -> Explanation {
    let what = match record.event.as_str() {
        "login.allowed" => "The login was let in with a second factor",
        "login.refused" => "The login was refused",
        "login.locked" => "The login was refused for now",
        "code.refused" => "A code was refused",
        "code.accepted" => "A code was right",
        "factor.enrolled" => "A second factor was enrolled",
        "factor.removed" => "A second factor was removed",
        "user.reset" => "Every second factor of the user was taken away",
        "user.imported" => "Second factors were taken over from another program",
        "user.invited" => "The user can set up a second factor with an invitation",
        "user.reminded" => "The user was written to, because the date of the policy is near",
        "user.forgotten" => "Everything that was stored of the user was deleted",
        "bypass.issued" => "A code was issued that stands for a second factor for a while",
        "reset.requested" => {
            "A reset was asked for; an administrator decides with 'twinlock reset list'"
        }
        "reset.closed" => "A request for a reset is over, and nothing was changed",
        "user.unlocked" => "The counters of wrong codes were cleared",
        "backup.made" => "A backup of every record was made",
        "backup.restored" => "A backup was restored into the store",
        "configuration.read" => "A configuration was put in force",
        other => other,
    };
    let cause = &record.cause;
    let meaning = if cause.is_empty() { sentence(what) } else { format!("{what}: {cause}.") };
    Explanation::new(meaning, String::new())
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", characters.as_str())
}

/// How many steps of 30 seconds a code was from the time of the host.
fn steps_off(cause: &str) -> Option<i64> {
    cause
        .strip_prefix("right code for another time: ")?
        .strip_suffix(" steps of 30 s")?
        .parse()
        .ok()
}

/// A positive number of steps is a code of the future: the phone's clock is ahead.
fn clock_difference(steps: i64) -> String {
    let seconds = steps.unsigned_abs().saturating_mul(30);
    let distance = if seconds < 120 {
        format!("{seconds} seconds")
    } else {
        format!("{} minutes", seconds.div_ceil(60))
    };
    let direction = if steps > 0 { "ahead of" } else { "behind" };
    format!(
        "the clock of the phone is about {distance} {direction} the clock of this host ({} steps \
         of 30 seconds)",
        steps.unsigned_abs()
    )
}

#[cfg(test)]
mod tests;
