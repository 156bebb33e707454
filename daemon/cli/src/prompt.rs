//! Questions to the person, or to whatever stands behind standard input.
//!
//! Codes echo: one is worth nothing once typed, and people type it better when they see it.
//! Where standard input is a terminal, question and answer go through `/dev/tty`, so that
//! redirected output takes neither; else lines are read from standard input and questions go to
//! standard error.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::secret::Secret;

/// The most bytes of one answer; the daemon takes no longer one.
const MAX_ANSWER: usize = twinlock_bus_api::login::MAX_RESPONSE;

/// Who answers questions.
pub trait Prompt {
    /// Whether a person at a terminal answers.
    fn is_interactive(&self) -> bool;

    /// Asks one question and reads one line, without the spaces around it.
    ///
    /// # Errors
    /// [`Failure::Refused`] where input ends, is too long, or is not text.
    fn ask(&mut self, question: &str) -> Result<Secret, Failure>;

    /// As [`Prompt::ask`], without showing what is typed.
    ///
    /// # Errors
    /// [`Failure::Refused`] as of [`Prompt::ask`], or the person pressed Ctrl-C.
    fn ask_hidden(&mut self, question: &str) -> Result<Secret, Failure> {
        self.ask(question)
    }

    /// Tells the person something between two questions.
    ///
    /// # Errors
    /// [`Failure::Output`] where it cannot be shown.
    fn tell(&mut self, text: &str) -> Result<(), Failure>;
}

/// The terminal or the standard streams of this process.
pub enum Console {
    /// A person: the controlling terminal.
    Terminal(File),
    /// Something else: standard input, unbuffered, so that no code is left in a buffer.
    Pipe(File),
}

impl Console {
    /// Finds out who answers.
    ///
    /// # Errors
    /// Standard input is closed.
    pub fn open() -> Result<Self, Failure> {
        let input = io::stdin();
        if input.is_terminal()
            && let Ok(terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty")
        {
            return Ok(Self::Terminal(terminal));
        }
        let input = input.as_fd().try_clone_to_owned().map_err(|cause| {
            Failure::refused(format!("Standard input cannot be read: {cause}. Open it."))
        })?;
        Ok(Self::Pipe(File::from(input)))
    }
}

impl Prompt for Console {
    fn is_interactive(&self) -> bool {
        match self {
            Self::Terminal(_) => true,
            Self::Pipe(input) => input.is_terminal(),
        }
    }

    fn ask(&mut self, question: &str) -> Result<Secret, Failure> {
        match self {
            Self::Terminal(terminal) => {
                write!(terminal, "{question}").and_then(|()| terminal.flush())?;
                read_line(terminal)
            }
            Self::Pipe(input) => {
                // The answer does not echo, so the line ends here.
                writeln!(io::stderr(), "{question}")?;
                read_line(input)
            }
        }
    }

    fn ask_hidden(&mut self, question: &str) -> Result<Secret, Failure> {
        let Self::Terminal(terminal) = self else { return self.ask(question) };
        let answer = {
            // Before the question: whoever answers at once is neither shown nor passed over.
            let mut quiet = Quiet::on(terminal).map_err(io::Error::from)?;
            let mut screen = quiet.terminal;
            write!(screen, "{question}").and_then(|()| screen.flush())?;
            read_line(&mut quiet)
        };
        writeln!(terminal)?;
        match answer {
            Ok(answer) if answer.expose().contains(INTERRUPT as char) => {
                Err(Failure::refused("Interrupted, and nothing was done."))
            }
            answer => answer,
        }
    }

    fn tell(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Terminal(terminal) => writeln!(terminal, "{text}")?,
            Self::Pipe(_) => writeln!(io::stderr(), "{text}")?,
        }
        Ok(())
    }
}

/// What Ctrl-C sends.
const INTERRUPT: u8 = 3;

/// A terminal that does not echo, until this is dropped. Ctrl-C ends the line instead of the process,
/// which would leave the terminal as it is.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
    interrupted: bool,
}

impl<'a> Quiet<'a> {
    fn on(terminal: &'a File) -> rustix::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        // What was typed ahead was echoed, and is no passphrase.
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before, interrupted: false })
    }
}

impl Read for Quiet<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.interrupted {
            return Ok(0);
        }
        let count = (&*self.terminal).read(buffer)?;
        self.interrupted = buffer[..count].contains(&INTERRUPT);
        Ok(count)
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // There is nothing else to be done about a terminal that is gone.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Reads one line, byte by byte: what follows belongs to the next question.
fn read_line(input: &mut impl Read) -> Result<Secret, Failure> {
    // Full capacity at once: a growing buffer leaves unwiped copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_ANSWER));
    let mut byte = Zeroizing::new([0_u8; 1]);
    loop {
        match input.read(&mut *byte) {
            Ok(0) if bytes.is_empty() => {
                return Err(Failure::refused(
                    "The input ended before an answer. Type it at the prompt, or give it on \
                     standard input.",
                ));
            }
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) if bytes.len() == MAX_ANSWER => {
                return Err(Failure::refused(format!(
                    "The answer is longer than {MAX_ANSWER} bytes, which no code is. Try again."
                )));
            }
            Ok(_) => bytes.push(byte[0]),
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => {
                return Err(Failure::refused(format!(
                    "The answer cannot be read: {cause}. Try again."
                )));
            }
        }
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        Failure::refused("The answer is not UTF-8 text, which every code is. Try again.")
    })?;
    Ok(Secret::new(text.trim().to_owned()))
}

/// Asks before something is taken away.
///
/// # Errors
/// [`Failure::Refused`] where nobody is there to ask, or the answer is not yes.
pub fn confirm(prompt: &mut dyn Prompt, question: &str) -> Result<(), Failure> {
    if !prompt.is_interactive() {
        return Err(Failure::refused(
            "Nothing was changed: standard input is not a terminal, so nobody can be asked. Add \
             --yes to go ahead without a question.",
        ));
    }
    let answer = prompt.ask(&format!("{question} [y/N] "))?;
    if ["y", "yes"].iter().any(|yes| answer.expose().eq_ignore_ascii_case(yes)) {
        Ok(())
    } else {
        Err(Failure::refused("Nothing was changed, because the answer was not yes."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(input: &[u8]) -> String {
        match read_line(&mut &input[..]) {
            Ok(_) => panic!("accepted"),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn one_line_is_read_and_the_next_is_left() {
        let mut input: &[u8] = b" 123456 \r\n654321\n";
        assert_eq!(read_line(&mut input).unwrap().expose(), "123456");
        assert_eq!(read_line(&mut input).unwrap().expose(), "654321");
    }

    #[test]
    fn a_last_line_without_a_line_break_counts() {
        assert_eq!(read_line(&mut &b"123456"[..]).unwrap().expose(), "123456");
    }

    #[test]
    fn ended_endless_and_undecodable_input_is_refused_with_a_sentence() {
        assert!(sentence(b"").starts_with("The input ended"));
        assert!(sentence(&[b'1'; MAX_ANSWER + 1]).starts_with("The answer is longer than 512"));
        assert!(sentence(b"\xff\xfe\n").starts_with("The answer is not UTF-8"));
    }
}
