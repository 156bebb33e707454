//! The session phase, and what a login session remembers of its login.

use twinlock_core::{
    dialogue::{self, Staged, Verdict},
    login::{LoginContext, SessionCode},
    record::UserRecord,
};

use super::{
    desk::{Caller, Desk, Ending, Reply},
    request::Request,
    sessions::{Connection, Login, Session},
};
use crate::engine::{Done, EngineError};

impl Desk {
    /// A session opens, or fails to, by other modules' word; it only hears the news.
    pub(super) async fn session(
        &self,
        request: Request,
        process: i32,
    ) -> Result<Reply, EngineError> {
        let Caller { login, known, .. } = self.recognise(&request, process).await?;
        self.begin_session(&request, &login);
        let mut messages = Vec::new();
        if known {
            let greet = |record: &mut UserRecord, world: &dialogue::World<'_>| Done {
                answer: dialogue::greet(&login, record, world),
                effects: Vec::new(),
            };
            messages = self.engine.step(&login.user, greet).await?;
        }
        Ok(Reply::Done(Ending::without_ticket(Verdict::Skip, messages)))
    }

    /// When a code of this user was given in the login session that the request comes from.
    pub(super) fn session_code(&self, request: &Request, uid: u32) -> Option<SessionCode> {
        self.sessions.code_given(Session { uid, number: request.audit_session? })
    }

    /// A code was given, and the login has gone through: the session that follows may know.
    pub(super) fn note_session(&self, request: &Request, login: &LoginContext, staged: &[Staged]) {
        let uid = login.user.uid;
        for staged in staged {
            match (staged, &request.connection) {
                (Staged::GiveCode(given), Some(ends)) => {
                    let ends = ends.clone();
                    let within = request.audit_session;
                    let login = Login { given: *given, within };
                    self.sessions.note_login(Connection { uid, ends }, login);
                }
                // Who changes the password may have done so because somebody else knew it.
                (Staged::ChangePassword, _) => self.sessions.forget(uid),
                _ => {}
            }
        }
    }

    fn begin_session(&self, request: &Request, login: &LoginContext) {
        if let (Some(ends), Some(number)) = (&request.connection, request.audit_session) {
            let uid = login.user.uid;
            let connection = Connection { uid, ends: ends.clone() };
            self.sessions.begin(&connection, Session { uid, number });
        }
    }
}
