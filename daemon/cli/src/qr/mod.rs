//! A QR code, and the three forms in which it is shown.
//!
//! - [`QrCode::half_blocks`]: text, two modules a character.
//! - [`png`], [`svg`]: pictures, written by [`file`].

pub mod file;
pub mod png;
pub mod svg;

use qrcode::{Color, EcLevel};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::secret::Secret;

/// The quiet zone of ISO/IEC 18004, in modules.
pub const QUIET_ZONE: usize = 4;

/// The quiet zone above and below on a terminal: half of the standard's, so that code, key and
/// prompt fit one screen of 24 lines.
const TERMINAL_QUIET_ROWS: usize = 2;

/// The screen that a code is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Light text on a dark ground: blocks are the light modules.
    Dark,
    /// Dark text on a light ground: blocks are the dark modules.
    Light,
}

impl Screen {
    /// The other one.
    #[must_use]
    pub const fn inverted(self) -> Self {
        match self {
            Self::Dark => Self::Light,
            Self::Light => Self::Dark,
        }
    }
}

/// A square of modules. It holds a shared key in another writing, so it is wiped and has no
/// `Debug`.
pub struct QrCode {
    dark: Zeroizing<Vec<bool>>,
    width: usize,
}

impl QrCode {
    /// Encodes a text with the least redundancy: a screen has no dirt on it, and a smaller code
    /// fits more terminals.
    ///
    /// # Errors
    /// The text is longer than any QR code holds.
    pub fn encode(text: &Secret) -> Result<Self, Failure> {
        let code = qrcode::QrCode::with_error_correction_level(text.expose(), EcLevel::L).map_err(
            |cause| {
                Failure::refused(format!(
                    "No QR code can be made of this account: {cause}. Use --qr none and type the \
                     key in by hand."
                ))
            },
        )?;
        let width = code.width();
        let mut modules = code.into_colors();
        let dark = Zeroizing::new(modules.iter().map(|module| *module == Color::Dark).collect());
        modules.fill(Color::Light);
        Ok(Self { dark, width })
    }

    /// Modules on a side, without a quiet zone.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Columns that [`QrCode::half_blocks`] needs.
    pub const fn columns(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// Whether the module at this place is dark; what lies outside is quiet zone, and light.
    pub fn is_dark(&self, column: isize, row: isize) -> bool {
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else {
            return false;
        };
        column < self.width
            && row < self.width
            && self.dark.get(row * self.width + column).copied().unwrap_or(false)
    }

    /// The code in Unicode half blocks and no colours, one line for two rows of modules: SSH
    /// clients show colour sequences as text, and half blocks are square enough to scan.
    pub fn half_blocks(&self, screen: Screen) -> Secret {
        let quiet = QUIET_ZONE.cast_signed();
        let width = self.width.cast_signed();
        let top = -TERMINAL_QUIET_ROWS.cast_signed();
        let block = |column, row| self.is_dark(column, row) == (screen == Screen::Light);
        let mut text = String::with_capacity(self.columns() * self.columns() * 2);
        let mut row = top;
        while row < width - top {
            for column in -quiet..width + quiet {
                text.push(match (block(column, row), block(column, row + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push('\n');
            row += 2;
        }
        Secret::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str =
        "otpauth://totp/web1:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=web1";

    fn code() -> QrCode {
        QrCode::encode(&Secret::new(URI.to_owned())).unwrap()
    }

    /// Reads half blocks as a camera does that sees a screen whose blocks are this bright.
    fn scan(text: &str, block: u8) -> String {
        let rows: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        let scale = 6;
        let margin = 20;
        let width = rows[0].len() * scale + 2 * margin;
        let height = rows.len() * 2 * scale + 2 * margin;
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
            let inside = |at: usize| at.checked_sub(margin).map(|at| at / scale);
            let lit = match (inside(x), inside(y)) {
                (Some(column), Some(row)) => {
                    match rows.get(row / 2).and_then(|line| line.get(column)) {
                        Some('█') => true,
                        Some('▀') => row % 2 == 0,
                        Some('▄') => row % 2 == 1,
                        _ => false,
                    }
                }
                _ => false,
            };
            if lit { block } else { 255 - block }
        });
        let found = picture.detect_grids();
        assert_eq!(found.len(), 1);
        found[0].decode().unwrap().1
    }

    #[test]
    fn half_blocks_scan_on_a_dark_screen() {
        assert_eq!(scan(code().half_blocks(Screen::Dark).expose(), 255), URI);
    }

    #[test]
    fn inverted_half_blocks_scan_on_a_light_screen() {
        assert_eq!(scan(code().half_blocks(Screen::Light).expose(), 0), URI);
    }

    #[test]
    fn a_usual_account_fits_a_terminal_of_24_lines_with_key_and_prompt() {
        let text = code().half_blocks(Screen::Dark);
        assert_eq!(text.expose().lines().next().unwrap().chars().count(), code().columns());
        assert!(text.expose().lines().count() + 3 <= 24);
    }

    #[test]
    fn a_text_that_no_code_holds_is_refused_with_a_remedy() {
        let failure = QrCode::encode(&Secret::new("x".repeat(4000))).err().unwrap();
        assert!(failure.to_string().contains("--qr none"));
    }
}
