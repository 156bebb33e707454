//! The end of the bus: the next one gives out the names of connections again, to others.

use std::time::Duration;

use tokio::sync::oneshot;
use twinlock_bus_api::{account::EnrolmentOptions, backup::HEAD, error::Error};

use super::{
    fresh_code::{code_in, own, root, sending},
    *,
};
use crate::{
    bus::{account::Authority, serve},
    testing::{CODES, STEP, alice, enrol},
};

#[tokio::test]
async fn what_waits_for_a_connection_ends_with_the_bus_that_knew_it() {
    let mut bus = Bus::start(Gate::WideOpen).await;
    bus.daemon.clone().close().await.unwrap();
    let setup = sending();
    let accounts = Arc::new(setup.accounts().await);
    let (tried, was_tried) = oneshot::channel();
    let serving = tokio::spawn(serve(bus.address(), Arc::clone(&accounts), tried));
    was_tried.await.unwrap();

    enrol(&accounts.engine, &alice()).await;
    let offered =
        accounts.offer_contact(&alice(), &own(), "email", "a@example.org", CODES[STEP]).await;
    let (proof, _) = offered.unwrap();
    let code = code_in(&setup);
    let options = EnrolmentOptions::default();
    let opened =
        accounts.begin_enrolment(&alice(), &own(), Authority::Administrator, &options).await;
    let enrolment = opened.unwrap().enrolment;
    let restore = accounts.begin_restore(&root(), HEAD as u64).unwrap();
    let is_open = || accounts.enrolments.user_of(&own().connection, enrolment).is_some();
    assert!(is_open());
    accounts.write_restore(&root(), restore, &[]).unwrap();

    bus.process.kill().unwrap();
    let ended = async {
        while is_open() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
    let confirmed = accounts.confirm_contact(&own(), proof, &code).await;
    assert!(matches!(confirmed, Err(Error::NoSuchEnrolment(_))));
    let written = accounts.write_restore(&root(), restore, &[]);
    assert!(matches!(written, Err(Error::InvalidArgument(_))));
    serving.abort();
}
