//! A QR code (ISO/IEC 18004) of a secret, in the forms in which it is shown.
//!
//! - [`QrCode::draw`]: text for a terminal, in half blocks or in ASCII.
//! - [`png()`], [`svg()`]: pictures.
//!
//! A code is its text in another writing, and so is every drawing of it: all of them are wiped when
//! they are dropped, made in buffers that need not grow, and never printed by `Debug`.
#![forbid(unsafe_code)]

mod png;
mod svg;
mod terminal;

pub use png::png;
pub use svg::svg;
pub use terminal::{Glyphs, Screen};

use qrcode::{Color, EcLevel};
use zeroize::Zeroizing;

/// The quiet zone of ISO/IEC 18004, in modules.
pub const QUIET_ZONE: usize = 4;

/// The text is longer than any QR code holds, 2,953 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is longer than any QR code holds")]
pub struct TooLong;

/// A square of modules.
pub struct QrCode {
    dark: Zeroizing<Vec<bool>>,
    width: usize,
}

impl QrCode {
    /// Encodes a text with the least redundancy: a screen has no dirt on it, and a smaller code
    /// fits more terminals.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn encode(text: &str) -> Result<Self, TooLong> {
        let code =
            qrcode::QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| TooLong)?;
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

    /// Whether the module at this place is dark; what lies outside is quiet zone, and light.
    pub fn is_dark(&self, column: isize, row: isize) -> bool {
        let (Ok(column), Ok(row)) = (usize::try_from(column), usize::try_from(row)) else {
            return false;
        };
        column < self.width
            && row < self.width
            && self.dark.get(row * self.width + column).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_code_holds_is_refused() {
        assert_eq!(QrCode::encode(&"x".repeat(2954)).err(), Some(TooLong));
        assert!(QrCode::encode(&"x".repeat(2953)).is_ok());
    }
}
