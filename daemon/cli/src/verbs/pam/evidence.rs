//! The login that shows that a changed stack lets people in: an event of the daemon's log.

use twinlock_bus_api::history::{LogEvent, LogFilter, OBSERVED};

use crate::client::{CallError, Client};
use crate::escape;
use crate::pam_change::record::Record;

/// The events of a login that Twinlock let through.
const EVENTS: [&str; 3] = ["login.allowed", "login.skipped", OBSERVED];

/// The most pages that are looked through.
const PAGES: usize = 50;

/// The latest login through the service since the change.
///
/// # Errors
/// [`CallError`]: the daemon does not tell.
pub fn login_since(client: &mut Client, record: &Record) -> Result<Option<LogEvent>, CallError> {
    let mut latest: Option<LogEvent> = None;
    for event in EVENTS {
        let mut filter = LogFilter {
            event: Some(event.to_owned()),
            since: Some(record.at),
            ..LogFilter::default()
        };
        for _ in 0..PAGES {
            let page = client.log(&filter)?;
            let of_service = |event: &LogEvent| event.service.as_deref() == Some(&*record.service);
            latest = page.events.into_iter().filter(of_service).chain(latest).max_by_key(|e| e.at);
            if !page.is_cut || page.next.is_empty() || filter.after.as_ref() == Some(&page.next) {
                break;
            }
            filter.after = Some(page.next);
        }
    }
    Ok(latest)
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
