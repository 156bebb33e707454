//! What a user may do on their own word: which codes count for it.

use super::{Method, Methods, Policy, Terms};
use crate::login::User;

/// The service by which the policy knows what users do with the command.
pub const COMMAND: &str = "twinlock";

impl Policy {
    /// All terms that a login of this user can meet, and those of the command.
    pub fn terms_of_own_word<'a>(&'a self, user: &'a User) -> impl Iterator<Item = Terms> + 'a {
        let services = self.account_services.iter().map(String::as_str);
        services.chain([COMMAND]).flat_map(|service| self.terms_within_reach(user, service))
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
