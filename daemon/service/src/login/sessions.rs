//! Login sessions that gave a code: `su` and `sudo` within them may go without one for a while, where
//! `[remember] session` says so.
//!
//! ```text
//!   account phase of sshd: a code was given         session phase of sshd: the kernel has counted
//!   over this connection          ─────────────►    the session by now   ─────► session, user, time
//! ```
//!
//! The session is the kernel's (`pam_loginuid(8)`): nobody takes part in it who was not started in
//! it, and no user can leave it for another. Where sshd itself was started in one, as in a container
//! that a login shell started, and none may be opened for the login, all processes have that one:
//! a number that the account phase had already is no session of this login, and is not kept.
//!
//! It is kept in memory; after a restart of the daemon a code is asked for again.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use twinlock_core::login::SessionCode;

/// Logins and sessions that are kept; the oldest make room.
const LIMIT: usize = 1024;

/// Sessions, and logins on their way to one.
#[derive(Default)]
pub(super) struct Sessions {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    logins: VecDeque<(Connection, Login)>,
    sessions: VecDeque<(Session, SessionCode)>,
}

/// A login that has gone through, and is no session yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Login {
    /// When the code was given.
    pub given: SessionCode,
    /// The audit session that its process is in already, if any.
    pub within: Option<u32>,
}

/// A user's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Connection {
    /// Numeric user id.
    pub uid: u32,
    /// Both ends, as sshd names them.
    pub ends: String,
}

/// A user's audit session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    /// Numeric user id.
    pub uid: u32,
    /// The kernel's number.
    pub number: u32,
}

impl Sessions {
    /// A code was given over this connection, and the login has gone through.
    pub(super) fn note_login(&self, connection: Connection, login: Login) {
        let mut known = self.known();
        known.logins.retain(|(other, _)| *other != connection);
        push(&mut known.logins, (connection, login));
    }

    /// The login over this connection has become a session, if it is one of its own.
    pub(super) fn begin(&self, connection: &Connection, session: Session) {
        let mut known = self.known();
        let Some(index) = known.logins.iter().position(|(other, _)| other == connection) else {
            return;
        };
        let Some((_, login)) = known.logins.remove(index) else { return };
        if login.within == Some(session.number) {
            return;
        }
        known.sessions.retain(|(other, _)| *other != session);
        push(&mut known.sessions, (session, login.given));
    }

    /// When a code was given in this session.
    pub(super) fn code_given(&self, session: Session) -> Option<SessionCode> {
        let known = self.known();
        known.sessions.iter().find(|(other, _)| *other == session).map(|(_, at)| *at)
    }

    /// What this user has shown counts no longer.
    pub(super) fn forget(&self, uid: u32) {
        let mut known = self.known();
        known.logins.retain(|(connection, _)| connection.uid != uid);
        known.sessions.retain(|(session, _)| session.uid != uid);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() >= LIMIT {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: SessionCode =
        SessionCode { at: twinlock_core::time::Timestamp::from_secs(1_800_000_000), epoch: 0 };

    const LOGIN: Login = Login { given: AT, within: None };

    fn connection(uid: u32, port: u32) -> Connection {
        Connection { uid, ends: format!("203.0.113.9 {port} 192.0.2.1 22") }
    }

    #[test]
    fn a_session_is_known_by_the_connection_that_gave_the_code() {
        let sessions = Sessions::default();
        let session = Session { uid: 1000, number: 7 };
        sessions.note_login(connection(1000, 50_000), LOGIN);
        sessions.begin(&connection(1000, 50_001), session);
        sessions.begin(&connection(1001, 50_000), session);
        assert_eq!(sessions.code_given(session), None);
        sessions.begin(&connection(1000, 50_000), session);
        assert_eq!(sessions.code_given(session), Some(AT));
        assert_eq!(sessions.code_given(Session { number: 8, ..session }), None);
        assert_eq!(sessions.code_given(Session { uid: 1001, ..session }), None);
    }

    #[test]
    fn a_session_in_which_the_login_was_before_is_not_its_own() {
        let sessions = Sessions::default();
        let session = Session { uid: 1000, number: 7 };
        for (within, known) in [(Some(7), None), (Some(6), Some(AT)), (None, Some(AT))] {
            sessions.forget(1000);
            sessions.note_login(connection(1000, 50_000), Login { given: AT, within });
            sessions.begin(&connection(1000, 50_000), session);
            assert_eq!(sessions.code_given(session), known, "{within:?}");
        }
    }

    #[test]
    fn a_login_becomes_one_session_only() {
        let sessions = Sessions::default();
        sessions.note_login(connection(1000, 50_000), LOGIN);
        sessions.begin(&connection(1000, 50_000), Session { uid: 1000, number: 7 });
        sessions.begin(&connection(1000, 50_000), Session { uid: 1000, number: 8 });
        assert_eq!(sessions.code_given(Session { uid: 1000, number: 8 }), None);
    }

    #[test]
    fn what_is_kept_is_bounded_and_can_be_forgotten() {
        let sessions = Sessions::default();
        for n in 0..3000 {
            sessions.note_login(connection(1000, n), LOGIN);
            sessions.begin(&connection(1000, n), Session { uid: 1000, number: n });
            sessions.note_login(connection(1000, n), LOGIN);
        }
        assert_eq!(sessions.known().sessions.len(), LIMIT);
        assert_eq!(sessions.known().logins.len(), LIMIT);
        sessions.forget(1000);
        assert_eq!(sessions.code_given(Session { uid: 1000, number: 2999 }), None);
    }
}
