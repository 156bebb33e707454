//! What a backup brings back, and what it must not.
//!
//! Between the backup and the restore codes were used, hosts lost their trust and codes were sent, and
//! the backup knows of none of it. So whatever was good once or for a time is void, and whatever counts
//! on goes on from the present. The record that the store still has knows more, where there is one.

use crate::{contact::Contact, factor::Kind, record::UserRecord, time::Timestamp};

/// Codes up to here were or may have been used: the time of day, and the `[totp] window` of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// The time of day, or that of the backup where it is a little later.
    pub clock: Timestamp,
    /// Time steps after it whose codes are accepted already.
    pub window: u16,
}

impl UserRecord {
    /// The record of a backup as it may stand in the store, which has `stored` of the user now.
    ///
    /// Void are trusted hosts, codes that were sent, bypass codes, invitations and a request for a
    /// reset. No code of a factor that could have been used until now works again. Of recovery codes
    /// those are left that the store has as well, as the others were used or replaced; all, where the
    /// store does not know the user. Wrong codes that the store has counted stay counted.
    pub fn restored(mut self, stored: Option<&Self>, present: Present) -> Self {
        for kind in self.factors.iter_mut().map(|factor| &mut factor.kind) {
            kind.pass_over(present);
            for known in stored.iter().flat_map(|stored| &stored.factors) {
                kind.go_on_from(&known.kind);
            }
        }
        if let Some(stored) = stored {
            self.trust_epoch = self.trust_epoch.max(stored.trust_epoch);
        }
        // What was said of an earlier account of the name is not said of this one.
        if let Some(stored) = stored.filter(|stored| stored.uid == self.uid) {
            self.recovery.retain(|code| stored.recovery.contains(code));
            self.spent.clone_from(&stored.spent);
            self.scratch.keep(&stored.scratch);
            self.lockout.clone_from(&stored.lockout);
            self.one_time.clone_from(&stored.one_time);
            self.first_seen = self.first_seen.or(stored.first_seen);
            self.reminded_of = std::mem::take(&mut self.reminded_of).joined(&stored.reminded_of);
            // A reset since the backup said what the next enrolment needs.
            if self.factors.is_empty() && stored.enrolment.is_some() {
                self.enrolment = stored.enrolment;
            }
            if stored.reset_request.is_some() {
                self.reset_request.clone_from(&stored.reset_request);
            }
        }
        self.invitation = None;
        self.bypasses.clear();
        if let Some(request) = &mut self.reset_request {
            request.closed = true;
        }
        self.distrust();
        self
    }

    /// Whether it has what `stored` has not: a factor that was removed since, as by a reset, a contact
    /// that was changed, or a second factor that is off.
    pub fn revives(&self, stored: &Self) -> bool {
        let (contacts, known) = (&self.contacts, &stored.contacts);
        let is_off = |record: &Self| record.mfa == Some(false);
        let has =
            |wanted: &Kind| stored.factors.iter().any(|factor| factor.kind.is_same_key(wanted));
        self.factors.iter().any(|factor| !has(&factor.kind))
            || is_other(contacts.email.as_ref(), known.email.as_ref())
            || is_other(contacts.mobile.as_ref(), known.mobile.as_ref())
            || (is_off(self) && !is_off(stored))
    }
}

fn is_other<T: PartialEq>(contact: Option<&Contact<T>>, known: Option<&Contact<T>>) -> bool {
    contact.is_some_and(|contact| known.is_none_or(|known| known.value != contact.value))
}

impl Kind {
    /// Every code that is accepted by now counts as used. Of a token that counts those are as many as
    /// a login looks ahead; nobody knows how many were used since.
    fn pass_over(&mut self, present: Present) {
        match self {
            Self::Totp(totp) => totp.accept_until(present.clock, present.window),
            Self::Hotp(hotp) => hotp.accept_look_ahead(),
        }
    }
}
