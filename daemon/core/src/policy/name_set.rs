//! The names of a user's groups, to be asked for thousands of names that are mostly not there.

const BUCKETS: usize = 256;

/// A set of names, in buckets by length and end. The standard hash costs more than all else that a
/// decision does: a policy of a thousand profiles asks for every group of every profile. Nobody
/// but an administrator names groups, and names in the same bucket only cost time.
pub(super) struct NameSet<'a> {
    buckets: Vec<Vec<&'a str>>,
}

impl<'a> FromIterator<&'a str> for NameSet<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut buckets = vec![Vec::new(); BUCKETS];
        for name in names {
            if let Some(bucket) = buckets.get_mut(bucket_of(name)) {
                bucket.push(name);
            }
        }
        Self { buckets }
    }
}

impl NameSet<'_> {
    /// Whether the name is in the set.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.buckets.get(bucket_of(name)).is_some_and(|bucket| bucket.contains(&name))
    }
}

/// Of the length and the last eight bytes: names that people number differ at the end.
fn bucket_of(name: &str) -> usize {
    // 2^64 divided by the golden ratio, which spreads what differs in any bit over the highest.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let bytes = name.as_bytes();
    let end = match bytes.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => bytes.iter().fold(0, |end, &byte| end << 8 | u64::from(byte)),
    };
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let [.., highest] = end.rotate_left(5).wrapping_add(length).wrapping_mul(SPREAD).to_le_bytes();
    usize::from(highest)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_in_the_set_if_it_was_put_in(
            names in prop::collection::btree_set("(a-long-name-)?[a-c]{0,3}", 0..20),
            asked in "(a-long-name-)?[a-c]{0,3}",
        ) {
            let names: BTreeSet<String> = names;
            let set: NameSet<'_> = names.iter().map(String::as_str).collect();
            prop_assert_eq!(set.contains(&asked), names.contains(&asked));
            prop_assert!(names.iter().all(|name| set.contains(name)));
        }
    }
}
