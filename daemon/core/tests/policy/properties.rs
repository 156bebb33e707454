//! What holds of every policy, login and standing.

use std::time::Duration;

use proptest::prelude::*;
use twinlock_core::{
    login::{FirstFactor, LoginContext, Source},
    policy::{
        Decision, DenyReason, EnrolHow, FirstFactorKind, List, Methods, Mode, Policy, Profile,
        SkipReason, Standing,
    },
    time::Timestamp,
};

use crate::{oracle, random::*};

/// The auth phase, then the account phase without a ticket.
fn both(
    policy: &Policy,
    login: &LoginContext,
    standing: &Standing,
    now: Timestamp,
) -> [Decision; 2] {
    [policy.decide(login, standing, now), policy.decide_account(login, standing, now)]
}

fn matched(policy: &Policy, login: &LoginContext) -> Option<usize> {
    policy.terms(login).profile.map(|profile| profile.index)
}

/// Whether a skip has the facts for it.
fn is_justified(
    reason: &SkipReason,
    policy: &Policy,
    login: &LoginContext,
    standing: &Standing,
    now: Timestamp,
    account: bool,
) -> bool {
    let terms = if account {
        policy.evaluate_account(login, standing, now).terms
    } else {
        policy.terms(login)
    };
    let of_profile = terms.profile.as_ref().map(|profile| &policy.profiles[profile.index]);
    let free = !standing.is_enrolled() && standing.switch.is_none();
    match reason {
        SkipReason::Exempt { network } => {
            terms.knows_exemption()
                && policy.network.exempt.networks.contains(network)
                && login.source.address().is_some()
        }
        SkipReason::UserSwitchedOff => standing.switch == Some(false),
        SkipReason::ProfileSwitchedOff { profile } => {
            standing.switch.is_none()
                && of_profile.is_some_and(|it| it.mfa == Some(false) && it.name == *profile)
        }
        SkipReason::LevelSwitchedOff => {
            standing.switch.is_none()
                && of_profile.is_none_or(|it| it.mfa.is_none())
                && !policy.levels.rules(terms.level).second_factor.is_required()
        }
        SkipReason::Voluntary | SkipReason::NotEnrolled => {
            free && of_profile.is_none_or(|it| it.mfa.is_none())
                && !policy.levels.rules(terms.level).second_factor.is_required()
        }
        SkipReason::BeforeDate { from, deadline } => {
            free && now < *from
                && from <= deadline
                && of_profile.is_some_and(|it| it.enforce_from == Some(*from))
        }
        SkipReason::Grace { deadline, begins } => {
            let Some(profile) = of_profile else { return false };
            let grace = profile.grace.unwrap_or_default();
            let start = profile.enforce_from.or(standing.first_login);
            free && now < *deadline
                && *deadline == start.unwrap_or(now).after(grace)
                && *begins == start.is_none()
        }
        SkipReason::AccountPhase => account && !policy.account_services.contains(&login.service),
        SkipReason::Observed { .. } => policy.mode == Mode::Observe,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_global_rejects: 40_000, ..ProptestConfig::default() })]

    #[test]
    fn the_profile_that_matches_is_the_one_that_the_documentation_says(
        policy in policies(),
        mut login in logins(),
    ) {
        login.first_factors.retain(|factor| *factor != FirstFactor::Key);
        prop_assert_eq!(matched(&policy, &login), oracle::first_match(&policy, &login));
    }

    #[test]
    fn every_skip_has_the_facts_for_it(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
    ) {
        for (account, decision) in [false, true].into_iter().zip(both(&policy, &login, &standing, now)) {
            if let Decision::Skip(reason) = &decision {
                let justified = is_justified(reason, &policy, &login, &standing, now, account);
                prop_assert!(justified, "{decision}");
            }
        }
    }

    #[test]
    fn a_denied_address_is_refused_whatever_else_is_said(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
    ) {
        let denied = login.source.address().and_then(|it| policy.network.deny.find(it));
        if let Some(network) = denied {
            for decision in both(&policy, &login, &standing, now) {
                prop_assert_eq!(decision, Decision::Deny(DenyReason::DeniedNetwork { network }));
            }
        }
    }

    #[test]
    fn observe_is_never_anything_but_a_skip_and_carries_what_would_have_been(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
    ) {
        let observing = Policy { mode: Mode::Observe, ..policy.clone() };
        let enforced = both(&policy, &login, &standing, now);
        for (observed, decision) in both(&observing, &login, &standing, now).into_iter().zip(enforced) {
            let would_be = Box::new(decision);
            prop_assert_eq!(observed, Decision::Skip(SkipReason::Observed { would_be }));
        }
    }

    #[test]
    fn a_source_without_an_address_is_never_exempt_and_an_unknown_one_meets_no_list(
        policy in policies(),
        mut login in logins(),
        standing in standings(),
        now in times(),
        local in any::<bool>(),
    ) {
        login.source = if local { Source::Local { requester: None } } else { Source::Unknown };
        for decision in both(&policy, &login, &standing, now) {
            prop_assert_ne!(decision.word(), "exempt");
        }
        let listed = !policy.network.deny.is_empty() || !policy.network.allow.is_empty();
        if !local && listed {
            let decision = policy.decide(&login, &standing, now);
            prop_assert_eq!(decision, Decision::Deny(DenyReason::UnknownSource));
        }
        if let Some(index) = matched(&policy, &login) {
            prop_assert!(policy.profiles[index].networks.is_empty());
        }
    }

    #[test]
    fn a_profile_for_keys_that_asks_nothing_never_takes_a_login_with_a_password(
        mut policy in policies(),
        mut login in logins(),
        at in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!policy.profiles.is_empty());
        login.first_factors.push(FirstFactor::Password);
        let index = at.index(policy.profiles.len());
        let profile = &mut policy.profiles[index];
        profile.mfa = Some(false);
        profile.first_factor = List { included: vec![FirstFactorKind::Key], excluded: vec![] };
        prop_assert_ne!(matched(&policy, &login), Some(index));
        let account = policy.evaluate_account(&login, &Standing::default(), Timestamp::EPOCH);
        prop_assert_ne!(account.terms.profile.map(|it| it.index), Some(index));
    }

    #[test]
    fn a_key_alone_passes_only_where_it_would_whichever_key_it_was(
        mut policy in policies(),
        mut login in logins(),
        standing in standings(),
        now in times(),
    ) {
        // One profile, so that who falls through it falls to the level.
        policy.profiles.truncate(1);
        login.first_factors.clear();
        let alone = policy.decide_account(&login, &standing, now);
        if let Decision::Skip(SkipReason::ProfileSwitchedOff { .. }) = alone {
            let key = FirstFactor::PublicKey { fingerprint: None };
            for factor in [key, FirstFactor::Gssapi, FirstFactor::HostBased] {
                login.first_factors = vec![factor];
                prop_assert_eq!(policy.decide(&login, &standing, now), alone.clone());
            }
        }
    }

    #[test]
    fn an_exclusion_more_never_widens_a_profile(
        policy in policies(),
        login in logins(),
        at in any::<prop::sample::Index>(),
        from in profiles(),
    ) {
        prop_assume!(!policy.profiles.is_empty());
        let index = at.index(policy.profiles.len());
        let mut narrower = policy.clone();
        let profile = &mut narrower.profiles[index];
        profile.services.excluded.extend(from.services.excluded);
        profile.users.excluded.extend(from.users.excluded);
        profile.groups.excluded.extend(from.groups.excluded);
        profile.networks.excluded.extend(from.networks.excluded);
        profile.first_factor.excluded.extend(from.first_factor.excluded);
        if matched(&narrower, &login) == Some(index) {
            prop_assert_eq!(matched(&policy, &login), Some(index));
        }
    }

    #[test]
    fn a_further_first_factor_never_brings_a_login_under_a_profile_that_asks_nothing(
        profile in profiles(),
        login in logins(),
        more in logins(),
    ) {
        let profile = Profile { mfa: Some(false), ..profile };
        prop_assume!(!login.first_factors.is_empty());
        let policy = Policy { profiles: vec![profile], ..Policy::default() };
        let mut longer = login.clone();
        longer.first_factors.extend(more.first_factors);
        if matched(&policy, &longer).is_some() {
            prop_assert!(matched(&policy, &login).is_some());
        }
    }

    #[test]
    fn only_methods_that_count_and_can_be_used_are_asked_for(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
    ) {
        let ruling = policy.evaluate(&login, &standing, now);
        match ruling.decision {
            Decision::Require(methods) => {
                prop_assert!(!methods.is_empty());
                for method in methods.iter() {
                    prop_assert!(ruling.terms.methods.contains(method));
                    prop_assert!(standing.enrolled.contains(method));
                    prop_assert!(standing.usable.contains(method));
                }
            }
            Decision::Enrol(how) => {
                prop_assert!(!how.methods().is_empty());
                for method in how.methods().iter() {
                    prop_assert!(ruling.terms.methods.contains(method));
                    prop_assert!(method.can_be_enrolled());
                }
                prop_assert!(!login.first_factors.is_empty());
                if let EnrolHow::AtLogin { .. } = how {
                    prop_assert!(!standing.is_enrolled());
                }
            }
            Decision::Skip(_) | Decision::Deny(_) => {}
        }
    }

    #[test]
    fn an_account_phase_asks_nothing(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
    ) {
        let decision = policy.decide_account(&login, &standing, now);
        prop_assert!(matches!(decision, Decision::Skip(_) | Decision::Deny(_)), "{decision}");
    }

    #[test]
    fn time_alone_never_opens_what_was_closed(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
        later in 0..10_u64,
    ) {
        let later = now.after(Duration::from_secs(later * 43_200));
        let [auth, account] = both(&policy, &login, &standing, now);
        let [auth_later, account_later] = both(&policy, &login, &standing, later);
        prop_assert!(auth.is_skip() || !auth_later.is_skip(), "{auth} then {auth_later}");
        prop_assert!(account.is_skip() || !account_later.is_skip(), "{account} then {account_later}");
    }

    #[test]
    fn an_enrolled_user_is_skipped_by_a_network_a_switch_or_an_account_phase_only(
        policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
    ) {
        let enrolled = if standing.is_enrolled() { standing.enrolled } else { Methods::OFFLINE };
        let standing = Standing { enrolled, own: true, ..standing };
        for decision in both(&policy, &login, &standing, now) {
            let allowed = [
                "exempt",
                "user-switched-off",
                "profile-switched-off",
                "level-switched-off",
                "account-phase",
            ];
            prop_assert!(!decision.is_skip() || allowed.contains(&decision.word()), "{decision}");
        }
    }
}
