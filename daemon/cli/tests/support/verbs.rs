//! Every verb, with what succeeds, what is refused, and what is another user's business.

/// Questions and their answers.
pub type Script = &'static [(&'static str, &'static str)];

/// A command line and what its person answers.
pub type Try = (&'static [&'static str], Script);

/// What one verb is tried with. `DIR` stands for a folder with files of the test.
pub struct Row {
    /// The words that lead to it.
    pub verb: &'static str,
    /// Whom the daemon takes the caller for.
    pub caller: &'static str,
    /// What exits with 0.
    pub done: &'static [Try],
    /// What exits with 1.
    pub refused: &'static [Try],
    /// What only an administrator may do; nothing where the verb has no such form.
    pub others: &'static [&'static str],
}

const ANSWER: &str = "Go ahead? [y/N] ";
const CODE: &str = "Verification code: ";
const WRONG: Script = &[(CODE, "000000"), (CODE, "111111"), (CODE, "")];
const PHRASE: &str = "Passphrase of the backup: ";
const AGAIN: &str = "The same once more: ";
const WORDS: &str = "correct horse battery";

/// All but those that ask the host alone: `pam`, `doctor`, `completions`.
pub const ROWS: &[Row] = &[
    Row {
        verb: "status",
        caller: "alice",
        done: &[(&["status"], &[]), (&["status", "carol"], &[])],
        refused: &[(&["status", "nobody"], &[])],
        others: &["status", "bob"],
    },
    Row {
        verb: "enroll",
        caller: "bob",
        done: &[(&["enroll", "--qr", "none"], &[(CODE, "123456")])],
        refused: &[
            (&["enroll", "--qr", "none"], WRONG),
            (&["enroll", "alice", "--qr", "none"], &[("Code of a factor", "")]),
            (&["enroll", "nobody", "--no-confirm"], &[]),
            (&["enroll", "--address", "bob@example.org"], &[]),
            (&["enroll", "--method", "email"], &[("E-mail address: ", "")]),
            (&["enroll", "--qr", "png=DIR/taken"], &[]),
            (&["enroll", "--qr", "svg=DIR/none/picture"], &[]),
        ],
        others: &["enroll", "bob", "--no-confirm"],
    },
    Row {
        verb: "verify",
        caller: "alice",
        done: &[(&["verify"], &[(CODE, "123456")])],
        refused: &[
            (&["verify", "000000"], &[]),
            (&["verify", "111111"], &[]),
            (&["verify", "999999"], &[]),
            (&["verify"], &[(CODE, "")]),
            (&["verify"], &[(CODE, "12\t34")]),
            (&["verify", "bob", "123456"], &[]),
            (&["verify", "nobody", "123456"], &[]),
        ],
        others: &["verify", "bob", "123456"],
    },
    Row {
        verb: "factor list",
        caller: "alice",
        done: &[(&["factor", "list"], &[])],
        refused: &[(&["factor", "list", "nobody"], &[])],
        others: &["factor", "list", "bob"],
    },
    Row {
        verb: "factor remove",
        caller: "alice",
        done: &[(
            &["factor", "remove", "a7"],
            &[("Remove it? [y/N] ", "y"), ("Verification code of any", "123456")],
        )],
        refused: &[
            (&["factor", "remove", "a7"], &[("Remove it? [y/N] ", "n")]),
            (&["factor", "remove", "a7", "--yes"], &[("Verification code of any", "999999")]),
            (&["factor", "remove", "--yes"], &[]),
            (&["factor", "remove", "x9", "--yes"], &[]),
            (&["factor", "remove", "bob", "a7", "--yes"], &[]),
            (&["factor", "remove", "nobody", "a7", "--yes"], &[]),
        ],
        others: &["factor", "remove", "bob", "a7", "--yes"],
    },
    Row {
        verb: "recovery new",
        caller: "alice",
        done: &[(&["recovery", "new"], &[(CODE, "123456")])],
        refused: &[
            (&["recovery", "new"], &[(CODE, "000000"), (CODE, "111111"), (CODE, "000001")]),
            (&["recovery", "new", "nina"], &[(ANSWER, "n")]),
            (&["recovery", "new", "bob"], &[]),
            (&["recovery", "new", "nobody"], &[]),
        ],
        others: &["recovery", "new", "bob"],
    },
    Row {
        verb: "recovery count",
        caller: "nina",
        done: &[(&["recovery", "count"], &[])],
        refused: &[(&["recovery", "count", "nobody"], &[])],
        others: &["recovery", "count", "bob"],
    },
    Row {
        verb: "trusted list",
        caller: "nina",
        done: &[(&["trusted", "list"], &[])],
        refused: &[(&["trusted", "list", "nobody"], &[])],
        others: &["trusted", "list", "bob"],
    },
    Row {
        verb: "trusted clear",
        caller: "nina",
        done: &[(&["trusted", "clear"], &[(ANSWER, "y")])],
        refused: &[
            (&["trusted", "clear"], &[(ANSWER, "n")]),
            (&["trusted", "clear", "--host", "H9"], &[]),
            (&["trusted", "clear", "--host", "H9", "--yes"], &[]),
            (&["trusted", "clear", "--group", "desk", "--yes"], &[]),
            (&["trusted", "clear", "--group", "left", "--yes"], &[]),
            (&["trusted", "clear", "nobody", "--yes"], &[]),
        ],
        others: &["trusted", "clear", "--all", "--yes"],
    },
    Row {
        verb: "contact show",
        caller: "nina",
        done: &[(&["contact", "show"], &[])],
        refused: &[(&["contact", "show", "nobody"], &[])],
        others: &["contact", "show", "bob"],
    },
    Row {
        verb: "contact set",
        caller: "alice",
        done: &[
            (
                &["contact", "set", "--email", "a@example.net"],
                &[(CODE, "123456"), ("Code of the message: ", "123456")],
            ),
            (&["contact", "set", "bob", "--mobile", "+14155550123"], &[]),
        ],
        refused: &[
            (&["contact", "set", "--email", "a@example.net", "--mobile", "+14155550123"], &[]),
            (
                &["contact", "set", "--email", "a@example.net"],
                &[
                    (CODE, "123456"),
                    ("Code of the message: ", "000000"),
                    ("Code of the message: ", "000000"),
                    ("Code of the message: ", "000000"),
                ],
            ),
            (&["contact", "set", "bob", "--email", ""], &[(ANSWER, "n")]),
            (&["contact", "set", "bob", "--email", "nonsense"], &[]),
            (&["contact", "set", "nobody", "--email", "a@example.net"], &[]),
        ],
        others: &["contact", "set", "bob", "--email", "a@example.net"],
    },
    Row {
        verb: "reset",
        caller: "root",
        done: &[(&["reset", "alice", "bob"], &[(ANSWER, "y")])],
        refused: &[
            (&["reset", "alice"], &[(ANSWER, "n")]),
            (&["reset", "alice", "nobody", "--yes"], &[]),
            (&["reset", "--group", "empty", "--yes"], &[]),
        ],
        others: &["reset", "bob", "--yes"],
    },
    Row {
        verb: "reset request",
        caller: "alice",
        done: &[(&["reset", "request", "--reason", "phone lost"], &[])],
        refused: &[(&["reset", "request", "--cancel"], &[])],
        others: &[],
    },
    Row {
        verb: "reset list",
        caller: "root",
        done: &[(&["reset", "list"], &[])],
        refused: &[],
        others: &["reset", "list"],
    },
    Row {
        verb: "reset approve",
        caller: "root",
        done: &[(&["reset", "approve", "Q1"], &[(ANSWER, "y")])],
        refused: &[
            (&["reset", "approve", "Q1"], &[(ANSWER, "n")]),
            (&["reset", "approve", "Q9"], &[]),
        ],
        others: &["reset", "approve", "Q1", "--yes"],
    },
    Row {
        verb: "reset refuse",
        caller: "root",
        done: &[(&["reset", "refuse", "Q1"], &[])],
        refused: &[(&["reset", "refuse", "Q9"], &[])],
        others: &["reset", "refuse", "Q1"],
    },
    Row {
        verb: "invite",
        caller: "root",
        done: &[(&["invite", "frank"], &[])],
        refused: &[(&["invite", "alice"], &[]), (&["invite", "nobody"], &[])],
        others: &["invite", "bob"],
    },
    Row {
        verb: "bypass",
        caller: "root",
        done: &[(&["bypass", "alice", "--for", "1h", "--reason", "phone in repair"], &[])],
        refused: &[
            (&["bypass", "bob", "--for", "1h", "--from", "web1", "--reason", "x"], &[]),
            (&["bypass", "nobody", "--for", "1h", "--reason", "x"], &[]),
        ],
        others: &["bypass", "bob", "--for", "1h", "--reason", "x"],
    },
    Row {
        verb: "unlock",
        caller: "root",
        done: &[(&["unlock", "carol"], &[])],
        refused: &[(&["unlock", "nobody"], &[])],
        others: &["unlock", "bob"],
    },
    Row {
        verb: "mfa on",
        caller: "root",
        done: &[(&["mfa", "on", "alice"], &[])],
        refused: &[(&["mfa", "on", "nobody"], &[])],
        others: &["mfa", "on", "bob"],
    },
    Row {
        verb: "mfa off",
        caller: "root",
        done: &[(&["mfa", "off", "alice"], &[("Go ahead for alice? [y/N] ", "y")])],
        refused: &[
            (&["mfa", "off", "alice"], &[("Go ahead for alice? [y/N] ", "n")]),
            (&["mfa", "off", "nobody", "--yes"], &[]),
        ],
        others: &["mfa", "off", "bob", "--yes"],
    },
    Row {
        verb: "mfa default",
        caller: "root",
        done: &[(&["mfa", "default", "ivan"], &[])],
        refused: &[
            (&["mfa", "default", "judy"], &[("Go ahead for judy? [y/N] ", "n")]),
            (&["mfa", "default", "nobody", "--yes"], &[]),
        ],
        others: &["mfa", "default", "bob", "--yes"],
    },
    Row {
        verb: "user list",
        caller: "root",
        done: &[(&["user", "list", "--state", "locked"], &[])],
        refused: &[],
        others: &["user", "list"],
    },
    Row {
        verb: "user show",
        caller: "root",
        done: &[(&["user", "show", "alice"], &[])],
        refused: &[(&["user", "show", "nobody"], &[])],
        others: &["user", "show", "bob"],
    },
    Row {
        verb: "user forget",
        caller: "root",
        done: &[(&["user", "forget", "dave"], &[(ANSWER, "y")])],
        refused: &[
            (&["user", "forget", "alice"], &[(ANSWER, "n")]),
            (&["user", "forget", "nobody", "--yes"], &[]),
        ],
        others: &["user", "forget", "bob", "--yes"],
    },
    Row {
        verb: "import google-authenticator",
        caller: "root",
        done: &[(
            &["import", "google-authenticator", "DIR/app"],
            &[("Import 1 user? [y/N] ", "y")],
        )],
        refused: &[
            (&["import", "google-authenticator", "DIR/app"], &[("Import 1 user? [y/N] ", "n")]),
            (&["import", "google-authenticator", "DIR/broken-app", "--yes"], &[]),
            (&["import", "google-authenticator", "DIR/open-app", "--yes"], &[]),
            (&["import", "google-authenticator", "DIR/none", "--yes"], &[]),
        ],
        others: &["import", "google-authenticator", "DIR/app", "--yes"],
    },
    Row {
        verb: "import oath",
        caller: "root",
        done: &[(&["import", "oath", "DIR/users.oath"], &[("Import 1 user? [y/N] ", "y")])],
        refused: &[
            (&["import", "oath", "DIR/users.oath"], &[("Import 1 user? [y/N] ", "n")]),
            (&["import", "oath", "DIR/broken.oath", "--yes"], &[]),
            (&["import", "oath", "DIR/none", "--yes"], &[]),
        ],
        others: &["import", "oath", "DIR/users.oath", "--yes"],
    },
    Row {
        verb: "log",
        caller: "root",
        done: &[(&["log", "--since", "2026-11-01"], &[]), (&["log", "--user", "dave"], &[])],
        refused: &[],
        others: &["log"],
    },
    Row {
        verb: "why",
        caller: "root",
        done: &[(&["why", "7F3KQ2"], &[])],
        refused: &[(&["why", "000000"], &[])],
        others: &["why", "7F3KQ2"],
    },
    Row {
        verb: "report",
        caller: "root",
        done: &[(&["report"], &[]), (&["report", "--html", "DIR/report.html"], &[])],
        refused: &[(&["report", "--html", "DIR/none/report.html"], &[])],
        others: &["report", "--csv"],
    },
    Row {
        verb: "policy explain",
        caller: "root",
        done: &[(&["policy", "explain", "bob"], &[])],
        refused: &[
            (&["policy", "explain", "nobody"], &[]),
            // Its answer is none that this version reads.
            (&["policy", "explain", "slow"], &[]),
        ],
        others: &["policy", "explain", "bob"],
    },
    Row {
        verb: "config check",
        caller: "root",
        done: &[(&["config", "check", "DIR/sound.toml"], &[])],
        refused: &[
            (&["config", "check", "DIR/broken.toml"], &[]),
            (&["config", "check", "DIR/none"], &[]),
        ],
        others: &[],
    },
    Row {
        verb: "backup",
        caller: "root",
        done: &[
            (&["backup", "DIR/new"], &[(PHRASE, WORDS), (AGAIN, WORDS)]),
            (&["backup", "DIR/own", "--replace", "--store-key"], &[]),
        ],
        refused: &[
            (&["backup", "DIR/own", "--store-key"], &[]),
            (&["backup", "DIR", "--replace", "--store-key"], &[]),
            (&["backup", "DIR/none/file", "--store-key"], &[]),
            (&["backup", "DIR/new"], &[(PHRASE, "short")]),
            (&["backup", "DIR/new"], &[(PHRASE, WORDS), (AGAIN, "another horse")]),
            (&["backup", "DIR/new", "--passphrase-file", "DIR/none"], &[]),
            (&["backup", "DIR/new", "--passphrase-file", "DIR"], &[]),
            (&["backup", "DIR/new", "--passphrase-file", "DIR/open"], &[]),
            (&["backup", "DIR/new", "--passphrase-file", "DIR/empty"], &[]),
        ],
        others: &["backup", "DIR/new", "--store-key"],
    },
    Row {
        verb: "restore",
        caller: "root",
        done: &[
            (&["restore", "DIR/sealed"], &[(PHRASE, WORDS), (ANSWER, "y")]),
            (&["restore", "DIR/own", "--yes", "--json"], &[]),
        ],
        refused: &[
            (&["restore", "DIR/sealed"], &[(PHRASE, WORDS), (ANSWER, "n")]),
            (&["restore", "DIR/sealed"], &[(PHRASE, "another horse")]),
            (&["restore", "DIR/other-store"], &[]),
            (&["restore", "DIR/cut-off"], &[]),
            (&["restore", "DIR/with-more"], &[]),
            (&["restore", "DIR/foreign"], &[]),
            (&["restore", "DIR/damaged-head"], &[]),
            (&["restore", "DIR/damaged-body"], &[]),
            (&["restore", "DIR/huge"], &[]),
            (&["restore", "DIR/none"], &[]),
        ],
        others: &["restore", "DIR/own", "--yes"],
    },
];
