use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

const COMMON_AUTH: &str = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\t\
                           pam_deny.so\nauth\trequired\tpam_permit.so\n";
const COMMON_ACCOUNT: &str = "account\t[success=1 new_authtok_reqd=done default=ignore]\t\
                              pam_unix.so\naccount\trequisite\tpam_deny.so\naccount\trequired\t\
                              pam_permit.so\n";
const COMMON_SESSION: &str = "session\trequired\tpam_unix.so\n";
const SYSTEM: &str = "auth required pam_env.so\nauth sufficient pam_unix.so\nauth required \
                      pam_deny.so\naccount required pam_unix.so\n";

fn placed(service: &str, text: &str, form: Form) -> Result<String, Misplaced> {
    let folder = PathBuf::from("/nonexistent");
    let stacks = Folders::at(vec![folder.clone()])
        .with(folder.join("common-auth"), COMMON_AUTH.into())
        .with(folder.join("common-account"), COMMON_ACCOUNT.into())
        .with(folder.join("common-session"), COMMON_SESSION.into())
        .with(folder.join("system-auth"), SYSTEM.into());
    let path = folder.join(service);
    let bytes = with_lines(text.as_bytes(), &path, service, &stacks, form, "")?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// The lines with a marked one for each of ours.
fn shape(text: &str) -> Vec<&str> {
    text.lines()
        .map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["auth", "required", "pam_twinlock.so"] => "AUTH",
            ["auth", "requisite", "pam_twinlock.so"] => "AUTH!",
            ["account", "required", "pam_twinlock.so"] => "ACCOUNT",
            ["session", "optional", "pam_twinlock.so"] => "SESSION",
            _ if line.contains(MARK) => "END",
            _ => line,
        })
        .collect()
}

const SSHD: &str = "# sshd\n@include common-auth\n\naccount required pam_nologin.so\n\
                    @include common-account\n\nsession required pam_limits.so\n\
                    @include common-session\n@include common-password\n";

#[test]
fn a_service_of_debian_gets_its_lines_where_the_examples_have_them() {
    // common-password is missing: that is no business of these phases.
    assert_eq!(
        shape(&placed("sshd", SSHD, Form::Password).unwrap()),
        [
            "# sshd",
            "@include common-auth",
            "AUTH",
            "",
            "account required pam_nologin.so",
            "ACCOUNT",
            "@include common-account",
            "",
            "session required pam_limits.so",
            "@include common-session",
            "SESSION",
            "@include common-password",
        ]
    );
    let su = "auth sufficient pam_rootok.so\nsession required pam_env.so\n@include common-auth\n\
              @include common-account\n@include common-session\n";
    assert_eq!(
        shape(&placed("su", su, Form::Password).unwrap()),
        [
            "auth sufficient pam_rootok.so",
            "session required pam_env.so",
            "@include common-auth",
            "AUTH",
            "ACCOUNT",
            "@include common-account",
            "@include common-session",
        ]
    );
}

#[test]
fn a_service_of_fedora_gets_them_behind_the_substack() {
    let sshd = "auth substack system-auth\nauth include postlogin\naccount required \
                pam_nologin.so\naccount include system-auth\n";
    assert_eq!(
        shape(&placed("sshd", sshd, Form::Password).unwrap()),
        [
            "auth substack system-auth",
            "AUTH",
            "auth include postlogin",
            "account required pam_nologin.so",
            "ACCOUNT",
            "account include system-auth",
        ]
    );
}

#[test]
fn a_line_never_goes_between_a_jump_and_where_it_leads() {
    let stack = "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth \
                 required pam_permit.so\naccount required pam_unix.so\n";
    assert_eq!(
        shape(&placed("x", stack, Form::Password).unwrap()),
        [
            "auth [success=1 default=ignore] pam_unix.so",
            "auth requisite pam_deny.so",
            "AUTH",
            "auth required pam_permit.so",
            "ACCOUNT",
            "account required pam_unix.so",
        ]
    );
}

#[test]
fn a_key_and_a_code_ask_for_no_password() {
    let placed = placed("sshd", SSHD, Form::Key).unwrap();
    assert_eq!(shape(&placed)[..4], ["# sshd", "AUTH!", "END", "@include common-auth"]);
    assert_eq!(String::from_utf8(without(placed.as_bytes())).unwrap(), SSHD);
    let permit = "auth required pam_permit.so\naccount required pam_permit.so\n";
    let alone = super::tests::placed("sshd", permit, Form::Key).unwrap();
    assert_eq!(shape(&alone)[..3], ["AUTH!", "END", "auth required pam_permit.so"]);
}

#[test]
fn a_stack_in_which_the_lines_would_not_hold_is_refused_with_the_line() {
    let account = "@include common-account\n";
    for (auth, expected) in [
        ("", "checks a first factor"),
        ("auth required pam_permit.so\n", "checks a first factor"),
        ("auth include system-auth\n", "/nonexistent/system-auth:2 lets a login"),
        ("auth sufficient pam_wheel.so trust\n@include common-auth\n", "/nonexistent/s:1 lets"),
        ("auth optional pam_unix.so\n", "shown no first factor"),
        ("@include common-auth\nauth sufficient pam_twinlock.so\n", "/nonexistent/s:2 lets"),
        ("auth required pam_twinlock.so\n@include common-auth\n", "shown no first factor"),
        ("@include common-auth\nauth required pam_unix.so \\\n", "no account lines"),
    ] {
        let refused = placed("s", &format!("{auth}{account}"), Form::Password);
        let sentence = match refused {
            Ok(text) => panic!("{auth}: {text}"),
            Err(why) => why.to_string(),
        };
        assert!(sentence.contains(expected), "{auth}: {sentence}");
    }
    let sentence = placed("s", "@include common-auth\n", Form::Password).unwrap_err().to_string();
    assert!(sentence.contains("no account lines"), "{sentence}");
}

#[test]
fn lines_that_are_there_stay_and_what_is_missing_is_added() {
    let text = "@include common-auth\nauth requisite pam_twinlock.so timeout=3\n\
                @include common-account\n";
    assert_eq!(
        shape(&placed("su", text, Form::Password).unwrap()),
        [
            "@include common-auth",
            "auth requisite pam_twinlock.so timeout=3",
            "ACCOUNT",
            "@include common-account",
        ]
    );
    let whole = placed("sshd", SSHD, Form::Password).unwrap();
    assert_eq!(placed("sshd", &whole, Form::Password).unwrap(), whole);
}

proptest! {
    #[test]
    fn what_is_put_in_and_taken_out_leaves_the_file(
        lines in prop::collection::vec(
            prop_oneof![
                Just("# a comment"),
                Just(""),
                Just("\tsession optional pam_motd.so \\\n   noupdate"),
                Just("auth required pam_env.so # why"),
                Just("auth optional pam_faildelay.so"),
                Just("@include common-auth"),
                Just("auth substack system-auth"),
                Just("auth requisite pam_unix.so"),
                Just("account required pam_nologin.so"),
                Just("@include common-account"),
                Just("-session optional pam_systemd.so"),
                Just("auth required pam_permit.so"),
            ],
            0..12,
        ),
        is_key in any::<bool>(),
    ) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let form = if is_key { Form::Key } else { Form::Password };
        if let Ok(with) = placed("sshd", &text, form) {
            prop_assert_ne!(&with, &text);
            prop_assert_eq!(without(with.as_bytes()), text.into_bytes());
        }
    }
}
