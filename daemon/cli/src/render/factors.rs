//! Factors, for people.

use twinlock_bus_api::account::{FactorInfo, UserStatus};

use super::{View, moment::moment};
use crate::escape;

/// `authenticator app 'phone' (id 3f)`.
pub fn named(factor: &FactorInfo) -> String {
    let label = if factor.label.is_empty() {
        String::new()
    } else {
        format!(" '{}'", escape::line(&factor.label))
    };
    let method = match factor.method.as_str() {
        "totp" => "authenticator app".to_owned(),
        "email" => "e-mail".to_owned(),
        "sms" => "text message".to_owned(),
        "hotp" => "token".to_owned(),
        other => escape::line(other),
    };
    format!("{method}{label} (id {})", escape::line(&factor.id))
}

/// Each factor with its times, narrow enough for a terminal of 80 columns.
pub fn blocks(factors: &[FactorInfo], view: &View) -> String {
    factors
        .iter()
        .map(|factor| {
            let used =
                factor.last_used_at.map_or_else(|| "never".to_owned(), |at| moment(at, view));
            format!(
                "{}\n  enrolled   {}\n  last used  {used}\n",
                view.palette.heading(&named(factor)),
                moment(factor.enrolled_at, view),
            )
        })
        .collect()
}

/// What `factor list` prints.
pub fn list(status: &UserStatus, view: &View) -> String {
    if status.factors.is_empty() {
        format!("{} has no second factor.\n", escape::line(&status.user))
    } else {
        blocks(&status.factors, view)
    }
}
