//! `twinlock pam`, on PAM files of a test: what is shown, what is written, what is refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use support::host::{DROP_IN, ENABLE, Host, SSHD, SU, happens, logs_in, ssh_host, sshd_host};

#[test]
fn a_right_code_whose_login_the_account_phase_refused_is_no_evidence() {
    let (daemon, host) = ssh_host();
    assert_eq!(host.run(ENABLE, &[]).code, 0);
    happens(&daemon, "ssh", 0, "login.allowed", "code of factor A7");
    happens(&daemon, "ssh", 1, "login.refused", "the ticket belongs to another login");
    let early = host.run(&["pam", "confirm"], &[]);
    assert!(
        early.code == 1 && early.sentence.contains("Nobody has logged in"),
        "{}",
        early.sentence
    );
    // A later one counts, also where its user mistypes somewhere else afterwards.
    happens(&daemon, "ssh", 60, "login.allowed", "code of factor A7");
    happens(&daemon, "su", 61, "login.refused", "3 codes refused");
    happens(&daemon, "ssh", 90, "login.refused", "3 codes refused");
    assert_eq!(host.run(&["pam", "confirm"], &[]).code, 0);
}

#[test]
fn a_change_is_shown_made_confirmed_and_taken_out_to_the_last_byte() {
    let (daemon, host) = ssh_host();
    let enabled = host.run(ENABLE, &[]);
    insta::assert_snapshot!("enable", host.transcript(&enabled));
    let written = host.read("pam.d/ssh").unwrap();
    assert_eq!(written.matches("pam_twinlock.so socket=").count(), 2);
    assert_eq!(host.guard.all(), ["arm ssh 300s"]);
    insta::assert_snapshot!("pending", host.transcript(&host.run(&["pam", "status"], &[])));

    let early = host.run(&["pam", "confirm"], &[]);
    insta::assert_snapshot!("confirm-early", host.transcript(&early));
    logs_in(&daemon, "sudo");
    assert_eq!(host.run(&["pam", "confirm"], &[]).code, 1, "a login through another service");
    logs_in(&daemon, "ssh");
    insta::assert_snapshot!("confirm", host.transcript(&host.run(&["pam", "confirm", "ssh"], &[])));
    assert_eq!(host.guard.all(), ["arm ssh 300s", "disarm ssh"]);
    assert_eq!(host.run(&["pam", "revert"], &[]).code, 0);
    assert_eq!(host.read("pam.d/ssh").unwrap(), written, "what is confirmed stays");
    insta::assert_snapshot!("enabled", host.transcript(&host.run(&["pam", "status"], &[])));
    insta::assert_snapshot!(
        "status-json",
        host.transcript(&host.run(&["pam", "status", "--json"], &[]))
    );

    let disabled = host.run(&["pam", "disable", "ssh"], &[("Ask for no second factor", "y")]);
    insta::assert_snapshot!("disable", host.transcript(&disabled));
    assert_eq!(host.read("pam.d/ssh").unwrap(), SSHD);
    insta::assert_snapshot!("none", host.transcript(&host.run(&["pam", "status"], &[])));
}

#[test]
fn at_a_terminal_the_login_is_waited_for_and_asked_about() {
    let (daemon, host) = ssh_host();
    logs_in(&daemon, "ssh");
    let script = [("Change ssh?", "yes"), ("Did that login get in?", "y")];
    let shown = host.run(&["pam", "enable", "ssh"], &script);
    insta::assert_snapshot!("enable-terminal", host.transcript(&shown));
    let script = [("Change su?", "no")];
    host.write("pam.d/su", SU);
    let shown = host.run(&["pam", "enable", "su"], &script);
    assert_eq!(shown.code, 1);
    assert_eq!(host.read("pam.d/su").unwrap(), SU);
}

#[test]
fn a_login_that_did_not_get_in_takes_the_change_back() {
    let (daemon, host) = ssh_host();
    logs_in(&daemon, "ssh");
    let script = [("Change ssh?", "y"), ("Did that login get in?", "n")];
    let shown = host.run(&["pam", "enable", "ssh"], &script);
    assert_eq!((shown.code, host.read("pam.d/ssh").unwrap()), (1, SSHD.to_owned()));
    insta::assert_snapshot!("enable-not-in", shown.sentence);
}

#[test]
fn nobody_who_logs_in_in_time_takes_the_change_back() {
    let (_daemon, host) = ssh_host();
    let script = [("Change ssh?", "y")];
    let shown = host.run(&["pam", "enable", "ssh", "--confirm-within", "1s"], &script);
    assert_eq!(shown.code, 1);
    assert!(shown.progress.contains("taken back in 0:01"), "{}", shown.progress);
    insta::assert_snapshot!("enable-nobody", shown.sentence);
    insta::assert_snapshot!("revert", host.transcript(&host.run(&["pam", "revert"], &[])));
    assert_eq!(host.read("pam.d/ssh").unwrap(), SSHD);
}

#[test]
fn what_somebody_else_wrote_meanwhile_outlives_the_change() {
    let (_daemon, host) = ssh_host();
    host.run(ENABLE, &[]);
    let edited = host.read("pam.d/ssh").unwrap() + "\n# a note\n";
    host.write("pam.d/ssh", &edited);
    insta::assert_snapshot!(
        "revert-edited",
        host.transcript(&host.run(&["pam", "revert", "ssh"], &[]))
    );
    assert_eq!(host.read("pam.d/ssh").unwrap(), format!("{SSHD}\n# a note\n"));
}

#[test]
fn a_file_that_became_a_link_or_writable_for_others_is_taken_back_all_the_same() {
    let (_daemon, host) = ssh_host();
    host.run(ENABLE, &[]);
    fs::rename(host.path("pam.d/ssh"), host.path("elsewhere")).unwrap();
    symlink(host.path("elsewhere"), host.path("pam.d/ssh")).unwrap();
    let shown = host.run(&["pam", "revert"], &[]);
    assert_eq!((shown.code, host.read("pam.d/ssh").as_deref()), (0, Some(SSHD)));
    assert!(!host.path("pam.d/ssh").is_symlink() && host.path("elsewhere").exists());

    host.run(ENABLE, &[]);
    fs::set_permissions(host.path("pam.d/ssh"), Permissions::from_mode(0o664)).unwrap();
    assert_eq!(host.run(&["pam", "revert"], &[]).code, 0);
    assert_eq!(host.read("pam.d/ssh").as_deref(), Some(SSHD));
    assert!(host.run(&["pam", "status"], &[]).screen.contains("No service asks"));
}

#[test]
fn a_guard_of_another_change_takes_nothing_back() {
    let (_daemon, host) = ssh_host();
    host.run(ENABLE, &[]);
    let written = host.read("pam.d/ssh");
    host.run(&["pam", "revert", "ssh", "--change", "0-0"], &[]);
    assert_eq!(host.read("pam.d/ssh"), written);
}

#[test]
fn a_file_of_the_vendor_is_hidden_by_a_changed_copy_and_shows_again() {
    let (_daemon, host) = ssh_host();
    host.write("vendor/sudo", SU);
    assert_eq!(host.run(&["pam", "enable", "sudo", "--yes"], &[]).code, 0);
    assert!(host.read("pam.d/sudo").unwrap().contains("pam_twinlock.so"));
    assert_eq!(host.read("vendor/sudo").unwrap(), SU);
    assert_eq!(host.run(&["pam", "disable", "sudo", "--yes"], &[]).code, 0);
    assert_eq!(host.read("pam.d/sudo"), None);
}

#[test]
fn everything_is_found_when_all_is_disabled() {
    let (daemon, host) = ssh_host();
    host.run(ENABLE, &[]);
    host.write(
        "pam.d/su",
        &SU.replace(
            "@include common-account",
            "account required /x/pam_twinlock.so debug\n@include common-account",
        ),
    );
    host.write("elsewhere", "# kept\nauth required pam_twinlock.so\n");
    host.write("pam.d/cron", &format!("auth include {}\n", host.path("elsewhere").display()));
    host.write("linked", "auth [default=die] pam_twinlock.so\n");
    symlink(host.path("linked"), host.path("pam.d/login")).unwrap();
    host.write("pam.d/su~", "auth required pam_twinlock.so\n");
    // A dead daemon and a broken configuration are no reason to keep the lines.
    drop(daemon);
    host.write("twinlock.toml", "version = 2\n");

    let shown = host.run(&["pam", "disable", "--all", "--yes"], &[]);
    insta::assert_snapshot!("disable-all", host.transcript(&shown));
    assert_eq!(host.read("pam.d/ssh").unwrap(), SSHD);
    assert_eq!(host.read("pam.d/su").unwrap(), SU);
    assert_eq!(host.read("elsewhere").unwrap(), "# kept\n");
    assert_eq!(host.read("linked").unwrap(), "");
    assert!(host.path("pam.d/login").is_symlink());
    let again = host.run(&["pam", "disable", "--all", "--yes"], &[]);
    assert_eq!((again.code, again.screen.lines().count()), (0, 1));
}

#[test]
fn a_service_that_asks_already_is_left_as_it_is() {
    let (_daemon, host) = ssh_host();
    host.run(ENABLE, &[]);
    assert_eq!(host.run(ENABLE, &[]).code, 1, "it waits to be confirmed");
    host.run(&["pam", "revert"], &[]);
    host.write("pam.d/su", "@include common-auth\nauth required pam_twinlock.so\naccount required pam_twinlock.so\n@include common-account\n");
    let already = host.run(&["pam", "enable", "su", "--yes"], &[]);
    assert_eq!(
        (already.code, &*already.screen),
        (0, "su asks Twinlock already; nothing was changed.\n")
    );
}

/// What is refused, with nothing changed by it.
fn refusal(prepare: impl FnOnce(&Host), arguments: &[&str]) -> String {
    let (_daemon, host) = ssh_host();
    prepare(&host);
    let before = host.read("pam.d/ssh");
    let shown = host.run(arguments, &[]);
    assert_eq!(host.read("pam.d/ssh"), before);
    assert!(host.guard.all().is_empty());
    host.transcript(&shown)
}

#[test]
fn each_reason_to_refuse_says_what_to_do() {
    let ssh = |text: &'static str| move |host: &Host| host.write("pam.d/ssh", text);
    let open = |name: &'static str| {
        move |host: &Host| {
            fs::set_permissions(host.path(name), Permissions::from_mode(0o666)).unwrap();
        }
    };
    let mut all = String::new();
    for (what, shown) in [
        ("no such service", refusal(|_| {}, &["pam", "enable", "nothing", "--yes"])),
        ("no first factor", refusal(ssh("auth required pam_env.so\n"), ENABLE)),
        (
            "jumped over",
            refusal(
                ssh(
                    "auth sufficient pam_wheel.so\n@include common-auth\n@include common-account\n",
                ),
                ENABLE,
            ),
        ),
        ("no account lines", refusal(ssh("@include common-auth\n"), ENABLE)),
        (
            "a file that goes on",
            refusal(ssh("@include common-auth\nauth required pam_env.so \\"), ENABLE),
        ),
        ("a missing include", refusal(ssh("@include gone\n@include common-account\n"), ENABLE)),
        ("others can write", refusal(open("pam.d/ssh"), ENABLE)),
        (
            "a link",
            refusal(
                |host| {
                    fs::rename(host.path("pam.d/ssh"), host.path("ssh")).unwrap();
                    symlink(host.path("ssh"), host.path("pam.d/ssh")).unwrap();
                },
                ENABLE,
            ),
        ),
        (
            "no module",
            refusal(|host| fs::remove_file(host.path("security/pam_twinlock.so")).unwrap(), ENABLE),
        ),
        ("a module of others", refusal(open("security/pam_twinlock.so"), ENABLE)),
        (
            "nobody listens",
            refusal(|host| fs::remove_file(host.path("login.sock")).unwrap(), ENABLE),
        ),
        (
            "a broken configuration",
            refusal(|host| host.write("twinlock.toml", "version = 1\nlevle = \"high\"\n"), ENABLE),
        ),
        ("nobody to ask", refusal(|_| {}, &["pam", "enable", "ssh"])),
        ("nothing to confirm", refusal(|_| {}, &["pam", "confirm", "ssh"])),
        ("nothing to disable", refusal(|_| {}, &["pam", "disable", "nothing", "--yes"])),
    ] {
        all.push_str(&format!("=== {what}\n{shown}\n"));
    }
    insta::assert_snapshot!("refusals", all);
}

#[test]
fn a_dead_daemon_is_no_daemon_to_enable() {
    let (daemon, host) = ssh_host();
    drop(daemon);
    assert_eq!(host.run(ENABLE, &[]).code, 3);
    assert_eq!(host.read("pam.d/ssh").unwrap(), SSHD);
}

#[test]
fn sshd_is_told_what_it_needs_and_that_is_taken_back_too() {
    let (daemon, host) = sshd_host();
    let include = host.read("ssh/sshd_config").unwrap();
    let drop_in = DROP_IN;

    logs_in(&daemon, "sshd");
    let script = [("Change sshd, and reload sshd?", "y"), ("Did that login get in?", "y")];
    insta::assert_snapshot!(
        "enable-sshd",
        host.transcript(&host.run(&["pam", "enable", "sshd"], &script))
    );
    assert!(host.read(drop_in).unwrap().ends_with("AuthenticationMethods keyboard-interactive\n"));
    assert_eq!(host.guard.all(), ["arm sshd 300s", "reload sshd", "disarm sshd"]);
    assert_eq!(host.run(&["pam", "disable", "sshd", "--yes"], &[]).code, 0);
    assert_eq!((host.read("pam.d/sshd").as_deref(), host.read(drop_in)), (Some(SSHD), None));
    assert_eq!(host.guard.all().last().map(String::as_str), Some("reload sshd"));
    assert_eq!(host.run(&["pam", "enable", "sshd", "--yes"], &[]).code, 0);
    host.guard.fails();
    let shown = host.run(&["pam", "disable", "sshd", "--yes"], &[]);
    insta::assert_snapshot!("sshd-not-reloaded", shown.sentence);

    host.write("ssh/sshd_config", "AuthenticationMethods publickey\n");
    let shown = host.run(&["pam", "enable", "sshd", "--yes"], &[]);
    insta::assert_snapshot!("sshd-no-include", host.transcript(&shown));
    host.write("ssh/sshd_config", &format!("AuthenticationMethods publickey\n{include}"));
    let shown = host.run(&["pam", "enable", "sshd", "--yes"], &[]);
    insta::assert_snapshot!("sshd-overridden", host.transcript(&shown));
    assert_eq!(host.read("pam.d/sshd").as_deref(), Some(SSHD));
}
