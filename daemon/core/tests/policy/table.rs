//! Every level × enrolled or not × before or after the date × exempt or not × first factor.

use twinlock_core::policy::{Policy, Profile};

use crate::setup::*;

/// How the first factor was shown, the columns of the table.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Password,
    Key,
    /// The account phase without a ticket.
    KeyAlone,
    Nothing,
}

const COLUMNS: [Shown; 4] = [Shown::Password, Shown::Key, Shown::KeyAlone, Shown::Nothing];

/// level, enrolled, date, source; then the word of the decision for each of the columns.
const TABLE: &str = "
low        no   before  elsewhere   voluntary        voluntary        voluntary    voluntary
low        no   before  exempt      exempt           exempt           exempt       exempt
low        no   after   elsewhere   voluntary        voluntary        voluntary    voluntary
low        no   after   exempt      exempt           exempt           exempt       exempt
low        yes  before  elsewhere   require          require          key-alone    require
low        yes  before  exempt      exempt           exempt           exempt       exempt
low        yes  after   elsewhere   require          require          key-alone    require
low        yes  after   exempt      exempt           exempt           exempt       exempt
medium     no   before  elsewhere   not-enrolled     not-enrolled     not-enrolled not-enrolled
medium     no   before  exempt      exempt           exempt           exempt       exempt
medium     no   after   elsewhere   not-enrolled     not-enrolled     not-enrolled not-enrolled
medium     no   after   exempt      exempt           exempt           exempt       exempt
medium     yes  before  elsewhere   require          require          key-alone    require
medium     yes  before  exempt      exempt           exempt           exempt       exempt
medium     yes  after   elsewhere   require          require          key-alone    require
medium     yes  after   exempt      exempt           exempt           exempt       exempt
high       no   before  elsewhere   before-date      before-date      before-date  before-date
high       no   before  exempt      exempt           exempt           exempt       exempt
high       no   after   elsewhere   enrol            enrol            key-alone    no-first-factor
high       no   after   exempt      exempt           exempt           exempt       exempt
high       yes  before  elsewhere   require          require          key-alone    require
high       yes  before  exempt      exempt           exempt           exempt       exempt
high       yes  after   elsewhere   require          require          key-alone    require
high       yes  after   exempt      exempt           exempt           exempt       exempt
very-high  no   before  elsewhere   before-date      before-date      before-date  before-date
very-high  no   before  exempt      before-date      before-date      before-date  before-date
very-high  no   after   elsewhere   enrol-invitation enrol-invitation key-alone    no-first-factor
very-high  no   after   exempt      enrol-invitation enrol-invitation key-alone    no-first-factor
very-high  yes  before  elsewhere   require          require          key-alone    require
very-high  yes  before  exempt      require          require          key-alone    require
very-high  yes  after   elsewhere   require          require          key-alone    require
very-high  yes  after   exempt      require          require          key-alone    require
";

fn rows() -> Vec<Vec<&'static str>> {
    TABLE.trim().lines().map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn the_table_has_every_combination_once() {
    let mut keys: Vec<_> = rows().iter().map(|row| row[..4].join(" ")).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 4 * 2 * 2 * 2);
    assert!(rows().iter().all(|row| row.len() == 4 + COLUMNS.len()));
}

#[test]
fn every_combination_is_decided_as_the_table_says() {
    for row in rows() {
        let dated = Profile {
            level: Some(row[0].parse().unwrap()),
            enforce_from: Some(DATE),
            ..profile(1)
        };
        let mut policy = policy([dated]);
        policy.network.exempt = ["198.51.100.0/24".parse().unwrap()].into_iter().collect();
        let standing = if row[1] == "yes" { enrolled() } else { unenrolled() };
        let now = if row[2] == "before" { BEFORE } else { AFTER };
        let source = if row[3] == "exempt" { from("198.51.100.7") } else { from("203.0.113.9") };
        for (shown, expected) in COLUMNS.into_iter().zip(&row[4..]) {
            let mut login = from_source(source.clone());
            login.first_factors = match shown {
                Shown::Password => login.first_factors,
                Shown::Key => vec![publickey()],
                Shown::KeyAlone | Shown::Nothing => Vec::new(),
            };
            let decision = match shown {
                Shown::KeyAlone => policy.decide_account(&login, &standing, now),
                _ => policy.decide(&login, &standing, now),
            };
            assert_eq!(decision.word(), *expected, "{row:?} {shown:?}");
        }
    }
}

#[test]
fn without_a_profile_the_default_policy_is_the_table_of_high_after_the_date() {
    let policy = Policy::default();
    for row in rows().iter().filter(|row| row[0] == "high" && row[2] == "after") {
        if row[3] == "exempt" {
            continue;
        }
        let standing = if row[1] == "yes" { enrolled() } else { unenrolled() };
        assert_eq!(policy.decide(&login(), &standing, DATE).word(), row[4]);
        assert_eq!(policy.decide_account(&with_factors(&[]), &standing, DATE).word(), row[6]);
    }
}
