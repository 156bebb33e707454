//! A QR code as text: two modules a character, in half blocks without colours, because the OpenSSH
//! client escapes ANSI sequences.

use qrcode::{Color, EcLevel, QrCode};
use zeroize::Zeroizing;

/// The quiet zone of ISO/IEC 18004, in modules.
const QUIET: i32 = 4;

/// The quiet zone above and below: half of the standard's, so that code, key and prompt fit a
/// screen of 24 lines.
const QUIET_ROWS: i32 = 2;

/// The screen that a code is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Light text on a dark ground: the blocks are the light modules.
    Dark,
    /// Dark text on a light ground: the blocks are the dark modules.
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

/// Draws `text`, or nothing if it is longer than any QR code holds. The drawing is the text in
/// another writing, so it is wiped when dropped.
pub fn half_blocks(text: &str, screen: Screen) -> Option<Zeroizing<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = i32::try_from(code.width()).ok()?;
    let mut modules = code.into_colors();
    let is_block = |x: i32, y: i32| {
        let inside = (0..width).contains(&x) && (0..width).contains(&y);
        let module = usize::try_from(y * width + x).ok().and_then(|index| modules.get(index));
        let dark = inside && module == Some(&Color::Dark);
        dark == (screen == Screen::Light)
    };
    let (columns, rows) = (-QUIET..width + QUIET, -QUIET_ROWS..width + QUIET_ROWS);
    // Room for every character at once: a string that grows leaves copies behind.
    let room = columns.len() * rows.len() * '█'.len_utf8();
    let mut drawing = Zeroizing::new(String::with_capacity(room));
    for y in rows.step_by(2) {
        for x in columns.clone() {
            drawing.push(match (is_block(x, y), is_block(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        drawing.push('\n');
    }
    drawing.pop();
    modules.fill(Color::Light);
    Some(drawing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/web1:alice%40web1?secret=GEZDGNBVGY3TQOJQ&issuer=web1";

    /// Back from half blocks to modules, as a camera sees them: true is light.
    fn lit(drawing: &str, screen: Screen) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        for line in drawing.lines() {
            for half in [['█', '▀'], ['█', '▄']] {
                let block = |c: char| half.contains(&c);
                rows.push(line.chars().map(|c| block(c) == (screen == Screen::Dark)).collect());
            }
        }
        rows
    }

    #[test]
    fn a_scanner_reads_the_drawing_on_either_screen() {
        for screen in [Screen::Dark, Screen::Light] {
            let drawing = half_blocks(URI, screen).unwrap();
            let pixels = lit(&drawing, screen);
            let (height, width) = (pixels.len(), pixels[0].len());
            let mut image =
                rqrr::PreparedImage::prepare_from_greyscale(width * 4, height * 4, |x, y| {
                    if pixels[y / 4][x / 4] { 255 } else { 0 }
                });
            let found = image.detect_grids();
            assert_eq!(found.len(), 1, "{}", *drawing);
            assert_eq!(found[0].decode().unwrap().1, URI);
        }
    }

    #[test]
    fn a_usual_account_fits_a_screen_of_24_lines_and_80_columns() {
        let drawing = half_blocks(URI, Screen::Dark).unwrap();
        assert!(drawing.lines().count() <= 20, "{}", drawing.lines().count());
        assert!(drawing.lines().all(|line| line.chars().count() <= 79));
    }

    #[test]
    fn what_no_code_holds_is_not_drawn() {
        assert!(half_blocks(&"x".repeat(5000), Screen::Dark).is_none());
    }
}
