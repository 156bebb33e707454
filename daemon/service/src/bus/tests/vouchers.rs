//! Invitations, bypass codes and resets: what is made, who is told, and what is refused.

use twinlock_bus_api::{
    error::Error,
    voucher::{BypassOptions, InvitationOptions},
};
use twinlock_core::{
    contact::{Contact, Contacts, Vouched},
    notice::{Channels, Subject},
    policy::EnrolmentMode,
    printed_code::PrintedCode,
    response::Response,
    time::Timestamp,
};

use super::*;
use crate::{
    bus::{account::Authority, caller::Caller},
    testing::{alice, change, enrol},
};

const DAY: u64 = 86_400;

fn root() -> Caller {
    Caller::supposed(":1.2", 0)
}

async fn daemon() -> (Setup, Accounts) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    (setup, accounts)
}

/// Alice has an e-mail address, and the host a mail server if `can_mail`.
async fn with_contact(accounts: &Accounts, can_mail: bool) {
    let engine = &accounts.engine;
    let mut settings = (*engine.settings()).clone();
    settings.channels = Channels { email: can_mail, mobile: false };
    engine.replace_settings(settings);
    change(engine, &alice(), |record| {
        record.contacts = Contacts {
            email: Some(Contact {
                value: "alice@example.org".parse().unwrap(),
                vouched: Vouched::Administrator,
                since: Timestamp::EPOCH,
                last_used_at: None,
            }),
            mobile: None,
        };
    })
    .await;
}

fn options(reason: &str) -> BypassOptions {
    BypassOptions { seconds: 3600, reason: reason.to_owned(), ..BypassOptions::default() }
}

#[tokio::test]
async fn an_invitation_is_shown_where_nobody_can_be_written_to_and_is_the_only_one() {
    let (setup, accounts) = daemon().await;
    with_contact(&accounts, false).await;
    let first = accounts.invite(&alice(), &root(), &InvitationOptions::default()).await.unwrap();
    let second = accounts.invite(&alice(), &root(), &InvitationOptions::default()).await.unwrap();
    assert_eq!(second.sent_to, Vec::<String>::new());
    let now = accounts.engine.now().horizon;
    assert_eq!(second.until, now.as_secs() + 3 * DAY);
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    let stored = record.invitation.as_ref().unwrap();
    let admits = |code: Option<String>| {
        let code = PrintedCode::read(&Response::new(code.unwrap())).unwrap();
        stored.admits(&code, &crate::hashing::CodeHashing::for_tests(), now)
    };
    assert!(admits(second.code) && !admits(first.code));
    let lines = setup.lines();
    let told = format!(
        "event=user.invited user=\"alice\" by=\"root\" cause=\"invitation {} until",
        second.id
    );
    assert!(lines.iter().any(|line| line.contains(&told)), "{lines:?}");
}

#[tokio::test]
async fn an_invitation_goes_to_the_user_alone_unless_it_is_to_be_printed() {
    let (setup, accounts) = daemon().await;
    with_contact(&accounts, true).await;
    let sent = accounts.invite(&alice(), &root(), &InvitationOptions::default()).await.unwrap();
    assert_eq!((sent.code, sent.sent_to), (None, vec!["a…@example.org".to_owned()]));
    let notices = setup.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(
        matches!(&notice.subject, Subject::Invitation { until, .. } if until.as_secs() == sent.until)
    );
    assert_eq!((notice.user.as_str(), notice.by.as_deref()), ("alice", Some("root")));

    let print = InvitationOptions { print: Some(true), ..InvitationOptions::default() };
    let printed = accounts.invite(&alice(), &root(), &print).await.unwrap();
    assert!(printed.code.is_some() && printed.sent_to.is_empty());
    assert!(setup.notices().is_empty());
}

#[tokio::test]
async fn who_has_a_factor_is_not_invited() {
    let (_setup, accounts) = daemon().await;
    enrol(&accounts.engine, &alice()).await;
    let refused = accounts.invite(&alice(), &root(), &InvitationOptions::default()).await;
    assert!(matches!(refused, Err(Error::AlreadyEnrolled(_))));
}

#[tokio::test]
async fn a_bypass_code_is_told_to_its_user_and_shown_in_the_status_without_the_code() {
    let (setup, accounts) = daemon().await;
    with_contact(&accounts, true).await;
    let from = Some("203.0.113.9".to_owned());
    let options = BypassOptions { uses: Some(3), from, ..options(" phone in repair ") };
    let issued = accounts.issue_bypass(&alice(), &root(), &options).await.unwrap();
    assert_eq!(issued.sent_to, ["a…@example.org"]);
    let notices = setup.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(matches!(
        &notice.subject,
        Subject::BypassIssued { uses: 3, reason, .. } if reason == "phone in repair"
    ));
    let status = accounts.status(&alice(), Authority::Own).await.unwrap();
    let shown = status.bypasses.unwrap();
    let [bypass] = shown.as_slice() else { panic!("{shown:?}") };
    assert_eq!((bypass.uses_left, bypass.until), (3, issued.until));
    assert_eq!(bypass.from.as_deref(), Some("203.0.113.9"));
    assert_eq!((bypass.reason.as_str(), bypass.by.as_str()), ("phone in repair", "root"));
    let code = issued.code.unwrap();
    let lines = setup.lines();
    assert!(
        lines.iter().any(|line| line.contains("event=bypass.issued user=\"alice\" by=\"root\""))
    );
    assert!(lines.iter().all(|line| !line.contains(&code)));
    setup.clock.advance(3601);
    let status = accounts.status(&alice(), Authority::Own).await.unwrap();
    assert_eq!(status.bypasses, None, "its time is over");
}

#[tokio::test]
async fn a_bypass_code_without_limits_or_reason_is_refused_and_nothing_is_kept() {
    let (setup, accounts) = daemon().await;
    let before = setup.store.commits();
    let longest = "x".repeat(200);
    let place = |place: &str| Some(place.to_owned());
    for wrong in [
        options(""),
        options(" \t "),
        options("two\nlines"),
        options("a\u{1b}[2J"),
        options(&format!("{longest}x")),
        BypassOptions { seconds: 0, ..options("x") },
        BypassOptions { seconds: 30 * DAY + 1, ..options("x") },
        BypassOptions { seconds: u64::MAX, ..options("x") },
        BypassOptions { uses: Some(0), ..options("x") },
        BypassOptions { uses: Some(101), ..options("x") },
        BypassOptions { from: place("web1"), ..options("x") },
        BypassOptions { from: place("203.0.113.0/33"), ..options("x") },
    ] {
        let refused = accounts.issue_bypass(&alice(), &root(), &wrong).await;
        assert!(matches!(refused, Err(Error::InvalidArgument(_))), "{wrong:?}");
    }
    assert_eq!(setup.store.commits(), before);
    accounts.issue_bypass(&alice(), &root(), &options(&longest)).await.unwrap();
}

#[tokio::test]
async fn a_reset_tells_the_user_and_hands_out_the_invitation_that_the_next_enrolment_needs() {
    let (setup, accounts) = daemon().await;
    enrol(&accounts.engine, &alice()).await;
    with_contact(&accounts, true).await;
    accounts.issue_bypass(&alice(), &root(), &options("x")).await.unwrap();
    setup.notices();
    let done = accounts.reset(&alice(), &root(), false).await.unwrap();
    assert_eq!(done.text, "Taken away: 1 factor, 1 bypass code.");
    assert_eq!((done.code, done.sent_to), (None, Some(vec!["a…@example.org".to_owned()])));
    let subjects: Vec<_> = setup.notices().into_iter().map(|notice| notice.subject).collect();
    assert!(
        matches!(subjects.as_slice(), [Subject::Reset, Subject::Invitation { .. }]),
        "{subjects:?}"
    );
    let status = accounts.status(&alice(), Authority::Administrator).await.unwrap();
    assert_eq!(status.enrolment.as_deref(), Some("invitation"));
    assert_eq!(status.invitation.map(|invitation| Some(invitation.id)), Some(done.invitation));
    assert_eq!((status.state.as_str(), status.bypasses), ("pending", None));
}

#[tokio::test]
async fn a_reset_that_leaves_the_enrolment_to_the_login_makes_no_invitation() {
    let (_setup, accounts) = daemon().await;
    let mut settings = (*accounts.engine.settings()).clone();
    settings.enrolment_after_reset = EnrolmentMode::AtLogin;
    accounts.engine.replace_settings(settings);
    enrol(&accounts.engine, &alice()).await;
    let done = accounts.reset(&alice(), &root(), true).await.unwrap();
    assert!(done.done && done.invitation.is_none() && done.code.is_none());
    let status = accounts.status(&alice(), Authority::Administrator).await.unwrap();
    assert_eq!(status.enrolment.as_deref(), Some("at-login"));
}

#[tokio::test]
async fn of_two_resets_at_once_one_invitation_holds() {
    let (_setup, accounts) = daemon().await;
    enrol(&accounts.engine, &alice()).await;
    let (user, root) = (alice(), root());
    let (one, other) =
        tokio::join!(accounts.reset(&user, &root, false), accounts.reset(&user, &root, false));
    let made = [one.unwrap().invitation, other.unwrap().invitation];
    let held = accounts.engine.read("alice").await.unwrap().unwrap().invitation.unwrap().id;
    assert!(made[0] != made[1] && made.contains(&Some(held)), "{made:?}");
}
