//! A count that grows over time.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Frame, LABEL, LEFT};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 230.0;

/// A year of days, after which labels name the year.
const YEAR: i64 = 366 * 86_400;

/// One step up at each of these times, from `first` to `last`.
pub fn steps(title: &str, times: &[Timestamp], first: Timestamp, last: Timestamp) -> String {
    let mut times: Vec<_> = times.iter().map(|at| (*at).clamp(first, last)).collect();
    times.sort_unstable();
    let frame = Frame::new("plot", WIDTH, HEIGHT, times.len() as u64);
    let span = (last.as_second() - first.as_second()).max(1);
    let x = |at: Timestamp| {
        LEFT + frame.room() * (at.as_second() - first.as_second()) as f64 / span as f64
    };
    let mut path = format!("M{LEFT:.1},{:.1}", frame.y(0));
    for (number, at) in times.iter().enumerate() {
        path += &format!("H{:.1}V{:.1}", x(*at), frame.y(number as u64 + 1));
    }
    let (end, top, floor) = (x(last), frame.y(times.len() as u64), frame.y(0));
    let mut inside = format!(
        "<path class=\"area\" d=\"{path}H{end:.1}V{floor:.1}Z\"/><path class=\"line\" \
         d=\"{path}H{end:.1}\"/><circle class=\"dot\" cx=\"{end:.1}\" cy=\"{top:.1}\" r=\"4\"/>\
         <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
        end + 7.0,
        top + 4.0,
        times.len()
    );
    let form = if span > YEAR { "%b %Y" } else { "%b %-d" };
    let labels = (frame.room() / (LABEL * 1.6)).floor().max(1.0) as i64;
    // Days told apart by a label of their own; of a shorter time the labels would repeat.
    let labels = labels.min((span / 86_400).max(1));
    for number in 0..=labels {
        let at = first.as_second() + span * number / labels;
        if let Ok(at) = Timestamp::from_second(at) {
            let day = at.to_zoned(TimeZone::UTC).strftime(form).to_string();
            inside += &frame.label(x(at), &day);
        }
    }
    frame.draw(title, &inside)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    #[test]
    fn each_time_is_one_step_and_times_outside_count_at_the_edge() {
        let made: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for hours in [0, 1, 24, 30 * 24, 5 * 366 * 24] {
            let first = made - hours.hours();
            let times = [first - 24.hours(), made, made + 24.hours()];
            let svg = steps("<Enrolled>", &times, first, made);
            assert!(svg.contains("&lt;Enrolled&gt;") && !svg.contains("NaN"), "{svg}");
            let line = svg.split("class=\"line\" d=\"").nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(line.matches('V').count(), 3, "{line}");
        }
    }
}
