//! Enrolment at the first login, through the public face of the core.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/hashing.rs"]
mod hashing;
#[path = "support/web1.rs"]
mod web1;

use twinlock_core::{
    dialogue::{Dialogue, Outcome, Settings, Staged, Step, Style, Turn, Verdict, World},
    factor::{Kind, totp::Check},
    fresh::{FRESH_BYTES, Fresh},
    login::LoginContext,
    policy::Policy,
    record::UserRecord,
    response::Response,
    time::Timestamp,
};
use zeroize::Zeroizing;

use hashing::Plain;
use web1::{alice, login};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// One login of one user, step by step.
struct Login {
    settings: Settings,
    record: UserRecord,
    step: Option<Step>,
    steps: u8,
}

impl Login {
    fn begin(login: LoginContext) -> Self {
        Self::begin_under(web1::settings(Policy::default()), login)
    }

    fn begin_under(settings: Settings, login: LoginContext) -> Self {
        let mut this = Self { settings, record: UserRecord::new(&alice()), step: None, steps: 0 };
        this.turn(|record, world| Dialogue::open(login.clone(), true, record, world));
        this
    }

    fn answer(&mut self, text: &str) -> &mut Self {
        let Some(Step::Ask(_, dialogue)) = self.step.clone() else { panic!("nothing was asked") };
        let response = Response::new(text.to_owned());
        self.turn(|record, world| dialogue.answer(&response, record, world));
        self
    }

    fn turn(&mut self, step: impl Fn(&mut UserRecord, &World<'_>) -> Turn) {
        self.steps += 1;
        let fresh = Fresh::new(Zeroizing::new([self.steps; FRESH_BYTES]));
        let world = World {
            settings: &self.settings,
            now: NOW,
            clock: NOW,
            fresh: &fresh,
            hashing: &Plain,
        };
        self.step = Some(step(&mut self.record, &world).step);
    }

    fn text(&self) -> String {
        let messages = match self.step.as_ref().unwrap() {
            Step::Ask(messages, _) => messages,
            Step::Done(outcome) => &outcome.messages,
        };
        messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn outcome(&self) -> &Outcome {
        match self.step.as_ref().unwrap() {
            Step::Done(outcome) => outcome,
            Step::Ask(..) => panic!("asked instead: {}", self.text()),
        }
    }

    /// The code that an app which has read the shown key shows now.
    fn code(&self) -> String {
        let text = self.text();
        let key = text.split("Key: ").nth(1).unwrap().lines().next().unwrap().replace(' ', "");
        let bytes = data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap();
        let totp = totp_rs::Builder::new().with_secret(bytes.into_boxed_slice());
        totp.build_noncompliant().generate(NOW.as_secs()).to_string()
    }
}

#[test]
fn a_first_login_shows_the_key_confirms_it_with_a_code_and_ends_with_enter() {
    let mut login = Login::begin(login());
    let text = login.text();
    assert!(text.starts_with("\nTwo-factor authentication is required on web1.\n"), "{text}");
    assert!(text.contains("Account: alice@web1    Key: "), "{text}");
    assert!(text.ends_with("Verification code (i: redraw for a light screen): "), "{text}");
    let code = login.code();
    login.answer(&code);
    assert!(login.text().ends_with("Press Enter to go on: "), "{}", login.text());
    login.answer("");
    assert_eq!(login.outcome().verdict, Verdict::Allow);
}

#[test]
fn nothing_is_in_the_record_before_the_account_phase_and_the_confirming_code_is_used_up() {
    let mut login = Login::begin(login());
    let code = login.code();
    login.answer(&code).answer("");
    assert!(!login.record.is_enrolled());
    let staged = login.outcome().staged.clone();
    assert_eq!(staged.len(), 1);
    login.record.apply(&staged[0], &Plain, NOW).unwrap();
    let Kind::Totp(totp) = &login.record.factors[0].kind else { panic!("not a TOTP") };
    assert_eq!(totp.check(&code, 1, NOW), Check::Used);
    assert_eq!(login.record.factors[0].last_used_at, Some(NOW));
}

#[test]
fn of_two_enrolments_at_once_the_first_wins() {
    let mut first = Login::begin(login());
    let code = first.code();
    first.answer(&code).answer("");
    let staged: Vec<Staged> = first.outcome().staged.clone();
    first.record.apply(&staged[0], &Plain, NOW).unwrap();
    let before = first.record.clone();
    assert!(first.record.apply(&staged[0], &Plain, NOW).is_err());
    assert!(first.record == before);
}

#[test]
fn five_wrong_codes_end_it_and_no_answer_at_the_end_changes_the_verdict() {
    let mut login = Login::begin(login());
    for _ in 0..4 {
        login.answer("000000");
        assert!(login.text().contains("That code is not right"), "{}", login.text());
    }
    login.answer("000000");
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert!(login.outcome().staged.is_empty());
}

#[test]
fn i_redraws_inverted_with_the_same_key_and_not_for_ever() {
    let mut login = Login::begin(login());
    let (dark, code) = (login.text(), login.code());
    login.answer("i");
    let light = login.text();
    assert_ne!(dark.matches('█').count(), light.matches('█').count());
    assert_eq!(login.code(), code);
    for _ in 0..20 {
        if let Some(Step::Done(outcome)) = &login.step {
            assert_eq!(outcome.verdict, Verdict::Deny);
            return;
        }
        login.answer("i");
    }
    panic!("redrawn without end");
}

#[test]
fn a_login_that_has_shown_no_first_factor_enrols_nothing() {
    let stranger = Login::begin(LoginContext { first_factors: Vec::new(), ..login() });
    assert_eq!(stranger.outcome().verdict, Verdict::Deny);
    assert!(!stranger.text().contains("Key:"), "{}", stranger.text());
}

#[test]
fn a_login_that_has_shown_no_first_factor_is_never_skipped_either() {
    use twinlock_core::policy::{Level, Mode};
    let stranger = LoginContext { first_factors: Vec::new(), ..login() };
    let local = LoginContext { service: "su".to_owned(), ..stranger.clone() };
    for (level, mode) in [(Level::Medium, Mode::Enforce), (Level::High, Mode::Observe)] {
        let policy = Policy { level, mode, ..Policy::default() };
        let begin = |login| {
            Login::begin_under(
                Settings { policy: policy.clone(), ..web1::settings(Policy::default()) },
                login,
            )
        };
        let refused = begin(stranger.clone());
        assert_eq!(refused.outcome().verdict, Verdict::Deny);
        assert!(refused.text().contains("neither a password nor a key"), "{}", refused.text());
        assert_eq!(begin(login()).outcome().verdict, Verdict::Skip);
        assert_eq!(begin(local.clone()).outcome().verdict, Verdict::Skip);
    }
}

#[test]
fn where_no_qr_code_can_be_read_the_person_is_told_another_way() {
    let places = [
        LoginContext { service: "gdm-password".to_owned(), ..login() },
        LoginContext { service: "polkit-1".to_owned(), ..login() },
        LoginContext { tty: Some(":0".to_owned()), ..login() },
        LoginContext { interactive: false, ..login() },
    ];
    for place in places {
        let login = Login::begin(place);
        assert_eq!(login.outcome().verdict, Verdict::Deny);
        assert_eq!(
            login.text(),
            "Set up two-factor authentication over SSH or with 'twinlock enroll' first."
        );
    }
}

#[test]
fn where_the_account_phase_does_not_reach_twinlock_nothing_is_enrolled_and_nobody_let_in() {
    let login = Login::begin(LoginContext { redeems: false, ..login() });
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert!(login.text().contains("no account line of pam_twinlock"), "{}", login.text());
}

#[test]
fn every_prompt_echoes_and_is_the_last_message() {
    let mut login = Login::begin(login());
    let code = login.code();
    for answer in ["i", "000000", &code, ""] {
        let Some(Step::Ask(messages, _)) = &login.step else { panic!("over too early") };
        let prompts = messages.iter().filter(|message| message.style == Style::Prompt).count();
        assert_eq!((prompts, messages.last().unwrap().style), (1, Style::Prompt));
        login.answer(answer);
    }
}

#[test]
fn the_debug_form_of_an_offer_shows_no_key() {
    let login = Login::begin(login());
    let Some(Step::Ask(messages, _)) = &login.step else { panic!("nothing was asked") };
    let key = login.text().split("Key: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let shown = format!("{messages:?}");
    assert!(shown.contains("Message(Info"), "{shown}");
    assert!(!shown.contains(&key) && !shown.contains('█'), "{shown}");
}

#[test]
fn the_debug_form_of_what_is_staged_shows_no_secret() {
    let mut login = Login::begin(login());
    let code = login.code();
    login.answer(&code).answer("");
    let shown = format!("{:?}", login.outcome());
    let Staged::Enrol(enrolment) = &login.outcome().staged[0] else { panic!() };
    let totp = &enrolment.totp;
    assert!(shown.contains("Enrol("), "{shown}");
    assert!(!shown.contains(totp.secret().to_base32().as_str()));
}
