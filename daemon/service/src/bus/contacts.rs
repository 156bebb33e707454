//! Contacts: set by an administrator, or by users who prove them.
//!
//! ```text
//!   own word:  SetContact ─► fresh code ─► a code to the new contact ─► ConfirmContact ─► counts
//!   administrator:                                     SetContact ─────────────────────► counts
//! ```
//! An empty address takes the contact away: that needs no proof.

use twinlock_bus_api::{
    contact::{ConfirmedContact, ContactInfo},
    error::{Error, Result},
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    contact::{Contact, Vouched},
    contact_proof::ContactProof,
    dialogue::{World, withheld},
    login::User,
    notice::{Recipient, SecretText, Subject},
    policy::Method,
    record::UserRecord,
    response::Response,
};

use super::{
    account::{Accounts, Authority, check_has_factor},
    caller::Caller,
    effects::{Effects, notice},
    enrolments::LIFETIME,
    errors,
    fresh_code::{carrier, closed_channel, sending},
    recovery,
    verbs::prove,
};

/// A contact that waits for its code.
pub(super) struct PendingContact {
    user: User,
    proof: ContactProof,
}

/// What a call of `SetContact` wants.
enum Wanted {
    Set(Recipient),
    Away(Method),
}

impl Wanted {
    fn read(method: &str, address: &str) -> Result<Self> {
        let method = sending(method)?;
        if address.trim().is_empty() {
            return Ok(Self::Away(method));
        }
        match Recipient::read(method, address) {
            Some(Ok(contact)) => Ok(Self::Set(contact)),
            Some(Err(why)) => Err(Error::InvalidArgument(errors::capital(&format!("{why}.")))),
            None => Err(Error::InvalidArgument(
                "Nothing is sent by that method; give 'email' or 'sms'.".to_owned(),
            )),
        }
    }
}

impl Accounts {
    /// An administrator's word: it counts at once. Says whether anything changed.
    pub(super) async fn set_contact(
        &self,
        user: &User,
        caller: &Caller,
        method: &str,
        address: &str,
    ) -> Result<bool> {
        let wanted = Wanted::read(method, address)?;
        self.change(user, |record, world, effects| {
            let before = Recipient::all_of(&record.contacts);
            Ok(match &wanted {
                Wanted::Set(contact) => {
                    let old = record.contact(contact.method());
                    let changed = record.set_contact(contact, Vouched::Administrator, world.now);
                    if changed {
                        let change = Change { before, old, new: Some(contact.clone()), how: "" };
                        change.tell(record, world, effects, user, caller);
                    }
                    changed
                }
                Wanted::Away(method) => take_away(record, world, effects, user, caller, *method),
            })
        })
        .await
    }

    /// A user's own word, with a fresh code: what is new is sent a code, and counts once that has
    /// come back; what is taken away is gone at once, and the number is 0. Returns the number of
    /// the proof, and where its code went, masked.
    pub(super) async fn offer_contact(
        &self,
        user: &User,
        caller: &Caller,
        method: &str,
        address: &str,
        code: &str,
    ) -> Result<(u64, String)> {
        let wanted = Wanted::read(method, address)?;
        let begun = self.change(user, |record, world, effects| {
            check_has_factor(record)?;
            if let Wanted::Set(contact) = &wanted {
                // Before the code is used up.
                may_send(record, world, caller, contact.method())?;
            }
            prove(record, world, effects, user, caller, code)?;
            match &wanted {
                Wanted::Away(method) => {
                    if take_away(record, world, effects, user, caller, *method) {
                        Ok(None)
                    } else {
                        Err(no_such_contact(user, *method))
                    }
                }
                Wanted::Set(contact) => {
                    Ok(Some(begin(record, world, effects, user, caller, contact)))
                }
            }
        });
        let Some(proof) = begun.await? else { return Ok((0, String::new())) };
        let shown = proof.contact().masked();
        let pending = PendingContact { user: user.clone(), proof };
        let number = self.proofs.open(caller, pending, self.engine.steady());
        Ok((number.ok_or_else(errors::too_many_enrolments)?, shown))
    }

    /// The code that was sent to a new contact has come back.
    pub(super) async fn confirm_contact(
        &self,
        caller: &Caller,
        number: u64,
        code: &str,
    ) -> Result<ConfirmedContact> {
        let taken = self.proofs.take(caller, number, self.engine.steady()).ok_or_else(gone)?;
        let PendingContact { user, proof } = taken.pending();
        let response = Response::new(code.to_owned());
        let confirmed = self.change(user, |record, world, effects| {
            if !proof.still_stands(record) {
                return Err(gone());
            }
            if !proof.is_right(&user.name, &response, world.hashing) {
                let reference = world.fresh.reference();
                let cause = "wrong code for a new contact";
                let event = AuditEvent::new(Happening::CodeRefused, user.name.clone(), cause);
                effects.push(Self::by(caller, user, event).with_reference(reference.clone()));
                return Err(errors::wrong_code(&reference));
            }
            Ok(take_up(record, world, effects, user, caller, proof.contact()))
        });
        let confirmed = confirmed.await;
        match confirmed {
            Err(Error::WrongCode(_)) => {
                self.proofs.put_back(taken);
            }
            Err(Error::Unavailable(_)) => self.proofs.give_back(taken),
            _ => {}
        }
        confirmed
    }
}

/// Whether a code can be sent to a new contact now.
fn may_send(record: &UserRecord, world: &World<'_>, caller: &Caller, method: Method) -> Result<()> {
    if !world.settings.channels.carry(method) {
        return Err(closed_channel(method));
    }
    let rules = &world.settings.one_time_code;
    let allowed = {
        let source = super::effects::source(caller).counter_key();
        record.one_time.may_send_anything(&source, rules, world.now)
    };
    allowed.map_err(|why| Error::Throttled(withheld(why)))
}

/// Sends a code to a new contact.
fn begin(
    record: &mut UserRecord,
    world: &World<'_>,
    effects: &mut Effects,
    user: &User,
    caller: &Caller,
    contact: &Recipient,
) -> ContactProof {
    let code = world.fresh.sent_code();
    record.one_time.note_sent(&super::effects::source(caller).counter_key(), world.now);
    let shown = contact.masked();
    let cause = format!("by {} to {shown}, to prove that it is theirs", carrier(contact.method()));
    let event = AuditEvent::new(Happening::CodeSent, user.name.clone(), cause);
    effects.push(Accounts::by(caller, user, event).with_reference(world.fresh.reference()));
    let secret = SecretText::new(code.as_str());
    let subject = Subject::ContactProof { code: secret, lifetime: LIFETIME };
    effects.notify(notice(vec![contact.clone()], world, user, caller, subject));
    ContactProof::begin(contact.clone(), &code, record, world.hashing)
}

/// A proved contact counts.
fn take_up(
    record: &mut UserRecord,
    world: &World<'_>,
    effects: &mut Effects,
    user: &User,
    caller: &Caller,
    contact: &Recipient,
) -> ConfirmedContact {
    let before = Recipient::all_of(&record.contacts);
    let old = record.contact(contact.method());
    let is_first = !record.is_enrolled();
    record.set_contact(contact, Vouched::User, world.now);
    let how = ", proved with a code";
    let change = Change { before, old, new: Some(contact.clone()), how };
    change.tell(record, world, effects, user, caller);
    let recovery_codes = is_first
        .then(|| recovery::with_first_factor(record, world, effects, user, caller))
        .flatten();
    ConfirmedContact {
        method: contact.method().as_str().to_owned(),
        address: contact.masked(),
        recovery_codes,
    }
}

/// Takes a contact away, where there is one.
pub(super) fn take_away(
    record: &mut UserRecord,
    world: &World<'_>,
    effects: &mut Effects,
    user: &User,
    caller: &Caller,
    method: Method,
) -> bool {
    let before = Recipient::all_of(&record.contacts);
    let Some(old) = record.take_contact(method, world.now) else { return false };
    let change = Change { before, old: Some(old), new: None, how: "" };
    change.tell(record, world, effects, user, caller);
    true
}

/// A contact that was changed, for the log and for everyone who can be reached by the old contacts
/// and by the new ones.
struct Change {
    before: Vec<Recipient>,
    old: Option<Recipient>,
    new: Option<Recipient>,
    how: &'static str,
}

impl Change {
    fn tell(
        self,
        record: &UserRecord,
        world: &World<'_>,
        effects: &mut Effects,
        user: &User,
        caller: &Caller,
    ) {
        let Self { before: mut to, old, new, how } = self;
        let Some(what) = new.as_ref().or(old.as_ref()).map(Recipient::name) else { return };
        let (old, new) = (old.as_ref().map(Recipient::masked), new.as_ref().map(Recipient::masked));
        let shown = |contact: &Option<String>| contact.clone().unwrap_or_else(|| "none".to_owned());
        let cause = format!("{what}: {}, before: {}{how}", shown(&new), shown(&old));
        let event = AuditEvent::new(Happening::ContactChanged, user.name.clone(), cause);
        effects.push(Accounts::by(caller, user, event).with_reference(world.fresh.reference()));
        let now = Recipient::all_of(&record.contacts);
        to.extend(now.into_iter().filter(|contact| !to.contains(contact)).collect::<Vec<_>>());
        let subject = Subject::ContactChanged { what, old, new };
        effects.notify(notice(to, world, user, caller, subject));
    }
}

/// The contacts as they are shown: in full to administrators, masked to everybody else.
pub(super) fn contacts(record: &UserRecord, authority: Authority) -> Vec<ContactInfo> {
    let of = |method: Method| {
        let shown = record.contact(method)?;
        let shown = match authority {
            Authority::Administrator => shown.as_str().to_owned(),
            Authority::Own => shown.masked(),
        };
        let contacts = &record.contacts;
        match method {
            Method::Email => contacts.email.as_ref().map(|contact| info(contact, method, shown)),
            _ => contacts.mobile.as_ref().map(|contact| info(contact, method, shown)),
        }
    };
    [Method::Email, Method::Sms].into_iter().filter_map(of).collect()
}

fn info<T>(contact: &Contact<T>, method: Method, address: String) -> ContactInfo {
    let vouched = match contact.vouched {
        Vouched::Administrator => "administrator",
        Vouched::User => "user",
    };
    ContactInfo {
        method: method.as_str().to_owned(),
        address,
        vouched: vouched.to_owned(),
        since: contact.since.as_secs(),
        last_used_at: contact.last_used_at.map(|time| time.as_secs()),
    }
}

fn no_such_contact(user: &User, method: Method) -> Error {
    let what = if method == Method::Sms { "mobile number" } else { "e-mail address" };
    Error::InvalidArgument(format!(
        "{} has no {what} that could be taken away; 'twinlock contact show' shows what there is.",
        user.name
    ))
}

fn gone() -> Error {
    Error::NoSuchEnrolment(
        "That proof is not open any more; begin again with 'twinlock contact set'.".to_owned(),
    )
}
