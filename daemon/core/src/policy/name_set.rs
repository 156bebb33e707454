//! The names of a user's groups, to be asked for thousands of names that are mostly not there.

/// A set of names. What is not in it is mostly told by a name's length and ends alone: a policy of
/// a thousand profiles asks for every group of every profile.
pub(super) struct NameSet<'a> {
    sorted: Vec<&'a str>,
    seen: [u64; 4],
}

impl<'a> FromIterator<&'a str> for NameSet<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut sorted: Vec<_> = names.into_iter().collect();
        sorted.sort_unstable();
        let mut seen = [0; 4];
        for name in &sorted {
            let (word, bit) = slot(name);
            seen[word] |= bit;
        }
        Self { sorted, seen }
    }
}

impl NameSet<'_> {
    /// Whether the name is in the set.
    pub(super) fn contains(&self, name: &str) -> bool {
        let (word, bit) = slot(name);
        self.seen[word] & bit != 0 && self.sorted.binary_search(&name).is_ok()
    }
}

/// One of 256 slots: names in the same slot may be equal, others are not. Names that people number
/// differ at the end.
fn slot(name: &str) -> (usize, u64) {
    let mix = |sum: u8, byte: &u8| sum.wrapping_mul(31).wrapping_add(*byte);
    let length = name.len().to_le_bytes()[0];
    let slot = name.as_bytes().iter().rev().take(4).fold(length, mix);
    (usize::from(slot >> 6), 1 << (slot & 63))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_in_the_set_if_it_was_put_in(
            names in prop::collection::btree_set("[a-c]{0,3}", 0..20),
            asked in "[a-c]{0,3}",
        ) {
            let names: BTreeSet<String> = names;
            let set: NameSet<'_> = names.iter().map(String::as_str).collect();
            prop_assert_eq!(set.contains(&asked), names.contains(&asked));
            prop_assert!(names.iter().all(|name| set.contains(name)));
        }
    }
}
