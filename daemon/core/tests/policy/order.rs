//! What goes over what: deny, allow, exempt, the per-user switch, profile, level.

use std::time::Duration;

use twinlock_core::{
    login::{FirstFactor, Source},
    policy::{
        Decision, DenyReason, EnrolHow, EnrolmentMode, InvitationCause, Level, Method, Methods,
        NetworkList, Policy, Profile, Remember, Rule, SecondFactor, SkipReason, Standing,
    },
    time::Timestamp,
};

use crate::setup::*;

fn networks(blocks: &[&str]) -> NetworkList {
    blocks.iter().map(|block| block.parse().unwrap()).collect()
}

fn word(policy: &Policy, source: Source, standing: &Standing) -> &'static str {
    policy.decide(&from_source(source), standing, DATE).word()
}

#[test]
fn deny_goes_over_allow_and_allow_over_exempt() {
    let mut policy = Policy::default();
    let everywhere = networks(&["0.0.0.0/0", "::/0"]);
    policy.network.exempt = everywhere.clone();
    assert_eq!(word(&policy, from("203.0.113.9"), &unenrolled()), "exempt");
    policy.network.allow = networks(&["198.51.100.0/24"]);
    assert_eq!(word(&policy, from("203.0.113.9"), &unenrolled()), "network-not-allowed");
    assert_eq!(word(&policy, from("2001:db8::9"), &unenrolled()), "network-not-allowed");
    assert_eq!(word(&policy, from("198.51.100.9"), &unenrolled()), "exempt");
    policy.network.deny = everywhere;
    assert_eq!(word(&policy, from("198.51.100.9"), &unenrolled()), "denied-network");
}

#[test]
fn exempt_goes_over_the_switch_and_the_switch_over_profile_and_level() {
    let off = Profile { mfa: Some(false), ..profile(1) };
    let mut policy = policy([off]);
    let on = Standing { switch: Some(true), ..enrolled() };
    assert_eq!(word(&policy, from("203.0.113.9"), &enrolled()), "profile-switched-off");
    assert_eq!(word(&policy, from("203.0.113.9"), &on), "require");
    policy.network.exempt = networks(&["203.0.113.0/24"]);
    assert_eq!(word(&policy, from("203.0.113.9"), &on), "exempt");
}

#[test]
fn a_profile_goes_over_its_level() {
    let on = Profile { mfa: Some(true), level: Some(Level::Low), ..profile(1) };
    assert_eq!(policy([on]).decide(&login(), &unenrolled(), DATE).word(), "enrol");
    let lenient = Profile { level: Some(Level::Low), ..profile(1) };
    assert_eq!(policy([lenient]).decide(&login(), &unenrolled(), DATE).word(), "voluntary");
}

#[test]
fn the_switch_off_is_an_administrators_word_that_holds_under_very_high_and_an_exemption_does_not() {
    let mut policy = Policy { level: Level::VeryHigh, ..Policy::default() };
    policy.network.exempt = networks(&["203.0.113.0/24"]);
    assert_eq!(word(&policy, from("203.0.113.9"), &enrolled()), "require");
    let off = Standing { switch: Some(false), ..enrolled() };
    assert_eq!(word(&policy, from("203.0.113.9"), &off), "user-switched-off");
}

#[test]
fn a_level_redefined_to_ask_always_knows_no_exemption_and_very_high_never_learns_one() {
    let mut policy = Policy::default();
    policy.network.exempt = networks(&["203.0.113.0/24"]);
    policy.levels.high.second_factor = SecondFactor::Always;
    assert_eq!(word(&policy, from("203.0.113.9"), &enrolled()), "require");
    policy.level = Level::VeryHigh;
    policy.levels.very_high.second_factor = SecondFactor::Required;
    assert_eq!(word(&policy, from("203.0.113.9"), &enrolled()), "require");
}

#[test]
fn the_switch_on_leaves_no_date_and_no_grace() {
    let dated = Profile {
        level: Some(Level::Medium),
        enforce_from: Some(DATE),
        grace: Some(Duration::from_secs(86_400)),
        ..profile(1)
    };
    let policy = policy([dated]);
    let on = Standing { switch: Some(true), ..unenrolled() };
    assert_eq!(policy.decide(&login(), &on, BEFORE).word(), "enrol");
    assert_eq!(policy.terms(&login()).deadline(&on, BEFORE), Some(BEFORE));
}

#[test]
fn the_first_profile_that_matches_holds() {
    let mut strict = profile(1);
    strict.groups = list(&["admins"]);
    strict.level = Some(Level::VeryHigh);
    let lenient = Profile { level: Some(Level::Low), ..profile(2) };
    let ruling = policy([strict.clone(), lenient.clone()]).evaluate(&login(), &unenrolled(), DATE);
    assert_eq!(ruling.terms.profile.unwrap().place.line, 2);
    assert_eq!(ruling.rule, Rule::Profile);
    let mut admin = login();
    admin.user.groups.push("admins".into());
    let ruling = policy([strict, lenient]).evaluate(&admin, &unenrolled(), DATE);
    assert_eq!(ruling.terms.profile.unwrap().place.line, 1);
}

#[test]
fn what_a_profile_leaves_out_comes_from_its_level_and_that_from_the_policy() {
    let mut policy = policy([profile(1)]);
    policy.level = Level::Medium;
    policy.levels.medium.remember = Remember::For(Duration::from_secs(60));
    let terms = policy.terms(&login());
    assert_eq!(terms.level, Level::Medium);
    assert_eq!(terms.remember, Remember::For(Duration::from_secs(60)));
    assert_eq!(terms.enrolment, EnrolmentMode::AtWill);
    policy.profiles[0].level = Some(Level::VeryHigh);
    policy.profiles[0].methods = Some([Method::Sms].into());
    policy.profiles[0].enrolment = Some(EnrolmentMode::Admin);
    policy.profiles[0].remember = Some(Remember::For(Duration::from_secs(3_600)));
    let terms = policy.terms(&login());
    assert_eq!(terms.methods, Methods::from([Method::Sms]));
    assert_eq!(terms.enrolment, EnrolmentMode::Admin);
    assert_eq!(terms.remember, Remember::For(Duration::from_secs(3_600)));
    assert_eq!(terms.second_factor, SecondFactor::Always);
}

#[test]
fn each_mode_of_enrolment_has_its_way() {
    let methods = Methods::ALL.enrollable();
    let decide = |enrolment, standing: Standing| {
        let only = Profile { enrolment: Some(enrolment), ..profile(1) };
        policy([only]).decide(&login(), &standing, DATE)
    };
    let reset = Standing { enrolment: Some(EnrolmentMode::Invitation), ..unenrolled() };
    let invitation = |cause| Decision::Enrol(EnrolHow::Invitation { methods, cause });
    for mode in [EnrolmentMode::AtWill, EnrolmentMode::AtLogin] {
        assert_eq!(decide(mode, unenrolled()), Decision::Enrol(EnrolHow::AtLogin { methods }));
        assert_eq!(decide(mode, reset), invitation(InvitationCause::Record));
    }
    let invited = EnrolmentMode::Invitation;
    assert_eq!(decide(invited, unenrolled()), invitation(InvitationCause::Terms));
    let relaxed = Standing { enrolment: Some(EnrolmentMode::AtLogin), ..unenrolled() };
    assert_eq!(decide(invited, relaxed), invitation(InvitationCause::Terms));
    for standing in [unenrolled(), reset] {
        let denied = Decision::Deny(DenyReason::EnrolmentByAdmin);
        assert_eq!(decide(EnrolmentMode::Admin, standing), denied);
    }
}

#[test]
fn in_the_account_phase_of_other_services_only_the_deny_list_holds() {
    let mut policy = Policy::default();
    policy.network.allow = networks(&["198.51.100.0/24"]);
    for service in ["su", "sudo", "cron", "systemd-user"] {
        for source in [local(), from("203.0.113.9"), Source::Unknown] {
            let mut login = from_source(source);
            login.service = service.into();
            let decision = policy.decide_account(&login, &unenrolled(), DATE);
            assert_eq!(decision, Decision::Skip(SkipReason::AccountPhase), "{service}");
        }
    }
    policy.network.deny = networks(&["203.0.113.0/24"]);
    let mut login = from_source(from("203.0.113.9"));
    login.service = "login".into();
    assert_eq!(policy.decide_account(&login, &enrolled(), DATE).word(), "denied-network");
    login.source = local();
    assert_eq!(policy.decide_account(&login, &enrolled(), DATE).word(), "account-phase");
    policy.account_services.push("login".into());
    assert_eq!(policy.decide_account(&login, &enrolled(), DATE).word(), "key-alone");
}

#[test]
fn a_service_account_with_a_key_alone_passes_where_a_profile_says_so() {
    let mut robots = profile(1);
    robots.groups = list(&["robots"]);
    robots.first_factor = list(&["key"]);
    robots.mfa = Some(false);
    let policy = policy([robots]);
    let mut robot = with_factors(&[]);
    robot.user.groups.push("robots".into());
    let passed = SkipReason::ProfileSwitchedOff { profile: "line 1".into() };
    assert_eq!(policy.decide_account(&robot, &unenrolled(), DATE), Decision::Skip(passed));
    let refused = policy.decide_account(&with_factors(&[]), &unenrolled(), DATE);
    assert_eq!(refused, Decision::Deny(DenyReason::KeyAlone { service: "sshd".into() }));
    assert!(refused.to_string().contains("AuthenticationMethods publickey,keyboard-interactive"));
    robot.first_factors = vec![FirstFactor::Password];
    assert_eq!(policy.decide(&robot, &unenrolled(), DATE).word(), "enrol");
    assert_eq!(policy.decide_account(&robot, &unenrolled(), DATE).word(), "key-alone");
}

#[test]
fn reminders_name_the_date_and_the_deadline() {
    let day = Duration::from_secs(86_400);
    let mut dated = Profile { enforce_from: Some(DATE), grace: Some(day), ..profile(1) };
    let reminder =
        |profile: &Profile, standing: &Standing, now: Timestamp| match policy([profile.clone()])
            .decide(&login(), standing, now)
        {
            Decision::Skip(reason) => reason.reminder(),
            _ => None,
        };
    let before = reminder(&dated, &unenrolled(), BEFORE).unwrap();
    assert_eq!((before.required_from, before.deadline), (Some(DATE), Some(DATE.after(day))));
    let grace = reminder(&dated, &unenrolled(), DATE).unwrap();
    assert_eq!((grace.required_from, grace.deadline), (None, Some(DATE.after(day))));
    assert_eq!(reminder(&dated, &unenrolled(), DATE.after(day)), None);
    assert_eq!(reminder(&dated, &enrolled(), BEFORE), None);
    dated.level = Some(Level::Medium);
    let offered = reminder(&dated, &unenrolled(), BEFORE).unwrap();
    assert_eq!((offered.required_from, offered.deadline), (None, None));
    dated.level = Some(Level::Low);
    assert_eq!(reminder(&dated, &unenrolled(), BEFORE), None);
}

#[test]
fn a_deadline_is_told_to_those_only_who_must_enrol() {
    let dated = Profile { enforce_from: Some(DATE), ..profile(1) };
    let terms = policy([dated]).terms(&login());
    assert_eq!(terms.deadline(&unenrolled(), BEFORE), Some(DATE));
    assert_eq!(terms.deadline(&unenrolled(), AFTER), Some(AFTER));
    assert_eq!(terms.deadline(&enrolled(), BEFORE), None);
    let off = Standing { switch: Some(false), ..unenrolled() };
    assert_eq!(terms.deadline(&off, BEFORE), None);
    let medium = Policy { level: Level::Medium, ..Policy::default() }.terms(&login());
    assert_eq!(medium.deadline(&unenrolled(), BEFORE), None);
}
