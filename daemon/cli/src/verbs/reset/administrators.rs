//! Whether a reset leaves an administrator who can log in with a second factor: without one nobody can
//! give the others a new one, once this session has ended.

use std::collections::BTreeSet;

use twinlock_bus_api::account::UserStatus;

use crate::client::Client;
use crate::surroundings::Surroundings;

/// Users in one call, as the daemon takes them.
const AT_ONCE: usize = 250;

/// Who is left after a reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    /// The reset takes no administrator's second factor, or there is another one who has one.
    Enough,
    /// Nobody.
    Nobody,
    /// It cannot be told, and why.
    Unknown(String),
}

/// Who is left when these users are reset. The caller may do it, and so is an administrator.
pub(super) fn left(reset: &[UserStatus], client: &mut Client, around: &Surroundings) -> Left {
    let mut losers = reset.iter().filter(|status| can_log_in(status)).peekable();
    if losers.peek().is_none() {
        return Left::Enough;
    }
    let administrators = match (around.administrators)() {
        Ok(administrators) => administrators,
        Err(why) => return Left::Unknown(why.to_string()),
    };
    let is_administrator =
        |status: &UserStatus| status.uid == around.uid || administrators.contains(&status.user);
    if !losers.any(is_administrator) {
        return Left::Enough;
    }
    let gone: BTreeSet<&str> = reset.iter().map(|status| &*status.user).collect();
    let others: Vec<&str> =
        administrators.iter().map(String::as_str).filter(|name| !gone.contains(name)).collect();
    let mut untold = None;
    for some in others.chunks(AT_ONCE) {
        match client.statuses(some) {
            Ok((statuses, _)) if statuses.iter().any(can_log_in) => return Left::Enough,
            Ok((_, problems)) => {
                let why = |problem: twinlock_bus_api::account::Problem| problem.text;
                untold = untold.or_else(|| problems.into_iter().next().map(why));
            }
            Err(error) => untold = Some(error.sentence()),
        }
    }
    untold.map_or(Left::Nobody, Left::Unknown)
}

/// Whether a user has a second factor with which a login can succeed.
fn can_log_in(status: &UserStatus) -> bool {
    !status.factors.is_empty() && !status.stopped && status.state != "mismatch"
}
