//! What a login staged, once its ticket comes back.

use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::{Effect, Staged, World},
    login::LoginContext,
    notice::{Notice, Recipient, Subject},
    record::{DEFAULT_LABEL, Superseded, UserRecord},
    time::Timestamp,
};

use crate::engine::Done;

/// It goes into the record, all of it or nothing.
pub(super) fn take_effect(
    record: &mut UserRecord,
    login: &LoginContext,
    staged: &[Staged],
    world: &World<'_>,
) -> Done<Result<(), Superseded>> {
    let before = record.clone();
    let applied =
        staged.iter().try_for_each(|staged| record.apply(staged, world.hashing, world.now));
    if applied.is_err() {
        *record = before;
        return Done { answer: applied, effects: Vec::new() };
    }
    let had = before.trusted.iter().count();
    let effects =
        staged.iter().flat_map(|staged| tell(record, had, login, staged, world.now)).collect();
    Done { answer: applied, effects }
}

/// What others hear of it; `had` is how many hosts were trusted before: the log, and the user, wherever they can be reached.
fn tell(
    record: &UserRecord,
    had: usize,
    login: &LoginContext,
    staged: &Staged,
    now: Timestamp,
) -> Vec<Effect> {
    let (happening, cause, subject) = match staged {
        Staged::Enrol(enrolment) => (
            Happening::FactorEnrolled,
            format!("factor {} at login", enrolment.factor),
            Some(Subject::FactorEnrolled { label: DEFAULT_LABEL.to_owned() }),
        ),
        Staged::Trust { host, .. } => (
            Happening::HostTrusted,
            format!("host {} ({}) until {}", host.id, host.binding, host.until),
            Some(Subject::HostTrusted { host: host.binding.to_string(), until: host.until }),
        ),
        Staged::ChangePassword if had > 0 => (
            Happening::HostCleared,
            format!("{had} trusted hosts, because the password changes"),
            None,
        ),
        Staged::BeginGrace { .. }
        | Staged::UseTrust { .. }
        | Staged::GiveCode(_)
        | Staged::MayRenew { .. }
        | Staged::ChangePassword => return Vec::new(),
    };
    let event = AuditEvent::of_login(happening, login, cause);
    let to = Recipient::all_of(&record.contacts);
    let notice = subject.map(|subject| Notice::of_login(to, subject, login, now));
    let notice = notice.map(|notice| Effect::Notify(Box::new(notice)));
    std::iter::once(Effect::Audit(event)).chain(notice).collect()
}
