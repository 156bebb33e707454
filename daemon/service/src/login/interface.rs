//! `org.twinlock1.Login`, one object for each connection.
//!
//! The object holds the dialogues of its connection and nobody else can name them; when the
//! connection goes, the object goes, and its dialogues with it.

use std::{collections::HashMap, sync::Arc};

use twinlock_bus_api::login::{self as wire, Style, details};
use twinlock_core::{
    dialogue::{self, Verdict},
    response::Response,
};
use zbus::{OwnedVariant, Variant, fdo, interface};

use super::{
    desk::{Desk, Ending, OpenDialogue, Reply},
    places::Occupant,
    request::Request,
};

/// Dialogues that one connection may have open. The PAM module has one.
const LIMIT: usize = 16;

/// The login interface of one connection.
pub struct LoginInterface {
    desk: Arc<Desk>,
    process: i32,
    occupant: Occupant,
    dialogues: HashMap<u64, Box<OpenDialogue>>,
    last: u64,
}

impl LoginInterface {
    /// For a peer of this process id, in its place.
    pub fn new(desk: Arc<Desk>, process: i32, occupant: Occupant) -> Self {
        Self { desk, process, occupant, dialogues: HashMap::new(), last: 0 }
    }

    /// Keeps the place while a dialogue is open.
    fn keep_place(&self) {
        self.occupant.set_busy(!self.dialogues.is_empty());
    }
}

type Details = HashMap<String, OwnedVariant>;

// `&mut self` makes the calls of one connection take turns. The tuples are written out, because an
// alias would be introspected as one argument without a name.
#[interface(name = "org.twinlock1.Login")]
impl LoginInterface {
    #[zbus(out_args("dialogue", "messages", "verdict", "details"))]
    async fn begin(
        &mut self,
        phase: &str,
        context: HashMap<String, OwnedVariant>,
    ) -> fdo::Result<(u64, Vec<wire::Message>, String, Details)> {
        let request = Request::read(phase, &context)
            .map_err(|error| fdo::Error::InvalidArgs(error.to_string()))?;
        if self.dialogues.len() >= LIMIT {
            let text = "this connection has too many dialogues open";
            return Err(fdo::Error::LimitsExceeded(text.to_owned()));
        }
        let desk = Arc::clone(&self.desk);
        let _inside = desk.admit(&request).await;
        self.last += 1;
        let dialogue = self.last;
        self.occupant.set_busy(true);
        let (messages, verdict, details) = match self.desk.begin(request, self.process).await {
            Reply::Ask(messages, open) => {
                self.dialogues.insert(dialogue, open);
                (on_wire(messages), String::new(), HashMap::new())
            }
            Reply::Done(ending) => ending_on_wire(ending),
        };
        self.keep_place();
        Ok((dialogue, messages, verdict, details))
    }

    #[zbus(out_args("messages", "verdict", "details"))]
    async fn answer(
        &mut self,
        dialogue: u64,
        response: String,
    ) -> fdo::Result<(Vec<wire::Message>, String, Details)> {
        let response = Response::new(response);
        let gone = || fdo::Error::InvalidArgs("no such dialogue is open here".to_owned());
        let desk = Arc::clone(&self.desk);
        // One that is kept waiting here ends with its connection, as any other.
        let _inside = desk.admit_answer(self.dialogues.get(&dialogue).ok_or_else(gone)?).await;
        let open = self.dialogues.remove(&dialogue).ok_or_else(gone)?;
        let reply = match self.desk.answer(*open, &response).await {
            Reply::Ask(messages, open) => {
                self.dialogues.insert(dialogue, open);
                (on_wire(messages), String::new(), HashMap::new())
            }
            Reply::Done(ending) => ending_on_wire(ending),
        };
        self.keep_place();
        Ok(reply)
    }

    async fn cancel(&mut self, dialogue: u64) {
        if let Some(open) = self.dialogues.remove(&dialogue) {
            self.desk.abandon(*open, "cancelled");
        }
        self.keep_place();
    }
}

impl Drop for LoginInterface {
    fn drop(&mut self) {
        for (_, open) in self.dialogues.drain() {
            self.desk.abandon(*open, "the connection was closed");
        }
    }
}

fn on_wire(messages: Vec<dialogue::Message>) -> Vec<wire::Message> {
    let style = |style| match style {
        dialogue::Style::Prompt => Style::PromptEcho,
        dialogue::Style::Error => Style::Error,
        dialogue::Style::Info => Style::Info,
    };
    messages
        .into_iter()
        .map(|message| wire::Message::new(style(message.style), message.text))
        .collect()
}

fn ending_on_wire(ending: Ending) -> wire::AnswerReply {
    let verdict = match ending.verdict {
        Verdict::Allow => wire::Verdict::Allow,
        Verdict::Skip => wire::Verdict::Skip,
        Verdict::Deny => wire::Verdict::Deny,
        Verdict::Locked => wire::Verdict::Locked,
    };
    let mut details = HashMap::new();
    let mut put = |key: &str, text: &str| {
        if let Ok(value) = OwnedVariant::try_from(Variant::from(text)) {
            details.insert(key.to_owned(), value);
        }
    };
    if let Some(ticket) = &ending.ticket {
        put(details::TICKET, ticket);
    }
    if let Some(reference) = &ending.reference {
        put(details::REFERENCE, reference.as_str());
    }
    (on_wire(ending.messages), verdict.as_str().to_owned(), details)
}
