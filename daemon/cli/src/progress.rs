//! One line on the terminal that says what is being waited for, and goes again.

use std::io::Write;

/// A progress line; silent where no person watches.
pub struct Progress {
    stream: Option<Box<dyn Write>>,
    shown: bool,
}

impl Progress {
    /// No line at all: standard error is not a terminal.
    pub const fn silent() -> Self {
        Self { stream: None, shown: false }
    }

    /// A line on this stream, which is a terminal.
    pub const fn on(stream: Box<dyn Write>) -> Self {
        Self { stream: Some(stream), shown: false }
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
