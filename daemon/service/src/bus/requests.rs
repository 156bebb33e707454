//! Requests for a reset: users ask, an administrator decides.

use twinlock_bus_api::{
    account::Problem,
    error::{Error, Result},
    voucher::{ResetOutcome, ResetRequestInfo},
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    login::{Source, User},
    notice::Subject,
    policy::COMMAND,
    record::UserRecord,
    reset_request::ResetRequest,
};

use super::{
    account::Accounts,
    caller::Caller,
    errors,
    resetting::{Taker, take_away},
    vouchers::{notice, reachable, reason},
};

impl Accounts {
    /// Asks for a reset of the caller. No code is needed, because whoever lost everything has none:
    /// it changes nothing before an administrator says so, and every contact is told.
    pub(super) async fn request_reset(&self, user: &User, text: &str) -> Result<ResetRequestInfo> {
        let why = if text.trim().is_empty() { None } else { Some(reason(text)?) };
        self.change(user, |record, world, effects| {
            let source = Source::Local { requester: Some(user.name.clone()) };
            match &record.reset_request {
                Some(request) if request.is_open(world.now) => return Err(open_already(request)),
                Some(request) if request.pauses(&source.to_string(), world.now) => {
                    return Err(pauses());
                }
                _ => {}
            }
            let request = ResetRequest {
                id: world.fresh.object_id(),
                since: world.now,
                source: source.to_string(),
                service: COMMAND.to_owned(),
                reason: why.clone(),
                closed: false,
            };
            let event = AuditEvent {
                service: Some(COMMAND.to_owned()),
                source: Some(source),
                ..AuditEvent::new(Happening::ResetRequested, user.name.clone(), told(&request))
            };
            effects.push(event);
            let subject = Subject::ResetRequested {
                id: request.id.clone(),
                expires: request.expires(),
                reason: request.reason.clone(),
            };
            let mut letter =
                notice(record, reachable(record, world), subject, &user.name, world.now);
            letter.service = Some(COMMAND.to_owned());
            effects.notify(letter);
            let info = info(record, &request);
            record.reset_request = Some(request);
            Ok(info)
        })
        .await
    }

    /// Takes the caller's own request back.
    pub(super) async fn cancel_reset(&self, user: &User) -> Result<()> {
        self.change(user, |record, world, effects| {
            let open = record.reset_request.as_mut().filter(|request| request.is_open(world.now));
            let request = open.ok_or_else(|| {
                Error::NoSuchRequest(format!(
                    "No request for a reset of {} is open; 'twinlock reset request' makes one.",
                    user.name
                ))
            })?;
            request.closed = true;
            let cause = format!("request {} taken back", request.id);
            effects.push(AuditEvent::new(Happening::ResetClosed, user.name.clone(), cause));
            Ok(())
        })
        .await
    }

    /// The requests that wait, oldest first, and of whom it cannot be told whether they wait.
    pub(super) async fn list_resets(&self) -> Result<(Vec<ResetRequestInfo>, Vec<Problem>)> {
        let records = self.engine.read_all().await;
        let records = records.map_err(|error| errors::trouble(&self.engine, "", &error))?;
        let now = self.engine.now().horizon;
        let mut waiting: Vec<_> =
            records.read.iter().filter_map(|record| waiting(record, now)).collect();
        waiting.sort_by(|one, other| (one.since, &one.user).cmp(&(other.since, &other.user)));
        Ok((waiting, errors::problems(&self.engine, records.unread)))
    }

    /// Resets the user who asked for it. Of two administrators who decide at once the first wins.
    pub(super) async fn approve_reset(
        &self,
        id: &str,
        asked: Option<&str>,
        caller: &Caller,
        print: bool,
    ) -> Result<ResetOutcome> {
        let user = self.still_asks(id, asked).await?;
        let taker = Taker { by: self.name_of(caller).await, print };
        self.change(&user, |record, world, effects| {
            let asked = ResetRequest::open(&mut record.reset_request, id, world.now);
            let asked = asked.ok_or_else(|| no_request(id))?.id.clone();
            let event = |event| Self::by(caller, &user, event);
            Ok(take_away(record, world, effects, &user, &taker, Some(&asked), event))
        })
        .await
    }

    /// Refuses a request, and tells its user.
    pub(super) async fn refuse_reset(
        &self,
        id: &str,
        asked: Option<&str>,
        caller: &Caller,
    ) -> Result<String> {
        let user = self.still_asks(id, asked).await?;
        let by = self.name_of(caller).await;
        self.change(&user, |record, world, effects| {
            let open = ResetRequest::open(&mut record.reset_request, id, world.now);
            let request = open.ok_or_else(|| no_request(id))?;
            request.closed = true;
            let id = request.id.clone();
            let cause = format!("request {id} refused");
            let event = AuditEvent::new(Happening::ResetClosed, user.name.clone(), cause);
            effects.push(Self::by(caller, &user, event));
            let to = reachable(record, world);
            effects.notify(notice(record, to, Subject::ResetRefused { id }, &by, world.now));
            Ok(user.name.clone())
        })
        .await
    }

    /// Who asks for this, if it is still the one whom polkit was asked about.
    async fn still_asks(&self, id: &str, asked: Option<&str>) -> Result<User> {
        let user = self.who_asked(id).await?;
        if Some(&*user.name) == asked { Ok(user) } else { Err(no_request(id)) }
    }

    /// Who asks for this.
    pub(super) async fn who_asked(&self, id: &str) -> Result<User> {
        let (waiting, _) = self.list_resets().await?;
        let asked = waiting.iter().find(|request| request.id.eq_ignore_ascii_case(id));
        self.user(&asked.ok_or_else(|| no_request(id))?.user).await
    }
}

/// The open request of a record.
pub(super) fn waiting(
    record: &UserRecord,
    now: twinlock_core::time::Timestamp,
) -> Option<ResetRequestInfo> {
    let request = record.reset_request.as_ref().filter(|request| request.is_open(now))?;
    Some(info(record, request))
}

fn info(record: &UserRecord, request: &ResetRequest) -> ResetRequestInfo {
    ResetRequestInfo {
        id: request.id.clone(),
        user: record.user.clone(),
        since: request.since.as_secs(),
        expires: request.expires().as_secs(),
        source: request.source.clone(),
        service: request.service.clone(),
        reason: request.reason.clone(),
    }
}

fn told(request: &ResetRequest) -> String {
    match &request.reason {
        Some(reason) => format!("request {}: {reason}", request.id),
        None => format!("request {}", request.id),
    }
}

fn open_already(request: &ResetRequest) -> Error {
    Error::ResetRequested(format!(
        "Request {} waits for an administrator already, until {}; 'twinlock reset request --cancel' \
         takes it back.",
        request.id,
        request.expires().to_minute()
    ))
}

fn pauses() -> Error {
    Error::ResetRequested(
        "A reset was asked for less than a day ago. Ask an administrator, or try again tomorrow."
            .to_owned(),
    )
}

fn no_request(id: &str) -> Error {
    let shown: String = id.chars().take(16).collect();
    Error::NoSuchRequest(format!(
        "No request {shown:?} is open: it was decided, taken back or has lapsed. 'twinlock reset \
         list' shows those that are."
    ))
}
