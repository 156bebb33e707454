//! A second factor that is set up anew after a password change.

use std::time::Duration;

use twinlock_core::{
    contact::{Contact, Vouched},
    dialogue::{Settings, Staged, Verdict, may_renew, offer_renewal, open_password},
    factor::totp::{Secret, TotpFactor},
    login::{FirstFactor, LoginContext, Source},
    notice::{Channels, Subject},
    policy::{Level, List, Method, Policy, Profile},
    record::UserRecord,
    trusted_host::{Binding, TrustedHost},
};

use super::{
    hashing::Plain,
    setup::{
        Login, NOW, SECRET, WRONG, alice, code_of, enrolled, login, recovery_code, right, settings,
        with_recovery,
    },
};

const QUESTION: &str = "? Set up your second factor anew? [y/N] ";

/// The key that the randomness of these tests makes.
const NEW: [u8; 20] = [3; 20];

fn passwd() -> LoginContext {
    let source = Source::Local { requester: Some("alice".to_owned()) };
    let first_factors = vec![FirstFactor::Password];
    LoginContext { service: "passwd".to_owned(), source, first_factors, ..login() }
}

fn settings_of(policy: Policy) -> Settings {
    let channels = Channels { email: true, mobile: true };
    Settings { channels, ..settings(policy) }
}

/// The check before the change.
fn check(policy: Policy, record: UserRecord) -> Login {
    Login::with(settings_of(policy), record, |record, world| {
        open_password(passwd(), true, record, world)
    })
}

/// What follows the change, where the check allows it.
fn changed(check: &Login, login: LoginContext) -> Option<Login> {
    let staged = &check.outcome().staged;
    let mut record = check.record.clone();
    if !may_renew(&record, staged) {
        return None;
    }
    record.apply(&Staged::ChangePassword, &Plain, NOW).unwrap();
    let settings = settings_of(check.settings.policy.clone());
    let mut offered = true;
    let update = Login::with(settings, record, |record, world| {
        offer_renewal(login.clone(), record, world).unwrap_or_else(|| {
            offered = false;
            open_password(login.clone(), true, record, world)
        })
    });
    offered.then_some(update)
}

fn offered(record: UserRecord) -> Login {
    let mut check = check(Policy::default(), record);
    check.answer(&right());
    assert_eq!(check.outcome().verdict, Verdict::Allow);
    changed(&check, passwd()).unwrap()
}

fn with_trust(mut record: UserRecord) -> UserRecord {
    let binding = Binding { address: Some("203.0.113.9/32".parse().unwrap()), key: None };
    let until = NOW.after(Duration::from_secs(86_400));
    let host = TrustedHost { id: "H1".into(), binding, since: NOW, until, last_used_at: None };
    record.trust(host, 20, NOW);
    record
}

fn with_email(mut record: UserRecord, vouched: Vouched) -> UserRecord {
    let value = "alice@example.org".parse().unwrap();
    record.set_email(Some(Contact { value, vouched, since: NOW, last_used_at: None }), NOW);
    record
}

#[test]
fn the_new_factor_takes_the_place_of_the_old_with_its_recovery_codes() {
    let mut update = offered(with_email(with_recovery(), Vouched::User));
    assert_eq!(update.shown()[1], QUESTION);
    assert!(update.shown()[0].contains("can take the place of 'phone'"), "{:?}", update.shown());
    update.answer("y");
    assert!(update.shown()[1].contains("Key: AMBQ GAYD"), "{:?}", update.shown());
    update.answer(&code_of(&NEW, 0));
    assert!(update.shown()[0].starts_with("i \nThat code is right. Each of these recovery codes"));
    assert_eq!(update.shown()[1], "? Press Enter to put it in the place of the old one: ");
    assert_eq!(update.record.factors[0].id, "7F3KQ2", "not before the last Enter");
    let epoch = update.record.trust_epoch;
    update.answer("");
    assert_eq!(update.outcome().verdict, Verdict::Allow);
    let record = &update.record;
    assert_eq!(record.factors.len(), 1);
    assert_ne!(record.factors[0].id, "7F3KQ2");
    assert_eq!((record.recovery.len(), record.trust_epoch), (10, epoch + 1));
    let words: Vec<_> = update.events();
    assert!(words[0].starts_with("factor.enrolled: factor "), "{words:?}");
    assert!(words[1].starts_with("factor.removed: factor 7F3KQ2, in whose place is "), "{words:?}");
    assert_eq!(words.len(), 2, "a password change is no login: {words:?}");
    assert!(matches!(update.notices[0].subject, Subject::FactorEnrolled { .. }));
    assert!(matches!(update.notices[1].subject, Subject::FactorRemoved { .. }));

    let old = [right(), recovery_code(1)];
    for code in old {
        let mut next = update.again(NOW, login());
        next.answer(&code);
        assert!(next.shown()[0].contains("not right"), "{:?}", next.shown());
    }
    let mut next = update.again(NOW.after(Duration::from_secs(30)), login());
    next.answer(&code_of(&NEW, 1)).answer("n");
    assert_eq!(next.outcome().verdict, Verdict::Allow);
}

#[test]
fn anything_but_a_yes_changes_nothing_and_says_nothing() {
    for answer in ["", "n", "no", "?", "123456"] {
        let mut update = offered(with_recovery());
        let before = update.record.clone();
        update.answer(answer);
        assert_eq!(update.outcome().verdict, Verdict::Allow, "{answer}");
        assert!(update.record == before && update.shown().is_empty(), "{answer}");
        assert!(update.events().is_empty() && update.notices.is_empty());
    }
}

#[test]
fn five_wrong_codes_end_it_and_the_old_factor_stays() {
    let mut update = offered(with_recovery());
    let before = update.record.clone();
    update.answer("y");
    for _ in 0..5 {
        update.answer(WRONG);
    }
    assert_eq!(update.outcome().verdict, Verdict::Allow, "the password is changed all the same");
    assert!(update.shown()[1].starts_with("! Your second factor stays as it was"));
    assert!(update.record == before);
    // The code of the old key is no code of the new one.
    let mut update = offered(with_recovery());
    update.answer("y").answer(&right());
    assert!(update.is_asking() && update.shown()[0].contains("not right"));
}

#[test]
fn only_enter_replaces_and_the_end_of_the_input_does_not() {
    for (answer, replaced) in [("", true), ("y", true), ("?", false), ("n", false)] {
        let mut update = offered(with_recovery());
        update.answer("y").answer(&code_of(&NEW, 0)).answer(answer);
        assert_eq!(update.outcome().verdict, Verdict::Allow);
        assert_eq!(update.record.factors[0].id != "7F3KQ2", replaced, "{answer:?}");
        assert_eq!(update.shown()[0].contains("stays as it was"), !replaced);
    }
}

#[test]
fn what_was_changed_meanwhile_stays_and_the_renewal_comes_too_late() {
    let reset = |record: &mut UserRecord| record.reset(&alice(), None, NOW);
    let another = |record: &mut UserRecord| {
        let totp = TotpFactor::new(Secret::new(SECRET));
        record.enrol("OTHER1".to_owned(), "tablet".to_owned(), totp, NOW).unwrap();
    };
    let distrust = |record: &mut UserRecord| {
        record.distrust();
    };
    let changes: [&dyn Fn(&mut UserRecord); 3] = [&reset, &another, &distrust];
    for change in changes {
        let mut update = offered(with_recovery());
        update.answer("y").answer(&code_of(&NEW, 0));
        change(&mut update.record);
        let before = update.record.clone();
        update.answer("");
        assert_eq!(update.outcome().verdict, Verdict::Allow);
        assert!(update.shown()[0].contains("stays as it was"), "{:?}", update.shown());
        assert!(update.record == before);

        let mut check = check(Policy::default(), with_recovery());
        check.answer(&right());
        change(&mut check.record);
        assert!(changed(&check, passwd()).is_none(), "between the check and the change");
    }
}

#[test]
fn trust_that_was_gained_in_between_goes_with_the_old_factor() {
    let mut update = offered(with_recovery());
    update.answer("y").answer(&code_of(&NEW, 0));
    update.record = with_trust(update.record.clone());
    update.answer("");
    assert_eq!(update.record.trusted.iter().count(), 0);
    assert_ne!(update.record.factors[0].id, "7F3KQ2");
}

#[test]
fn only_a_code_that_counts_everywhere_allows_it() {
    let sent = |check: &mut Login| {
        check.answer("e");
        match &check.notices.last().unwrap().subject {
            Subject::OneTimeCode { code, .. } => code.reveal().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let record = || with_email(with_recovery(), Vouched::User);
    let strict = Profile {
        name: "sshd".to_owned(),
        services: List { included: vec!["sshd".to_owned()], excluded: Vec::new() },
        methods: Some([Method::Totp].into_iter().collect()),
        ..Profile::default()
    };
    let app_only = Policy { profiles: vec![strict], ..Policy::default() };
    for (policy, expected) in [(Policy::default(), true), (app_only, false)] {
        let mut by_mail = check(policy.clone(), record());
        let code = sent(&mut by_mail);
        by_mail.answer(&code);
        let mut by_paper = check(policy.clone(), record());
        by_paper.answer(&recovery_code(2));
        for check in [by_mail, by_paper] {
            assert_eq!(check.outcome().verdict, Verdict::Allow);
            assert_eq!(changed(&check, passwd()).is_some(), expected);
        }
        let mut by_app = check(policy, record());
        by_app.answer(&right());
        assert!(changed(&by_app, passwd()).is_some());
    }
}

#[test]
fn nothing_is_offered_without_an_authenticator_a_code_or_a_screen() {
    let silent = LoginContext { interactive: false, ..passwd() };
    let greeter = LoginContext { service: "gdm-password".to_owned(), ..passwd() };
    let display = LoginContext { tty: Some(":0".to_owned()), ..passwd() };
    for login in [silent, greeter, display] {
        let mut check = check(Policy::default(), enrolled());
        check.answer(&right());
        assert!(changed(&check, login).is_none());
    }
    let mail_only = with_email(UserRecord::new(&alice()), Vouched::User);
    let mut by_mail = check(Policy::default(), mail_only);
    let code = match &by_mail.notices.last().unwrap().subject {
        Subject::OneTimeCode { code, .. } => code.reveal().to_owned(),
        other => panic!("{other:?}"),
    };
    by_mail.answer(&code);
    assert_eq!(by_mail.outcome().verdict, Verdict::Allow);
    assert!(changed(&by_mail, passwd()).is_none(), "there is no key to replace");
    let off = Policy { level: Level::Low, ..Policy::default() };
    for (policy, record) in
        [(off, UserRecord::new(&alice())), (Policy::default(), UserRecord::new(&alice()))]
    {
        let check = check(policy, record);
        assert_eq!(check.outcome().verdict, Verdict::Skip);
        assert!(changed(&check, passwd()).is_none());
    }
}

#[test]
fn redrawing_does_not_use_up_the_prompt_that_replaces() {
    let mut update = offered(with_recovery());
    update.answer("y");
    for _ in 0..20 {
        if !update.is_asking() {
            break;
        }
        update.answer("i");
    }
    assert_eq!(update.outcome().verdict, Verdict::Allow);
    assert_eq!(update.record.factors[0].id, "7F3KQ2");
    let mut update = offered(with_recovery());
    update.answer("y").answer("i").answer("a").answer(WRONG).answer(&code_of(&NEW, 0)).answer("");
    assert_ne!(update.record.factors[0].id, "7F3KQ2");
}
