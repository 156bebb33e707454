//! Where in sshd's files a setting stands.

use std::fs;
use std::path::{Path, PathBuf};

use crate::doctor::finding::Place;

/// The main file.
const MAIN: &str = "/etc/ssh/sshd_config";

/// What the main files of distributions include at their top.
const FURTHER: &str = "/etc/ssh/sshd_config.d";

/// The file that a mend is written to: its name sorts before a distribution's own and cloud-init's, for
/// the first value counts.
pub(super) const OWN: &str = "/etc/ssh/sshd_config.d/00-twinlock.conf";

/// The earlier name of a keyword, which sshd still takes.
const ALIASES: [(&str, &str); 1] =
    [("KbdInteractiveAuthentication", "ChallengeResponseAuthentication")];

/// sshd's files, in the order that sshd reads them.
pub(super) struct Places {
    main: PathBuf,
    files: Vec<(PathBuf, String)>,
}

impl Places {
    /// The files of this host.
    pub fn of_this_host() -> Self {
        Self::at(Path::new(MAIN), Path::new(FURTHER))
    }

    /// The main file, and those in a directory that it includes. The place of a setting is a
    /// convenience: what cannot be read is left out.
    pub fn at(main: &Path, further: &Path) -> Self {
        let mut paths: Vec<PathBuf> = fs::read_dir(further)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "conf"));
        paths.sort();
        paths.push(main.to_owned());
        let read = |path: PathBuf| fs::read_to_string(&path).ok().map(|text| (path, text));
        Self { main: main.to_owned(), files: paths.into_iter().filter_map(read).collect() }
    }

    /// The line that sets a keyword for everybody: of several the first counts (sshd_config(5)).
    /// The main file where none does.
    pub fn of(&self, keyword: &str) -> Place {
        let found = self.files.iter().find_map(|(path, text)| {
            let line = line_of(keyword, text)?;
            Some(Place::line(path, line))
        });
        found.unwrap_or_else(|| Place::file(&self.main))
    }

    /// What Match blocks set a keyword to, each with its line.
    pub fn matched(&self, keyword: &str) -> Vec<(String, Place)> {
        let mut found = Vec::new();
        for (path, text) in &self.files {
            let lines = text.lines().map(words).enumerate();
            let blocks = lines.skip_while(|(_, (word, _))| !word.eq_ignore_ascii_case("match"));
            let set = blocks.filter(|(_, (word, _))| word.eq_ignore_ascii_case(keyword));
            found.extend(
                set.map(|(index, (_, value))| (value.to_owned(), Place::line(path, index + 1))),
            );
        }
        found
    }
}

/// The keyword of a line, and what stands behind it (sshd_config(5)).
fn words(line: &str) -> (&str, &str) {
    let is_between = |at: char| at.is_whitespace() || at == '=';
    let line = line.trim();
    let (keyword, value) = line.split_once(is_between).unwrap_or((line, ""));
    (keyword, unquoted(value.trim_start_matches(is_between)))
}

/// A value without its quotes, or up to the comment behind it.
fn unquoted(value: &str) -> &str {
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => value.split('#').next().unwrap_or_default().trim_end(),
    }
}

/// The line, from 1, of a keyword before the first `Match`.
fn line_of(keyword: &str, text: &str) -> Option<usize> {
    let alias = ALIASES.iter().find(|(name, _)| name.eq_ignore_ascii_case(keyword));
    let is_it = |word: &str| {
        word.eq_ignore_ascii_case(keyword)
            || alias.is_some_and(|(_, alias)| word.eq_ignore_ascii_case(alias))
    };
    let mut global = text
        .lines()
        .map(|line| words(line).0)
        .take_while(|word| !word.eq_ignore_ascii_case("match"));
    global.position(is_it).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_a_comment_begins() {
        for line in [
            "PAMServiceName ssh-x",
            "PAMServiceName=ssh-x # why",
            "PAMServiceName \"ssh-x\"  # default",
            "PAMServiceName ssh-x#why",
        ] {
            assert_eq!(words(line), ("PAMServiceName", "ssh-x"), "{line}");
        }
        assert_eq!(words("Banner \"/etc/a #1\""), ("Banner", "/etc/a #1"));
    }

    #[test]
    fn the_first_line_that_sets_a_keyword_is_found_and_no_comment() {
        let text = "#UsePAM yes\n  usepam=no\nUsePAM yes\nMatch User bob\nUseDNS yes\n";
        assert_eq!(line_of("UsePAM", text), Some(2));
        assert_eq!(line_of("UseDNS", text), None, "a Match block is not for everybody");
    }

    #[test]
    fn a_line_that_sets_a_keyword_by_its_earlier_name_is_found() {
        let text = "UsePAM yes\nchallengeresponseauthentication no\n";
        assert_eq!(line_of("KbdInteractiveAuthentication", text), Some(2));
        assert_eq!(line_of("PasswordAuthentication", text), None);
    }

    #[test]
    fn the_file_of_a_mend_is_the_one_that_the_command_writes() {
        assert_eq!(Path::new(OWN), crate::pam_change::sshd::Sshd::this().drop_in);
    }
}
