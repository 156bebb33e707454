//! What happened at the daemon of the tests, and how it answers questions about it.

use twinlock_bus_api::history::{LogEvent, LogFilter};

use super::daemon::{State, THEN};

/// Events of one call, few so that a test sees pages.
const PAGE: usize = 3;

impl State {
    /// As the daemon does: in order, after the place, page by page.
    pub fn log(&mut self, filter: &LogFilter) -> (Vec<LogEvent>, String, bool) {
        let after = filter.after.as_ref().map_or(0, |after| after.parse().unwrap());
        let wanted = |event: &LogEvent| {
            filter.user.as_ref().is_none_or(|user| *user == event.user)
                && filter.event.as_ref().is_none_or(|word| *word == event.event)
                && filter.since.is_none_or(|since| event.at >= since)
                && filter.until.is_none_or(|until| event.at < until)
        };
        let mut events = Vec::new();
        let mut next = after;
        for event in &self.log[after..] {
            if events.len() == PAGE {
                return (events, next.to_string(), true);
            }
            next += 1;
            events.extend(wanted(event).then(|| event.clone()));
        }
        (events, next.to_string(), false)
    }
}

/// The events of the login that has the reference.
pub fn login_of(log: &[LogEvent], reference: &str) -> Vec<LogEvent> {
    let has_it = |event: &LogEvent| event.reference.as_deref() == Some(reference);
    let Some(named) = log.iter().find(|event| has_it(event)) else { return Vec::new() };
    log.iter()
        .filter(|event| event.user == named.user && event.service == named.service)
        .map(|event| LogEvent {
            is_named: Some(has_it(event)),
            line: Some(format!("event={} user=\"{}\"", event.event, event.user)),
            meaning: Some(format!("In plain words: {}.", event.cause)),
            advice: Some("Do this.".to_owned()),
            ..event.clone()
        })
        .collect()
}

/// An event of a login over SSH.
pub fn login(seconds: u64, event: &str, user: &str, cause: &str) -> LogEvent {
    LogEvent {
        at: THEN + seconds,
        event: event.to_owned(),
        user: user.to_owned(),
        service: Some("sshd".to_owned()),
        source: Some("203.0.113.9".to_owned()),
        tty: Some("ssh".to_owned()),
        cause: cause.to_owned(),
        ..LogEvent::default()
    }
}

/// alice mistypes and gets in, bob is observed, root resets carol, and a stranger plays with names.
pub fn log() -> Vec<LogEvent> {
    let told = |event: LogEvent, reference: &str| LogEvent {
        reference: Some(reference.to_owned()),
        ..event
    };
    vec![
        told(login(0, "code.refused", "alice", "wrong code"), "7F3KQ2"),
        told(
            login(9, "code.refused", "alice", "right code for another time: +3 steps of 30 s"),
            "9ABCDE",
        ),
        login(20, "login.allowed", "alice", "code of factor A7"),
        login(60, "login.observed", "bob", "would deny: not enrolled"),
        LogEvent {
            at: THEN + 3600,
            event: "user.reset".to_owned(),
            user: "carol".to_owned(),
            by: Some("root".to_owned()),
            cause: "2 factors taken away".to_owned(),
            ..LogEvent::default()
        },
        LogEvent {
            source: Some("local".to_owned()),
            requester: Some("bob".to_owned()),
            ..login(3700, "login.refused", "eve\u{202e}\u{1b}[2J\nx", "no such user")
        },
        LogEvent {
            at: THEN + 90_000,
            event: "configuration.refused".to_owned(),
            cause: "the configuration in force stays: unknown key".to_owned(),
            ..LogEvent::default()
        },
    ]
}
