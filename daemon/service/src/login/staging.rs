//! What a login staged, once its ticket comes back.

use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::{Effect, Staged},
    login::LoginContext,
    record::{Superseded, UserRecord},
};

use crate::engine::Done;

/// It goes into the record, all of it or nothing.
pub(super) fn take_effect(
    record: &mut UserRecord,
    login: &LoginContext,
    staged: &[Staged],
) -> Done<Result<(), Superseded>> {
    let before = record.clone();
    let applied = staged.iter().try_for_each(|staged| record.apply(staged));
    if applied.is_err() {
        *record = before;
        return Done { answer: applied, effects: Vec::new() };
    }
    let enrolled = staged.iter().filter_map(|staged| match staged {
        Staged::Enrol { factor, .. } => Some(Effect::Audit(AuditEvent::of_login(
            Happening::FactorEnrolled,
            login,
            format!("factor {factor} at login"),
        ))),
        Staged::BeginGrace { .. } => None,
    });
    Done { answer: applied, effects: enrolled.collect() }
}
