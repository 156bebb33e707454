//! Small facts of the host.

use super::program::{Answer, ask};

/// Asks NSS; by its path, for who runs this may have a `PATH` of somebody else's making.
const GETENT: [&str; 1] = ["/usr/bin/getent"];

/// The uid of a user; none where there is no such user, or it cannot be told.
pub(super) fn uid_of(user: &str) -> Option<u32> {
    let Answer::Text(text) = ask(&GETENT, &["passwd", user]) else { return None };
    text.lines().next()?.split(':').nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_0_and_a_stranger_is_nobody() {
        assert_eq!(uid_of("root"), Some(0));
        assert_eq!(uid_of("no-such-user"), None);
    }
}
