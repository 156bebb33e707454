//! A camera in front of a terminal: `zbarimg` reads the QR code off what is on the screen.

use std::fs;
use std::process::Command;

use super::process::demand;

/// Pixels on each side of a module.
const SCALE: usize = 8;

/// What the last QR code on a screen says. `light_on_dark` is whether text is light there.
///
/// Panics where there is none, with the screen.
pub fn read_qr(screen: &str, light_on_dark: bool) -> String {
    let modules = modules(screen);
    assert!(!modules.is_empty(), "no QR code stands on the screen:\n{screen}");
    let width = modules.iter().map(Vec::len).max().unwrap_or_default();
    let mut image = format!("P5\n{} {}\n255\n", width * SCALE, modules.len() * SCALE).into_bytes();
    for row in &modules {
        let pixel = |block: bool| if block == light_on_dark { 255 } else { 0 };
        let line: Vec<u8> = (0..width * SCALE)
            .map(|x| pixel(row.get(x / SCALE).copied().unwrap_or_default()))
            .collect();
        image.extend(line.repeat(SCALE));
    }
    let file = "/run/rig/screen.pgm";
    fs::write(file, image).expect("write the picture");
    let output = demand(
        Command::new("zbarimg")
            .args(["--quiet", "--raw", "-Sdisable"])
            .args(["-Sqrcode.enable", file]),
    );
    output.trim().to_owned()
}

/// The blocks of the last drawing on the screen: true where there is one.
fn modules(screen: &str) -> Vec<Vec<bool>> {
    let lines: Vec<&str> = screen.lines().map(unframed).collect();
    let is_drawn = |line: &&str| line.chars().filter(|c| "█▀▄#".contains(*c)).count() > 10;
    let Some(end) = lines.iter().rposition(is_drawn) else { return Vec::new() };
    let length = lines[..=end].iter().rev().take_while(|line| is_drawn(line)).count();
    let drawing = &lines[end + 1 - length..=end];
    if drawing.iter().any(|line| line.contains('#')) {
        return drawing
            .iter()
            .map(|line| line.chars().step_by(2).map(|c| c == '#').collect())
            .collect();
    }
    let half = |line: &str, blocks: [char; 2]| line.chars().map(|c| blocks.contains(&c)).collect();
    drawing.iter().flat_map(|line| [half(line, ['█', '▀']), half(line, ['█', '▄'])]).collect()
}

/// Without the frame that PuTTY draws around what a server says.
fn unframed(line: &str) -> &str {
    line.trim_end_matches('\r').strip_prefix("| ").unwrap_or(line.trim_end_matches('\r'))
}
