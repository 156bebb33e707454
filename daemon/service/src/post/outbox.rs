//! The messages on their way: bounded in number and in time.
//!
//! Codes and news have lanes of their own, and so have e-mail and text messages: a flood of news, or
//! a gateway that hangs, does not hold up a code that could be sent.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    notice::{Notice, Recipient, Subject},
};

use super::{Post, Sending, failure::Failure};
use crate::{audit_log::AuditLog, clock::Clock, engine::random};

/// Messages that may be on their way at once in one lane; past that they are dropped.
const PLACES: usize = 256;

/// Messages that are being sent at once, of codes and of news.
const CODES_AT_ONCE: usize = 4;
const NEWS_AT_ONCE: usize = 2;

/// Waits between tries, for codes and for news. After the last one the message is given up.
const WAITS_OF_CODES: &[Duration] = &[secs(2), secs(8), secs(30), secs(60), secs(120)];
const WAITS_OF_NEWS: &[Duration] = &[secs(5), secs(30), secs(120), secs(600), secs(1800)];

/// How long news are worth sending.
const NEWS_LAST: Duration = secs(2 * 3600);

/// How long the end of the daemon waits for what is being sent.
const PARTING: Duration = secs(1);

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Takes messages over and sends them.
pub struct Outbox {
    shared: Arc<Shared>,
    runtime: Handle,
    closing: watch::Sender<bool>,
}

struct Shared {
    sending: RwLock<Arc<Sending>>,
    lanes: [Lane; 4],
    audit: AuditLog,
    clock: Arc<dyn Clock>,
}

struct Lane {
    places: Arc<Semaphore>,
    senders: Semaphore,
}

impl Lane {
    fn new(at_once: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(PLACES)), senders: Semaphore::new(at_once) }
    }
}

/// One message to one recipient.
struct Item {
    notice: Arc<Notice>,
    to: Recipient,
    id: String,
    lane: usize,
    _place: OwnedSemaphorePermit,
}

impl Outbox {
    /// Sends on a runtime of its own, so that a server that hangs takes no thread from logins.
    pub fn new(sending: Sending, audit: AuditLog, clock: Arc<dyn Clock>, runtime: Handle) -> Self {
        let lane = |at: usize| Lane::new(if at < 2 { CODES_AT_ONCE } else { NEWS_AT_ONCE });
        let shared = Shared {
            sending: RwLock::new(Arc::new(sending)),
            lanes: std::array::from_fn(lane),
            audit,
            clock,
        };
        Self { shared: Arc::new(shared), runtime, closing: watch::Sender::new(false) }
    }

    /// Sends by another configuration from now on, also what waits to be tried again.
    pub fn replace(&self, sending: Sending) {
        let mut current = self.shared.sending.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(sending);
    }

    /// Gives up what waits to be tried again, and lets what is being sent end, a second at the
    /// most. What is lost is logged.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        let all = u32::try_from(PLACES).unwrap_or(u32::MAX);
        let empty = async {
            for lane in &self.shared.lanes {
                let _ = lane.places.acquire_many(all).await;
            }
        };
        let _ = tokio::time::timeout(PARTING, empty).await;
    }
}

impl Post for Outbox {
    fn send(&self, notice: Notice) {
        let notice = Arc::new(notice);
        let sending = self.shared.sending();
        // A kind of message that this host does not send is no failure.
        for to in notice.to.iter().filter(|to| sending.reaches(to)) {
            let lane = lane_of(&notice, to);
            let place = self.shared.lanes.get(lane).map(|lane| Arc::clone(&lane.places));
            let place = place.and_then(|places| places.try_acquire_owned().ok());
            let (Some(place), Some(id)) = (place, new_id()) else {
                self.shared.log_failure(&notice, to, "too many messages wait to be sent");
                continue;
            };
            let item =
                Item { notice: Arc::clone(&notice), to: to.clone(), id, lane, _place: place };
            let shared = Arc::clone(&self.shared);
            self.runtime.spawn(shared.deliver(item, self.closing.subscribe()));
        }
    }
}

impl Shared {
    fn sending(&self) -> Arc<Sending> {
        Arc::clone(&self.sending.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tries until it is sent, given up, or worth nothing any more.
    async fn deliver(self: Arc<Self>, item: Item, mut closing: watch::Receiver<bool>) {
        let (lasts, waits) = match code_lifetime(&item.notice.subject) {
            Some(lifetime) => (lifetime, WAITS_OF_CODES),
            None => (NEWS_LAST, WAITS_OF_NEWS),
        };
        let begun = self.clock.steady();
        let mut waits = waits.iter();
        loop {
            let cause = match self.attempt(&item, begun, lasts).await {
                Ok(()) => return self.log_sent(&item),
                Err(Failure::Lasting(cause)) => {
                    return self.log_failure(&item.notice, &item.to, &cause);
                }
                Err(Failure::Passing(cause)) => cause,
            };
            let left = lasts.saturating_sub(self.clock.steady().saturating_sub(begun));
            let Some(wait) = waits.next().filter(|wait| **wait < left) else {
                return self.log_failure(&item.notice, &item.to, &format!("given up: {cause}"));
            };
            let closed = tokio::time::timeout(*wait, closing.wait_for(|closing| *closing)).await;
            if closed.is_ok() {
                let cause = format!("twinlockd was stopped before the next try: {cause}");
                return self.log_failure(&item.notice, &item.to, &cause);
            }
        }
    }

    async fn attempt(&self, item: &Item, begun: Duration, lasts: Duration) -> Result<(), Failure> {
        let senders = self.lanes.get(item.lane).map(|lane| &lane.senders);
        let _turn = match senders {
            Some(senders) => senders.acquire().await.ok(),
            None => None,
        };
        let left = lasts.saturating_sub(self.clock.steady().saturating_sub(begun));
        if left.is_zero() {
            return Err(Failure::lasting("its time was over before it could be sent"));
        }
        self.sending().send(&item.notice, &item.to, &item.id, left).await
    }

    fn log_sent(&self, item: &Item) {
        let cause = format!("{} to {}", item.notice.subject.template(), item.to.masked());
        self.log(&item.notice, Happening::MessageSent, cause);
    }

    fn log_failure(&self, notice: &Notice, to: &Recipient, cause: &str) {
        let cause = format!("{} to {}: {cause}", notice.subject.template(), to.masked());
        self.log(notice, Happening::MessageFailed, cause);
    }

    fn log(&self, notice: &Notice, happening: Happening, cause: String) {
        let event = AuditEvent {
            service: notice.service.clone(),
            source: notice.source.clone(),
            reference: notice.reference.clone(),
            ..AuditEvent::new(happening, notice.user.clone(), cause)
        };
        self.audit.record(event, self.clock.wall());
    }
}

/// What makes the name of a message its own (RFC 5322 section 3.6.4).
fn new_id() -> Option<String> {
    let mut bytes = [0; 15];
    random::fill(&mut bytes).ok()?;
    Some(data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase())
}

/// How long the code in a message can be used, where there is one that somebody waits for.
const fn code_lifetime(subject: &Subject) -> Option<Duration> {
    match subject {
        Subject::OneTimeCode { lifetime, .. } | Subject::ContactProof { lifetime, .. } => {
            Some(*lifetime)
        }
        _ => None,
    }
}

/// E-mail and text messages with a code, then those without.
const fn lane_of(notice: &Notice, to: &Recipient) -> usize {
    let kind = match to {
        Recipient::Email(_) => 0,
        Recipient::Mobile(_) => 1,
    };
    if code_lifetime(&notice.subject).is_some() { kind } else { kind + 2 }
}
