//! Recovery codes, for people.

use super::count;
use crate::escape;
use crate::secret::Secret;

/// So few are left that new ones are worth making.
const FEW: u32 = 2;

/// The codes, two on a line: the one time that they are shown.
pub fn codes(codes: &[Secret]) -> Secret {
    const ABOUT: &str =
        "Each of these recovery codes works once; keep them where your phone is not:\n\n";
    let length = codes.iter().map(|code| code.expose().len() + 8).sum::<usize>();
    // Full capacity at once: a growing text leaves unwiped copies behind.
    let mut text = String::with_capacity(ABOUT.len() + length);
    text.push_str(ABOUT);
    for pair in codes.chunks(2) {
        for code in pair {
            text.push_str("  ");
            text.push_str(Secret::new(escape::line(code.expose())).expose());
        }
        text.push('\n');
    }
    Secret::new(text)
}

/// How many are left, and what to do where that is few.
pub fn left(left: u32) -> String {
    let number = count(usize::try_from(left).unwrap_or(usize::MAX), "recovery code");
    match left {
        0 => "No recovery code is left. 'twinlock recovery new' makes new ones.".to_owned(),
        1 => format!("{number} is left. 'twinlock recovery new' makes new ones."),
        2..=FEW => format!("{number} are left. 'twinlock recovery new' makes new ones."),
        _ => format!("{number} are left."),
    }
}

/// Whether to warn of it: some were made, and few of them are left.
pub const fn is_few(left: u32) -> bool {
    left > 0 && left <= FEW
}

/// What making new ones takes away.
pub fn plan(user: &str, left: u32) -> String {
    let old = count(usize::try_from(left).unwrap_or(usize::MAX), "recovery code");
    let (user, are) = (escape::line(user), if left == 1 { "is" } else { "are" });
    format!("{user} has {old} left, which {are} void as soon as there are new ones.")
}
