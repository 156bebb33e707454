//! A QR code as SVG 1.1: a white ground and one path of black runs.

use std::fmt::Write;

use zeroize::Zeroizing;

use crate::{QUIET_ZONE, QrCode};

/// The picture, one unit a module, quiet zone included.
pub fn svg(code: &QrCode) -> Zeroizing<Vec<u8>> {
    let side = code.width() + 2 * QUIET_ZONE;
    // A run takes some twenty bytes and there is at most one for two modules: full capacity at
    // once, so that no unwiped copy is left behind.
    let mut text = String::with_capacity(512 + code.width() * code.width() * 12);
    // Writing to a `String` cannot fail.
    let _ = write!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" viewBox=\"0 0 {side} {side}\" \
         width=\"{pixels}\" height=\"{pixels}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/><path fill=\"#000\" d=\"",
        pixels = side * 8
    );
    let width = code.width().cast_signed();
    for row in 0..width {
        let mut column = 0;
        while column < width {
            let start = column;
            while code.is_dark(column, row) {
                column += 1;
            }
            let run = column - start;
            if run > 0 {
                let quiet = QUIET_ZONE.cast_signed();
                let _ = write!(text, "M{} {}h{run}v1h-{run}z", start + quiet, row + quiet);
            }
            column += 1;
        }
    }
    text.push_str("\"/></svg>\n");
    Zeroizing::new(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_of_the_path_are_the_dark_modules() {
        let code = QrCode::encode("otpauth://totp/web1:alice").unwrap();
        let bytes = svg(&code);
        let text = std::str::from_utf8(&bytes).unwrap();
        let path = text.rsplit("d=\"").next().unwrap().split('"').next().unwrap();
        let mut drawn = 0;
        for run in path.split('M').skip(1) {
            let (place, rest) = run.split_once('h').unwrap();
            let (column, row) = place.split_once(' ').unwrap();
            let length: isize = rest.split('v').next().unwrap().parse().unwrap();
            let (column, row): (isize, isize) = (column.parse().unwrap(), row.parse().unwrap());
            for step in 0..length {
                assert!(code.is_dark(column - 4 + step, row - 4));
                drawn += 1;
            }
        }
        assert_eq!(drawn, code.dark.iter().filter(|dark| **dark).count());
    }
}
