//! What a user is told of what a login changed: an enrolment and a trusted host, once they take effect.

use twinlock_core::{
    contact::{Contact, Vouched},
    notice::{Notice, Recipient, Subject},
    policy::EnrolmentMode,
    record::UserRecord,
    time::Timestamp,
};

use super::{password::confirmation, *};
use crate::testing::{RIGHT, alice, change, enrol};

const EMAIL: &str = "alice@example.org";
const MOBILE: &str = "+14155550123";

/// A desk on a host whose sshd has both of Twinlock's lines, so that a ticket comes back.
struct Host {
    setup: Setup,
    engine: Arc<Engine>,
    desk: Desk,
    _stacks: tempfile::TempDir,
}

impl Host {
    async fn new() -> Self {
        let setup = Setup::new();
        let engine = setup.engine().await;
        let stacks = tempfile::tempdir().unwrap();
        let lines = "auth required pam_twinlock.so\naccount required pam_twinlock.so\n";
        std::fs::write(stacks.path().join("sshd"), lines).unwrap();
        let folders = Stacks::in_folders(vec![stacks.path().to_owned()]);
        let desk = Desk::new(Arc::clone(&engine), folders);
        Self { setup, engine, desk, _stacks: stacks }
    }

    async fn change(&self, by: impl Fn(&mut UserRecord)) {
        change(&self.engine, &alice(), by).await;
    }

    async fn answer(&self, open: OpenDialogue, text: &str) -> Reply {
        self.desk.answer(open, &Response::new(text.to_owned())).await
    }
}

fn set_contacts(record: &mut UserRecord) {
    let (vouched, since, last_used_at) = (Vouched::Administrator, Timestamp::EPOCH, None);
    let value = EMAIL.parse().unwrap();
    record.set_email(Some(Contact { value, vouched, since, last_used_at }), since);
    let value = MOBILE.parse().unwrap();
    record.set_mobile(Some(Contact { value, vouched, since, last_used_at }), since);
}

fn assert_told(notices: &[Notice], subject: &Subject) {
    let [notice] = notices else { panic!("not one message: {notices:?}") };
    assert_eq!(notice.subject, *subject);
    let everywhere =
        [Recipient::Email(EMAIL.parse().unwrap()), Recipient::Mobile(MOBILE.parse().unwrap())];
    assert_eq!(notice.to, everywhere);
    assert_eq!((notice.user.as_str(), notice.service.as_deref()), ("alice", Some("sshd")));
}

#[tokio::test]
async fn an_enrolment_at_login_is_told_when_the_account_phase_redeems() {
    let host = Host::new().await;
    host.change(|record| {
        set_contacts(record);
        record.enrolment = Some(EnrolmentMode::AtLogin);
    })
    .await;
    let (messages, open) = asked(begin(&host.desk, "auth", "alice", &[]).await);
    let code = confirmation(&messages, &host.setup);
    let (_, open) = asked(host.answer(open, &code).await);
    let ending = done(host.answer(open, "").await);
    assert_eq!(ending.verdict, Verdict::Allow);
    assert_eq!(host.setup.notices(), [], "a stranger with a wrong password came this far");
    assert_eq!(redeem(&host.desk, "alice", &ticket(&ending)).await.verdict, Verdict::Allow);
    let label = "authenticator".to_owned();
    assert_told(&host.setup.notices(), &Subject::FactorEnrolled { label });
}

#[tokio::test]
async fn a_host_that_becomes_trusted_is_told_when_the_account_phase_redeems() {
    let host = Host::new().await;
    enrol(&host.engine, &alice()).await;
    host.change(set_contacts).await;
    let (_, open) = asked(log_in(&host.desk, "alice", RIGHT).await);
    let ending = done(host.answer(open, "y").await);
    assert_eq!(ending.verdict, Verdict::Allow);
    assert_eq!(host.setup.notices(), [], "not before");
    assert_eq!(redeem(&host.desk, "alice", &ticket(&ending)).await.verdict, Verdict::Allow);
    let until =
        host.engine.read("alice").await.unwrap().unwrap().trusted.iter().next().unwrap().until;
    let subject = Subject::HostTrusted { host: "203.0.113.9".to_owned(), until };
    assert_told(&host.setup.notices(), &subject);
    // Once trusted, it is used without a word.
    let unasked = done(begin(&host.desk, "auth", "alice", &[]).await);
    assert_eq!(redeem(&host.desk, "alice", &ticket(&unasked)).await.verdict, Verdict::Allow);
    assert_eq!(host.setup.notices(), []);
}
