//! How much of a day is kept: a flood of failed logins must not fill the disk, nor push out of the
//! trail what an administrator did.

use twinlock_core::audit::{AuditEvent, AuditRecord, Happening};

/// The most that is kept of a day, in bytes: some 30,000 events of a login.
pub(super) const DAY: usize = 4 << 20;

/// The most of it that may be events which a stranger can cause at will.
pub(super) const OPEN: usize = 3 << 20;

const OPEN_IS_FULL: &str = "refused, skipped and broken-off logins fill their part of today's audit \
                            trail; until midnight (UTC) further ones are in the system log alone";

const DAY_IS_FULL: &str = "today's audit trail is full; until midnight (UTC) further audit events \
                           are in the system log alone";

/// What a day has room for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Quota {
    all: usize,
    open: usize,
    told_open: bool,
    told_day: bool,
}

/// Whether an event is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is.
    Kept,
    /// It is not, and this is to be said, once a day.
    Full(AuditEvent),
    /// It is not, and that was said before.
    Dropped,
}

impl Quota {
    /// Counts an event that is stored already.
    pub(super) fn count(&mut self, record: &AuditRecord, bytes: usize) {
        self.all += bytes;
        if !record.is_earned() {
            self.open += bytes;
        }
        self.told_open |= record.cause == OPEN_IS_FULL;
        self.told_day |= record.cause == DAY_IS_FULL;
    }

    /// Takes room for an event, if there is any.
    pub(super) fn admit(&mut self, record: &AuditRecord, bytes: usize) -> Admission {
        let day_is_full = self.all + bytes > DAY;
        let open_is_full = !record.is_earned() && self.open + bytes > OPEN;
        let (told, cause) = match (day_is_full, open_is_full) {
            (false, false) => {
                self.count(record, bytes);
                return Admission::Kept;
            }
            (true, _) => (&mut self.told_day, DAY_IS_FULL),
            (false, true) => (&mut self.told_open, OPEN_IS_FULL),
        };
        if std::mem::replace(told, true) {
            return Admission::Dropped;
        }
        Admission::Full(AuditEvent::new(Happening::Trouble, "", cause))
    }
}

#[cfg(test)]
mod tests {
    use twinlock_core::time::Timestamp;

    use super::*;

    fn record(happening: Happening) -> AuditRecord {
        AuditRecord::new(&AuditEvent::new(happening, "alice", ""), Timestamp::EPOCH)
    }

    fn cause(admission: Admission) -> Option<String> {
        match admission {
            Admission::Full(event) => Some(event.cause),
            Admission::Kept | Admission::Dropped => None,
        }
    }

    #[test]
    fn strangers_fill_their_part_and_no_more_and_it_is_said_once() {
        let mut quota = Quota::default();
        let (stranger, owner) = (record(Happening::CodeRefused), record(Happening::LoginAllowed));
        assert_eq!(quota.admit(&stranger, OPEN), Admission::Kept);
        assert_eq!(cause(quota.admit(&stranger, 300)).as_deref(), Some(OPEN_IS_FULL));
        assert_eq!(quota.admit(&stranger, 300), Admission::Dropped);
        assert_eq!(quota.admit(&owner, DAY - OPEN), Admission::Kept);
        assert_eq!(cause(quota.admit(&owner, 300)).as_deref(), Some(DAY_IS_FULL));
        assert_eq!(quota.admit(&owner, 300), Admission::Dropped);
    }

    #[test]
    fn what_was_said_before_a_restart_is_not_said_again() {
        let mut quota = Quota::default();
        quota.count(&record(Happening::CodeRefused), OPEN);
        let event = AuditEvent::new(Happening::Trouble, "", OPEN_IS_FULL);
        quota.count(&AuditRecord::new(&event, Timestamp::EPOCH), 300);
        assert_eq!(quota.admit(&record(Happening::CodeRefused), 300), Admission::Dropped);
    }
}
