//! A QR code as text without colours, because the OpenSSH client escapes ANSI sequences: two
//! modules a character in half blocks, or two characters a module in ASCII, for clients such as
//! dropbear's that strip everything else.

use zeroize::Zeroizing;

use crate::{QUIET_ZONE, QrCode};

/// The quiet zone above and below: half of the standard's, so that code, key and prompt fit a
/// screen of 24 lines. In ASCII it is that on every side, so that the code fits 80 columns.
const QUIET_ROWS: isize = 2;

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

impl QrCode {
    /// Columns that a drawing in half blocks needs.
    pub const fn columns(&self) -> usize {
        self.width() + 2 * QUIET_ZONE
    }

    /// The code as lines, the last one without a line break.
    pub fn draw(&self, glyphs: Glyphs, screen: Screen) -> Zeroizing<String> {
        let block = |column, row| self.is_dark(column, row) == (screen == Screen::Light);
        let rows = -QUIET_ROWS..self.width().cast_signed() + QUIET_ROWS;
        let quiet = QUIET_ZONE.cast_signed();
        let columns = -quiet..self.width().cast_signed() + quiet;
        // Room for every character at once: a string that grows leaves copies behind.
        let mut drawing =
            Zeroizing::new(String::with_capacity((self.columns() + 1) * self.columns() * 3));
        match glyphs {
            Glyphs::HalfBlocks => {
                for row in rows.step_by(2) {
                    drawing.extend(columns.clone().map(|column| {
                        match (block(column, row), block(column, row + 1)) {
                            (true, true) => '█',
                            (true, false) => '▀',
                            (false, true) => '▄',
                            (false, false) => ' ',
                        }
                    }));
                    drawing.push('\n');
                }
            }
            Glyphs::Ascii => {
                for row in rows.clone() {
                    let cell = |column| if block(column, row) { "##" } else { "  " };
                    drawing.extend(rows.clone().map(cell));
                    drawing.push('\n');
                }
            }
        }
        drawing.pop();
        drawing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "otpauth://totp/web1:alice%40web1?secret=GEZDGNBVGY3TQOJQ&issuer=web1";

    fn drawn(glyphs: Glyphs, screen: Screen) -> Zeroizing<String> {
        QrCode::encode(URI).unwrap().draw(glyphs, screen)
    }

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
            let drawing = drawn(glyphs, screen);
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
        let ascii = drawn(Glyphs::Ascii, Screen::Dark);
        assert!(ascii.is_ascii() && ascii.lines().all(|line| line.len() <= 79));
        let drawing = drawn(Glyphs::HalfBlocks, Screen::Dark);
        assert!(drawing.lines().count() <= 20, "{}", drawing.lines().count());
        let columns = QrCode::encode(URI).unwrap().columns();
        assert!(columns <= 79 && drawing.lines().all(|line| line.chars().count() == columns));
    }
}
