//! Each setting that is wrong is found, with the line that mends it.

use super::*;

const PACKAGED: &str = "usepam yes\nkbdinteractiveauthentication yes\npasswordauthentication no\n\
                        authenticationmethods keyboard-interactive\nlogingracetime 120\n\
                        maxstartups 10:30:100\nusedns no\npermitrootlogin no\n";

const PASSWORD_STACK: Stack = Stack { asks_first_factor: true, sees_keys: true };

fn effective(settings: &str) -> Effective {
    let everybody = Settings::read(settings);
    Effective { root: everybody.clone(), everybody }
}

fn faults(settings: &str, stack: Stack) -> Vec<(&'static str, Severity)> {
    let found = all(&effective(settings), stack, &Places::of_this_host());
    found.into_iter().map(|finding| (finding.fault, finding.severity)).collect()
}

#[test]
fn the_settings_of_the_packages_have_no_fault() {
    assert_eq!(faults(PACKAGED, PASSWORD_STACK), []);
    let keys = PACKAGED.replace("methods keyboard", "methods publickey,keyboard");
    let stack = Stack { asks_first_factor: false, sees_keys: true };
    assert_eq!(faults(&keys, stack), []);
}

#[test]
fn each_setting_that_is_wrong_is_found() {
    for (right, wrong, expected) in [
        ("usepam yes", "usepam no", ("sshd-without-pam", Severity::Severe)),
        (
            "kbdinteractiveauthentication yes",
            "kbdinteractiveauthentication no",
            ("sshd-without-prompts", Severity::Severe),
        ),
        (
            "authenticationmethods keyboard-interactive",
            "authenticationmethods publickey keyboard-interactive",
            ("sshd-key-alone", Severity::Warning),
        ),
        ("logingracetime 120", "logingracetime 30", ("sshd-little-time", Severity::Warning)),
        ("maxstartups 10", "maxstartups 2", ("sshd-few-connections", Severity::Warning)),
        (
            "permitrootlogin no",
            "permitrootlogin without-password",
            ("sshd-root-out", Severity::Warning),
        ),
        ("usedns no", "usedns yes", ("sshd-names", Severity::Note)),
    ] {
        let settings = PACKAGED.replace(right, wrong);
        assert_eq!(faults(&settings, PASSWORD_STACK), [expected], "{wrong}");
    }
}

#[test]
fn an_sshd_that_refuses_its_configuration_is_severe_and_one_without_its_directory_is_not() {
    let missing = unreadable("Missing privilege separation directory: /run/sshd");
    assert_eq!(
        (missing.severity, &*missing.mend),
        (Severity::Warning, "install -d -m 0755 /run/sshd")
    );
    assert_eq!(unreadable("line 3: Bad configuration option: UsePMA").severity, Severity::Severe);
}

#[test]
fn a_login_grace_without_end_is_long_enough() {
    assert_eq!(faults(&PACKAGED.replace("time 120", "time 0"), PASSWORD_STACK), []);
}

#[test]
fn who_takes_keys_alone_away_is_told_how_programs_keep_theirs() {
    let settings = PACKAGED.replace("methods keyboard-interactive", "methods any");
    let found = all(&effective(&settings), PASSWORD_STACK, &Places::of_this_host());
    let mend = &found[0].mend;
    assert!(mend.contains("'Match Group'") && mend.contains("mfa = false"), "{mend}");
}

#[test]
fn keys_that_nobody_sees_are_severe() {
    let settings = PACKAGED.replace("methods keyboard-interactive", "methods any");
    let stack = Stack { sees_keys: false, ..PASSWORD_STACK };
    assert_eq!(faults(&settings, stack), [("sshd-key-alone", Severity::Severe)]);
}

#[test]
fn a_stack_without_a_password_needs_a_key_before_it() {
    let stack = Stack { asks_first_factor: false, sees_keys: true };
    assert_eq!(faults(PACKAGED, stack), [("sshd-code-alone", Severity::Severe)]);
}

#[test]
fn passwords_that_sshd_itself_checks_are_found_where_they_suffice() {
    let both = PACKAGED.replace("passwordauthentication no", "passwordauthentication yes");
    assert_eq!(faults(&both, PASSWORD_STACK), [], "AuthenticationMethods leaves it out");
    let any = both.replace("methods keyboard-interactive", "methods any");
    let found = faults(&any, PASSWORD_STACK);
    assert!(found.contains(&("sshd-password", Severity::Warning)), "{found:?}");
}

#[test]
fn a_mend_is_a_line_to_write_and_a_reload() {
    let settings = effective(&PACKAGED.replace("usepam yes", "usepam no"));
    let places = Places::of_this_host();
    let mend = &all(&settings, PASSWORD_STACK, &places)[0].mend;
    assert!(
        mend.contains("'UsePAM yes'") && mend.ends_with(&format!("systemctl reload {}", unit())),
        "{mend}"
    );
}
