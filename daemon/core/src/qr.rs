//! A QR code as text without colours, because the OpenSSH client escapes ANSI sequences: two
//! modules a character in half blocks, or two characters a module in ASCII, for clients such as
//! dropbear's that strip everything else.

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

/// The characters that a code is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// U+2580, U+2584 and U+2588: small, and square on most terminals.
    HalfBlocks,
    /// `##` and two spaces: four times as large.
    Ascii,
}

/// The modules of a code; wiped when dropped, because they are the text in another writing.
struct Modules {
    colors: Vec<Color>,
    width: i32,
    screen: Screen,
}

impl Modules {
    /// Whether a block is drawn for this module. Outside of the code lies the quiet zone.
    fn is_block(&self, x: i32, y: i32) -> bool {
        let inside = (0..self.width).contains(&x) && (0..self.width).contains(&y);
        let index = usize::try_from(y * self.width + x).ok();
        let module = index.and_then(|index| self.colors.get(index));
        let dark = inside && module == Some(&Color::Dark);
        dark == (self.screen == Screen::Light)
    }

    fn half_blocks(&self, drawing: &mut String) {
        for y in (-QUIET_ROWS..self.width + QUIET_ROWS).step_by(2) {
            drawing.extend((-QUIET..self.width + QUIET).map(|x| {
                match (self.is_block(x, y), self.is_block(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                }
            }));
            drawing.push('\n');
        }
    }

    /// With half of the standard's quiet zone on every side, so that it fits 80 columns.
    fn ascii(&self, drawing: &mut String) {
        for y in -QUIET_ROWS..self.width + QUIET_ROWS {
            drawing.extend(
                (-QUIET_ROWS..self.width + QUIET_ROWS)
                    .map(|x| if self.is_block(x, y) { "##" } else { "  " }),
            );
            drawing.push('\n');
        }
    }
}

impl Drop for Modules {
    fn drop(&mut self) {
        self.colors.fill(Color::Light);
    }
}

/// Draws `text`, or nothing if it is longer than any QR code holds. The drawing is the text in
/// another writing, so it is wiped when dropped.
pub fn draw(text: &str, glyphs: Glyphs, screen: Screen) -> Option<Zeroizing<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = i32::try_from(code.width()).ok()?;
    let modules = Modules { colors: code.into_colors(), width, screen };
    let side = usize::try_from(width + 2 * QUIET).ok()?;
    // Room for every character at once: a string that grows leaves copies behind.
    let room = (side + 1) * side * '█'.len_utf8();
    let mut drawing = Zeroizing::new(String::with_capacity(room));
    match glyphs {
        Glyphs::HalfBlocks => modules.half_blocks(&mut drawing),
        Glyphs::Ascii => modules.ascii(&mut drawing),
    }
    drawing.pop();
    Some(drawing)
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/web1:alice%40web1?secret=GEZDGNBVGY3TQOJQ&issuer=web1";

    /// Back from characters to modules, as a camera sees them: true is light.
    fn lit(drawing: &str, glyphs: Glyphs, screen: Screen) -> Vec<Vec<bool>> {
        let mut rows = Vec::new();
        if glyphs == Glyphs::Ascii {
            let block = |c: char| (c == '#') == (screen == Screen::Dark);
            return drawing
                .lines()
                .map(|line| line.chars().step_by(2).map(block).collect())
                .collect();
        }
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
        for (glyphs, screen) in [
            (Glyphs::HalfBlocks, Screen::Dark),
            (Glyphs::HalfBlocks, Screen::Light),
            (Glyphs::Ascii, Screen::Dark),
            (Glyphs::Ascii, Screen::Light),
        ] {
            let drawing = draw(URI, glyphs, screen).unwrap();
            let pixels = lit(&drawing, glyphs, screen);
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
        let ascii = draw(URI, Glyphs::Ascii, Screen::Dark).unwrap();
        assert!(ascii.is_ascii() && ascii.lines().all(|line| line.len() <= 79));
        let drawing = draw(URI, Glyphs::HalfBlocks, Screen::Dark).unwrap();
        assert!(drawing.lines().count() <= 20, "{}", drawing.lines().count());
        assert!(drawing.lines().all(|line| line.chars().count() <= 79));
    }

    #[test]
    fn what_no_code_holds_is_not_drawn() {
        assert!(draw(&"x".repeat(5000), Glyphs::HalfBlocks, Screen::Dark).is_none());
    }
}
