//! Which uids people have: `UID_MIN` and `UID_MAX` of login.defs(5).

use std::fs::File;
use std::io::Read;

/// Where useradd(8) reads them.
const FILE: &str = "/etc/login.defs";

/// The most bytes of the file that are read.
const MOST: u64 = 1 << 20;

/// The uids of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uids {
    min: u32,
    max: u32,
}

impl Uids {
    /// As this host has them, or as login.defs(5) has them where it says nothing.
    pub fn of_this_host() -> Self {
        let mut text = Vec::new();
        let read = File::open(FILE).and_then(|file| file.take(MOST).read_to_end(&mut text));
        Self::read(&String::from_utf8_lossy(read.map_or(&[], |_| &text)))
    }

    /// Reads the text of login.defs.
    pub fn read(text: &str) -> Self {
        let value = |name| {
            let lines = text.lines().map(str::split_whitespace);
            lines
                .filter_map(|mut words| Some((words.next()?, words.next()?)))
                .filter(|(key, _)| *key == name)
                .find_map(|(_, value)| value.parse().ok())
        };
        Self { min: value("UID_MIN").unwrap_or(1000), max: value("UID_MAX").unwrap_or(60_000) }
    }

    /// Whether it is a person's.
    pub const fn contain(&self, uid: u32) -> bool {
        self.min <= uid && uid <= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_which_uids_people_have() {
        let uids = Uids::read("# UID_MIN 1\nSYS_UID_MIN 100\n\nUID_MIN\t\t  500\nUID_MAX 599 #\n");
        assert_eq!(uids, Uids { min: 500, max: 599 });
        assert!(uids.contain(500) && uids.contain(599));
        assert!(!uids.contain(499) && !uids.contain(600));
    }

    #[test]
    fn what_the_file_does_not_say_is_as_its_manual_has_it() {
        for text in ["", "UID_MIN\nUID_MAX soon\n", "#UID_MIN 5"] {
            assert_eq!(Uids::read(text), Uids { min: 1000, max: 60_000 }, "{text:?}");
        }
    }
}
