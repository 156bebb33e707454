//! Faults of stacks, over sets of files.

use std::path::{Path, PathBuf};

use super::faults::Look;
use super::service::Service;
use super::*;
use crate::doctor::finding::Place;

/// What pam-auth-update(8) writes on a Debian without further modules.
const COMMON_AUTH: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n\
                           auth\trequisite\t\t\tpam_deny.so\nauth\trequired\t\t\tpam_permit.so\n\
                           auth\toptional\t\t\tpam_cap.so\n";
const COMMON_ACCOUNT: &str = "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so\n\
                              account\trequisite\t\t\tpam_deny.so\n\
                              account\trequired\t\t\tpam_permit.so\n";

const PASSWORD_THEN_CODE: &str = "@include common-auth\nauth required pam_twinlock.so\n\
                                  account required pam_twinlock.so\n@include common-account\n";

/// What authselect(8) writes on Fedora for users of the host alone, into each of two files.
const SYSTEM_AUTH: &str = "auth required pam_env.so\nauth required pam_faildelay.so delay=2000000\n\
                           auth sufficient pam_unix.so nullok\nauth required pam_deny.so\n\
                           account required pam_unix.so\n";

fn folders(files: &[(&str, &str)]) -> Folders {
    let folder = Path::new("/nonexistent/pam.d");
    let common = [("common-auth", COMMON_AUTH), ("common-account", COMMON_ACCOUNT)];
    common
        .iter()
        .chain(files)
        .fold(Folders::at(vec![folder.to_owned()]), |folders, (name, text)| {
            folders.with(folder.join(name), text.as_bytes().to_vec())
        })
}

/// Everything that is wrong with a service: the fault, its line, its mend.
fn findings(service: &str, files: &[(&str, &str)]) -> Vec<Finding> {
    let folders = folders(files);
    let service = Service::read(&folders, service).unwrap();
    let decides_keys = service.name == "sshd";
    let socket = Path::new("/run/twinlock/login.sock");
    Look { service: &service, folders: &folders, socket, decides_keys }.all()
}

fn faults(service: &str, text: &str) -> Vec<&'static str> {
    findings(service, &[(service, text)]).into_iter().map(|finding| finding.fault).collect()
}

#[track_caller]
fn only(service: &str, files: &[(&str, &str)], fault: &str, line: (&str, usize), mend: &str) {
    let found = findings(service, files);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].fault, fault);
    let place = Place::line(PathBuf::from("/nonexistent/pam.d").join(line.0), line.1);
    assert_eq!(found[0].place, Some(place), "{found:#?}");
    assert!(found[0].mend.contains(mend), "{:?} lacks {mend:?}", found[0].mend);
}

#[test]
fn the_lines_of_the_packages_have_no_fault() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/pam");
    for name in ["sshd", "sshd-publickey", "su", "sudo", "login"] {
        let text = std::fs::read_to_string(examples.join(name)).unwrap();
        let service = name.split('-').next().unwrap();
        assert!(text.contains("pam_twinlock.so"));
        assert_eq!(faults(service, &text), [""; 0], "{name}");
    }
}

#[test]
fn the_lines_for_fedora_have_no_fault_but_that_of_a_substack() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/pam/fedora");
    let goes_on = ["pam-wrong-factor-goes-on"];
    for name in ["sshd", "sshd-publickey", "su", "sudo", "login"] {
        let text = std::fs::read_to_string(examples.join(name)).unwrap();
        let service = name.split('-').next().unwrap();
        let faults = |text: &str| {
            let shared = ["system-auth", "password-auth"].map(|name| (name, SYSTEM_AUTH));
            let found =
                findings(service, &[&shared[..], &[("postlogin", ""), (service, text)]].concat());
            found.into_iter().map(|finding| finding.fault).collect::<Vec<_>>()
        };
        let expected = if name == "sshd-publickey" { &[][..] } else { &goes_on[..] };
        assert_eq!(faults(&text), expected, "{name}");
        // As their README has it for a host with users of its own alone.
        let own = ["system-auth", "password-auth"].iter().fold(text, |text, shared| {
            text.replace(&format!("substack     {shared}"), "requisite    pam_unix.so")
        });
        assert_eq!(faults(&own), [""; 0], "{name}");
    }
}

#[test]
fn sufficient_in_an_included_file_is_confined_by_a_jump_or_a_substack() {
    let sss = COMMON_AUTH.replace(
        "auth\t[success=1 default=ignore]\tpam_unix.so",
        "auth sufficient pam_sss.so forward_pass\nauth\t[success=1 default=ignore]\tpam_unix.so",
    );
    only(
        "su",
        &[("su", PASSWORD_THEN_CODE), ("common-auth", &sss)],
        "pam-passed-over",
        ("common-auth", 1),
        "common-auth:1 write 'auth [success=2 default=ignore] pam_sss.so forward_pass'",
    );
    only(
        "su",
        &[
            ("su", PASSWORD_THEN_CODE),
            ("common-auth", "auth sufficient pam_sss.so\nauth requisite pam_unix.so\n"),
        ],
        "pam-passed-over",
        ("common-auth", 1),
        "su:1 write 'auth substack common-auth'",
    );
}

#[test]
fn done_and_a_jump_past_twinlock_are_found() {
    let done = "auth [success=done default=die] pam_unix.so\nauth required pam_twinlock.so\n\
                account required pam_twinlock.so\n";
    only("su", &[("su", done)], "pam-passed-over", ("su", 1), "'auth requisite pam_unix.so'");
    let jump = "auth [success=2 default=die] pam_unix.so\nauth required pam_env.so\n\
                auth required pam_twinlock.so\nauth required pam_permit.so\n\
                account required pam_twinlock.so\n";
    only(
        "su",
        &[("su", jump)],
        "pam-passed-over",
        ("su", 1),
        "[success=1 default=ignore] pam_unix.so",
    );
}

#[test]
fn root_alone_passes_by_rootok() {
    let su = format!("auth sufficient pam_rootok.so\n{PASSWORD_THEN_CODE}");
    assert_eq!(faults("su", &su), [""; 0]);
}

#[test]
fn a_condition_that_lets_pass_is_a_warning() {
    let text =
        format!("auth sufficient pam_succeed_if.so user ingroup robots\n{PASSWORD_THEN_CODE}");
    let found = findings("su", &[("su", &text)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].fault, found[0].severity), ("pam-condition-passes", Severity::Warning));
}

#[test]
fn a_refusal_that_does_not_count_is_found_by_its_control() {
    for control in
        ["optional", "[default=ignore]", "[success=ok ignore=ignore auth_err=ignore default=die]"]
    {
        let text = PASSWORD_THEN_CODE.replace("auth required", &format!("auth {control}"));
        only(
            "su",
            &[("su", &text)],
            "pam-refusal-ignored",
            ("su", 2),
            "'auth required pam_twinlock.so'",
        );
    }
    let lenient = "auth [success=ok ignore=ignore authinfo_unavail=ignore default=die]";
    let text = PASSWORD_THEN_CODE.replace("auth required", lenient);
    only(
        "su",
        &[("su", &text)],
        "pam-open-without-daemon",
        ("su", 2),
        "'auth required pam_twinlock.so'",
    );
}

#[test]
fn a_first_factor_that_is_required_lets_strangers_try_codes() {
    let text = PASSWORD_THEN_CODE
        .replace("@include common-auth", "auth required pam_unix.so try_first_pass");
    only(
        "su",
        &[("su", &text)],
        "pam-wrong-factor-goes-on",
        ("su", 1),
        "su:1 write 'auth requisite pam_unix.so try_first_pass'",
    );
}

#[test]
fn an_auth_line_wants_an_account_line_and_the_reverse() {
    let no_account = PASSWORD_THEN_CODE.replace("account required pam_twinlock.so\n", "");
    only(
        "sshd",
        &[("sshd", &no_account)],
        "pam-account-line-absent",
        ("sshd", 2),
        "'account required pam_twinlock.so' before /nonexistent/pam.d/sshd:3",
    );
    let no_auth = PASSWORD_THEN_CODE.replace("auth required pam_twinlock.so\n", "");
    only(
        "sshd",
        &[("sshd", &no_auth)],
        "pam-auth-line-absent",
        ("sshd", 2),
        "'auth required pam_twinlock.so'",
    );
}

#[test]
fn an_account_line_behind_the_early_end_is_passed_over() {
    let text = "@include common-auth\nauth required pam_twinlock.so\n@include common-account\n\
                account required pam_twinlock.so\n";
    only(
        "sshd",
        &[("sshd", text)],
        "pam-account-passed-over",
        ("common-account", 1),
        "before /nonexistent/pam.d/sshd:3",
    );
}

#[test]
fn a_stack_of_key_and_twinlock_ends_in_permit() {
    let text = "auth required pam_twinlock.so\naccount required pam_twinlock.so\n";
    only(
        "sshd",
        &[("sshd", text)],
        "pam-ignored-by-all",
        ("sshd", 1),
        "'auth required pam_permit.so'",
    );
}

#[test]
fn a_code_before_the_password_and_a_code_alone_are_found() {
    let text =
        "auth required pam_twinlock.so\n@include common-auth\naccount required pam_twinlock.so\n";
    only(
        "su",
        &[("su", text)],
        "pam-before-first-factor",
        ("su", 1),
        "behind /nonexistent/pam.d/common-auth:1",
    );
    let alone = "auth required pam_twinlock.so\nauth required pam_permit.so\naccount required pam_twinlock.so\n";
    only("su", &[("su", alone)], "pam-code-alone", ("su", 1), "'@include common-auth'");
}

#[test]
fn the_line_that_checks_a_password_is_the_one_of_the_distribution() {
    let line = |files: &[&str]| {
        let folder = Path::new("/nonexistent/pam.d");
        let folders = Folders::at(vec![folder.to_owned()]);
        mend::password_line(
            &files
                .iter()
                .fold(folders, |folders, name| folders.with(folder.join(name), Vec::new())),
        )
    };
    assert_eq!(line(&["common-auth"]), "@include common-auth");
    assert_eq!(line(&["password-auth", "system-auth"]), "auth substack system-auth");
    assert_eq!(line(&["password-auth"]), "auth substack password-auth");
    assert_eq!(line(&[]), "auth requisite pam_unix.so");
}

#[test]
fn arguments_that_the_module_refuses_are_found() {
    let text = PASSWORD_THEN_CODE
        .replace("auth required pam_twinlock.so", "auth required pam_twinlock.so nullok");
    only("su", &[("su", &text)], "pam-arguments", ("su", 2), "'auth required pam_twinlock.so'");
    let text = PASSWORD_THEN_CODE
        .replace("auth required pam_twinlock.so", "auth required pam_twinlock.so socket=/run/x");
    only("su", &[("su", &text)], "pam-other-socket", ("su", 2), "socket=/run/twinlock/login.sock");
}

#[test]
fn a_line_that_libpam_cannot_read_is_found() {
    let text = format!("{PASSWORD_THEN_CODE}auht required pam_env.so\n");
    let found = faults("su", &text);
    assert_eq!(found, ["pam-line-broken"]);
}

#[test]
fn a_way_in_for_root_stays_while_the_daemon_is_down() {
    let service = |name: &str, text: &str| Service::read(&folders(&[(name, text)]), name).unwrap();
    let plain = "@include common-auth\n@include common-account\n";
    let all = |login: &str, sshd: &str, su: &str| {
        vec![service("login", login), service("sshd", sshd), service("su", su)]
    };
    let asked = PASSWORD_THEN_CODE;
    let mend = way_in::check(&all(asked, asked, asked), true).unwrap().mend;
    assert_eq!(mend, "twinlock pam disable login");
    let mend = way_in::check(&all(asked, asked, asked)[1..], true).unwrap().mend;
    assert_eq!(mend, "twinlock pam disable sshd", "there is no console");
    let no_console = [service("sshd", plain), service("su", asked)];
    assert_eq!(way_in::check(&no_console, false).unwrap().mend, "twinlock pam disable su");
    assert!(way_in::check(&all(asked, asked, plain), true).is_some(), "su is no way in");
    assert_eq!(way_in::check(&all(plain, asked, asked), false), None, "a console");
    assert!(way_in::check(&all(asked, plain, asked), false).is_some(), "sshd lets no root in");
    assert_eq!(way_in::check(&all(asked, plain, plain), false), None, "sshd, then su");
    assert_eq!(way_in::check(&all(asked, plain, asked), true), None, "sshd lets root in");
}

#[test]
fn a_login_shell_that_passes_without_a_code_is_severe() {
    let plain = "@include common-auth\n@include common-account\n";
    let found = |sudo_i: &str| {
        let folders = folders(&[("sudo", PASSWORD_THEN_CODE), ("sudo-i", sudo_i)]);
        sibling::check(&folders, "sudo")
    };
    let finding = found(plain).unwrap();
    assert_eq!(
        (finding.severity, &*finding.mend),
        (Severity::Severe, "twinlock pam enable sudo-i")
    );
    assert_eq!(finding.place, Some(Place::file("/nonexistent/pam.d/sudo-i")));
    assert_eq!(found(PASSWORD_THEN_CODE), None);
}

#[test]
fn what_editors_and_packages_leave_is_no_service() {
    for name in ["sshd.dpkg-old", "su~", "sudo.bak", "common-auth", ".su.swp"] {
        assert!(!is_service(name), "{name}");
    }
    assert!(is_service("sshd") && is_service("su-l"));
}

#[test]
fn a_session_that_nobody_numbers_or_tells_of_is_found_where_the_configuration_goes_by_it() {
    let found = |lines: &str| {
        let text = format!("{PASSWORD_THEN_CODE}{lines}");
        let finding = super::session::check(&folders(&[("sshd", text.as_str())]), "sshd");
        finding.map(|finding| (finding.place.and_then(|place| place.line), finding.mend))
    };
    let (numbers, tells) =
        ("session required pam_loginuid.so\n", "session optional pam_twinlock.so\n");
    assert_eq!(found(&format!("{numbers}{tells}")), None);
    let (line, mend) = found(numbers).unwrap();
    assert_eq!(line, None);
    assert!(mend.ends_with("sshd with 'session optional pam_twinlock.so'"), "{mend}");
    for lines in [tells.to_owned(), format!("{tells}{numbers}")] {
        let (line, mend) = found(&lines).unwrap();
        assert_eq!(line, Some(5));
        assert!(mend.starts_with("Write 'session required pam_loginuid.so' before "), "{mend}");
    }
}
