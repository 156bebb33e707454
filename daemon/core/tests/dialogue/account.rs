//! The account phase without a ticket.

use std::time::Duration;

use twinlock_core::{
    dialogue::{Verdict, decide_account},
    login::{FirstFactor, LoginContext},
    policy::{FirstFactorKind, List, Mode, NetworkRules, Policy, Profile},
    record::UserRecord,
};

use super::setup::{Login, NOW, alice, enrolled, here, login, settings};

const KEY_ALONE: &str = "! A second factor is required on web1, and a key alone is none. An \
     administrator must set AuthenticationMethods publickey,keyboard-interactive in sshd_config \
     (reference 777777).";

fn account_of(policy: Policy, record: UserRecord, service: &str, known: bool) -> Login {
    let login = LoginContext {
        service: service.to_owned(),
        first_factors: vec![FirstFactor::Key],
        ..login()
    };
    Login::with(settings(policy), record, |record, world| {
        decide_account(login.clone(), known, record, world)
    })
}

fn account(policy: Policy, record: UserRecord, service: &str) -> Login {
    account_of(policy, record, service, true)
}

#[test]
fn a_key_alone_is_refused_with_the_setting_that_mends_it() {
    for record in [enrolled(), UserRecord::new(&alice())] {
        let refused = account(Policy::default(), record, "sshd");
        assert_eq!(
            (refused.shown(), refused.outcome().verdict),
            (vec![KEY_ALONE.to_owned()], Verdict::Deny)
        );
    }
}

#[test]
fn a_profile_for_keys_and_an_exempt_network_let_a_key_in() {
    let first_factor = List { included: vec![FirstFactorKind::Key], excluded: Vec::new() };
    let robots =
        Profile { name: "robots".to_owned(), first_factor, mfa: Some(false), ..Profile::default() };
    let exempt = NetworkRules { exempt: here(), ..NetworkRules::default() };
    for policy in [
        Policy { profiles: vec![robots], ..Policy::default() },
        Policy { network: exempt, ..Policy::default() },
    ] {
        let login = account(policy, enrolled(), "sshd");
        assert_eq!((login.shown(), login.outcome().verdict), (Vec::new(), Verdict::Skip));
    }
}

#[test]
fn cron_and_su_pass_without_a_line_in_the_log_also_with_a_record_of_another_uid() {
    for service in ["cron", "su", "sudo", "systemd-user"] {
        for record in [enrolled(), UserRecord { uid: 1001, ..enrolled() }] {
            let login = account(Policy::default(), record, service);
            assert_eq!(login.outcome().verdict, Verdict::Skip);
            assert_eq!((login.shown(), login.events()), (Vec::new(), Vec::new()));
        }
    }
}

#[test]
fn the_deny_list_holds_in_every_service() {
    let network = NetworkRules { deny: here(), ..NetworkRules::default() };
    let policy = Policy { network, ..Policy::default() };
    for service in ["sshd", "cron"] {
        let login = account(policy.clone(), enrolled(), service);
        assert_eq!(login.outcome().verdict, Verdict::Deny, "{service}");
        assert!(
            login.shown()[0].starts_with("! Logins to web1 are not allowed from where you are.")
        );
    }
}

#[test]
fn what_was_said_of_an_earlier_account_lets_no_key_in() {
    let earlier = UserRecord { uid: 1001, mfa: Some(false), ..enrolled() };
    let refused = account(Policy::default(), earlier, "sshd");
    assert_eq!(refused.outcome().verdict, Verdict::Deny);
    assert!(refused.shown()[0].contains("an earlier account of this name"));
}

#[test]
fn grace_begins_at_once_and_therefore_ends() {
    let grace = Profile {
        name: "staff".to_owned(),
        grace: Some(Duration::from_secs(14 * 86_400)),
        ..Profile::default()
    };
    let policy = Policy { profiles: vec![grace], ..Policy::default() };
    let login = account(policy, UserRecord::new(&alice()), "sshd");
    assert_eq!(login.outcome().verdict, Verdict::Skip);
    assert!(login.outcome().staged.is_empty());
    assert_eq!(login.record.first_seen, Some(NOW));
}

#[test]
fn an_unknown_user_is_refused_unless_the_policy_only_observes() {
    let record = UserRecord::new(&alice());
    for service in ["sshd", "cron"] {
        let login = account_of(Policy::default(), record.clone(), service, false);
        assert_eq!(login.outcome().verdict, Verdict::Deny);
        assert_eq!(login.events(), ["login.refused: no such user"]);
    }
    let observe = Policy { mode: Mode::Observe, ..Policy::default() };
    let login = account_of(observe, record, "sshd", false);
    assert_eq!(login.outcome().verdict, Verdict::Skip);
}
