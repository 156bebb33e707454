//! Stacked bars over days.

use jiff::civil::Date;

use super::super::html::text;
use super::super::logins::{Day, Logins, OUTCOMES};
use super::{Frame, LABEL, LEFT};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 260.0;

/// More bars than these are too thin to tell apart.
const MOST: usize = 62;

/// Days in one bar where one day each would be too many.
const DAYS: [usize; 4] = [1, 7, 28, 91];

/// How many days are in one bar.
pub fn days_in_a_bar(logins: &Logins) -> usize {
    let fits = |days: &usize| logins.0.len().div_ceil(*days) <= MOST;
    DAYS.into_iter().find(fits).unwrap_or(logins.0.len().div_ceil(MOST).max(1))
}

/// Logins, from left to right.
pub fn logins(title: &str, logins: &Logins) -> String {
    let days: Vec<(&str, &Day)> = logins.0.iter().map(|(day, it)| (day.as_str(), it)).collect();
    let sums = days.chunks(days_in_a_bar(logins)).filter_map(|some| {
        let (first, last) = (some.first()?.0, some.last()?.0);
        let name = if first == last { first.to_owned() } else { format!("{first} to {last}") };
        Some((first, name, some.iter().fold(Day::default(), |sum, (_, it)| sum.and(it))))
    });
    let bars: Vec<(&str, String, Day)> = sums.collect();
    let highest = bars.iter().map(|(_, _, day)| day.parts().iter().sum()).max();
    let frame = Frame::new("plot broad", WIDTH, HEIGHT, highest.unwrap_or_default());
    let step = frame.room() / bars.len().max(1) as f64;
    let every = (LABEL / step).ceil().max(1.0) as usize;
    let mut inside = String::new();
    for (number, (first, name, day)) in bars.iter().enumerate() {
        let middle = LEFT + step * (number as f64 + 0.5);
        inside.push_str(&bar(&frame, middle, (step * 0.72).min(44.0), name, day));
        if number % every == 0 {
            inside.push_str(&frame.label(middle, &short(first)));
        }
    }
    frame.draw(title, &inside)
}

/// The parts of a day on one another, and over all of it what a pointer is told.
fn bar(frame: &Frame, middle: f64, width: f64, name: &str, day: &Day) -> String {
    let (mut parts, mut told, mut below) = (String::new(), text(name), 0);
    for ((class, label), value) in OUTCOMES.into_iter().zip(day.parts()) {
        if value == 0 {
            continue;
        }
        let (bottom, top) = (frame.y(below), frame.y(below + value));
        below += value;
        told += &format!("\n{value} {label}");
        parts += &format!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" \
             height=\"{:.1}\"/>",
            middle - width / 2.0,
            // A line of the background keeps parts of like lightness apart.
            (bottom - top - 1.0).max(0.6)
        );
    }
    format!("<g><title>{told}</title>{parts}</g>")
}

/// `Nov 18`
fn short(day: &str) -> String {
    day.parse::<Date>().map_or_else(|_| day.to_owned(), |day| day.strftime("%b %-d").to_string())
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, ToSpan};

    use super::*;

    fn over(days: i64) -> Logins {
        let made: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut all = Logins::between(made - (24 * days).hours(), made);
        all.0.values_mut().for_each(|day| (day.code, day.refused) = (3, 1));
        all
    }

    /// Where the labels below the bars stand.
    fn labels(svg: &str) -> Vec<f64> {
        let labels = svg.split("<text ").filter(|text| text.contains("text-anchor=\"middle\""));
        let x = |text: &str| text.split("x=\"").nth(1)?.split('"').next()?.parse().ok();
        labels.map(|text| x(text).unwrap()).collect()
    }

    #[test]
    fn labels_stand_clear_of_one_another_and_inside() {
        for days in [0, 1, 6, 29, 30, 31, 60, 61, 62, 90, 365, 1825] {
            let svg = logins("Logins", &over(days));
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            let at = labels(&svg);
            assert!(!at.is_empty() && at.iter().all(|x| (30.0..980.0).contains(x)), "{at:?}");
            assert!(at.windows(2).all(|two| two[1] - two[0] >= LABEL), "{days}: {at:?}");
            assert!(svg.matches("<g>").count() <= MOST, "{days}");
        }
    }

    #[test]
    fn long_spans_are_summed_up_and_lose_nothing() {
        assert_eq!(days_in_a_bar(&over(30)), 1);
        assert_eq!(days_in_a_bar(&over(90)), 7);
        assert!(logins("Logins", &over(90)).contains("21 with a code\n7 refused"));
        assert_eq!(days_in_a_bar(&over(1825)), 91);
    }

    #[test]
    fn no_day_at_all_is_drawn_too() {
        assert!(logins("<Logins>", &Logins::default()).contains("&lt;Logins&gt;"));
    }
}
