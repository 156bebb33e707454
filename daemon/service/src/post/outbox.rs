//! The messages on their way: bounded in number and in time.
//!
//! Codes and news have lanes of their own, and so have e-mail and text messages: a flood of news, or
//! a gateway that hangs, does not hold up a code that could be sent.

use std::{
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    notice::{Notice, Recipient, Subject},
};

use super::{Post, Receipt, Sending, failure::Failure, outages::Outages};
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
    outages: Outages,
    receipts: OnceLock<mpsc::Sender<Receipt>>,
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
            outages: Outages::default(),
            receipts: OnceLock::new(),
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

    /// What tells of reminders that a server took, for the first who asks. One that nobody reads in
    /// time is lost, and the user reminded once more.
    pub fn receipts(&self) -> mpsc::Receiver<Receipt> {
        let (sender, receiver) = mpsc::channel(PLACES);
        let _ = self.shared.receipts.set(sender);
        receiver
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
            let (tried, sending) = self.attempt(&item, begun, lasts).await;
            let server = sending.server_of(&item.to);
            let cause = match tried {
                Ok(()) => return self.sent(&item, server),
                Err(Failure::Lasting(cause)) => {
                    return self.log_failure(&item.notice, &item.to, &cause);
                }
                Err(Failure::Passing(cause)) => cause,
            };
            let is_news = self.outages.failed(&item.to, server, self.clock.steady());
            let left = lasts.saturating_sub(self.clock.steady().saturating_sub(begun));
            let Some(wait) = waits.next().filter(|wait| **wait < left) else {
                return self.log_failure(&item.notice, &item.to, &format!("given up: {cause}"));
            };
            if is_news {
                self.log_delay(&item, &cause);
            }
            let closed = tokio::time::timeout(*wait, closing.wait_for(|closing| *closing)).await;
            if closed.is_ok() {
                let cause = format!("twinlockd was stopped before the next try: {cause}");
                return self.log_failure(&item.notice, &item.to, &cause);
            }
        }
    }

    /// Tries once, and says by what.
    async fn attempt(
        &self,
        item: &Item,
        begun: Duration,
        lasts: Duration,
    ) -> (Result<(), Failure>, Arc<Sending>) {
        let senders = self.lanes.get(item.lane).map(|lane| &lane.senders);
        let _turn = match senders {
            Some(senders) => senders.acquire().await.ok(),
            None => None,
        };
        // What a reload changed while it waited for its turn counts.
        let sending = self.sending();
        let left = lasts.saturating_sub(self.clock.steady().saturating_sub(begun));
        let tried = if left.is_zero() {
            Err(Failure::lasting("its time was over before it could be sent"))
        } else {
            sending.send(&item.notice, &item.to, &item.id, left).await
        };
        (tried, sending)
    }

    fn sent(&self, item: &Item, server: &str) {
        if self.outages.worked(&item.to, server) {
            let cause = format!("{server} takes messages again");
            self.log(&item.notice, Happening::MessageResumed, cause);
        }
        if let (Subject::Reminder { from }, Some(receipts)) =
            (&item.notice.subject, self.receipts.get())
        {
            let _ = receipts.try_send(Receipt { user: item.notice.user.clone(), date: *from });
        }
        let cause = format!("{} to {}", item.notice.subject.template(), item.to.masked());
        self.log(&item.notice, Happening::MessageSent, cause);
    }

    /// What is wrong with a server, as soon as it is: the end of the message can be hours away.
    fn log_delay(&self, item: &Item, cause: &str) {
        let (template, to) = (item.notice.subject.template(), item.to.masked());
        let cause = format!("{template} to {to} will be tried again: {cause}");
        self.log(&item.notice, Happening::MessageDelayed, cause);
    }

    fn log_failure(&self, notice: &Notice, to: &Recipient, cause: &str) {
        let cause = format!("{} to {}: {cause}", notice.subject.template(), to.masked());
        self.log(notice, Happening::MessageFailed, cause);
    }

    fn log(&self, notice: &Notice, happening: Happening, cause: String) {
        let cause = without_secret(&notice.subject, cause);
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

/// What a server said, if it repeats the code that it was to carry.
fn without_secret(subject: &Subject, said: String) -> String {
    match subject {
        Subject::OneTimeCode { code, .. }
        | Subject::ContactProof { code, .. }
        | Subject::Invitation { code, .. } => said.replace(code.reveal(), "…"),
        _ => said,
    }
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
