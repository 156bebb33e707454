//! The per-user switch: an administrator's word about one person, over profile and level.

use twinlock_bus_api::{
    error::{Error, Result},
    policy::Switch,
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    login::User,
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
        self.change(user, |record, _, events| {
            let before = std::mem::replace(&mut record.mfa, wanted);
            let cause = format!("{}; before: {}", switch.as_str(), shown(before).as_str());
            let event = AuditEvent::new(Happening::UserSwitched, user.name.clone(), cause);
            events.push(Self::by(caller, user, event));
            Ok(())
        })
        .await
    }
}

const fn shown(switch: Option<bool>) -> Switch {
    match switch {
        Some(true) => Switch::On,
        Some(false) => Switch::Off,
        None => Switch::Default,
    }
}
