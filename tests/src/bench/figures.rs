//! Numbers side by side.

use std::fmt::Write;
use std::time::Duration;

use super::contender::Contender;

/// How long the logins of one contender took, sorted.
#[derive(Debug, Clone)]
pub struct Times(Vec<Duration>);

impl Times {
    /// Sorts them. There must be some.
    pub fn new(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "nothing was measured");
        times.sort_unstable();
        Self(times)
    }

    /// The smallest time that so many percent of the logins do not exceed (nearest rank).
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0[rank - 1]
    }

    fn millis(&self, percent: usize) -> f64 {
        self.percentile(percent).as_secs_f64() * 1000.0
    }
}

/// The table of times, of each contender in the order of [`Contender::ALL`]: median and 99th
/// percentile with how many times that of the others they are, and the slowest.
pub fn times_table(times: &[Times; 3]) -> String {
    let mut text = format!("{:22}", "  milliseconds");
    for what in ["p50", "p99"] {
        _ = write!(text, "{what:>8}{:>8}{:>8}", "/permit", "/google");
    }
    _ = write!(text, "{:>9}", "max");
    for (contender, own) in Contender::ALL.iter().zip(times) {
        _ = write!(text, "\n  {:20}", contender.name());
        for percent in [50, 99] {
            let [permit, google, _] = times.each_ref().map(|it| it.millis(percent));
            let own = own.millis(percent);
            _ = write!(text, "{own:>8.2}{:>8.1}{:>8.2}", own / permit, own / google);
        }
        _ = write!(text, "{:>9.2}", own.millis(100));
    }
    text
}

/// The table of logins per second, of each contender in the order of [`Contender::ALL`], for so
/// many in parallel.
pub fn rates_table(measured: &[(usize, [f64; 3])]) -> String {
    let mut text = format!("{:22}", "  logins per second");
    for (count, _) in measured {
        _ = write!(text, "{:>14}{:>8}{:>8}", format!("{count} in parallel"), "/permit", "/google");
    }
    for (index, contender) in Contender::ALL.iter().enumerate() {
        _ = write!(text, "\n  {:20}", contender.name());
        for (_, rates @ [permit, google, _]) in measured {
            let own = rates[index];
            _ = write!(text, "{own:>14.0}{:>8.2}{:>8.2}", own / permit, own / google);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times = Times::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(
            [50, 99, 100].map(|percent| times.percentile(percent).as_millis()),
            [100, 198, 200]
        );
        assert_eq!(Times::new(vec![Duration::ZERO]).percentile(50), Duration::ZERO);
    }

    #[test]
    fn ratios_stand_beside_their_figures() {
        let times = [1, 4, 8].map(|millis| Times::new(vec![Duration::from_millis(millis)]));
        let last = |text: &str| {
            let words = text.lines().last().unwrap_or_default().split_whitespace();
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(last(&times_table(&times))[..4], ["Twinlock", "8.00", "8.0", "2.00"]);
        let rates = [(1, [1000.0, 250.0, 125.0])];
        assert_eq!(last(&rates_table(&rates)), ["Twinlock", "125", "0.12", "0.50"]);
    }
}
