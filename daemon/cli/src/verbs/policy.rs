//! `twinlock policy explain`: why a login would be decided as it would be.

use clap::{Subcommand, ValueEnum};
use twinlock_bus_api::login::Phase;
use twinlock_bus_api::policy::SupposedLogin;

use crate::client::Client;
use crate::failure::Failure;
use crate::render::{explanation, json};
use crate::surroundings::Surroundings;

const JSON_EXPLANATION: &str = "JSON: {user, uid, groups, state, enrolled, switch, service, from, \
                                first_factors, phase, obstacles, mode: enforce|observe, decision: {decision: \
                                skip|require|enrol|deny, because}, sentence, decided_by: {rule, \
                                name, place: {file, line}}, terms: {level, second_factor, methods, \
                                remember, enrolment, schedule: {enforce_from, grace}, profile}, \
                                rules: [{rule, name, place, outcome: \
                                decided|passed|not-matched|not-reached, detail}]}. Times are RFC \
                                3339 in UTC.";

/// Ask the policy (administrators only)
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Say how a login would be decided, and why
    ///
    /// The running twinlockd answers, by the policy that it has in force and the user's record.
    /// Nothing is changed or counted.
    #[command(after_long_help = JSON_EXPLANATION)]
    Explain(Explain),
}

#[derive(clap::Args)]
struct Explain {
    /// Who logs in
    user: String,

    /// Through which PAM service
    #[arg(long, default_value = "sshd")]
    service: String,

    /// From which address, or 'unknown' for one that cannot be read; without an address, lists of
    /// addresses say nothing
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,

    /// How the first factor was shown; several with commas between. Left out it is a password in
    /// the auth phase, and a key in the account phase
    #[arg(long, value_enum, value_name = "FACTOR", value_delimiter = ',')]
    first_factor: Vec<Shown>,

    /// The phase of PAM: 'account' is an account phase that no auth phase went before, as after a
    /// login by key alone
    #[arg(long, value_enum, default_value = "auth")]
    phase: Hook,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Ways to show a first factor, by their words in the configuration.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// A password
    Password,
    /// A public key or a certificate
    Publickey,
    /// GSSAPI, such as Kerberos
    Gssapi,
    /// The client host vouched for the user
    Hostbased,
    /// Any of publickey, gssapi and hostbased
    Key,
    /// None at all
    None,
}

impl Shown {
    /// The word on the wire; none for none.
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Password => Some("password"),
            Self::Publickey => Some("publickey"),
            Self::Gssapi => Some("gssapi"),
            Self::Hostbased => Some("hostbased"),
            Self::Key => Some("key"),
            Self::None => None,
        }
    }
}

/// The phases in which the policy decides.
#[derive(Clone, Copy, ValueEnum)]
enum Hook {
    /// pam_authenticate(3)
    Auth,
    /// pam_acct_mgmt(3)
    Account,
}

impl From<Hook> for Phase {
    fn from(hook: Hook) -> Self {
        match hook {
            Hook::Auth => Self::Auth,
            Hook::Account => Self::Account,
        }
    }
}

/// Asks the daemon and shows the answer.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let Action::Explain(explain) = args.action;
    let words = explain.first_factor.iter().filter_map(|shown| shown.word());
    let words: Vec<String> = words.map(str::to_owned).collect();
    let login = SupposedLogin {
        service: Some(explain.service),
        from: explain.from,
        first_factors: (!explain.first_factor.is_empty()).then_some(words),
        phase: Some(Phase::from(explain.phase).as_str().to_owned()),
    };
    let answer = client.explain_policy(&explain.user, login)?;
    let explained = explanation::read(&answer)?;
    if explain.json {
        around.print(&json::relayed(&answer))
    } else {
        around.print(&explanation::text(&explained, &around.view))
    }
}
