//! Whatever stands in a file, it is read or refused, and what is told lies inside the text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panic")]

use proptest::prelude::*;
use twinlock_config::{Diagnostic, SHIPPED, parse};

/// Pieces that a file is made of, right and wrong.
const PIECES: &[&str] = &[
    "version = 1\n",
    "version",
    " = ",
    "\n",
    "[",
    "]",
    "[[profile]]\n",
    "[[",
    "]]",
    "{",
    "}",
    ",",
    "name = \"a\"\n",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "#",
    "level",
    "\"high\"",
    "very-high",
    "mfa",
    "true",
    "false",
    "methods = [\"totp\"]\n",
    "[levels.high]\n",
    "[levels]\n",
    "levels.high.mfa",
    "[lockout]\n",
    "delay = \"2 hours\"\n",
    "attempts = 0x10\n",
    "-1",
    "1e400",
    "nan",
    "1_0",
    "99999999999999999999",
    "2027-01-01",
    "2027-02-30",
    "2027-01-01T00:00:00Z",
    "07:32:00",
    "enforce_from",
    "[network]\n",
    "deny = [\"10.0.0.0/8\"]\n",
    "\"10.0.0.1/8\"",
    "\"!\"",
    "profile",
    ".",
    "\\",
    "\\u0000",
    "\u{0}",
    "\u{1b}",
    "\t",
    "\r",
    "\r\n",
    "ä",
    "漢",
    "🔑",
    "\u{202e}",
    "\u{feff}",
    "[totp]\n",
    "issuer = \"%\"\n",
    "[a]\n[a]\n",
    "[[a]]\n[a]\n",
    "a.b = 1\n[a]\n",
    "= 3\n",
    "a : b\n",
];

fn assert_inside<'d>(diagnostics: impl Iterator<Item = &'d Diagnostic>, text: &str) {
    let lines: Vec<_> = text.split('\n').collect();
    for diagnostic in diagnostics {
        let (line, column) = diagnostic.line.zip(diagnostic.column).expect("a place");
        assert!((1..=lines.len()).contains(&line), "{diagnostic}");
        let length = lines[line - 1].chars().count();
        assert!((1..=length + 1).contains(&column), "{diagnostic}: {length}");
        let shown = diagnostic.to_string();
        let hidden = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{feff}".contains(c);
        assert!(!shown.contains(hidden), "{shown:?}");
        assert!(shown.lines().count() <= 4, "{shown:?}");
    }
}

fn check(text: &str) {
    match parse(&[("a.toml", text)]) {
        Ok(loaded) => assert_inside(loaded.warnings.iter(), text),
        Err(diagnostics) => {
            assert_inside(diagnostics.iter(), text);
            assert!(diagnostics.iter().count() > 0);
        }
    }
}

proptest! {
    #[test]
    fn any_text(text in "(?s).{0,200}") {
        check(&text);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
        check(&pieces.concat());
    }

    #[test]
    fn the_shipped_file_with_something_in_it_replaced(
        at in 0..SHIPPED.len(),
        length in 0usize..40,
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..3),
    ) {
        let end = (at + length).min(SHIPPED.len());
        if SHIPPED.is_char_boundary(at) && SHIPPED.is_char_boundary(end) {
            check(&format!("{}{}{}", &SHIPPED[..at], pieces.concat(), &SHIPPED[end..]));
        }
    }
}

#[test]
fn a_file_full_of_mistakes_is_told_in_bounded_length() {
    let text =
        format!("version = 1\n{}", (0..50_000).map(|n| format!("k{n}=1\n")).collect::<String>());
    let diagnostics = parse(&[("a.toml", &text)]).unwrap_err();
    assert_eq!(diagnostics.iter().count() + diagnostics.omitted(), 50_000);
    assert!(diagnostics.iter().count() <= 500);
    assert!(diagnostics.to_string().ends_with("\nand 49500 more"));
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let text = format!("version = 1\na = {}1{}\n", open.repeat(50_000), close.repeat(50_000));
        let diagnostics = parse(&[("a.toml", &text)]).unwrap_err();
        assert!(diagnostics.iter().count() > 0);
    }
}
