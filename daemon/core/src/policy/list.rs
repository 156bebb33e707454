//! The lists of a profile: any entry matches, `!` excludes.

use std::str::FromStr;

/// A list of a profile, taken apart.
///
/// Empty: anything matches. Otherwise something matches if no exclusion names it and, where there
/// are other entries, one of them does; a list of exclusions only means everything else. The order
/// of entries means nothing, so that an exclusion always wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    /// Entries without `!`.
    pub included: Vec<T>,
    /// Entries with `!`, without it.
    pub excluded: Vec<T>,
}

/// An entry of a list that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\": {why}", entry.escape_debug())]
pub struct EntryError {
    /// Which entry, from 0.
    pub index: usize,
    /// The entry as it was written.
    pub entry: String,
    /// What is wrong with it.
    pub why: String,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { included: Vec::new(), excluded: Vec::new() }
    }
}

impl<T> List<T> {
    /// Whether the list says nothing, so that anything matches.
    pub const fn is_empty(&self) -> bool {
        self.included.is_empty() && self.excluded.is_empty()
    }

    /// Whether the list names only what it excludes.
    pub const fn is_exclusions_only(&self) -> bool {
        self.included.is_empty() && !self.excluded.is_empty()
    }
}

impl<T: FromStr<Err: std::fmt::Display>> List<T> {
    /// Reads the entries as they are written.
    ///
    /// # Errors
    /// The first entry that is empty, has white space or control characters in it or around it,
    /// or is no `T`.
    pub fn parse<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, EntryError> {
        let mut list = Self::default();
        for (index, entry) in entries.into_iter().enumerate() {
            let written = entry.as_ref();
            let (text, into) = match written.strip_prefix('!') {
                Some(text) => (text, &mut list.excluded),
                None => (written, &mut list.included),
            };
            let error = |why: String| EntryError { index, entry: written.to_owned(), why };
            if text.is_empty() {
                return Err(error("an entry that names nothing".to_owned()));
            }
            if text.starts_with('!') || text.trim() != text || text.contains(char::is_control) {
                return Err(error(
                    "a name has no space around it and no '!!' before it".to_owned(),
                ));
            }
            into.push(text.parse().map_err(|reason: T::Err| error(reason.to_string()))?);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclamation_mark_excludes() {
        let list = List::<String>::parse(["staff", "!robots"]).unwrap();
        assert_eq!(list.included, ["staff"]);
        assert_eq!(list.excluded, ["robots"]);
        assert!(!list.is_empty() && !list.is_exclusions_only());
    }

    #[test]
    fn an_entry_that_could_match_by_accident_is_an_error() {
        for (index, entry) in
            ["", "!", "!!staff", " staff", "sta\nff\u{1b}", "! staff"].into_iter().enumerate()
        {
            let mut entries = vec!["fine"; index];
            entries.push(entry);
            let error = List::<String>::parse(&entries).unwrap_err();
            assert_eq!((error.index, error.entry.as_str()), (index, entry));
        }
    }

    #[test]
    fn a_network_by_name_is_an_error() {
        let error = List::<ipnet::IpNet>::parse(["10.0.0.0/8", "!example.org"]).unwrap_err();
        assert_eq!(error.index, 1);
    }
}
