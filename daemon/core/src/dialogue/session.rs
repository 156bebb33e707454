//! What a person reads when a session opens: what happened since their last login, and what is
//! coming. It decides nothing.

use std::mem;

use super::{Message, World, words};
use crate::{login::LoginContext, policy::Reminder, record::UserRecord};

/// The texts of one session, told once: the record forgets them.
pub fn greet(login: &LoginContext, record: &mut UserRecord, world: &World<'_>) -> Vec<Message> {
    if !login.interactive || record.check_owner(&login.user).is_err() {
        return Vec::new();
    }
    let news = mem::take(&mut record.news).sentences().into_iter().map(Message::info);
    news.chain(coming(login, record, world)).collect()
}

/// The deadline of a user who has to enrol.
fn coming(login: &LoginContext, record: &UserRecord, world: &World<'_>) -> Option<Message> {
    let policy = &world.settings.policy;
    let standing = record.standing(world.settings.channels);
    let deadline = policy.terms(login).deadline(&standing, world.now)?;
    let reminder = Reminder { required_from: None, deadline: Some(deadline) };
    (deadline > world.now).then(|| {
        let mode = policy.enrolment_on_own_word(&login.user, &standing);
        Message::info(words::reminder(&reminder, mode, &world.settings.host))
    })
}
