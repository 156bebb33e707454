//! What a user has to expect before any login is seen: the strictest of what can apply to them.
//!
//! ```text
//! for each account service:   profile ─► profile ─► … ─► level
//!                             not for this user or service: passed over
//!                             for certain networks or first factors: can apply, the walk goes on
//!                             for any login of the user: applies, the walk ends
//! ```
//!
//! Where a login will come from and with what first factor is not known yet, so a profile that asks
//! for either counts as one that can apply, and so does what stands behind it. Address lists of the
//! whole host are no part of it: they say who may come, not what is asked of them.

use crate::{
    login::{LoginContext, Source, User},
    time::Timestamp,
};

use super::{Policy, SecondFactor, Standing, Terms, Timing, matching::Facts};

/// The service that is looked at where `account_services` names none.
const DEFAULT_SERVICE: &str = "sshd";

/// What a user has to expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// What is demanded of the user, the per-user switch included.
    pub demand: SecondFactor,
    /// When the user must have enrolled; `None` where nothing is required or they are enrolled.
    pub due: Option<Timing>,
    /// The terms that it rests on.
    pub terms: Terms,
}

impl Policy {
    /// The strictest of the terms that a login of this user through one of
    /// [`Policy::account_services`] can meet, from any source and with any first factor.
    ///
    /// The strictest is what is due first; where nothing is due, what demands most.
    pub fn outlook(&self, user: &User, standing: &Standing, now: Timestamp) -> Outlook {
        let strictness = |terms: &Terms| {
            let deadline = terms.deadline(standing, now);
            (deadline.map(std::cmp::Reverse), terms.demand(standing), terms.enrolment)
        };
        let services = self.account_services.iter().map(String::as_str);
        let none = self.account_services.is_empty().then_some(DEFAULT_SERVICE);
        let terms = services
            .chain(none)
            .flat_map(|service| self.terms_within_reach(user, service))
            .reduce(|kept, next| if strictness(&next) > strictness(&kept) { next } else { kept })
            .unwrap_or_else(|| Terms::resolve(self, None));
        let demand = terms.demand(standing);
        let due = terms.deadline(standing, now).map(|_| terms.timing(standing, now));
        Outlook { demand, due, terms }
    }

    /// All terms that a login of this user through this service can meet, the first profile first.
    pub fn terms_within_reach(&self, user: &User, service: &str) -> Vec<Terms> {
        let login = LoginContext {
            service: service.to_owned(),
            user: user.clone(),
            source: Source::Unknown,
            tty: None,
            first_factors: Vec::new(),
            interactive: true,
            redeems: true,
            session_code: None,
        };
        let facts = Facts::new(&login, false);
        let mut within_reach = Vec::new();
        for (index, profile) in self.profiles.iter().enumerate() {
            if !facts.concern(profile) {
                continue;
            }
            within_reach.push(Terms::resolve(self, Some((index, profile))));
            if profile.networks.is_empty() && profile.first_factor.is_empty() {
                return within_reach;
            }
        }
        within_reach.push(Terms::resolve(self, None));
        within_reach
    }
}
