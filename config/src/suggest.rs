//! "Did you mean …": the known word that a mistyped one is nearest to.

/// Words longer than this are no slips of a known one.
const LONGEST: usize = 40;

/// The hint for a word that is none of the known ones, if one of them is near.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean \"{near}\"?"))
}

/// The known word that takes the fewest slips to mistype as this one: at most one in three
/// characters, and case and `-` for `_` are none.
pub(crate) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.is_empty() || word.chars().count() > LONGEST {
        return None;
    }
    let folded = fold(word);
    let slips = |known: &str| distance(&folded, &fold(known));
    let best = known.iter().min_by_key(|known| slips(known))?;
    let longer = folded.len().max(best.chars().count());
    (slips(best) <= longer.div_ceil(3).min(longer - 1)).then_some(*best)
}

fn fold(word: &str) -> Vec<char> {
    word.chars()
        .flat_map(char::to_lowercase)
        .map(|character| if matches!(character, '-' | ' ') { '_' } else { character })
        .collect()
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before = vec![0; right.len() + 1];
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, l) in left.iter().enumerate() {
        let mut current = vec![row + 1; right.len() + 1];
        for (column, r) in right.iter().enumerate() {
            let mut least = (above[column] + usize::from(l != r))
                .min(above[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *l == right[column - 1] && left[row - 1] == *r {
                least = least.min(before[column - 1] + 1);
            }
            current[column + 1] = least;
        }
        before = std::mem::replace(&mut above, current);
    }
    above[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[&str] = &["level", "mode", "account_services", "max_delay", "delay", "networks"];

    #[test]
    fn slips_are_recognised() {
        for (slip, meant) in [
            ("levle", "level"),
            ("Level", "level"),
            ("account-services", "account_services"),
            ("acount_service", "account_services"),
            ("network", "networks"),
            ("maxdelay", "max_delay"),
            ("dleay", "delay"),
        ] {
            assert_eq!(nearest(slip, KEYS), Some(meant), "{slip}");
        }
    }

    #[test]
    fn other_words_are_not_forced_on_a_key() {
        for word in ["", "x", "colour", "remember", &"level".repeat(100)] {
            assert_eq!(nearest(word, KEYS), None, "{word}");
        }
    }

    #[test]
    fn a_swap_of_neighbours_is_one_slip() {
        let chars = |word: &str| word.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("abcd"), &chars("abdc")), 1);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
    }
}
