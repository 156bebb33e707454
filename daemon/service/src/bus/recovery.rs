//! Recovery codes: made together, shown once, void when new ones are made.

use twinlock_bus_api::error::{Error, Result};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::World,
    login::User,
    notice::Subject,
    policy::Method,
    printed_code::HashedCode,
    record::UserRecord,
};

use super::{
    account::{Accounts, Authority, check_has_factor},
    caller::Caller,
    effects::Effects,
    verbs::prove,
};

impl Accounts {
    /// Makes new codes; a user's own word needs a fresh code, which may be one of the old ones.
    pub(super) async fn new_recovery_codes(
        &self,
        user: &User,
        caller: &Caller,
        authority: Authority,
        code: &str,
    ) -> Result<Vec<String>> {
        self.change(user, |record, world, effects| {
            check_has_factor(record)?;
            if !world.settings.policy.counts_somewhere(user, Method::Recovery) {
                return Err(Error::MethodUnavailable(format!(
                    "No login of {} takes a recovery code, because the policy does not count them. \
                     An administrator adds 'recovery' to its methods.",
                    user.name
                )));
            }
            if authority == Authority::Own {
                prove(record, world, effects, user, caller, code)?;
            }
            let had = record.recovery_left();
            let (codes, hashed) = make(world);
            record.renew_recovery(hashed, world.now);
            let cause = format!("{} new codes; {had} of the old ones were left", codes.len());
            effects.push(event(user, caller, world, cause));
            effects.tell(record, world, user, caller, Subject::RecoveryCodesRenewed);
            Ok(codes)
        })
        .await
    }
}

/// The codes that come along with a user's first factor, where the policy counts any and there are
/// none.
pub(super) fn with_first_factor(
    record: &mut UserRecord,
    world: &World<'_>,
    effects: &mut Effects,
    user: &User,
    caller: &Caller,
) -> Option<Vec<String>> {
    let policy = &world.settings.policy;
    if !record.recovery.is_empty() || !policy.counts_somewhere(user, Method::Recovery) {
        return None;
    }
    let (codes, hashed) = make(world);
    record.recovery = hashed;
    record.spent.clear();
    let cause = format!("{} codes, with the first factor", codes.len());
    effects.push(event(user, caller, world, cause));
    Some(codes)
}

/// A set in clear, and as it is stored.
fn make(world: &World<'_>) -> (Vec<String>, Vec<HashedCode>) {
    let both = world.fresh.printed_codes();
    both.map(|(code, salt)| (code.shown().to_string(), code.hashed(salt, world.hashing))).unzip()
}

fn event(user: &User, caller: &Caller, world: &World<'_>, cause: String) -> AuditEvent {
    let event = AuditEvent::new(Happening::RecoveryRenewed, user.name.clone(), cause);
    Accounts::by(caller, user, event).with_reference(world.fresh.reference())
}
