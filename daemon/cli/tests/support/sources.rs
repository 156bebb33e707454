//! Sentences in the sources: what stands between quotation marks, and what of it is a sentence.

use std::fs;
use std::path::{Path, PathBuf};

/// The files below a folder with this extension.
pub fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|has| has == extension) {
            found.push(path);
        }
    }
}

/// The parts of a sentence between the values in it.
pub fn parts(sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = sentence;
    while let Some((part, behind)) = rest.split_once('{') {
        parts.push(part);
        rest = behind.split_once('}').map_or("", |(_, behind)| behind);
    }
    parts.push(rest);
    parts
}

/// The string literals of a source as the program has them; comments and tests left out.
pub fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        let (mark, behind) = rest[at..].split_at(1);
        rest = match mark {
            "/" if behind.starts_with('/') => behind.split_once('\n').map_or("", |(_, next)| next),
            "\"" => {
                let (literal, behind) = literal(behind);
                found.push(literal);
                behind
            }
            // A character, which may be a quotation mark; else a lifetime.
            "'" => {
                let long = usize::from(behind.starts_with('\\'));
                let mut ends = behind.char_indices().skip(1 + long).take(1);
                match ends.next() {
                    Some((end, '\'')) => &behind[end + 1..],
                    _ => behind,
                }
            }
            _ => behind,
        };
    }
    found
}

/// Reads up to the closing quotation mark; what is behind it.
fn literal(text: &str) -> (String, &str) {
    let mut read = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (read, &text[at + 1..]),
            '\\' => match characters.next() {
                Some((_, '\n')) => {
                    while characters.next_if(|(_, next)| next.is_whitespace()).is_some() {}
                }
                Some((_, escaped)) => read.push(escaped),
                None => break,
            },
            other => read.push(other),
        }
    }
    (read, "")
}

/// Whether a literal is what a person reads as a sentence.
pub fn is_sentence(literal: &str) -> bool {
    let text = parts(literal).join(" ");
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    match words.count() {
        0 | 1 => false,
        2 | 3 => literal.ends_with('.'),
        _ => true,
    }
}

/// Whether a text is this sentence from its beginning to its end, with whatever values. The first
/// letter and the full stop do not count: an error is put into the sentence that tells of it.
pub fn is_said_as(text: &str, sentence: &str) -> bool {
    /// The longest value, in bytes.
    const VALUE: usize = 64;
    let (text, sentence) = (plain(text), plain(sentence));
    let parts = parts(&sentence);
    let Some((last, others)) = parts.split_last() else { return false };
    let Some((first, others)) = others.split_first() else { return text == sentence };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in others {
        match rest.find(part) {
            Some(at) if at <= VALUE => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.strip_suffix(last).is_some_and(|value| value.len() <= VALUE)
}

fn plain(text: &str) -> String {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(characters).collect()
}
