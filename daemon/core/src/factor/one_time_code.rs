//! One-time codes that travel by e-mail or as a text message.
//!
//! ```text
//!          send                    right code
//!   none ───────► pending 0…4 ──────────────────► used ──┐
//!                  │   ▲  │ wrong: one try less          │
//!                  │   └──┘ send again: a new code,      │ the lifetime is over
//!                  │        the tries stay               │
//!                  └─────► void (five wrong) ────────────┴──► none
//! ```
//!
//! A code belongs to one user, one service, one method and the source that asked for it, and lives for
//! its lifetime whatever becomes of the connection. By source, because a stranger at the prompt could
//! otherwise replace or void the owner's code at will. Only a keyed digest is stored: six digits stand no
//! search, so the key must not lie beside them. Nothing is sent, used or counted before the record
//! is committed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    hashing::{Digest, Hashing, keyed_row, same},
    lockout::counted_as,
    policy::{Method, Methods},
    time::Timestamp,
};

/// Wrong tries that make a code void.
pub const TRIES: u8 = 5;

/// Codes of one user that are alive at once: one for each source, service and method. Past that the oldest
/// makes room.
const MAX_PENDING: usize = 12;

/// Sends are counted over this time.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The `[one_time_code]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How long a code can be used.
    pub lifetime: Duration,
    /// How long it takes until another can be asked for.
    pub resend_after: Duration,
    /// Messages to one user in 24 hours.
    pub per_day: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(10 * 60),
            resend_after: Duration::from_secs(30),
            per_day: 20,
        }
    }
}

/// Why no code is sent now. Each says how long that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// One was sent a moment ago.
    TooSoon(Duration),
    /// Five wrong tries have made the last one void.
    Void(Duration),
    /// As many as a day allows have been sent.
    DailyLimit(Duration),
}

/// What typed digits turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Check {
    /// Right: used up now.
    Fresh(Method),
    /// Right, but used before.
    Used,
    /// Right, but its time was over, or five wrong tries came first.
    Late,
    /// Wrong, or there is no code to compare with.
    Wrong,
}

/// What a code is for.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// Canonical name of the user.
    pub user: &'a str,
    /// PAM service.
    pub service: &'a str,
    /// Where the code is asked for and given: see `Source::counter_key`.
    pub source: &'a str,
}

impl Scope<'_> {
    fn digest(&self, method: Method, code: &str, hashing: &dyn Hashing) -> Digest {
        keyed_row(&[self.user, self.service, method.as_str(), code], hashing)
    }
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    method: Method,
    service: String,
    source: String,
    digest: Digest,
    sent_at: Timestamp,
    expires: Timestamp,
    #[serde(default)]
    wrong: u8,
    #[serde(default)]
    used: bool,
}

impl Pending {
    fn is_of(&self, scope: Scope<'_>) -> bool {
        self.service == counted_as(scope.service) && self.source == counted_as(scope.source)
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires && self.wrong < TRIES && !self.used
    }
}

/// The codes of one user, part of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTimeCodes {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<Pending>,
    /// When messages were sent, oldest first, each with the tag of the source that asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sent: Vec<(Timestamp, u32)>,
}

impl OneTimeCodes {
    /// Whether there is nothing to remember.
    pub const fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.sent.is_empty()
    }

    /// Whether a code may be sent now.
    ///
    /// # Errors
    /// Not now, and for how long.
    pub fn may_send(
        &self,
        method: Method,
        scope: Scope<'_>,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), Withheld> {
        if let Some(last) = self.of(method, scope)
            && last.wrong >= TRIES
            && now < last.expires
        {
            return Err(Withheld::Void(now.until(last.expires)));
        }
        self.may_send_anything(scope.source, rules, now)
    }

    /// Whether any message with a code may be sent now, whatever it is for.
    ///
    /// # Errors
    /// One was sent a moment ago, or as many as a day allows.
    pub fn may_send_anything(
        &self,
        source: &str,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), Withheld> {
        let tag = tag(source);
        let here: Vec<_> =
            self.sent.iter().filter(|(_, of)| *of == tag).map(|(at, _)| *at).collect();
        let everywhere: Vec<_> = self.sent.iter().map(|(at, _)| *at).collect();
        let next = here.last().map_or(Timestamp::EPOCH, |sent| sent.after(rules.resend_after));
        if now < next {
            return Err(Withheld::TooSoon(now.until(next)));
        }
        // Who sends at will from one place leaves a rest for the owner elsewhere.
        let share = rules.per_day.div_ceil(4).saturating_mul(3).min(rules.per_day);
        daily_limit(&here, share, now)?;
        daily_limit(&everywhere, rules.per_day, now)
    }

    /// A code is sent: the one before it, for the same service and method, is void.
    pub fn issue(
        &mut self,
        scope: Scope<'_>,
        method: Method,
        code: &str,
        hashing: &dyn Hashing,
        rules: &Rules,
        now: Timestamp,
    ) {
        self.note_sent(scope.source, now);
        let wrong = match self.of(method, scope) {
            Some(last) if last.is_alive(now) => last.wrong,
            _ => 0,
        };
        self.pending.retain(|p| p.expires > now && !(p.method == method && p.is_of(scope)));
        if self.pending.len() >= MAX_PENDING {
            self.make_room(now);
        }
        self.pending.push(Pending {
            method,
            service: counted_as(scope.service),
            source: counted_as(scope.source),
            digest: scope.digest(method, code, hashing),
            sent_at: now,
            expires: now.after(rules.lifetime),
            wrong,
            used: false,
        });
    }

    /// One code goes: one that nobody can use any longer; else the oldest of the source that has most,
    /// and among sources with as many the newest, so that many strangers do not push out the owner's.
    fn make_room(&mut self, now: Timestamp) {
        let of = |source: &str| self.pending.iter().filter(|p| p.source == source).count();
        let dead = self.pending.iter().position(|pending| !pending.is_alive(now));
        let most = self.pending.iter().map(|pending| of(&pending.source)).max();
        let crowded = |pending: &Pending| Some(of(&pending.source)) == most;
        let goes = match dead {
            None if most > Some(1) => self.pending.iter().position(crowded),
            None => self.pending.len().checked_sub(1),
            dead => dead,
        };
        if let Some(index) = goes {
            self.pending.remove(index);
        }
    }

    /// A message with a code is sent, also one whose code is kept elsewhere.
    pub fn note_sent(&mut self, source: &str, now: Timestamp) {
        self.sent.retain(|(sent, _)| sent.after(DAY) > now);
        self.sent.push((now, tag(source)));
    }

    /// When the code that can be used now was sent; `None` if there is none.
    pub fn alive_since(
        &self,
        method: Method,
        scope: Scope<'_>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.of(method, scope).filter(|p| p.is_alive(now)).map(|pending| pending.sent_at)
    }

    /// Compares digits with the codes that were sent by these methods, and uses up the right one.
    /// Changes nothing where none is right: see [`Self::count_wrong`].
    pub fn check(
        &mut self,
        scope: Scope<'_>,
        methods: Methods,
        digits: &str,
        hashing: &dyn Hashing,
        now: Timestamp,
    ) -> Check {
        for pending in &mut self.pending {
            let meant = pending.is_of(scope) && methods.contains(pending.method);
            if !meant || !same(&scope.digest(pending.method, digits, hashing), &pending.digest) {
                continue;
            }
            if pending.is_alive(now) {
                pending.used = true;
                return Check::Fresh(pending.method);
            }
            return if pending.used { Check::Used } else { Check::Late };
        }
        Check::Wrong
    }

    /// A wrong code was given here: every code that is alive here has one try less.
    pub fn count_wrong(&mut self, scope: Scope<'_>, now: Timestamp) {
        for pending in self.pending.iter_mut().filter(|p| p.is_of(scope) && p.is_alive(now)) {
            pending.wrong = pending.wrong.saturating_add(1);
        }
    }

    /// Every code is void; how many were sent is not forgotten.
    pub fn void(&mut self) {
        self.pending.clear();
    }

    fn of(&self, method: Method, scope: Scope<'_>) -> Option<&Pending> {
        self.pending.iter().find(|p| p.method == method && p.is_of(scope))
    }
}

/// Whether as many as the limit were sent within a day.
fn daily_limit(sent: &[Timestamp], limit: u32, now: Timestamp) -> Result<(), Withheld> {
    // The one that has to be a day old before there is room again.
    let blocking = sent.len().checked_sub(limit as usize).and_then(|n| sent.get(n));
    match blocking {
        Some(sent) if sent.after(DAY) > now => {
            Err(Withheld::DailyLimit(now.until(sent.after(DAY))))
        }
        None if limit == 0 => Err(Withheld::DailyLimit(DAY)),
        _ => Ok(()),
    }
}

/// Tells sources apart in little room (FNV-1a). Two that are alike share what they may send.
fn tag(source: &str) -> u32 {
    source
        .bytes()
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Six digits, each as likely as the others.
pub fn code_from_random(bytes: [u8; 8]) -> Zeroizing<String> {
    // 2^64 is so much more than a million that the remainder favours no code by more than 10^-13.
    Zeroizing::new(format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000))
}

#[cfg(test)]
mod tests;
