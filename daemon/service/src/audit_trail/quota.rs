//! How much of a day is kept: a flood of failed logins must not fill the disk, nor push out of the
//! trail what an administrator did.

use twinlock_core::audit::{AuditEvent, AuditRecord, Causer, Happening};

/// The most that is kept of a day, in bytes: some 30,000 events of a login.
pub(super) const DAY: usize = 4 << 20;

/// The most of it that may be events which a stranger can cause at will.
pub(super) const OPEN: usize = 3 << 20;

/// The most of it that may be events which users can cause, those of strangers included: the rest is
/// for what administrators do.
pub(super) const USERS: usize = DAY - (DAY - OPEN) / 4;

/// What the part is filled by for which there is no room.
const FULL: [&str; 3] = [
    "refused, skipped and broken-off logins fill their part of today's audit trail; until midnight \
     (UTC) further ones are in the system log alone",
    "logins fill their part of today's audit trail; until midnight (UTC) further ones, and what users \
     do to their own factors, are in the system log alone",
    "today's audit trail is full; until midnight (UTC) further audit events are in the system log alone",
];

/// What a day has room for: bytes of each causer, and of those below.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Quota {
    used: [usize; 3],
    told: [bool; 3],
}

const fn part(causer: Causer) -> usize {
    match causer {
        Causer::Anybody => 0,
        Causer::User => 1,
        Causer::Administrator => 2,
    }
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
        for used in &mut self.used[part(record.causer())..] {
            *used += bytes;
        }
        for (told, cause) in self.told.iter_mut().zip(FULL) {
            *told |= record.cause == cause;
        }
    }

    /// Takes room for an event, if there is any.
    pub(super) fn admit(&mut self, record: &AuditRecord, bytes: usize) -> Admission {
        let first = part(record.causer());
        // Whoever is no administrator is told of their own part, though the whole day is full too.
        let full = (first..3).find(|part| self.used[*part] + bytes > [OPEN, USERS, DAY][*part]);
        let Some(part) = full else {
            self.count(record, bytes);
            return Admission::Kept;
        };
        if std::mem::replace(&mut self.told[part], true) {
            return Admission::Dropped;
        }
        Admission::Full(AuditEvent::new(Happening::Trouble, "", FULL[part]))
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
    fn strangers_and_users_fill_their_part_and_no_more_and_it_is_said_once() {
        let mut quota = Quota::default();
        let stranger = record(Happening::CodeRefused);
        let user = record(Happening::LoginAllowed);
        let administrator = record(Happening::BypassIssued);
        for (part, (record, room)) in
            [(&stranger, OPEN), (&user, USERS - OPEN), (&administrator, DAY - USERS)]
                .into_iter()
                .enumerate()
        {
            assert_eq!(quota.admit(record, room), Admission::Kept);
            assert_eq!(cause(quota.admit(record, 300)).as_deref(), Some(FULL[part]));
            assert_eq!(quota.admit(record, 300), Admission::Dropped);
        }
        assert_eq!(quota.admit(&stranger, 300), Admission::Dropped);
    }

    #[test]
    fn what_strangers_leave_users_may_have_and_administrators_may_have_all() {
        for (happening, most) in [
            (Happening::LoginRefused, OPEN),
            (Happening::LoginAllowed, USERS),
            (Happening::UserReset, DAY),
        ] {
            let mut quota = Quota::default();
            assert_eq!(quota.admit(&record(happening), most), Admission::Kept);
            assert_ne!(quota.admit(&record(happening), 1), Admission::Kept);
        }
    }

    #[test]
    fn what_was_said_before_a_restart_is_not_said_again() {
        let mut quota = Quota::default();
        quota.count(&record(Happening::CodeRefused), OPEN);
        let event = AuditEvent::new(Happening::Trouble, "", FULL[0]);
        quota.count(&AuditRecord::new(&event, Timestamp::EPOCH), 300);
        assert_eq!(quota.admit(&record(Happening::CodeRefused), 300), Admission::Dropped);
    }
}
