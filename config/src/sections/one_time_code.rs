//! `[one_time_code]`

use std::time::Duration;

use crate::{
    kind::{Count, Span},
    section::section,
};

section! {
    /// Codes by e-mail and as text messages.
    pub struct OneTimeCode {
        /// How long a code can be used. NIST SP 800-63B knows no more than 10 minutes.
        lifetime: Duration = Duration::from_secs(600) => Span::seconds(30, 3_600);
        /// How long it takes until another one can be sent to the same user.
        resend_after: Duration = Duration::from_secs(30) => Span::seconds(1, 3_600);
        /// How many are sent to one user in a day.
        per_day: u32 = 20 => Count(1..=100);
    }
}
