//! The lines of passwd(5): `name:password:uid:gid:gecos:directory:shell`.

use std::collections::{HashMap, HashSet};

use super::Uids;

/// The last part of a shell that lets nobody in.
const NO_LOGIN: [&str; 2] = ["nologin", "false"];

/// People among the users of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// Their names, as they stand in the database.
    pub names: Vec<String>,
    /// How many lines were none of the form that passwd(5) has.
    pub unread: usize,
}

impl People {
    /// Reads what `getent passwd` printed. A person is root or has a uid of people, and a shell
    /// that lets them in.
    pub fn read(listing: &[u8], uids: &Uids) -> Self {
        let mut people = Self::default();
        let mut seen = HashSet::new();
        for line in listing.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            match Entry::read(line) {
                None => people.unread += 1,
                Some(entry) if entry.logs_in(uids) && seen.insert(entry.name) => {
                    people.names.push(entry.name.to_owned());
                }
                Some(_) => {}
            }
        }
        people
    }
}

/// The names of all users that `getent passwd` printed, by uid; of two the first.
pub(super) fn names(listing: &[u8]) -> HashMap<u32, String> {
    let mut names = HashMap::new();
    for entry in listing.split(|&byte| byte == b'\n').filter_map(Entry::read) {
        names.entry(entry.uid).or_insert_with(|| entry.name.to_owned());
    }
    names
}

struct Entry<'a> {
    name: &'a str,
    uid: u32,
    shell: &'a str,
}

impl<'a> Entry<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let mut fields = line.split(':');
        let (name, _, uid) = (fields.next()?, fields.next()?, fields.next()?);
        let (_, _, _, shell) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let is_number = !uid.is_empty() && uid.bytes().all(|byte| byte.is_ascii_digit());
        if fields.next().is_some() || name.is_empty() || !is_number {
            return None;
        }
        if line.chars().any(char::is_control) {
            return None;
        }
        Some(Self { name, uid: uid.parse().ok()?, shell })
    }

    /// An empty shell is `/bin/sh` (passwd(5)).
    fn logs_in(&self, uids: &Uids) -> bool {
        let program = self.shell.rsplit('/').next().unwrap_or_default();
        (self.uid == 0 || uids.contain(self.uid)) && !NO_LOGIN.contains(&program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(listing: &[u8]) -> People {
        People::read(listing, &Uids::read(""))
    }

    #[test]
    fn people_are_root_and_who_has_a_uid_of_people_and_a_shell() {
        let people = read(
            b"root:x:0:0:root:/root:/bin/bash\n\
              daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n\
              postgres:x:117:125::/var/lib/postgresql:/bin/bash\n\
              alice:x:1000:1000:Alice,,,:/home/alice:/bin/bash\n\
              bob:x:1001:1001::/home/bob:\n\
              backup:x:1002:1002::/srv:/sbin/nologin\n\
              mirror:x:1003:1003::/srv:/bin/false\n\
              nobody:x:65534:65534::/nonexistent:/bin/sh\n",
        );
        assert_eq!(people.names, ["root", "alice", "bob"]);
        assert_eq!(people.unread, 0);
    }

    #[test]
    fn a_name_that_two_sources_list_counts_once() {
        let line = b"alice:x:1000:1000::/home/alice:/bin/sh\n";
        assert_eq!(read(&line.repeat(2)).names, ["alice"]);
    }

    #[test]
    fn what_is_no_line_of_passwd_is_counted_and_nobody() {
        for line in [
            &b"alice"[..],
            b"alice:x:1000:1000::/home/alice",
            b"alice:x:1000:1000::/home/alice:/bin/sh:more",
            b":x:1000:1000::/home/alice:/bin/sh",
            b"alice:x::1000::/home/alice:/bin/sh",
            b"alice:x:+1000:1000::/home/alice:/bin/sh",
            b"alice:x:-1:1000::/home/alice:/bin/sh",
            b"alice:x:4294968296:1000::/home/alice:/bin/sh",
            b"alice\x1b[2J:x:1000:1000::/home/alice:/bin/sh",
            b"alice:x:1000:1000::/home/alice:/bin/sh\r",
            b"alic\xff:x:1000:1000::/home/alice:/bin/sh",
        ] {
            let people = read(line);
            assert_eq!((people.names.len(), people.unread), (0, 1), "{line:?}");
        }
    }
}
