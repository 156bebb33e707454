//! Codes that are none: each is a wrong answer and nothing worse.

use twinlock_tests::login::{Answer, Login, code};
use twinlock_tests::rig::application::{Application, login};
use twinlock_tests::rig::command::{enrol, failures, twinlock};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::process::PATIENCE;

#[test]
fn nonsense_in_place_of_a_code_is_a_wrong_answer_with_a_sentence_and_a_log_line() {
    Host::run_with_daemon(|host, daemon| {
        let mut phone = enrol("alice");
        let right = phone.away(0);
        let cases: Vec<(&str, Answer)> = vec![
            ("wrong", phone.wrong().into()),
            ("early", phone.away(5).into()),
            ("late", phone.away(-5).into()),
            ("empty", "".into()),
            ("blank", "      ".into()),
            ("ten megabytes", Answer::Repeated(b'1', 10 * 1024 * 1024)),
            ("a NUL in front", Answer::Bytes([&[0], right.as_bytes()].concat())),
            ("not UTF-8", Answer::Bytes(vec![0xff, 0xfe, 0xc3, 0x28, 0x80, 0x81])),
            ("control characters", Answer::Bytes((1..32).collect())),
            ("an escape sequence", "\u{1b}[2J\u{1b}]0;x\u{7}".into()),
            ("a forged line", "1\nevent=login.allowed user=\"alice\"".into()),
            ("other digits", "１２３４５６".into()),
            ("five digits", right[..5].into()),
            ("seven digits", format!("{right}0").into()),
            ("a sign", format!("+{}", &right[..5]).into()),
            ("a negative number", "-00001".into()),
            ("a format", "%s%n%s%n".into()),
        ];
        let mut application = Application::start();
        for (number, (case, answer)) in cases.iter().enumerate() {
            twinlock(&["unlock", "alice"]);
            let mark = host.syslog.mark();
            let attempt = Login::new("code", "alice").from(&format!("203.0.113.{}", number + 10));
            let outcome = application.login(&attempt.answer(answer.clone()));
            assert!(!outcome.is_success(), "{case}: {outcome:?}");
            let shown = outcome.text();
            assert!(shown.contains("That code is not right (reference "), "{case}: {shown}");
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{case}: {shown:?}");
            let line = host.syslog.wait_for(mark, &["event=code.refused", "alice"], PATIENCE);
            let reference = shown.split("(reference ").nth(1).and_then(|s| s.split(')').next());
            assert!(line.contains(reference.expect("a reference")), "{case}: {line}, {shown}");
            for line in host.syslog.since(mark) {
                assert!(line.starts_with('<'), "{case}: a second line was forged: {line}");
                assert!(!line.contains("login.allowed"), "{case}: {line}");
            }
            assert_eq!(failures("alice"), 1, "{case} is counted once");
        }
        assert!(daemon.is_running());
        let outcome = application.login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(outcome.is_success(), "nothing is lost: {outcome:?}");
    });
}

#[test]
fn a_code_typed_with_spaces_is_read_as_people_read_it() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        let code = phone.fresh();
        let typed = format!(" {} {} ", &code[..3], &code[3..]);
        let outcome = login(&Login::new("code", "alice").answer(typed));
        assert!(outcome.is_success(), "{outcome:?}");
    });
}

#[test]
fn a_code_of_the_step_before_and_after_is_accepted_and_one_further_off_is_not() {
    Host::run_with_daemon(|host, _| {
        let phone = enrol("alice");
        let mut application = Application::start();
        let mut attempt =
            |code: String| application.login(&Login::new("code", "alice").answer(code));
        let mark = host.syslog.mark();
        assert!(!attempt(phone.away(-3)).is_success());
        assert!(!attempt(phone.away(3)).is_success());
        // The log tells a clock that is off from a guess.
        host.syslog.wait_for(mark, &["event=code.refused", "another time"], PATIENCE);
        assert!(attempt(phone.away(-1)).is_success());
        assert!(attempt(phone.away(1)).is_success());
        // The steps between are gone: only a later one than the last is taken (RFC 6238, 5.2).
        assert!(!attempt(phone.away(0)).is_success());
        assert!(!attempt(phone.away(-1)).is_success());
    });
}

#[test]
fn a_source_that_guesses_waits_and_the_owner_does_not() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let mut application = Application::start();
        let guess = Login::new("code", "alice").from("203.0.113.66");
        let wrong = || Answer::from(phone.wrong());
        let three = guess.clone().answer(wrong()).answer(wrong()).answer(wrong());
        assert_eq!(application.login(&three).authenticate, Some(code::AUTH_ERR));
        let mark = host.syslog.mark();
        let outcome = application.login(&three);
        assert_eq!(outcome.authenticate, Some(code::MAXTRIES), "{outcome:?}");
        assert!(outcome.text().contains("Too many wrong codes. Try again in 30 seconds."));
        host.syslog.wait_for(mark, &["event=login.locked", "203.0.113.66"], PATIENCE);
        let right = phone.fresh();
        let outcome = application.login(&guess.clone().answer(right.as_str()));
        assert_eq!(outcome.authenticate, Some(code::MAXTRIES), "{outcome:?}");
        assert_eq!(outcome.code_prompts(), 0, "nothing is asked while the source waits");
        assert_eq!(failures("alice"), 5, "a refused try is no guess");
        let owner = Login::new("code", "alice").from("203.0.113.7").answer(right);
        assert!(application.login(&owner).is_success());
        assert!(twinlock(&["unlock", "alice"]).status.success());
        assert!(application.login(&guess.answer(phone.fresh())).is_success());
    });
}
