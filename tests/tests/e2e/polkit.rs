//! An administrator who is not root, by a rule of the real polkitd.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use serde_json::Value;
use twinlock_tests::rig::artifacts::workspace;
use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::command::{enrol, errors, json, show, twinlock_as};
use twinlock_tests::rig::daemon::{self, CONFIGURATION, Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::{mount_overlay, write};
use twinlock_tests::rig::process::{PATIENCE, Process, eventually, guarded};

const ACTIONS: &str = "/usr/share/polkit-1/actions";
const RULES: &str = "/etc/polkit-1/rules.d";

const RULE: &str = r#"polkit.addRule(function(action, subject) {
    if (action.id == "org.twinlock1.unlock" && subject.user == "bob") return polkit.Result.YES;
});
"#;

/// As twinlock(8) shows it, for one person in the place of a group.
const HELPDESK: &str = r#"polkit.addRule(function(action, subject) {
    var user = action.lookup("user");
    if ((action.id == "org.twinlock1.reset" || action.id == "org.twinlock1.status") &&
        subject.user == "bob" && user && user != "root") {
        return polkit.Result.YES;
    }
});
"#;

/// What a report asks for is allowed to bob, and a part of it to alice.
const AUDITOR: &str = r#"polkit.addRule(function(action, subject) {
    var actions = ["org.twinlock1.status"];
    if (subject.user == "bob") actions.push("org.twinlock1.log");
    if (["alice", "bob"].indexOf(subject.user) >= 0 && actions.indexOf(action.id) >= 0) {
        return polkit.Result.YES;
    }
});
"#;

const RESETS_ALONE: &str = r#"polkit.addRule(function(action, subject) {
    if (action.id == "org.twinlock1.reset" && subject.user == "bob") return polkit.Result.YES;
});
"#;

/// polkitd with the shipped policy file and one rule.
fn start_polkit(text: &str) -> Process {
    mount_overlay(ACTIONS);
    let policy = workspace().join("packaging/polkit/org.twinlock1.policy");
    fs::copy(policy, format!("{ACTIONS}/org.twinlock1.policy")).expect("install the policy file");
    let rule = format!("{RULES}/10-test.rules");
    write(&rule, text);
    for path in [RULES, &rule] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("open it to polkitd");
    }
    let mut command = guarded("/usr/lib/polkit-1/polkitd");
    command.arg("--no-debug");
    Process::start("polkitd", command)
}

#[test]
fn a_rule_that_allows_one_action_to_one_user_lets_exactly_that_through() {
    Host::run(|host| {
        daemon::create_user();
        let _bus = Bus::start();
        let _polkit = start_polkit(RULE);
        let _daemon = Daemon::start_as_installed();
        enrol("alice");
        // polkitd takes its name once it has read its rules.
        let unlocked = || twinlock_as("bob", &["unlock", "alice"]).status.success();
        assert!(eventually(PATIENCE, unlocked), "bob may unlock");
        let mark = host.syslog.mark();
        for (user, arguments) in [
            ("alice", &["unlock", "bob"][..]),
            ("bob", &["user", "list"]),
            ("bob", &["reset", "alice", "--yes"]),
            ("bob", &["bypass", "alice", "--for", "1h", "--reason", "x"]),
            ("bob", &["user", "forget", "alice", "--yes"]),
        ] {
            let refused = twinlock_as(user, arguments);
            assert_eq!(refused.status.code(), Some(1), "{user} {arguments:?}");
            assert!(errors(&refused).contains("polkit does not allow it"), "{}", errors(&refused));
        }
        host.syslog.wait_for(mark, &["event=call.refused", "Admin.ForgetUser"], PATIENCE);
        assert_eq!(show("alice")["state"], "enrolled");
    });
}

#[test]
fn a_rule_may_spare_one_user_what_it_allows_about_others() {
    Host::run(|host| {
        daemon::create_user();
        let _bus = Bus::start();
        let _polkit = start_polkit(HELPDESK);
        let _daemon = Daemon::start_as_installed();
        for user in ["alice", "root"] {
            enrol(user);
        }
        let seen = || twinlock_as("bob", &["user", "show", "alice"]).status.success();
        assert!(eventually(PATIENCE, seen), "bob may see alice");
        for arguments in [
            &["reset", "root", "--yes"][..],
            &["reset", "alice", "root", "--yes"],
            &["user", "show", "root"],
            &["user", "list"],
            &["bypass", "alice", "--for", "1h", "--reason", "x"],
        ] {
            let refused = twinlock_as("bob", arguments);
            assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
            assert!(errors(&refused).contains("polkit does not allow it"), "{}", errors(&refused));
        }
        assert_eq!(
            (&show("alice")["state"], &show("root")["state"]),
            (&"enrolled".into(), &"enrolled".into())
        );

        let mark = host.syslog.mark();
        let done = twinlock_as("bob", &["reset", "alice", "--yes"]);
        assert!(done.status.success(), "{}", errors(&done));
        host.syslog.wait_for(mark, &["event=user.reset", "user=\"alice\"", "by=\"uid "], PATIENCE);
    });
}

/// Whoever approves blindly is told that nobody has looked who is left.
#[test]
fn who_may_reset_and_see_nobody_approves_a_request_that_they_know() {
    Host::run(|_| {
        daemon::create_user();
        let _bus = Bus::start();
        let _polkit = start_polkit(RESETS_ALONE);
        let _daemon = Daemon::start_as_installed();
        enrol("alice");
        assert!(twinlock_as("alice", &["reset", "request"]).status.success());
        let waiting = json(&["reset", "list", "--json"]);
        let id = waiting[0]["id"].as_str().expect("an id");
        let asked = twinlock_as("bob", &["reset", "approve", id]);
        assert_eq!(asked.status.code(), Some(1), "without the request nobody is asked");
        let approved = || {
            let output = twinlock_as("bob", &["reset", "approve", id, "--yes", "--print"]);
            output.status.success().then(|| errors(&output))
        };
        let mut told = None;
        assert!(eventually(PATIENCE, || {
            told = approved();
            told.is_some()
        }));
        let told = told.unwrap_or_default();
        assert!(told.contains("cannot be told: ") && told.contains("polkit"), "{told}");
        assert_eq!(show("alice")["state"], "pending");
    });
}

#[test]
fn an_auditor_whom_a_rule_allows_gets_the_report_and_nobody_else_a_part_of_it() {
    Host::run(|_| {
        daemon::create_user();
        let _bus = Bus::start();
        let _polkit = start_polkit(AUDITOR);
        configure("version = 1\n[network]\nexempt = [\"203.0.113.20/32\"]\n");
        let _daemon = Daemon::start_as_installed();
        enrol("alice");
        let report = || twinlock_as("bob", &["report", "--json"]);
        assert!(eventually(PATIENCE, || report().status.success()), "{}", errors(&report()));
        let told: Value = serde_json::from_slice(&report().stdout).expect("JSON");
        let users = told["users"].as_array().expect("users");
        let alice = users.iter().find(|it| it["user"] == "alice").expect("alice");
        assert_eq!((&alice["enrolled"], &told["mode"]), (&true.into(), &"enforce".into()));
        assert_eq!(told["policy"][0]["name"], "203.0.113.20/32");
        let page = "/tmp/report-of-an-auditor.html";
        let written = twinlock_as("bob", &["report", "--html", page]);
        assert!(written.status.success(), "{}", errors(&written));
        let about = fs::metadata(page).expect("the page");
        let bob = show("bob")["uid"].as_u64();
        assert_eq!((Some(about.uid().into()), about.mode() & 0o7777), (bob, 0o600));

        // What the policy exempts is what is in force, also where the file is root's alone.
        fs::set_permissions(CONFIGURATION, Permissions::from_mode(0o600)).expect("close it");
        let closed: Value = serde_json::from_slice(&report().stdout).expect("JSON");
        assert_eq!(closed["policy"], told["policy"]);

        let file = "/tmp/report-of-a-stranger.html";
        for user in ["alice", "daemon"] {
            for form in [&[][..], &["--json"], &["--csv"], &["--html", file]] {
                let refused = twinlock_as(user, &[&["report"], form].concat());
                assert_eq!(refused.status.code(), Some(1), "{user} {form:?}");
                let sentence = errors(&refused);
                assert!(sentence.contains("polkit does not allow it"), "{user}: {sentence}");
                assert!(refused.stdout.is_empty() && !Path::new(file).exists(), "{user} {form:?}");
            }
        }
    });
}
