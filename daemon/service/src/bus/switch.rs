//! The per-user switch: an administrator's word about one person, over profile and level.

use twinlock_bus_api::{
    error::{Error, Result},
    policy::Switch,
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    login::User,
    notice::Subject,
};

use super::{account::Accounts, caller::Caller};

impl Accounts {
    /// Sets or clears the switch of one user. The log has a line each time, also where nothing
    /// changes: who takes a second factor away is to be found there.
    pub(super) async fn set_switch(&self, user: &User, caller: &Caller, word: &str) -> Result<()> {
        let switch = Switch::from_wire(word).ok_or_else(|| {
            Error::InvalidArgument("A switch is 'on', 'off' or 'default'; give one.".to_owned())
        })?;
        let wanted = match switch {
            Switch::On => Some(true),
            Switch::Off => Some(false),
            Switch::Default => None,
        };
        self.change(user, |record, world, events| {
            let before = std::mem::replace(&mut record.mfa, wanted);
            let cause = format!("{}; before: {}", switch.as_str(), shown(before).as_str());
            let event = AuditEvent::new(Happening::UserSwitched, user.name.clone(), cause)
                .with_reference(world.fresh.reference());
            events.push(Self::by(caller, user, event));
            if let Some(on) = told(before, wanted) {
                events.tell(record, world, user, caller, Subject::Switched { on });
            }
            Ok(())
        })
        .await
    }
}

/// What the user is told: that no code is asked any more, or that one is again. The way back from
/// 'on' to the policy is neither.
const fn told(before: Option<bool>, wanted: Option<bool>) -> Option<bool> {
    match (before, wanted) {
        (Some(true) | None, Some(false)) => Some(false),
        (Some(false) | None, Some(true)) | (Some(false), None) => Some(true),
        _ => None,
    }
}

const fn shown(switch: Option<bool>) -> Switch {
    match switch {
        Some(true) => Switch::On,
        Some(false) => Switch::Off,
        None => Switch::Default,
    }
}
