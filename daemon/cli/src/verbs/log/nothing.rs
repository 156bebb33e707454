//! What `log` says where there is nothing to show.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use twinlock_config::duration;

use super::When;
use crate::escape;

/// What was looked for in vain.
pub(super) struct Sought<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) observed: bool,
    pub(super) since: &'a When,
    pub(super) until: Option<&'a When>,
}

impl Sought<'_> {
    /// That there is none, and where else to look.
    pub(super) fn sentence(&self, now: Timestamp, zone: &TimeZone) -> String {
        let until = self.until.map(|until| until.seconds(now, zone));
        if until.is_some_and(|until| until <= self.since.seconds(now, zone)) {
            return "No time lies between --since and --until: the first must be the earlier one.\n"
                .to_owned();
        }
        let user = self.user.map(escape::line);
        let what = match (self.observed, user) {
            (false, None) => "Nothing happened".to_owned(),
            (false, Some(user)) => format!("Nothing that concerns {user} happened"),
            (true, None) => "No login was let through by observe mode".to_owned(),
            (true, Some(user)) => format!("No login of {user} was let through by observe mode"),
        };
        let when = match (self.since, self.until) {
            (since, None) => span(since).unwrap_or_else(|| format!("since {}", point(since))),
            (since, Some(until)) => format!("between {} and {}", point(since), point(until)),
        };
        format!("{what} {when}. An earlier --since looks further back.\n")
    }
}

/// In the middle of a sentence.
fn point(when: &When) -> String {
    match when {
        When::Ago(length) => format!("{} ago", duration::display(*length)),
        When::Local(local) if local.time() == Time::midnight() => local.date().to_string(),
        When::Local(local) => to_the_second(*local),
        When::Exact(at) => at.to_string(),
    }
}

fn to_the_second(local: DateTime) -> String {
    let form = if local.second() == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    local.strftime(form).to_string()
}

/// `in the last day`, `in the last 30 minutes`; none where that needs two units.
fn span(since: &When) -> Option<String> {
    let When::Ago(length) = since else { return None };
    let text = duration::display(*length);
    let (number, unit) = text.split_once(' ')?;
    let text = if number == "1" { unit } else { &text };
    (!unit.contains(' ')).then(|| format!("in the last {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_filters_reads_well() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let empty = "No time lies between --since and --until: the first must be the earlier one.";
        let on_from = "An earlier --since looks further back.";
        for (user, observed, since, until, expected) in [
            ("", false, "1d", "", "Nothing happened in the last day."),
            ("", false, "30m", "", "Nothing happened in the last 30 minutes."),
            ("", false, "1d 2h", "", "Nothing happened since 1 day 2 hours ago."),
            ("", false, "2026-11-21", "", "Nothing happened since 2026-11-21."),
            ("", false, "2026-11-21 08:30", "", "Nothing happened since 2026-11-21 08:30."),
            ("", false, "2026-11-21 08:30:07", "", "Nothing happened since 2026-11-21 08:30:07."),
            (
                "",
                false,
                "2026-11-21T08:30:00+01:00",
                "",
                "Nothing happened since 2026-11-21T07:30:00Z.",
            ),
            ("", false, "2w", "1d", "Nothing happened between 14 days ago and 1 day ago."),
            (
                "",
                false,
                "2026-11-01",
                "2026-11-02",
                "Nothing happened between 2026-11-01 and 2026-11-02.",
            ),
            ("dave", false, "1d", "", "Nothing that concerns dave happened in the last day."),
            (
                "dave",
                false,
                "3d",
                "2026-11-21",
                "Nothing that concerns dave happened between 3 days ago and 2026-11-21.",
            ),
            ("", true, "1w", "", "No login was let through by observe mode in the last 7 days."),
            (
                "",
                true,
                "2026-11-01",
                "",
                "No login was let through by observe mode since 2026-11-01.",
            ),
            (
                "",
                true,
                "2d",
                "1d",
                "No login was let through by observe mode between 2 days ago and 1 day ago.",
            ),
            (
                "dave",
                true,
                "1h",
                "",
                "No login of dave was let through by observe mode in the last hour.",
            ),
            (
                "da\u{1b}ve",
                true,
                "2d",
                "1h",
                "No login of da\\u{1b}ve was let through by observe mode between 2 days ago and 1 hour ago.",
            ),
            ("dave", true, "1d", "2d", empty),
            ("", false, "2026-11-21", "2026-11-21", empty),
        ] {
            let since: When = since.parse().unwrap();
            let until: Option<When> = (!until.is_empty()).then(|| until.parse().unwrap());
            let user = (!user.is_empty()).then_some(user);
            let sought = Sought { user, observed, since: &since, until: until.as_ref() };
            let told = sought.sentence(now, &TimeZone::UTC);
            let rest = if expected == empty { String::new() } else { format!(" {on_from}") };
            assert_eq!(told, format!("{expected}{rest}\n"));
        }
    }
}
