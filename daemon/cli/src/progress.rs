//! One line on the terminal that says what is being waited for, and goes again.

use std::io::Write;

use crate::escape;

/// Places of a bar.
const WIDTH: u64 = 20;

/// A progress line; silent where no person watches.
pub struct Progress {
    stream: Option<Box<dyn Write>>,
    unicode: bool,
    shown: bool,
}

impl Progress {
    /// No line at all: standard error is not a terminal.
    pub const fn silent() -> Self {
        Self { stream: None, unicode: false, shown: false }
    }

    /// A line on this stream, which is a terminal; `unicode` says whether it shows characters beyond
    /// ASCII.
    pub const fn on(stream: Box<dyn Write>, unicode: bool) -> Self {
        Self { stream: Some(stream), unicode, shown: false }
    }

    /// Shows how much of a work is done, as `Backing up: [#####---------------] 3 of 12 MiB`, where
    /// `amount` is what stands behind the bar.
    pub fn bar(&mut self, doing: &str, done: u64, all: u64, amount: &str) {
        let bar = bar(done, all, self.unicode);
        self.show(&format!("{doing}: [{bar}] {amount}"));
    }

    /// Shows how many users have been looked at.
    pub fn looked_at(&mut self, done: usize, all: usize) {
        self.bar("Looking at users", done as u64, all as u64, &format!("{done} of {all}"));
    }

    /// Shows whose turn it is of several users, the first at position 0; one alone needs no line.
    pub fn turn(&mut self, doing: &str, position: usize, all: usize, user: &str) {
        if all > 1 {
            let amount = format!("{} of {all}: {}", position + 1, escape::line(user));
            self.bar(doing, position as u64, all as u64, &amount);
        }
    }

    /// Shows a text in place of the one before. A terminal that cannot be written to is no reason
    /// to stop the work, so failures are ignored.
    pub fn show(&mut self, text: &str) {
        if let Some(stream) = &mut self.stream {
            let _ = write!(stream, "\r\x1b[K{text}").and_then(|()| stream.flush());
            self.shown = true;
        }
    }

    /// Takes the line away.
    pub fn clear(&mut self) {
        if let (true, Some(stream)) = (self.shown, &mut self.stream) {
            let _ = write!(stream, "\r\x1b[K").and_then(|()| stream.flush());
            self.shown = false;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// As much of it is full as is done; a part of a place is not done yet.
fn bar(done: u64, all: u64, unicode: bool) -> String {
    let filled = (done.saturating_mul(WIDTH) / all.max(1)).min(WIDTH);
    let (full, rest) = if unicode { ('█', '░') } else { ('#', '-') };
    (0..WIDTH).map(|place| if place < filled { full } else { rest }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_from_left_to_right_and_is_full_when_all_is_done() {
        assert_eq!(bar(0, 10, false), "--------------------");
        assert_eq!(bar(5, 10, false), "##########----------");
        assert_eq!(bar(999, 1_000, false), "###################-");
        assert_eq!(bar(10, 10, false), "####################");
        assert_eq!(bar(5, 10, true), "██████████░░░░░░░░░░");
        for (done, all) in [(1, 0), (u64::MAX, 1), (u64::MAX, u64::MAX)] {
            assert_eq!(bar(done, all, false).len(), 20, "{done} of {all}");
        }
    }
}
