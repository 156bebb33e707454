//! Plots as SVG, drawn by hand: a few bars and a line need no library, no script and no network.
//! Colours are classes of the page, so that they follow its light and dark.
//!
//! - [`bars`]: stacked bars, one a day or a few days.
//! - [`steps`]: a count over time.
//! - [`rows`]: a few numbers beside one another.

pub mod bars;
pub mod rows;
pub mod steps;

use super::html::text;

const LEFT: f64 = 40.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 26.0;

/// Room for a label such as `Nov 18`.
const LABEL: f64 = 58.0;

/// The area of a plot with a scale from nought on the left and grid lines behind.
struct Frame {
    width: f64,
    height: f64,
    highest: u64,
    class: &'static str,
}

impl Frame {
    fn new(class: &'static str, width: f64, height: f64, highest: u64) -> Self {
        Self {
            width,
            height,
            highest: highest.div_ceil(step(highest)).saturating_mul(step(highest)),
            class,
        }
    }

    /// The plot, with `title` for those who cannot see it.
    fn draw(&self, title: &str, inside: &str) -> String {
        let Self { width, height, class, .. } = self;
        format!(
            "<div class=\"wide\"><svg viewBox=\"0 0 {width} {height}\" role=\"img\" \
             class=\"{class}\"><title>{}</title>{}{inside}</svg></div>",
            text(title),
            self.grid()
        )
    }

    fn grid(&self) -> String {
        let step = step(self.highest);
        let values = (0..=self.highest / step).map(|line| line * step);
        let lines = values.map(|value| {
            let y = self.y(value);
            format!(
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                self.width - RIGHT,
                LEFT - 8.0,
                y + 4.0
            )
        });
        lines.collect()
    }

    /// How far down a value is.
    fn y(&self, value: u64) -> f64 {
        let room = self.height - BOTTOM - TOP;
        self.height - BOTTOM - room * value as f64 / self.highest.max(1) as f64
    }

    /// The room between the scale and the right edge.
    fn room(&self) -> f64 {
        self.width - LEFT - RIGHT
    }

    fn label(&self, x: f64, label: &str) -> String {
        format!(
            "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            self.height - 7.0,
            text(label)
        )
    }
}

/// The distance of grid lines: 1, 2 or 5 times a power of ten, and five of them at the most. A fifth of
/// any number is less than 5 · 10¹⁸, so that the search ends.
const fn step(highest: u64) -> u64 {
    let (mut power, wanted) = (1, highest.div_ceil(5));
    loop {
        let steps = [power, 2 * power, 5 * power];
        let mut at = 0;
        while at < steps.len() {
            if steps[at] >= wanted {
                return steps[at];
            }
            at += 1;
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grid_lines_are_whole_round_and_few() {
        for (highest, expected) in
            [(0, 1), (1, 1), (5, 1), (6, 2), (11, 5), (26, 10), (60, 20), (101, 50), (4_000, 1_000)]
        {
            assert_eq!(step(highest), expected, "{highest}");
        }
        for highest in (0..100_000).step_by(7).chain([u64::MAX / 2]) {
            let frame = Frame::new("plot", 400.0, 200.0, highest);
            assert!(frame.highest >= highest && frame.highest / step(frame.highest) <= 5);
        }
    }
}
