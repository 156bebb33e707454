//! Times: RFC 3339 for programs, relative and local for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::View;

/// Seconds since the epoch as RFC 3339, UTC; none where no calendar holds them.
pub fn rfc3339(seconds: u64) -> Option<String> {
    timestamp(seconds).map(|at| at.to_string())
}

/// `3 days ago (2026-11-18 10:22 CET)`, `in 40 seconds (…)`.
pub fn moment(seconds: u64, view: &View) -> String {
    let Some(at) = timestamp(seconds) else {
        return format!("at a time past all calendars ({seconds})");
    };
    format!("{} ({})", relative(at, view.now), local(at, &view.zone))
}

/// `2027-01-01 01:00 CET (in 42 days)`: the other way round, for a date that people keep in mind.
pub fn date(seconds: u64, view: &View) -> String {
    let Some(at) = timestamp(seconds) else {
        return format!("a time past all calendars ({seconds})");
    };
    format!("{} ({})", local(at, &view.zone), relative(at, view.now))
}

/// `2026-11-18 10:22:05 CET`: each second told apart, as a log needs it.
pub fn second(seconds: u64, view: &View) -> String {
    match timestamp(seconds) {
        Some(at) => at.to_zoned(view.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
        None => format!("@{seconds}"),
    }
}

/// Whether a time has come.
pub fn is_past(seconds: u64, now: Timestamp) -> bool {
    timestamp(seconds).is_some_and(|at| at <= now)
}

/// How far away, in the largest unit that says enough.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.duration_since(now).as_secs();
    let distance = seconds.unsigned_abs();
    let (number, unit) = match distance {
        0 => return "just now".to_owned(),
        1..60 => (distance, "second"),
        60..3_600 => (distance / 60, "minute"),
        3_600..172_800 => (distance / 3_600, "hour"),
        172_800..5_184_000 => (distance / 86_400, "day"),
        5_184_000..63_072_000 => (distance / 2_592_000, "month"),
        _ => (distance / 31_536_000, "year"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if seconds < 0 {
        format!("{number} {unit}{plural} ago")
    } else {
        format!("in {number} {unit}{plural}")
    }
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

fn timestamp(seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(seconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZone};

    use super::*;
    use crate::render::Palette;

    fn view() -> View {
        View {
            palette: Palette::plain(),
            now: Timestamp::from_second(1_795_000_000).unwrap(),
            zone: TimeZone::fixed(Offset::constant(1)),
            unicode: true,
        }
    }

    #[test]
    fn a_moment_is_told_relative_and_local() {
        assert_eq!(
            moment(1_795_000_000 - 3 * 86_400, &view()),
            "3 days ago (2026-11-15 12:06 +01)"
        );
        assert_eq!(moment(1_795_000_040, &view()), "in 40 seconds (2026-11-18 12:07 +01)");
    }

    #[test]
    fn each_distance_has_its_unit() {
        let now = view().now;
        let told = |seconds: i64| {
            relative(Timestamp::from_second(now.as_second() + seconds).unwrap(), now)
        };
        assert_eq!(told(0), "just now");
        assert_eq!(told(-1), "1 second ago");
        assert_eq!(told(-59), "59 seconds ago");
        assert_eq!(told(60), "in 1 minute");
        assert_eq!(told(-3_600), "1 hour ago");
        assert_eq!(told(-86_400), "24 hours ago");
        assert_eq!(told(-172_800), "2 days ago");
        assert_eq!(told(-5_184_000), "2 months ago");
        assert_eq!(told(-63_072_000), "2 years ago");
    }

    #[test]
    fn a_time_past_all_calendars_is_no_panic() {
        assert_eq!(rfc3339(u64::MAX), None);
        assert!(moment(u64::MAX, &view()).contains("18446744073709551615"));
    }

    #[test]
    fn programs_read_rfc_3339() {
        assert_eq!(rfc3339(1_795_000_000).as_deref(), Some("2026-11-18T11:06:40Z"));
    }
}
