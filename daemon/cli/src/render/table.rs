//! Columns of text. The last column is as wide as it likes, so free text goes there.

use super::Palette;

/// Lays rows out under a heading, two spaces between columns, without trailing spaces.
///
/// Cells are plain text; `tint` colours one after its width is known.
pub fn table<const N: usize>(
    heading: [&str; N],
    rows: &[[String; N]],
    palette: Palette,
    tint: impl Fn(usize, &str) -> String,
) -> String {
    let mut widths = heading.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N], paint: &dyn Fn(usize, &str) -> String| {
        let mut text = String::new();
        for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
            text.push_str(&paint(column, cell));
            if column + 1 < N {
                text.push_str(&" ".repeat(width - cell.chars().count() + 2));
            }
        }
        text.trim_end().to_owned() + "\n"
    };
    let mut text = line(heading, &|_, cell| palette.heading(cell));
    for row in rows {
        text.push_str(&line(row.each_ref().map(String::as_str), &tint));
    }
    text
}

/// Two columns without a heading, behind some spaces.
pub fn aligned(rows: &[[String; 2]], indent: usize) -> String {
    let width = rows.iter().map(|[name, _]| name.chars().count()).max().unwrap_or_default();
    let lines = rows.iter().map(|[name, value]| {
        let line = format!("{:indent$}{name:<width$}  {value}", "");
        line.trim_end().to_owned() + "\n"
    });
    lines.collect()
}
