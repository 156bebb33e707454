//! What a user may do on their own word: whether they enrol, and which codes count for it.

use super::{EnrolmentMode, Method, Methods, Policy, Standing, Terms};
use crate::login::User;

/// The service by which the policy knows what users do with the command.
pub const COMMAND: &str = "twinlock";

impl Policy {
    /// All terms that a login of this user can meet, and those of the command.
    pub fn terms_of_own_word<'a>(&'a self, user: &'a User) -> impl Iterator<Item = Terms> + 'a {
        let services = self.account_services.iter().map(String::as_str);
        services.chain([COMMAND]).flat_map(|service| self.terms_within_reach(user, service))
    }

    /// How a user without factors comes to be enrolled on their own word: the strictest mode among
    /// all terms that a login of theirs can meet, from wherever and with whatever first factor.
    /// Where one way in wants an administrator, a program that already runs as the user must not be
    /// able to do without.
    pub fn enrolment_on_own_word(&self, user: &User, standing: &Standing) -> EnrolmentMode {
        self.terms_of_own_word(user)
            .map(|terms| terms.enrolment_for(standing))
            .max()
            .unwrap_or(EnrolmentMode::Admin)
    }

    /// Whether any login that the user can make takes codes of this method.
    pub fn counts_somewhere(&self, user: &User, method: Method) -> bool {
        self.terms_of_own_word(user).any(|terms| terms.methods.contains(method))
    }

    /// The methods whose codes count for a user's own word: an authenticator, and of the others
    /// those that every login takes which this user can make. Where one way in wants more than a
    /// mailed code, a mailed code must not be enough to set up what opens it.
    pub fn methods_of_own_word(&self, user: &User) -> Methods {
        let terms: Vec<_> = self.terms_of_own_word(user).collect();
        let counts = |method: &Method| {
            *method == Method::Totp || terms.iter().all(|terms| terms.methods.contains(*method))
        };
        Methods::ALL.iter().filter(counts).collect()
    }
}
