//! Explanations: the same decision, with each rule that was tried.

use proptest::prelude::*;
use twinlock_core::policy::{
    Explanation, Mode, Passed, Place, Policy, Profile, Rule, RuleOutcome, Standing,
};

use crate::{random::*, setup::*};

fn outcome(explanation: &Explanation, rule: Rule) -> &RuleOutcome {
    &explanation.rules.iter().find(|tried| tried.rule == rule).unwrap().outcome
}

#[test]
fn an_explanation_names_the_profile_the_line_and_why_the_others_do_not_match() {
    let mut robots = profile(10);
    robots.groups = list(&["robots"]);
    robots.first_factor = list(&["key"]);
    robots.mfa = Some(false);
    let mut outside = profile(20);
    outside.groups = list(&["staff", "!alice"]);
    outside.networks = list(&["!203.0.113.0/24"]);
    let mut staff = profile(30);
    staff.groups = list(&["staff"]);
    let policy = policy([robots, outside, staff, profile(40)]);
    let explanation = policy.explain(&login(), &enrolled(), DATE);

    assert_eq!(explanation.sentence, "require: totp, recovery");
    assert_eq!(explanation.decided_by.rule, Rule::Profile);
    assert_eq!(explanation.decided_by.name.as_deref(), Some("line 30"));
    assert_eq!(explanation.decided_by.place, Some(Place::new("twinlock.toml", 30)));

    let profiles: Vec<_> =
        explanation.rules.iter().filter(|tried| tried.rule == Rule::Profile).collect();
    let mismatches = |at: usize| match &profiles[at].outcome {
        RuleOutcome::NotMatched(mismatches) => {
            mismatches.iter().map(ToString::to_string).collect::<Vec<_>>()
        }
        outcome => panic!("{outcome:?}"),
    };
    assert_eq!(mismatches(0), ["groups: not-listed", "first_factor: not-certain"]);
    assert_eq!(mismatches(1), ["groups: excluded (alice)", "networks: excluded (203.0.113.0/24)"]);
    assert_eq!(profiles[2].outcome, RuleOutcome::Decided);
    assert_eq!(profiles[3].outcome, RuleOutcome::NotReached);
    assert_eq!(outcome(&explanation, Rule::Level), &RuleOutcome::NotReached);
}

#[test]
fn every_rule_stands_in_the_order_in_which_it_is_tried() {
    let policy = policy([profile(1), profile(2)]);
    let rules = |explanation: Explanation| {
        explanation.rules.iter().map(|tried| tried.rule).collect::<Vec<_>>()
    };
    let auth = [
        Rule::DenyList,
        Rule::AllowList,
        Rule::Profile,
        Rule::Profile,
        Rule::Level,
        Rule::ExemptList,
        Rule::UserSwitch,
    ];
    assert_eq!(rules(policy.explain(&login(), &enrolled(), DATE)), auth);
    let mut account = auth.to_vec();
    account.insert(2, Rule::AccountServices);
    assert_eq!(rules(policy.explain_account(&login(), &enrolled(), DATE)), account);
}

#[test]
fn a_list_that_says_nothing_says_why() {
    let mut policy = Policy::default();
    let explained = policy.explain(&login(), &enrolled(), DATE);
    assert_eq!(outcome(&explained, Rule::ExemptList), &RuleOutcome::Passed(Passed::Empty));
    assert_eq!(outcome(&explained, Rule::UserSwitch), &RuleOutcome::Passed(Passed::NotSet));
    assert_eq!(explained.decided_by.name.as_deref(), Some("high"));

    let block = || ["203.0.113.0/24".parse().unwrap()].into_iter().collect();
    policy.network.exempt = block();
    policy.network.exempt.place = Some(Place::new("twinlock.toml", 7));
    policy.level = twinlock_core::policy::Level::VeryHigh;
    let explained = policy.explain(&login(), &enrolled(), DATE);
    assert_eq!(outcome(&explained, Rule::ExemptList), &RuleOutcome::Passed(Passed::NoExemption));
    let explained = policy.explain(&from_source(local()), &enrolled(), DATE);
    assert_eq!(outcome(&explained, Rule::ExemptList), &RuleOutcome::Passed(Passed::Local));

    policy.network.deny = block();
    policy.network.deny.place = Some(Place::new("twinlock.toml", 5));
    let explained = policy.explain(&login(), &enrolled(), DATE);
    assert_eq!(explained.decided_by.rule, Rule::DenyList);
    assert_eq!(explained.decided_by.place, Some(Place::new("twinlock.toml", 5)));
    assert_eq!(outcome(&explained, Rule::ExemptList), &RuleOutcome::NotReached);
}

#[test]
fn in_json_an_explanation_has_stable_keys_and_rfc_3339_times() {
    let mut other = Profile { enforce_from: Some(DATE), ..profile(12) };
    other.services = list(&["su"]);
    let dated = Profile { enforce_from: Some(DATE), ..profile(20) };
    let mut policy = policy([other, dated]);
    policy.mode = Mode::Observe;
    let explanation = policy.explain(&login(), &unenrolled(), BEFORE);
    let json = serde_json::to_value(&explanation).unwrap();
    let date = "2027-01-01T00:00:00Z";
    assert_eq!(
        json,
        serde_json::json!({
            "mode": "observe",
            "decision": {
                "decision": "skip",
                "because": {
                    "word": "observed",
                    "would_be": {
                        "decision": "skip",
                        "because": { "word": "before-date", "from": date, "deadline": date },
                    },
                },
            },
            "sentence": "would skip: not enrolled; required from 2027-01-01 on",
            "decided_by": {
                "rule": "profile",
                "name": "line 20",
                "place": { "file": "twinlock.toml", "line": 20 },
            },
            "terms": {
                "level": "high",
                "second_factor": "required",
                "methods": ["totp", "email", "sms", "recovery"],
                "remember": "14 days",
                "enrolment": "at-login",
                "schedule": { "enforce_from": date, "grace": null },
                "profile": {
                    "index": 1,
                    "name": "line 20",
                    "place": { "file": "twinlock.toml", "line": 20 },
                },
            },
            "rules": [
                { "rule": "network.deny", "name": null, "place": null,
                  "outcome": "passed", "detail": "empty" },
                { "rule": "network.allow", "name": null, "place": null,
                  "outcome": "passed", "detail": "empty" },
                { "rule": "profile", "name": "line 12",
                  "place": { "file": "twinlock.toml", "line": 12 },
                  "outcome": "not-matched",
                  "detail": [{ "list": "services", "cause": "not-listed", "entry": null }] },
                { "rule": "profile", "name": "line 20",
                  "place": { "file": "twinlock.toml", "line": 20 },
                  "outcome": "decided" },
                { "rule": "level", "name": "high", "place": null, "outcome": "not-reached" },
                { "rule": "network.exempt", "name": null, "place": null,
                  "outcome": "passed", "detail": "empty" },
                { "rule": "user-switch", "name": null, "place": null,
                  "outcome": "passed", "detail": "not-set" },
            ],
        })
    );
}

fn check(explanation: &Explanation, policy: &Policy) -> Result<(), TestCaseError> {
    let profiles: Vec<_> =
        explanation.rules.iter().filter(|tried| tried.rule == Rule::Profile).collect();
    prop_assert_eq!(profiles.len(), policy.profiles.len());
    let matched = explanation.terms.profile.as_ref().map(|profile| profile.index);
    for (index, tried) in profiles.iter().enumerate() {
        prop_assert_eq!(tried.name.as_ref(), Some(&policy.profiles[index].name));
        match &tried.outcome {
            RuleOutcome::Decided => prop_assert_eq!(matched, Some(index)),
            RuleOutcome::NotMatched(mismatches) => {
                prop_assert!(matched.is_none_or(|matched| index < matched));
                prop_assert!(!mismatches.is_empty());
            }
            RuleOutcome::NotReached => prop_assert!(matched.is_some_and(|it| it < index)),
            RuleOutcome::Passed(_) => prop_assert!(false, "a profile does not pass"),
        }
    }
    let level = outcome(explanation, Rule::Level) == &RuleOutcome::Decided;
    prop_assert_eq!(level, matched.is_none());
    let by = &explanation.decided_by;
    let named = explanation.rules.iter().any(|tried| {
        tried.rule == by.rule && tried.name == by.name && tried.outcome == RuleOutcome::Decided
    });
    prop_assert!(named, "{by:?} is among the rules that decided");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_explanation_is_the_decision_that_it_explains(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
        observe in any::<bool>(),
    ) {
        let mode = if observe { Mode::Observe } else { Mode::Enforce };
        let policy = Policy { mode, ..policy };
        let auth = policy.explain(&login, &standing, now);
        prop_assert_eq!(&auth.decision, &policy.decide(&login, &standing, now));
        prop_assert_eq!(&auth.terms, &policy.terms(&login));
        check(&auth, &policy)?;
        let account = policy.explain_account(&login, &standing, now);
        prop_assert_eq!(&account.decision, &policy.decide_account(&login, &standing, now));
        check(&account, &policy)?;
        prop_assert_eq!(account.rules.len(), auth.rules.len() + 1);
    }

    #[test]
    fn every_explanation_is_told_without_control_characters_and_as_json(
        policy in policies(),
        login in logins(),
        now in times(),
    ) {
        let explanation = policy.explain(&login, &Standing::default(), now);
        prop_assert!(!explanation.sentence.contains(char::is_control));
        prop_assert!(serde_json::to_string(&explanation).is_ok());
    }
}
