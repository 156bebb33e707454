//! The login that shows that a changed stack lets people in: an event of the daemon's log.

use twinlock_bus_api::history::{LogEvent, LogFilter, OBSERVED};

use crate::client::{CallError, Client};
use crate::escape;
use crate::pam_change::record::Record;

/// The events of a login that Twinlock let through.
const EVENTS: [&str; 3] = ["login.allowed", "login.skipped", OBSERVED];

/// A login that Twinlock did not let in.
const REFUSED: &str = "login.refused";

/// The account phase comes right behind the auth phase, in seconds; nobody types another code by then.
const NEXT_PHASE: u64 = 2;

/// The most pages that are looked through.
const PAGES: usize = 50;

/// The latest login through the service since the change, of those that no later phase has refused.
///
/// # Errors
/// [`CallError`]: the daemon does not tell.
pub fn login_since(client: &mut Client, record: &Record) -> Result<Option<LogEvent>, CallError> {
    let mut let_through = Vec::new();
    for event in EVENTS {
        let_through.extend(since(client, record, event)?);
    }
    if let_through.is_empty() {
        return Ok(None);
    }
    let refused = since(client, record, REFUSED)?;
    let_through.retain(|login| !refused.iter().any(|refusal| took_back(refusal, login)));
    Ok(let_through.into_iter().max_by_key(|login| login.at))
}

/// Whether this is what the account phase said to a login that had passed the auth phase: the code was
/// right, and nobody is in.
fn took_back(refusal: &LogEvent, login: &LogEvent) -> bool {
    let at_once = login.at..=login.at.saturating_add(NEXT_PHASE);
    at_once.contains(&refusal.at) && refusal.user == login.user && refusal.source == login.source
}

/// The events of this kind in the service since the change.
fn since(client: &mut Client, record: &Record, event: &str) -> Result<Vec<LogEvent>, CallError> {
    let mut filter =
        LogFilter { event: Some(event.to_owned()), since: Some(record.at), ..LogFilter::default() };
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = client.log(&filter)?;
        let of_service = |event: &LogEvent| event.service.as_deref() == Some(&*record.service);
        found.extend(page.events.into_iter().filter(of_service));
        if !page.is_cut || page.next.is_empty() || filter.after.as_ref() == Some(&page.next) {
            break;
        }
        filter.after = Some(page.next);
    }
    Ok(found)
}

/// `alice from 203.0.113.7 with a second factor`
pub fn described(event: &LogEvent) -> String {
    let source = match event.source.as_deref() {
        None | Some("local") => String::new(),
        Some(source) => format!(" from {}", escape::line(source)),
    };
    let how = match &*event.event {
        "login.allowed" => "with a second factor",
        "login.skipped" => "without being asked for one, as the policy has it",
        _ => "in observe mode",
    };
    format!("{}{source} {how}", escape::line(&event.user))
}
