//! Who is on the machine, and what the words of the table stand for.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, json, show, twinlock, twinlock_as};
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{code_alone, install, install_module};
use twinlock_tests::rig::process::{as_user, demand};
use twinlock_tests::rig::users::User;

/// A uid that the user database does not know.
pub const NAMELESS: &str = "4242";

/// Where everybody has a folder of their own.
const OPEN: &str = "/run/open";

/// The machine, and what was learnt on it.
pub struct Stage {
    words: BTreeMap<&'static str, String>,
    /// Recovery codes of alice that are left.
    codes: Vec<String>,
    /// bob's phone.
    bob: Authenticator,
}

impl Stage {
    /// alice and bob have factors, carol and dan have no record, gone has a record and no account.
    pub fn set() -> Self {
        for name in ["carol", "dan", "gone"] {
            User::create(name, "correct horse");
        }
        enrol("alice");
        let bob = enrol("bob");
        enrol("gone");
        demand(Command::new("userdel").args(["--force", "gone"]));
        install_module();
        install("sshd", &code_alone("timeout=3"));
        install("su", &["auth required pam_unix.so", "account required pam_unix.so"]);
        fs::create_dir(OPEN).unwrap();
        fs::set_permissions(OPEN, Permissions::from_mode(0o755)).unwrap();
        for (who, owner) in
            [("root", "root"), ("alice", "alice"), ("carol", "carol"), (NAMELESS, NAMELESS)]
        {
            files_of(who, owner);
        }
        let made = json(&["recovery", "new", "alice", "--yes", "--json"]);
        let codes = made["recovery_codes"].as_array().unwrap().iter();
        let codes = codes.map(|code| code.as_str().unwrap().to_owned()).collect();
        Self { words: BTreeMap::new(), codes, bob }
    }

    /// A line of the table as this user types it.
    pub fn typed(&self, who: &str, arguments: &[&str]) -> Vec<String> {
        let word = |word: &str| {
            let mut word = word.replace("FOLDER", &format!("{OPEN}/{who}"));
            for (name, value) in &self.words {
                word = word.replace(name, value);
            }
            word
        };
        arguments.iter().copied().map(word).collect()
    }

    /// A code of alice's that was not used yet.
    pub fn recovery_code(&mut self) -> String {
        self.codes.pop().expect("alice has ten")
    }

    /// `CODE` is one of bob's phone, still good when everybody else was refused with it.
    pub fn code(&mut self) {
        self.words.insert("CODE", self.bob.lasting());
    }

    /// `FACTOR` is bob's newest.
    pub fn factor(&mut self) {
        let factors = show("bob")["factors"].clone();
        let id = factors.as_array().and_then(|all| all.last()).unwrap()["id"].clone();
        self.words.insert("FACTOR", id.as_str().unwrap().to_owned());
    }

    /// `OWN` is a factor of alice's, who has another one.
    pub fn own_factor(&mut self) {
        let given = json(&["enroll", "alice", "--no-confirm", "--label", "old", "--json"]);
        self.words.insert("OWN", given["factor"].as_str().unwrap().to_owned());
        self.factor();
    }

    /// bob trusts a host.
    pub fn trust(&mut self) {
        let code = self.bob.fresh();
        let outcome = login(&from_afar().answer(code).answer("y"));
        assert!(outcome.is_success(), "{outcome:?}");
        assert_eq!(show("bob")["trusted_hosts"].as_array().map(Vec::len), Some(1));
    }

    /// `REFERENCE` is that of a wrong code of bob's.
    pub fn wrong_code(&mut self) {
        let outcome: Outcome = login(&from_afar().answer(self.bob.wrong()));
        let text = outcome.text();
        let reference = text.split("(reference ").nth(1).and_then(|rest| rest.split(')').next());
        self.words.insert("REFERENCE", reference.expect("a reference").to_owned());
        assert_eq!(show("bob")["failures"], 1);
    }

    /// `REQUEST` is that of this user, who asked for a reset.
    pub fn request_of(&mut self, user: &str) {
        assert!(twinlock_as(user, &["reset", "request"]).status.success());
        let id = show(user)["reset_request"]["id"].as_str().expect("a request").to_owned();
        self.words.insert("REQUEST", id);
    }

    /// bob has a factor, and nothing that a reset left.
    pub fn enrolled(&mut self) {
        self.bob = enrol("bob");
    }

    /// A backup that everybody can read.
    pub fn backup(&mut self) {
        let file = format!("{OPEN}/backup");
        assert!(twinlock(&["backup", &file, "--store-key"]).status.success());
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    }
}

fn from_afar() -> Login {
    Login::new("sshd", "bob").from("203.0.113.7").environment("SSH_AUTH_INFO_0", "password")
}

/// What a user would import, in a folder of theirs.
fn files_of(who: &str, owner: &str) {
    let folder = format!("{OPEN}/{who}");
    let secret = "3132333435363738393031323334353637383930";
    write(format!("{folder}/users.oath"), &format!("HOTP/T30 dan - {secret}\n"));
    let app = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n";
    write(format!("{folder}/.google_authenticator"), app);
    for name in ["users.oath", ".google_authenticator"] {
        fs::set_permissions(format!("{folder}/{name}"), Permissions::from_mode(0o600)).unwrap();
    }
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    demand(Command::new("chown").args(["--recursive", owner, &folder]));
}

/// Runs the command as root, as a user, or as the uid without a name, who types this.
pub fn run_as(who: &str, arguments: &[String], input: &str) -> Output {
    let mut command = match who {
        "root" => Command::new(artifacts::command()),
        NAMELESS => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NAMELESS, "--regid", NAMELESS, "--clear-groups"]);
            command.args(["--pdeathsig", "KILL", "--"]).arg(artifacts::command());
            command
        }
        user => as_user(user, artifacts::command()),
    };
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("start the command");
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().expect("its input").write_all(input.as_bytes());
    child.wait_with_output().expect("the command ends")
}
