//! `[lockout]`

use std::time::Duration;

use twinlock_core::lockout::Rules;

use crate::{
    duration,
    faults::{Complaint, Faults},
    kind::{Count, Span},
    reader::Layers,
    section::{Section, section},
};

section! {
    /// What wrong codes cost.
    pub(crate) struct Lockout {
        /// Wrong codes from one source, for one user, before that source must wait.
        attempts: u32 = Rules::default().attempts => Count(1..=100);
        /// The first wait; each further wrong code doubles it.
        delay: Duration = Rules::default().delay => Span::seconds(1, 86_400);
        /// The longest wait.
        max_delay: Duration = Rules::default().max_delay => Span::seconds(1, 7 * 86_400);
        /// Consecutive wrong codes for one user, from all sources together, before codes stop for
        /// the account until a recovery code or an administrator frees it. NIST SP 800-63B knows
        /// no more than 100.
        hard_limit: u32 = Rules::default().hard_limit => Count(1..=100);
    }
}

pub(crate) fn read(table: &Layers<'_>, faults: &mut Faults<'_>) -> Rules {
    let Lockout { attempts, delay, max_delay, hard_limit } = Lockout::read(table, faults);
    if delay > max_delay {
        let (delay, max) = (duration::display(delay), duration::display(max_delay));
        let message = format!("the first wait (delay, {delay}) is longer than max_delay ({max})");
        faults.error(table.first_place(&["delay", "max_delay"]), Complaint::new(message));
    }
    if hard_limit < attempts {
        let message = format!(
            "codes stop for the account (hard_limit, {hard_limit}) before a source must wait \
             (attempts, {attempts})"
        );
        let complaint = Complaint::new(message).hint("let attempts be at most hard_limit");
        faults.error(table.first_place(&["attempts", "hard_limit"]), complaint);
    }
    Rules { attempts, delay, max_delay, hard_limit }
}
