//! The dialogue loop against a script: one list of what happens, in order, on both sides. A login
//! must use it up to the last line.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use twinlock_bus_api::login::Style;

use super::*;

/// One thing that happens.
enum Event {
    /// `Begin` is called, and the daemon replies.
    Begin(Result<Reply, CallError>),
    /// `Answer` is called with this response, and the daemon replies.
    Answer(&'static str, Result<Reply, CallError>),
    /// The person is shown these texts.
    Shown(&'static [&'static str], Result<(), ConversationError>),
    /// The person is shown these texts, is asked, and types this.
    Asked(&'static [&'static str], Result<Option<Vec<u8>>, ConversationError>),
}

use Event::{Answer, Asked, Begin, Shown};

/// Both sides of the dialogue read the same script. The texts of the end are shown behind a closed
/// connection: a person who does not read on must not keep it.
#[derive(Clone)]
struct Script(Rc<RefCell<VecDeque<Event>>>, Rc<Cell<bool>>);

impl Script {
    fn next(&self) -> Event {
        self.0.borrow_mut().pop_front().expect("the script goes on")
    }
}

const DIALOGUE: u64 = 41;

impl Daemon for Script {
    fn begin(&mut self, _: Phase, context: &Context) -> Result<(u64, Reply), CallError> {
        assert_eq!(context.user, "alice");
        match self.next() {
            Begin(reply) => reply.map(|reply| (DIALOGUE, reply)),
            _ => panic!("the daemon is asked out of turn"),
        }
    }

    fn answer(&mut self, dialogue: u64, response: &str) -> Result<Reply, CallError> {
        assert_eq!(dialogue, DIALOGUE);
        match self.next() {
            Answer(expected, reply) => {
                assert_eq!(response, expected);
                reply
            }
            _ => panic!("the daemon is answered out of turn"),
        }
    }

    fn close(&mut self) {
        self.1.set(true);
    }
}

impl Conversation for Script {
    fn show(&mut self, texts: &[Line]) -> Result<(), ConversationError> {
        assert!(self.1.get(), "the connection is closed first");
        match self.next() {
            Shown(expected, result) => {
                assert_eq!(texts.iter().map(|line| &line.text).collect::<Vec<_>>(), expected);
                result
            }
            _ => panic!("a text is shown out of turn"),
        }
    }

    fn ask(&mut self, lines: &[Line]) -> Result<Option<Zeroizing<Vec<u8>>>, ConversationError> {
        match self.next() {
            Asked(expected, result) => {
                assert_eq!(lines.iter().map(|line| &line.text).collect::<Vec<_>>(), expected);
                result.map(|typed| typed.map(Zeroizing::new))
            }
            _ => panic!("the person is asked out of turn"),
        }
    }
}

fn reply(messages: &[(Style, &str)], verdict: &str) -> Result<Reply, CallError> {
    Ok(Reply {
        messages: messages.iter().map(|(style, text)| Message::new(*style, *text)).collect(),
        verdict: verdict.to_owned(),
        details: Details::new(),
    })
}

fn prompt(text: &str) -> Result<Reply, CallError> {
    reply(&[(Style::PromptEcho, text)], "")
}

fn typed(text: &[u8]) -> Result<Option<Vec<u8>>, ConversationError> {
    Ok(Some(text.to_vec()))
}

fn play_as(phase: Phase, interactive: bool, script: Vec<Event>) -> Result<Ended, Failure> {
    let context = Context { user: "alice".to_owned(), interactive, ..Context::default() };
    let script = Script(Rc::new(RefCell::new(script.into())), Rc::default());
    let (mut person, mut daemon) = (script.clone(), script.clone());
    let ended = run(phase, &context, &mut person, &mut daemon);
    assert!(script.0.borrow().is_empty(), "the script is used up");
    ended
}

fn play(script: Vec<Event>) -> Result<Ended, Failure> {
    play_as(Phase::Auth, true, script)
}

fn verdict(ended: Result<Ended, Failure>) -> Verdict {
    ended.map(|ended| ended.verdict).expect("a verdict")
}

#[test]
fn a_right_code_is_asked_for_sent_and_allowed() {
    let ended = play(vec![
        Begin(prompt("Verification code: ")),
        Asked(&["Verification code: "], typed(b"123456")),
        Answer("123456", reply(&[], "allow")),
    ]);
    assert_eq!(verdict(ended), Verdict::Allow);
}

#[test]
fn a_verdict_at_once_shows_its_texts_first() {
    for (word, expected) in [
        ("allow", Verdict::Allow),
        ("skip", Verdict::Skip),
        ("deny", Verdict::Deny),
        ("locked", Verdict::Locked),
    ] {
        let ended = play(vec![
            Begin(reply(&[(Style::Info, "one"), (Style::Error, "two")], word)),
            Shown(&["one", "two"], Ok(())),
        ]);
        assert_eq!(verdict(ended), expected);
    }
}

#[test]
fn texts_and_their_prompt_are_one_conversation_call() {
    let ended = play(vec![
        Begin(reply(&[(Style::Info, "Scan this."), (Style::PromptEcho, "Code: ")], "")),
        Asked(&["Scan this.", "Code: "], typed(b"000000")),
        Answer("000000", reply(&[(Style::Error, "Wrong."), (Style::PromptEcho, "Code: ")], "")),
        Asked(&["Wrong.", "Code: "], typed(b"111111")),
        Answer("111111", reply(&[(Style::Error, "Too many wrong codes.")], "locked")),
        Shown(&["Too many wrong codes."], Ok(())),
    ]);
    assert_eq!(verdict(ended), Verdict::Locked);
}

#[test]
fn a_ticket_comes_with_the_verdict() {
    let ticket = zbus::Variant::from("c0ffee".to_owned());
    let ticket = zbus::OwnedVariant::try_from(ticket).expect("a plain string");
    let details = Details::from([("ticket".to_owned(), ticket)]);
    let reply = Reply { messages: vec![], verdict: "allow".to_owned(), details };
    let ended = play(vec![Begin(Ok(reply))]).expect("a verdict");
    assert_eq!(ended.ticket.expect("a ticket").as_str(), "c0ffee");
}

#[test]
fn an_answer_that_cannot_be_a_code_is_sent_as_a_wrong_one_and_not_as_none() {
    let hostile: [Option<Vec<u8>>; 8] = [
        None,
        Some(vec![b'1'; MAX_RESPONSE + 1]),
        Some(b"123\x00456".to_vec()),
        Some(b"\xff\xfe123456".to_vec()),
        Some(b"123456\n".to_vec()),
        Some(b"\x1b[A".to_vec()),
        Some(b"\x08 \x08".to_vec()),
        Some("123\u{9b}456".as_bytes().to_vec()),
    ];
    for typed in hostile {
        let ended = play(vec![
            Begin(prompt("Code: ")),
            Asked(&["Code: "], Ok(typed)),
            Answer("?", reply(&[], "deny")),
        ]);
        assert_eq!(verdict(ended), Verdict::Deny);
    }
    // Nothing typed can stand for a choice, and goes on its way as it is.
    let ended = play(vec![
        Begin(prompt("Code: ")),
        Asked(&["Code: "], Ok(Some(vec![]))),
        Answer("", reply(&[], "deny")),
    ]);
    assert_eq!(verdict(ended), Verdict::Deny);
}

#[test]
fn the_longest_answer_and_letters_of_any_script_are_sent_as_typed() {
    assert_eq!(&**response(Some(Zeroizing::new("ключ é".into()))), "ключ é");
    let longest = vec![b'1'; MAX_RESPONSE];
    assert_eq!(response(Some(Zeroizing::new(longest))).len(), MAX_RESPONSE);
}

#[test]
fn a_reply_that_breaks_the_contract_ends_the_login() {
    let prompts = [(Style::PromptEcho, "a"), (Style::PromptEcho, "b")];
    let hostile = || {
        [
            reply(&[], ""),
            reply(&[(Style::Info, "no prompt")], ""),
            reply(&prompts, ""),
            reply(&[(Style::PromptEcho, "a"), (Style::Info, "after")], ""),
            reply(&[(Style::PromptEcho, "a")], "allow"),
            reply(&[], "granted"),
            reply(&[(Style::Info, &"x".repeat(crate::reply::MAX_TEXT + 1))], "allow"),
            reply(&[(Style::Info, "x"); crate::reply::MAX_MESSAGES + 1], "allow"),
            Ok(Reply {
                messages: vec![Message { style: 7, text: "x".to_owned() }],
                verdict: "allow".to_owned(),
                details: Details::new(),
            }),
        ]
    };
    for reply in hostile() {
        let failure = play(vec![Begin(reply)]).err().expect("no verdict");
        assert!(matches!(failure, Failure::Nonsense(_)), "{failure}");
        assert_eq!(failure.return_code(Phase::Auth), pamsm::PamError::AUTHINFO_UNAVAIL);
    }
    for reply in hostile() {
        let failure = play(vec![
            Begin(prompt("Code: ")),
            Asked(&["Code: "], typed(b"123456")),
            Answer("123456", reply),
        ]);
        let failure = failure.err().expect("no verdict");
        assert!(matches!(failure, Failure::Nonsense(_)), "{failure}");
    }
}

#[test]
fn a_daemon_that_never_decides_is_left() {
    let mut script = vec![Begin(prompt("Code: "))];
    for _ in 0..MAX_PROMPTS {
        script.push(Asked(&["Code: "], typed(b"1")));
        script.push(Answer("1", prompt("Code: ")));
    }
    let failure = play(script).err().expect("no verdict");
    assert!(matches!(failure, Failure::Nonsense(Nonsense::TooManyPrompts)), "{failure}");
}

#[test]
fn a_verdict_after_the_last_prompt_counts() {
    let mut script = vec![Begin(prompt("Code: "))];
    for round in 1..=MAX_PROMPTS {
        script.push(Asked(&["Code: "], typed(b"1")));
        let last = round == MAX_PROMPTS;
        script.push(Answer("1", if last { reply(&[], "deny") } else { prompt("Code: ") }));
    }
    assert_eq!(verdict(play(script)), Verdict::Deny);
}

#[test]
fn a_call_that_fails_ends_the_login() {
    let failure = play(vec![Begin(Err(CallError::NoSocket))]).err().expect("no verdict");
    assert!(matches!(failure, Failure::Call(CallError::NoSocket)), "{failure}");
    let failure = play(vec![
        Begin(prompt("Code: ")),
        Asked(&["Code: "], typed(b"123456")),
        Answer("123456", Err(CallError::Oversized)),
    ]);
    assert!(matches!(failure, Err(Failure::Call(CallError::Oversized))));
}

const CLOSED: CallError = CallError::Closed { answering: true };

#[test]
fn a_daemon_that_is_restarted_while_somebody_types_asks_again() {
    let ended = play(vec![
        Begin(prompt("Code: ")),
        Asked(&["Code: "], typed(b"123456")),
        Answer("123456", Err(CLOSED)),
        Begin(prompt("Code: ")),
        Asked(&[RESTARTED, "Code: "], typed(b"654321")),
        Answer("654321", reply(&[], "allow")),
    ]);
    assert_eq!(verdict(ended), Verdict::Allow);
}

#[test]
fn a_login_begins_anew_once_and_no_more() {
    let failure = play(vec![
        Begin(prompt("Code: ")),
        Asked(&["Code: "], typed(b"1")),
        Answer("1", Err(CLOSED)),
        Begin(prompt("Code: ")),
        Asked(&[RESTARTED, "Code: "], typed(b"2")),
        Answer("2", Err(CLOSED)),
    ]);
    assert!(matches!(failure, Err(Failure::Call(CallError::Closed { .. }))));
    let failure = play(vec![
        Begin(Err(CallError::Closed { answering: false })),
        Begin(Err(CallError::Closed { answering: false })),
    ]);
    assert!(matches!(failure, Err(Failure::Call(CallError::Closed { .. }))));
}

#[test]
fn a_daemon_that_ends_before_it_answers_is_asked_once_more() {
    let ended = play(vec![
        Begin(Err(CallError::Closed { answering: false })),
        Begin(prompt("Code: ")),
        Asked(&["Code: "], typed(b"123456")),
        Answer("123456", reply(&[], "allow")),
    ]);
    assert_eq!(verdict(ended), Verdict::Allow);
}

#[test]
fn a_restart_is_no_way_past_a_refusal() {
    let ended = play(vec![
        Begin(prompt("Code: ")),
        Asked(&["Code: "], typed(b"1")),
        Answer("1", Err(CLOSED)),
        Begin(reply(&[(Style::Error, "Wait.")], "locked")),
        Shown(&["Wait."], Ok(())),
    ]);
    assert_eq!(verdict(ended), Verdict::Locked);
}

#[test]
fn a_prompt_that_is_not_passed_on_ends_the_login_without_an_answer() {
    let failure = play(vec![
        Begin(prompt("Code: ")),
        Asked(&["Code: "], Err(ConversationError::Refused(19))),
    ]);
    assert!(matches!(failure, Err(Failure::Conversation(_))));
}

#[test]
fn a_verdict_stands_where_its_texts_cannot_be_shown() {
    let ended = play(vec![
        Begin(reply(&[(Style::Info, "Enrol before Monday.")], "skip")),
        Shown(&["Enrol before Monday."], Err(ConversationError::Refused(19))),
    ]);
    assert_eq!(verdict(ended), Verdict::Skip);
}

#[test]
fn a_silent_login_shows_prompts_and_no_texts() {
    let ended = play_as(
        Phase::Auth,
        false,
        vec![
            Begin(reply(&[(Style::Info, "Hello."), (Style::PromptEcho, "Code: ")], "")),
            Asked(&["Code: "], typed(b"123456")),
            Answer("123456", reply(&[(Style::Info, "Welcome.")], "allow")),
        ],
    );
    assert_eq!(verdict(ended), Verdict::Allow);
}

#[test]
fn a_silent_login_reads_in_the_prompt_why_it_comes_again() {
    let texts =
        [(Style::Info, "Hello."), (Style::Error, "Not right."), (Style::PromptEcho, "Code: ")];
    let ended = play_as(
        Phase::Auth,
        false,
        vec![
            Begin(prompt("Code: ")),
            Asked(&["Code: "], typed(b"000000")),
            Answer("000000", reply(&texts, "")),
            Asked(&["Not right.\nCode: "], typed(b"123456")),
            Answer("123456", reply(&[], "allow")),
        ],
    );
    assert_eq!(verdict(ended), Verdict::Allow);
}

#[test]
fn the_session_phase_shows_and_never_asks() {
    let shown = vec![
        Begin(reply(&[(Style::Info, "Two wrong codes since yesterday.")], "skip")),
        Shown(&["Two wrong codes since yesterday."], Ok(())),
    ];
    assert_eq!(verdict(play_as(Phase::Session, true, shown)), Verdict::Skip);
    let failure = play_as(Phase::Session, true, vec![Begin(prompt("Password: "))]);
    assert!(matches!(failure, Err(Failure::Nonsense(Nonsense::PromptInSession { .. }))));
}
