//! Logins at the desk, and over a real socket.

mod age;
mod closing;
mod faults;
mod flow;
mod limits;
mod password;
mod sessions;
mod told;
mod wire;

use std::sync::Arc;

use twinlock_core::{
    dialogue::{Message, Verdict},
    response::Response,
};
use zbus::Variant;

use super::{
    desk::{Desk, Ending, OpenDialogue, Reply},
    stack::Stacks,
};
use crate::{
    engine::Engine,
    testing::{Setup, request},
};

/// The process in which logins of these tests run.
const PROCESS: i32 = 4711;

fn desk(engine: &Arc<Engine>) -> Desk {
    Desk::new(Arc::clone(engine), Stacks::in_folders(Vec::new()))
}

async fn begin(desk: &Desk, phase: &str, user: &str, extra: &[(&str, Variant<'_>)]) -> Reply {
    desk.begin(request(phase, user, extra), PROCESS).await
}

fn asked(reply: Reply) -> (Vec<Message>, OpenDialogue) {
    match reply {
        Reply::Ask(messages, open) => (messages, *open),
        Reply::Done(ending) => panic!("no prompt, but {:?}: {:?}", ending.verdict, ending.messages),
    }
}

fn done(reply: Reply) -> Ending {
    match reply {
        Reply::Ask(messages, _) => panic!("no end, but {messages:?}"),
        Reply::Done(ending) => ending,
    }
}

/// Opens a login of this user and gives one answer.
async fn log_in(desk: &Desk, user: &str, code: &str) -> Reply {
    let (_, open) = asked(begin(desk, "auth", user, &[]).await);
    desk.answer(open, &Response::new(code.to_owned())).await
}

/// The account phase with this ticket.
async fn redeem(desk: &Desk, user: &str, ticket: &str) -> Ending {
    done(begin(desk, "account", user, &[("ticket", Variant::from(ticket))]).await)
}

fn ticket(ending: &Ending) -> String {
    ending.ticket.as_ref().unwrap().to_string()
}

fn texts(ending: &Ending) -> Vec<&str> {
    ending.messages.iter().map(|message| message.text.as_str()).collect()
}

/// A refusal that tells the person to quote a reference, which the log has too.
fn assert_refused(ending: &Ending, setup: &Setup) -> Vec<String> {
    assert_eq!(ending.verdict, Verdict::Deny);
    assert!(ending.ticket.is_none());
    let lines = setup.lines();
    let reference = ending.reference.as_ref().unwrap().as_str();
    assert!(lines.iter().any(|line| line.contains(reference)), "{reference}: {lines:?}");
    lines
}
