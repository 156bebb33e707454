//! Why a login would be decided as it would be, for an administrator who asks before it happens.
//!
//! The daemon answers, because it has what the answer rests on: the policy in force, the record and
//! the groups of the user. The answer is JSON: a decision is a sum of shapes with few keys in
//! common, whose words a test of the core holds stable, and a dictionary of variants would be a
//! second form of the same.

use serde::Serialize;
use twinlock_bus_api::{
    account::UserStatus,
    error::{Error, Result},
    login::Phase,
    policy::SupposedLogin,
};
use twinlock_core::{
    login::{FirstFactor, LoginContext, Source, User},
    policy::{Decision, Explanation, FirstFactorKind, Methods, Policy, SkipReason},
};

use super::{
    account::{Accounts, Authority},
    errors,
};
use crate::login::stack::Stacks;

/// The service of a login that names none.
const DEFAULT_SERVICE: &str = "sshd";

/// The word for a remote login whose address cannot be read.
const UNKNOWN_SOURCE: &str = "unknown";

/// The longest text of a supposed login, in bytes.
const LONGEST: usize = 512;

/// The most methods of one supposed login.
const MOST_FACTORS: usize = 16;

/// The answer: the login that was supposed, and what the policy says of it.
#[derive(Serialize)]
struct Answer<'a> {
    user: &'a str,
    uid: u32,
    /// `None` where the policy asks for no group.
    groups: Option<&'a [String]>,
    state: &'a str,
    enrolled: Methods,
    switch: Option<bool>,
    service: &'a str,
    from: String,
    first_factors: &'a [FirstFactorKind],
    phase: &'a str,
    obstacles: Vec<Obstacle>,
    #[serde(flatten)]
    explanation: Explanation,
}

/// What refuses a login that the policy alone would ask or let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Obstacle {
    /// The record is an earlier account's.
    Mismatch,
    /// Codes are refused, from some source or from all.
    Locked,
    /// No factor was shown at all, and none would be asked.
    OpenDoor,
    /// The service has no account line of the module, so that nothing can be set up there.
    NoAccountLine,
}

impl Obstacle {
    /// Those of a login that is decided so, with a record in this state.
    fn of(login: &LoginContext, decision: &Decision, state: &str, policy: &Policy) -> Vec<Self> {
        let is_account_service = policy.account_services.contains(&login.service);
        let nothing_shown = login.first_factors.is_empty() && is_account_service;
        let rests_on_record = !matches!(
            decision,
            Decision::Skip(SkipReason::AccountPhase | SkipReason::Observed { .. })
        );
        [
            (Self::Mismatch, state == "mismatch" && rests_on_record),
            (Self::Locked, state == "locked" && matches!(decision, Decision::Require(_))),
            (Self::OpenDoor, decision.is_skip() && nothing_shown),
            (Self::NoAccountLine, matches!(decision, Decision::Enrol(_)) && !login.redeems),
        ]
        .into_iter()
        .filter_map(|(obstacle, stands)| stands.then_some(obstacle))
        .collect()
    }
}

impl Accounts {
    /// The explanation of a login of this user, as JSON.
    pub(super) async fn explain(&self, user: &User, login: SupposedLogin) -> Result<String> {
        let Supposed { service, source, first_factors, phase } = Supposed::read(login)?;
        let found = self.engine.read(&user.name).await;
        let found = found.map_err(|error| errors::trouble(&self.engine, &user.name, &error))?;
        let channels = self.engine.settings().channels;
        let standing = found.as_ref().map(|record| record.standing(channels)).unwrap_or_default();
        let UserStatus { state, .. } = self.describe(user, found, Authority::Administrator);
        let login = LoginContext {
            redeems: Stacks::default().redeem(&service),
            service,
            user: user.clone(),
            source,
            tty: None,
            first_factors: first_factors.iter().map(|&kind| shown(kind)).collect(),
            interactive: true,
            session_code: None,
        };
        let settings = self.engine.settings();
        let policy: &Policy = &settings.policy;
        let now = self.engine.now().horizon;
        let explanation = match phase {
            Phase::Account => policy.explain_account(&login, &standing, now),
            _ => policy.explain(&login, &standing, now),
        };
        let mut obstacles = Obstacle::of(&login, &explanation.decision, &state, policy);
        if phase == Phase::Account {
            // Where the account phase is alone, a key was shown.
            obstacles.retain(|obstacle| *obstacle != Obstacle::OpenDoor);
        }
        let answer = Answer {
            user: &user.name,
            uid: user.uid,
            groups: policy.needs_groups().then_some(&user.groups),
            state: &state,
            enrolled: standing.enrolled,
            switch: standing.switch,
            service: &login.service,
            from: login.source.to_string(),
            first_factors: &first_factors,
            phase: phase.as_str(),
            obstacles,
            explanation,
        };
        serde_json::to_string(&answer).map_err(|error| {
            Error::Unavailable(format!(
                "The explanation cannot be written down: {error}; report that sentence."
            ))
        })
    }
}

/// A supposed login, read and bounded.
#[derive(Debug, PartialEq, Eq)]
struct Supposed {
    service: String,
    source: Source,
    first_factors: Vec<FirstFactorKind>,
    phase: Phase,
}

impl Supposed {
    fn read(login: SupposedLogin) -> Result<Self> {
        let SupposedLogin { service, from, first_factors, phase } = login;
        let phase = read_phase(phase.as_deref())?;
        Ok(Self {
            service: read_service(service)?,
            source: from
                .map_or(Ok(Source::Local { requester: None }), |text| read_source(&text))?,
            first_factors: match (first_factors, phase) {
                (Some(words), _) => read_factors(&words)?,
                (None, Phase::Account) => Vec::new(),
                (None, _) => vec![FirstFactorKind::Password],
            },
            phase,
        })
    }
}

fn read_service(service: Option<String>) -> Result<String> {
    let service = service.unwrap_or_else(|| DEFAULT_SERVICE.to_owned());
    if service.is_empty() || service.len() > LONGEST || service.chars().any(char::is_control) {
        return Err(Error::InvalidArgument(
            "That is no PAM service; give the name of a file of /etc/pam.d, such as 'sshd'."
                .to_owned(),
        ));
    }
    Ok(service)
}

fn read_phase(word: Option<&str>) -> Result<Phase> {
    match word.map(Phase::from_wire) {
        None => Ok(Phase::Auth),
        Some(Some(phase @ (Phase::Auth | Phase::Account))) => Ok(phase),
        Some(_) => Err(Error::InvalidArgument(
            "The policy decides in the phases 'auth' and 'account'; give one of them.".to_owned(),
        )),
    }
}

/// As a login's own source is read: zones go, mapped addresses are IPv4, names are none.
fn read_source(text: &str) -> Result<Source> {
    if text == UNKNOWN_SOURCE {
        return Ok(Source::Unknown);
    }
    match Source::of_login(DEFAULT_SERVICE, None, Some(text), None) {
        source @ Source::Address(_) if text.len() <= LONGEST => Ok(source),
        _ => Err(Error::InvalidArgument(format!(
            "{:?} is no address; write one like 203.0.113.9 or 2001:db8::9. Names are not looked \
             up.",
            text.chars().take(64).collect::<String>()
        ))),
    }
}

fn read_factors(words: &[String]) -> Result<Vec<FirstFactorKind>> {
    if words.len() > MOST_FACTORS {
        return Err(Error::InvalidArgument(format!(
            "At most {MOST_FACTORS} first factors can be supposed; give fewer."
        )));
    }
    let read = |word: &String| {
        let short: String = word.chars().take(64).collect();
        short.parse().map_err(|error| Error::InvalidArgument(format!("There is an {error}.")))
    };
    words.iter().map(read).collect()
}

const fn shown(kind: FirstFactorKind) -> FirstFactor {
    match kind {
        FirstFactorKind::Password => FirstFactor::Password,
        FirstFactorKind::PublicKey => FirstFactor::PublicKey { fingerprint: None },
        FirstFactorKind::Gssapi => FirstFactor::Gssapi,
        FirstFactorKind::HostBased => FirstFactor::HostBased,
        FirstFactorKind::Key => FirstFactor::Key,
    }
}

#[cfg(test)]
mod tests {
    use twinlock_core::policy::EnrolHow;

    use super::*;

    fn read(change: impl FnOnce(&mut SupposedLogin)) -> Result<Supposed> {
        let mut login = SupposedLogin::default();
        change(&mut login);
        Supposed::read(login)
    }

    fn refusal(change: impl FnOnce(&mut SupposedLogin)) -> String {
        match read(change) {
            Err(Error::InvalidArgument(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_refuses_a_login_beside_the_policy_is_told() {
        let policy = Policy::default();
        let login = LoginContext {
            service: DEFAULT_SERVICE.to_owned(),
            user: User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() },
            source: Source::Unknown,
            tty: None,
            first_factors: Vec::new(),
            interactive: true,
            redeems: false,
            session_code: None,
        };
        let of = |decision: Decision, state| Obstacle::of(&login, &decision, state, &policy);
        let require = || Decision::Require(Methods::ALL);
        assert_eq!(of(require(), "enrolled"), []);
        assert_eq!(of(require(), "locked"), [Obstacle::Locked]);
        assert_eq!(of(require(), "mismatch"), [Obstacle::Mismatch]);
        let enrol = Decision::Enrol(EnrolHow::AtLogin { methods: Methods::ALL });
        assert_eq!(of(enrol, "pending"), [Obstacle::NoAccountLine]);
        let off = Decision::Skip(SkipReason::UserSwitchedOff);
        assert_eq!(of(off, "enrolled"), [Obstacle::OpenDoor]);
        let cron = LoginContext { service: "cron".to_owned(), ..login.clone() };
        let silent = Decision::Skip(SkipReason::AccountPhase);
        assert_eq!(Obstacle::of(&cron, &silent, "mismatch", &policy), []);
    }

    #[test]
    fn what_is_left_out_is_a_password_over_ssh_without_an_address() {
        let supposed = read(|_| {}).unwrap();
        assert_eq!(supposed.service, "sshd");
        assert_eq!(supposed.source, Source::Local { requester: None });
        assert_eq!(supposed.first_factors, [FirstFactorKind::Password]);
        assert_eq!(supposed.phase, Phase::Auth);
        let account = read(|login| login.phase = Some("account".to_owned())).unwrap();
        assert_eq!(account.first_factors, []);
    }

    #[test]
    fn an_address_is_read_as_that_of_a_login() {
        for (text, expected) in [
            ("::ffff:203.0.113.9", Source::Address("203.0.113.9".parse().unwrap())),
            ("fe80::1%eth0", Source::Address("fe80::1".parse().unwrap())),
            ("unknown", Source::Unknown),
        ] {
            assert_eq!(read(|login| login.from = Some(text.to_owned())).unwrap().source, expected);
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_write() {
        for text in ["", "localhost", "203.0.113.300", "203.0.113.0/24", " 203.0.113.9", "\n"] {
            let sentence = refusal(|login| login.from = Some(text.to_owned()));
            assert!(sentence.contains("write one like 203.0.113.9"), "{sentence}");
        }
        let sentence = refusal(|login| login.first_factors = Some(vec!["passwrod".to_owned()]));
        assert_eq!(
            sentence,
            "There is an unknown first factor \"passwrod\"; known are: password, publickey, \
             gssapi, hostbased, key."
        );
        for word in ["", "AUTH", "session", "password"] {
            let sentence = refusal(|login| login.phase = Some(word.to_owned()));
            assert!(sentence.contains("'auth' and 'account'"), "{sentence}");
        }
        for name in [String::new(), "ss\nhd".to_owned(), "x".repeat(LONGEST + 1)] {
            assert!(refusal(|login| login.service = Some(name)).contains("PAM service"));
        }
        let many = vec!["password".to_owned(); MOST_FACTORS + 1];
        assert!(refusal(|login| login.first_factors = Some(many)).contains("At most"));
    }
}
