//! What came from another program works from now on, and all of it came or nothing.

use twinlock_bus_api::{
    account::AdminProxy,
    error::Error,
    import::{AccountImport, ImportedFactor},
};

use super::*;
use crate::{
    bus::caller::Caller,
    testing::{CODES, RIGHT, STEP, alice, enrol},
};

/// The secret of RFC 4226 appendix D.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

fn app() -> ImportedFactor {
    with(ImportedFactor::default(), |app| app.secret = Some(SECRET.to_owned()))
}

fn token(counter: u64) -> ImportedFactor {
    with(app(), |token| token.counter = Some(counter))
}

fn import(factors: Vec<ImportedFactor>) -> AccountImport {
    with(AccountImport::default(), |import| {
        import.origin = Some("google-authenticator".to_owned());
        import.factors = Some(factors);
    })
}

fn root() -> Caller {
    Caller::supposed(":1.2", 0)
}

async fn start() -> (Setup, Accounts) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    (setup, accounts)
}

async fn take(accounts: &Accounts, import: &AccountImport) -> Result<(), Error> {
    accounts.import_factors(&alice(), &root(), import).await
}

async fn verify(accounts: &Accounts, code: &str) -> Result<(), Error> {
    accounts.verify(&alice(), &root(), code).await
}

#[tokio::test]
async fn an_app_that_is_imported_takes_codes_from_now_on_and_none_of_an_earlier_step() {
    let (setup, accounts) = start().await;
    take(&accounts, &import(vec![app()])).await.unwrap();
    assert!(matches!(verify(&accounts, CODES[STEP - 1]).await, Err(Error::UsedCode(_))));
    verify(&accounts, RIGHT).await.unwrap();
    assert!(matches!(verify(&accounts, RIGHT).await, Err(Error::UsedCode(_))));
    let lines = setup.lines();
    let told = "event=user.imported user=\"alice\" by=\"root\" cause=\"1 factors and 0 scratch \
                codes from google-authenticator\"";
    assert!(lines.iter().any(|line| line.contains(told)), "{lines:?}");
    assert!(!lines.concat().contains(SECRET));
}

#[tokio::test]
async fn what_the_other_program_accepted_last_is_not_accepted_again() {
    let by_code = with(app(), |app| app.last_code = Some(RIGHT.to_owned()));
    let by_step = with(app(), |app| app.last_step = Some(STEP as u64));
    for factor in [by_code, by_step] {
        let (_setup, accounts) = start().await;
        take(&accounts, &import(vec![factor])).await.unwrap();
        assert!(matches!(verify(&accounts, RIGHT).await, Err(Error::UsedCode(_))));
        verify(&accounts, CODES[STEP + 1]).await.unwrap();
    }
    let (_setup, accounts) = start().await;
    let counted = with(token(3), |token| token.last_code = Some(CODES[3].to_owned()));
    take(&accounts, &import(vec![counted])).await.unwrap();
    assert!(matches!(verify(&accounts, CODES[3]).await, Err(Error::UsedCode(_))));
    verify(&accounts, CODES[4]).await.unwrap();
}

#[tokio::test]
async fn a_step_of_the_far_future_locks_the_owner_out_for_minutes_and_not_for_ever() {
    let (setup, accounts) = start().await;
    let factor = with(app(), |app| app.last_step = Some(u64::MAX));
    take(&accounts, &import(vec![factor])).await.unwrap();
    assert!(matches!(verify(&accounts, RIGHT).await, Err(Error::UsedCode(_))));
    setup.clock.advance(30 * 30);
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    let json = serde_json::to_string(&record).unwrap();
    let latest = format!("\"last_step\":{}", STEP + 20);
    assert!(json.contains(&latest), "twenty steps ahead at the most");
}

#[tokio::test]
async fn a_user_with_a_factor_keeps_it_unless_it_is_to_be_replaced() {
    let (_setup, accounts) = start().await;
    enrol(&accounts.engine, &alice()).await;
    let refused = take(&accounts, &import(vec![token(0)])).await;
    assert!(matches!(refused, Err(Error::AlreadyEnrolled(_))));
    let had = accounts.engine.read("alice").await.unwrap().unwrap().factor_ids();
    assert_eq!(had, ["7F3KQ2"]);
    let replace = with(import(vec![token(0), app()]), |import| import.replace = Some(true));
    take(&accounts, &replace).await.unwrap();
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    let methods: Vec<_> = record.factors.iter().map(|factor| factor.kind.method()).collect();
    assert_eq!(methods, ["hotp", "totp"]);
    assert_ne!(record.factors[0].id, record.factors[1].id);
}

#[tokio::test]
async fn one_part_that_cannot_be_leaves_nothing_of_the_others() {
    let (setup, accounts) = start().await;
    let before = setup.store.commits();
    let broken = |change: fn(&mut ImportedFactor)| {
        let mut factor = app();
        change(&mut factor);
        import(vec![app(), factor])
    };
    let with_codes =
        |codes: Vec<String>| with(import(vec![app()]), |import| import.scratch_codes = Some(codes));
    for import in [
        import(Vec::new()),
        import((0..11).map(|_| app()).collect()),
        broken(|factor| factor.secret = None),
        broken(|factor| factor.secret = Some("GEZDGNBV".to_owned())),
        broken(|factor| factor.secret = Some("not base32".to_owned())),
        broken(|factor| factor.digits = Some(9)),
        broken(|factor| factor.digits = Some(262)),
        broken(|factor| factor.period = Some(0)),
        broken(|factor| (factor.counter, factor.period) = (Some(1), Some(30))),
        broken(|factor| factor.counter = Some(u64::MAX)),
        broken(|factor| factor.label = Some("a\nb".to_owned())),
        with_codes(vec!["1234567".to_owned()]),
        with_codes((0..11).map(|n| format!("{n:08}")).collect()),
    ] {
        let refused = take(&accounts, &import).await;
        assert!(matches!(refused, Err(Error::InvalidArgument(_))));
    }
    assert_eq!(setup.store.commits(), before);
}

#[tokio::test]
async fn root_imports_over_the_bus_and_an_imported_scratch_code_works_once() {
    let bus = Bus::start(Gate::Shipped).await;
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    let codes = || vec!["12345678".to_owned(), "23456789".to_owned()];
    let with_codes = || with(import(vec![app()]), |import| import.scratch_codes = Some(codes()));
    admin.import_factors("alice", with_codes()).await.unwrap();
    admin.verify("alice", "12345678").await.unwrap();
    let again = admin.verify("alice", "12345678").await;
    assert!(matches!(again, Err(Error::WrongCode(_))));
    admin.verify("alice", "23456789").await.unwrap();
    admin.verify("alice", RIGHT).await.unwrap();
    let unknown = admin.import_factors("no-such-user", with_codes()).await;
    assert!(matches!(unknown, Err(Error::UnknownUser(_))));
}
