//! `twinlock log`: what happened.

mod nothing;

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use twinlock_bus_api::history::{DamagedDay, LogEvent, LogFilter, OBSERVED};
use twinlock_config::duration;

use self::nothing::Sought;
use super::{check_readable, warn_of_damage};
use crate::client::{CallError, Client};
use crate::failure::Failure;
use crate::render::{history, json};
use crate::surroundings::Surroundings;

/// How often new events are asked for.
const INTERVAL: Duration = Duration::from_secs(1);

const THE_LOG: &str = "The log is not";

const JSON_EVENT: &str = "JSON: an object a line: {time, event, user, by, service, source, \
                          requester, tty, cause, reference}; {day, blocks, problem} for a day of \
                          which a part cannot be read. The time is RFC 3339 in UTC; what is not \
                          known is null.";

/// Show what happened and why (administrators only)
///
/// Exits with 1 if a part of it cannot be read, behind everything that can.
#[derive(clap::Args)]
#[command(after_long_help = JSON_EVENT)]
pub struct Args {
    /// Only events of this user
    #[arg(long)]
    user: Option<String>,

    /// Only events from then on: 30m, 1d, 2026-11-21, '2026-11-21 08:30'
    #[arg(long, value_name = "TIME", default_value = "1d")]
    since: When,

    /// Only events before then
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    until: Option<When>,

    /// Only logins that mode = "observe" let through, with what would have been
    #[arg(long)]
    observed: bool,

    /// Go on with what happens from now on, until Ctrl-C
    #[arg(long)]
    follow: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows events, page by page.
///
/// # Errors
/// [`Failure`]; after what could be shown, where a part cannot be read.
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let at = |when: &When| when.seconds(around.view.now, &around.view.zone);
    let mut filter = LogFilter {
        user: args.user.clone(),
        event: args.observed.then(|| OBSERVED.to_owned()),
        since: Some(at(&args.since)),
        until: args.until.as_ref().map(at),
        ..LogFilter::default()
    };
    if args.follow {
        client.heed_interrupts()?;
    }
    let mut is_empty = true;
    let mut damaged = Vec::new();
    loop {
        let page = match client.log(&filter) {
            Err(CallError::Interrupted) => return check_readable(THE_LOG, &damaged),
            page => page?,
        };
        tell(&page.damaged, args.json, around)?;
        damaged.extend(page.damaged);
        for event in &page.events {
            show(event, args.json, around)?;
            is_empty = false;
        }
        let next = Some(page.next).filter(|next| !next.is_empty());
        let goes_on = next.is_some() && next != filter.after;
        filter.after = next.or(filter.after);
        if page.is_cut && goes_on {
            continue;
        }
        if !args.follow {
            break;
        }
        match client.pause(INTERVAL) {
            Err(CallError::Interrupted) => return check_readable(THE_LOG, &damaged),
            paused => paused?,
        }
    }
    if is_empty && damaged.is_empty() && !args.json {
        let sought = Sought {
            user: args.user.as_deref(),
            observed: args.observed,
            since: &args.since,
            until: args.until.as_ref(),
        };
        around.print(&sought.sentence(around.view.now, &around.view.zone))?;
    }
    check_readable(THE_LOG, &damaged)
}

/// What cannot be shown, as soon as that is known: who follows does not wait for the end.
fn tell(damaged: &[DamagedDay], json: bool, around: &mut Surroundings) -> Result<(), Failure> {
    for day in damaged.iter().filter(|_| json) {
        around.print_bytes(&json::line(&history::Damage::from(day))?)?;
    }
    warn_of_damage(damaged, around)
}

fn show(event: &LogEvent, json: bool, around: &mut Surroundings) -> Result<(), Failure> {
    if json {
        around.print_bytes(&json::line(&history::Event::from(event))?)
    } else {
        around.print(&history::line(event, &around.view))
    }
}

/// A point in time as people write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum When {
    /// So long ago.
    Ago(Duration),
    /// By the clock on the wall.
    Local(DateTime),
    /// With its offset from UTC.
    Exact(Timestamp),
}

impl When {
    /// Seconds since the Unix epoch; the epoch for times before it.
    pub(super) fn seconds(&self, now: Timestamp, zone: &TimeZone) -> u64 {
        let at = match self {
            Self::Ago(length) => SignedDuration::try_from(*length)
                .ok()
                .and_then(|length| now.checked_sub(length).ok())
                .unwrap_or(Timestamp::UNIX_EPOCH),
            // A time that the clocks skipped is the one after the skip.
            Self::Local(local) => {
                zone.to_ambiguous_timestamp(*local).compatible().unwrap_or(Timestamp::UNIX_EPOCH)
            }
            Self::Exact(at) => *at,
        };
        u64::try_from(at.as_second()).unwrap_or(0)
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(length) = duration::parse(text) {
            return Ok(Self::Ago(length));
        }
        if let Ok(at) = text.parse() {
            return Ok(Self::Exact(at));
        }
        text.parse().map(Self::Local).map_err(|_| {
            "a time is written as 30m, 1d, 2026-11-21, '2026-11-21 08:30' or 2026-11-21T08:30:00Z"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_262_400;

    fn seconds(text: &str) -> u64 {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        text.parse::<When>().unwrap().seconds(Timestamp::from_second(NOW).unwrap(), &zone)
    }

    #[test]
    fn a_time_is_a_distance_or_a_date_here_or_a_date_with_its_zone() {
        let now = NOW.unsigned_abs();
        assert_eq!(seconds("30m"), now - 1800);
        assert_eq!(seconds("1 week 2 days"), now - 9 * 86_400);
        assert_eq!(seconds("5000 weeks"), 0);
        // 2026-11-21 12:00 UTC is 13:00 in the zone.
        assert_eq!(seconds("2026-11-21 13:00"), now);
        assert_eq!(seconds("2026-11-21"), now - 13 * 3600);
        assert_eq!(seconds("2026-11-21T12:00:00Z"), now);
        assert_eq!(seconds("2026-11-21T14:00:00+02:00"), now);
        assert_eq!(seconds("1969-01-01"), 0);
    }

    #[test]
    fn what_is_no_time_says_how_one_is_written() {
        for wrong in ["", "yesterday", "1", "-1d", "2026-02-30", "2026-11-21 25:00"] {
            assert!(wrong.parse::<When>().unwrap_err().contains("30m"), "{wrong:?}");
        }
    }
}
