//! A few numbers beside one another, as bars from left to right.

use super::super::html::text;

const WIDTH: f64 = 440.0;
const LEFT: f64 = 172.0;
const RIGHT: f64 = 44.0;
const ROW: f64 = 38.0;
const TOP: f64 = 8.0;

/// One bar a row, the longest as long as there is room.
pub fn rows(title: &str, rows: &[(&str, u64)]) -> String {
    let highest = rows.iter().map(|(_, value)| *value).max().unwrap_or_default().max(1);
    let bars = rows.iter().enumerate().map(|(number, (label, value))| {
        let y = TOP + ROW * number as f64;
        let length = (WIDTH - LEFT - RIGHT) * *value as f64 / highest as f64;
        format!(
            "<text class=\"label\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <rect class=\"method\" x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"18\" rx=\"3\"/>\
             <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{value}</text>",
            LEFT - 10.0,
            y + 18.0,
            text(label),
            y + 4.0,
            length.max(1.0),
            LEFT + length.max(1.0) + 8.0,
            y + 18.0
        )
    });
    format!(
        "<div class=\"wide\"><svg viewBox=\"0 0 {WIDTH} {:.1}\" role=\"img\" class=\"plot\">\
         <title>{}</title>{}</svg></div>",
        TOP * 2.0 + ROW * rows.len() as f64,
        text(title),
        bars.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fills_the_room_and_none_is_left_out() {
        let svg = rows("Methods", &[("app", 40), ("<sms>", 0)]);
        assert!(svg.contains("width=\"224.0\"") && svg.contains("&lt;sms&gt;"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(!rows("Methods", &[("app", 0)]).contains("NaN"));
    }
}
