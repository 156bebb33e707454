//! The fresh code that a user's own word needs: by which methods, and how one is sent.

use twinlock_bus_api::error::{Error, Result};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::{Settings, withheld},
    factor::one_time_code::Scope,
    lockout::Gate,
    login::User,
    notice::{Notice, SecretText, Subject},
    policy::{COMMAND, Method, Methods},
    record::UserRecord,
};

use super::{
    account::Accounts,
    caller::Caller,
    effects::{self, notice},
    errors,
};

impl Accounts {
    /// Sends a code that counts as a fresh one. Returns where it went, masked, and for how many
    /// seconds it is good.
    pub(super) async fn send_code(
        &self,
        user: &User,
        caller: &Caller,
        method: &str,
    ) -> Result<(String, u64)> {
        let method = sending(method)?;
        self.change(user, |record, world, effects| {
            let settings = world.settings;
            let source = effects::source(caller);
            let rules = &settings.codes.lockout;
            match record.lockout.gate(&source.counter_key(), rules, world.now) {
                Gate::Open => {}
                closed => return Err(errors::locked(&user.name, closed)),
            }
            let recipient = record.contact(method).filter(|_| record.methods().contains(method));
            let recipient = recipient.ok_or_else(|| no_contact(&user.name, method))?;
            if !settings.channels.carry(method) {
                return Err(closed_channel(method));
            }
            if !settings.policy.methods_of_own_word(user).contains(method) {
                return Err(uncounted(method));
            }
            let rules = &settings.one_time_code;
            let counted = source.counter_key();
            let scope = Scope { user: &user.name, service: COMMAND, source: &counted };
            record
                .one_time
                .may_send(method, scope, rules, world.now)
                .map_err(|why| Error::Throttled(withheld(why)))?;
            let code = world.fresh.sent_code();
            record.one_time.issue(scope, method, &code, world.hashing, rules, world.now);
            let shown = recipient.masked();
            let cause = format!("by {} to {shown}", carrier(method));
            let event = AuditEvent::new(Happening::CodeSent, user.name.clone(), cause);
            let event = AuditEvent {
                service: Some(COMMAND.to_owned()),
                source: Some(source),
                ..Self::by(caller, user, event)
            };
            effects.push(event.with_reference(world.fresh.reference()));
            let code = SecretText::new(code.as_str());
            let subject = Subject::OneTimeCode { code, lifetime: rules.lifetime };
            effects.notify(Notice {
                service: Some(COMMAND.to_owned()),
                ..notice(vec![recipient], world, user, caller, subject)
            });
            Ok((shown, rules.lifetime.as_secs()))
        })
        .await
    }
}

/// Those of them that the user can show over the bus now.
pub(super) fn usable(record: &UserRecord, settings: &Settings, user: &User) -> Methods {
    let counting = settings.policy.methods_of_own_word(user).and(&record.methods());
    counting.iter().filter(|method| settings.channels.carry(*method)).collect()
}

/// The method of this word, if it sends anything.
pub(super) fn sending(word: &str) -> Result<Method> {
    [Method::Email, Method::Sms].into_iter().find(|method| method.as_str() == word).ok_or_else(
        || Error::InvalidArgument("Messages are sent by 'email' or 'sms'; give one.".to_owned()),
    )
}

/// What carries a code.
pub(super) const fn carrier(method: Method) -> &'static str {
    match method {
        Method::Sms => "text message",
        _ => "e-mail",
    }
}

/// This host has no way to send by this method.
pub(super) fn closed_channel(method: Method) -> Error {
    Error::MethodUnavailable(format!(
        "This host sends nothing by {} right now. Use another method, or ask an administrator.",
        carrier(method)
    ))
}

fn no_contact(user: &str, method: Method) -> Error {
    Error::MethodUnavailable(format!(
        "There is no contact of {user} to which a code could go by {}. Use another method.",
        carrier(method)
    ))
}

fn uncounted(method: Method) -> Error {
    Error::MethodUnavailable(format!(
        "A code by {} does not count for that, because the policy does not take one at every login \
         of yours. Use another method, or ask an administrator.",
        carrier(method)
    ))
}
