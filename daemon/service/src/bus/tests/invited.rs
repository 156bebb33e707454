//! Enrolment over the bus with an invitation: what it opens, once, and for whom.

use twinlock_bus_api::{
    account::EnrolmentOffer,
    error::{Error, Result},
    voucher::InvitationOptions,
};
use twinlock_core::{
    login::User,
    policy::{EnrolmentMode, Level, Policy, Profile},
};

use super::{
    enrolment::{at, caller, code_of, options},
    *,
};
use crate::{
    bus::{account::Authority, caller::Caller},
    testing::{RIGHT, alice, change, enrol, user},
};

const NEVER_MADE: &str = "0000-0000-0000-0000";

fn root() -> Caller {
    Caller::supposed(":1.9", 0)
}

fn bob() -> User {
    user("bob", 1001)
}

/// A host where who has no second factor is let in: no login ever asks for an invitation.
fn medium() -> Setup {
    Setup::under(Policy { level: Level::Medium, ..Policy::default() })
}

/// Alice had a factor, and was reset: the invitation that was printed.
async fn reset(setup: &Setup) -> (Accounts, String) {
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    let outcome = accounts.reset(&alice(), &root(), true).await.unwrap();
    setup.lines();
    (accounts, outcome.code.unwrap())
}

async fn invite(accounts: &Accounts, whom: &User) -> String {
    let print = InvitationOptions { print: Some(true), ..InvitationOptions::default() };
    accounts.invite(whom, &root(), &print).await.unwrap().code.unwrap()
}

async fn begin(accounts: &Accounts, connection: &str, code: &str) -> Result<EnrolmentOffer> {
    begin_as(accounts, &alice(), &caller(connection), code).await
}

async fn begin_as(
    accounts: &Accounts,
    user: &User,
    caller: &Caller,
    code: &str,
) -> Result<EnrolmentOffer> {
    accounts.begin_enrolment(user, caller, Authority::Own, &options(code)).await
}

async fn confirm(
    setup: &Setup,
    accounts: &Accounts,
    connection: &str,
    offer: &EnrolmentOffer,
) -> Result<twinlock_bus_api::account::EnrolledFactor> {
    let code = code_of(offer, at(setup));
    accounts.confirm_enrolment(&caller(connection), offer.enrolment, &code).await
}

async fn factors(accounts: &Accounts) -> usize {
    accounts.engine.read("alice").await.unwrap().unwrap().factors.len()
}

fn sentence(refused: Result<EnrolmentOffer>) -> String {
    zbus::DBusError::description(&refused.err().unwrap()).unwrap().to_owned()
}

#[tokio::test]
async fn after_a_reset_the_invitation_enrols_once_where_no_login_asks_for_it() {
    let setup = medium();
    let (accounts, invitation) = reset(&setup).await;
    let nothing = begin(&accounts, ":1.1", " ").await;
    assert!(matches!(nothing, Err(Error::InvitationRequired(_))));
    assert_eq!(setup.lines(), [""; 0], "it was a question");

    // As people copy it: small letters, no hyphens.
    let typed = invitation.to_lowercase().replace('-', " ");
    let offer = begin(&accounts, ":1.1", &typed).await.unwrap();
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert!(record.invitation.is_some() && !record.is_enrolled(), "nothing is proved yet");

    let commits = setup.store.commits();
    let enrolled = confirm(&setup, &accounts, ":1.1", &offer).await.unwrap();
    assert_eq!(enrolled.id, offer.factor);
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert_eq!((record.factors.len(), record.invitation.is_none()), (1, true));
    assert_eq!(record.enrolment, None, "what the reset demanded is done");
    assert_eq!(record.recovery.len(), 10);
    assert!(setup.store.commits() > commits);
    let lines = setup.lines().concat();
    assert!(lines.contains("event=factor.enrolled user=\"alice\""), "{lines}");
    assert!(!lines.contains(&invitation), "{lines}");

    let again = begin(&accounts, ":1.1", &invitation).await;
    assert!(matches!(again, Err(Error::WrongCode(_))), "she has a factor, and gives a code of it");
    let _ = accounts.reset(&alice(), &root(), true).await.unwrap();
    let again = begin(&accounts, ":1.1", &invitation).await;
    assert!(sentence(again).contains("That invitation code is not right"), "it is used");
}

/// A host whose policy has this mode for everybody.
fn enrolling_by(mode: EnrolmentMode) -> Setup {
    let profile = Profile { name: "all".to_owned(), enrolment: Some(mode), ..Profile::default() };
    Setup::under(Policy { profiles: vec![profile], ..Policy::default() })
}

#[tokio::test]
async fn the_policy_s_own_demand_for_an_invitation_is_met_in_the_same_way() {
    let setup = enrolling_by(EnrolmentMode::Invitation);
    let accounts = setup.accounts().await;
    let nothing = begin(&accounts, ":1.1", "").await;
    assert!(sentence(nothing).contains("has none that can still be used"));
    let invitation = invite(&accounts, &alice()).await;
    let offer = begin(&accounts, ":1.1", &invitation).await.unwrap();
    confirm(&setup, &accounts, ":1.1", &offer).await.unwrap();
    assert_eq!(factors(&accounts).await, 1);
}

#[tokio::test]
async fn an_invitation_does_not_open_what_is_for_administrators_alone() {
    let setup = enrolling_by(EnrolmentMode::Admin);
    let (accounts, invitation) = reset(&setup).await;
    let refused = begin(&accounts, ":1.1", &invitation).await;
    assert!(matches!(refused, Err(Error::EnrolmentClosed(_))));
}

#[tokio::test]
async fn wrong_invitations_are_counted_and_five_make_the_caller_wait_even_for_the_right_one() {
    let setup = medium();
    let (accounts, invitation) = reset(&setup).await;
    for typed in [NEVER_MADE, RIGHT, "password", "\u{7}", NEVER_MADE] {
        let refused = begin(&accounts, ":1.1", typed).await;
        assert!(sentence(refused).contains("is not right, or its time is over"), "{typed:?}");
    }
    let lines = setup.lines();
    assert_eq!(lines.len(), 5, "{lines:?}");
    for (line, cause) in lines.iter().zip(["wrong invitation code", "not an invitation code"]) {
        let told = format!("cause=\"{cause}\"");
        let has = line.contains("event=code.refused user=\"alice\"") && line.contains(&told);
        assert!(has && line.contains(" reference="), "{line}");
    }
    // Another connection is the same caller.
    for typed in [invitation.as_str(), NEVER_MADE, ""] {
        let waits = begin(&accounts, ":1.2", typed).await;
        assert!(matches!(&waits, Err(Error::Locked(_))), "{typed:?}");
        assert!(sentence(waits).contains("Try again in 30 seconds"));
    }
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert_eq!(record.lockout.consecutive(), 0, "it says nothing of the account");
    setup.clock.advance(30);
    begin(&accounts, ":1.1", &invitation).await.unwrap();
}

#[tokio::test]
async fn parallel_guesses_are_counted_one_by_one() {
    let setup = medium();
    let (accounts, _) = reset(&setup).await;
    let accounts = Arc::new(accounts);
    let mut guesses = tokio::task::JoinSet::new();
    for n in 0..16 {
        let accounts = Arc::clone(&accounts);
        guesses.spawn(async move { begin(&accounts, &format!(":1.{n}"), NEVER_MADE).await });
    }
    let ends = guesses.join_all().await;
    let tried = ends.iter().filter(|end| matches!(end, Err(Error::WrongCode(_)))).count();
    let waited = ends.iter().filter(|end| matches!(end, Err(Error::Locked(_)))).count();
    assert_eq!((tried, waited), (5, 11));
}

#[tokio::test]
async fn the_invitation_of_one_user_is_none_of_another_s() {
    let setup = medium();
    let (accounts, of_alice) = reset(&setup).await;
    enrol(&accounts.engine, &bob()).await;
    let _ = accounts.reset(&bob(), &root(), true).await.unwrap();
    let of_bob = invite(&accounts, &bob()).await;
    assert!(matches!(begin(&accounts, ":1.1", &of_bob).await, Err(Error::WrongCode(_))));
    let stranger = Caller::supposed(":1.3", 1001);
    let stolen = begin_as(&accounts, &bob(), &stranger, &of_alice).await;
    assert!(matches!(stolen, Err(Error::WrongCode(_))));
    // What bob's guesses cost, they cost bob.
    for _ in 0..5 {
        let _ = begin_as(&accounts, &bob(), &stranger, &of_alice).await;
    }
    let waits = begin_as(&accounts, &bob(), &stranger, &of_bob).await;
    assert!(matches!(waits, Err(Error::Locked(_))));
    begin(&accounts, ":1.1", &of_alice).await.unwrap();
}

#[tokio::test]
async fn an_offer_that_an_invitation_opened_is_confirmed_by_no_stranger() {
    let setup = medium();
    let (accounts, invitation) = reset(&setup).await;
    let offer = begin(&accounts, ":1.1", &invitation).await.unwrap();
    let code = code_of(&offer, at(&setup));
    for stranger in [Caller::supposed(":1.1", 1001), caller(":1.2")] {
        let stolen = accounts.confirm_enrolment(&stranger, offer.enrolment, &code).await;
        assert!(matches!(stolen, Err(Error::NoSuchEnrolment(_))));
    }
    assert_eq!(factors(&accounts).await, 0);
    confirm(&setup, &accounts, ":1.1", &offer).await.unwrap();
}

#[tokio::test]
async fn an_invitation_is_no_fresh_code_of_who_has_a_factor() {
    let setup = medium();
    let (accounts, invitation) = reset(&setup).await;
    // An administrator enrols her meanwhile, and the invitation is still in its time.
    change(&accounts.engine, &alice(), |record| {
        let invitation = record.invitation.clone();
        *record = twinlock_core::record::UserRecord::new(&alice());
        record.invitation = invitation;
    })
    .await;
    enrol(&accounts.engine, &alice()).await;
    let refused = begin(&accounts, ":1.1", &invitation).await;
    assert!(matches!(refused, Err(Error::WrongCode(_))));
    let lockout = accounts.engine.read("alice").await.unwrap().unwrap().lockout;
    assert_eq!(lockout.consecutive(), 1, "it was tried as a code");
    let verified = accounts.verify(&alice(), &caller(":1.1"), &invitation).await;
    assert!(matches!(verified, Err(Error::WrongCode(_))));
    begin(&accounts, ":1.1", RIGHT).await.unwrap();
}

#[tokio::test]
async fn an_invitation_whose_time_is_over_opens_and_confirms_nothing() {
    let setup = medium();
    let (accounts, invitation) = reset(&setup).await;
    setup.clock.advance(3 * 86_400 - 60);
    let offer = begin(&accounts, ":1.1", &invitation).await.unwrap();
    setup.clock.advance(60);
    setup.lines();
    let late = confirm(&setup, &accounts, ":1.1", &offer).await;
    let Err(Error::NoSuchEnrolment(told)) = late else { panic!("{:?}", late.err()) };
    assert!(told.contains("is not valid any more") && told.contains("(reference "), "{told}");
    let lines = setup.lines().concat();
    assert!(lines.contains("cause=\"the invitation is not valid any more\""), "{lines}");
    assert_eq!(factors(&accounts).await, 0);

    let refused = begin(&accounts, ":1.1", &invitation).await;
    assert!(matches!(refused, Err(Error::WrongCode(_))));
    assert!(setup.lines().concat().contains("cause=\"the invitation has expired\""));
    let nothing = begin(&accounts, ":1.1", "").await;
    assert!(matches!(nothing, Err(Error::EnrolmentClosed(_))), "there is nothing to type");
}

#[tokio::test]
async fn of_two_enrolments_begun_with_one_invitation_exactly_one_is_confirmed() {
    let setup = medium();
    let (accounts, invitation) = reset(&setup).await;
    let first = begin(&accounts, ":1.1", &invitation).await.unwrap();
    let second = begin(&accounts, ":1.2", &invitation).await.unwrap();
    let (one, other) = tokio::join!(
        confirm(&setup, &accounts, ":1.1", &first),
        confirm(&setup, &accounts, ":1.2", &second)
    );
    assert!(one.is_ok() != other.is_ok());
    let lost = one.err().or(other.err()).unwrap();
    assert!(matches!(lost, Error::NoSuchEnrolment(_)), "{lost}");
    assert_eq!(factors(&accounts).await, 1);
}

#[tokio::test]
async fn what_becomes_of_the_invitation_meanwhile_ends_the_enrolment() {
    type Meanwhile = fn(&mut twinlock_core::record::UserRecord);
    let withdrawn: Meanwhile = |record| record.invitation = None;
    let distrusted: Meanwhile = |record| {
        record.distrust();
    };
    let reset_anew: Meanwhile = |record| {
        let now = twinlock_core::time::Timestamp::EPOCH;
        record.reset(&alice(), Some(EnrolmentMode::Invitation), now);
    };
    for meanwhile in [withdrawn, distrusted, reset_anew] {
        let setup = medium();
        let (accounts, invitation) = reset(&setup).await;
        let offer = begin(&accounts, ":1.1", &invitation).await.unwrap();
        change(&accounts.engine, &alice(), meanwhile).await;
        let refused = confirm(&setup, &accounts, ":1.1", &offer).await;
        assert!(matches!(refused, Err(Error::NoSuchEnrolment(_))));
        assert_eq!(factors(&accounts).await, 0);
    }
    let setup = medium();
    let (accounts, invitation) = reset(&setup).await;
    let offer = begin(&accounts, ":1.1", &invitation).await.unwrap();
    let replaced = invite(&accounts, &alice()).await;
    let refused = confirm(&setup, &accounts, ":1.1", &offer).await;
    assert!(matches!(refused, Err(Error::NoSuchEnrolment(_))));
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert!(record.invitation.is_some() && record.factors.is_empty());
    let offer = begin(&accounts, ":1.1", &replaced).await.unwrap();
    confirm(&setup, &accounts, ":1.1", &offer).await.unwrap();
}
