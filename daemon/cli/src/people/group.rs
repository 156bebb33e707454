//! The lines of group(5), `name:password:gid:members`, and who is in a group by passwd(5) alone.

use std::collections::BTreeSet;

/// Everyone in the groups of this listing: whom it names, and whose own group it is by `passwd`.
/// Lines that are none of the form are passed over.
pub(super) fn members(groups: &[u8], passwd: &[u8]) -> Vec<String> {
    let (mut members, mut gids) = (BTreeSet::new(), BTreeSet::new());
    for line in lines(groups) {
        let mut fields = line.split(':');
        let (Some(_), Some(_), Some(gid), Some(named), None) =
            (fields.next(), fields.next(), fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        gids.insert(gid);
        members.extend(named.split(',').filter(|name| !name.is_empty()).map(str::to_owned));
    }
    for line in lines(passwd) {
        let mut fields = line.split(':');
        let (name, gid) = (fields.next().unwrap_or_default(), fields.nth(2));
        if !name.is_empty() && gid.is_some_and(|gid| gids.contains(gid)) {
            members.insert(name.to_owned());
        }
    }
    members.into_iter().collect()
}

fn lines(listing: &[u8]) -> impl Iterator<Item = &str> {
    listing
        .split(|&byte| byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
        .filter(|line| !line.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_whom_it_names_and_whose_own_group_it_is() {
        let groups = b"staff:x:50:bob,alice,\n\xff:x:51:mallory\nbroken:x\n";
        let passwd =
            b"root:x:0:0::/root:/bin/sh\ncarol:x:1002:50::/:/bin/sh\nalice:x:1000:50::/:\n\
                       mallory:x:1003:51::/:\n:x:1004:50::/:\n";
        assert_eq!(members(groups, passwd), ["alice", "bob", "carol"]);
        assert_eq!(members(b"empty:x:60:\n", passwd), Vec::<String>::new());
    }
}
