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
//! A code belongs to one user, one service and one method, and lives for its lifetime whatever
//! becomes of the connection that asked for it. Only a keyed digest is stored: six digits stand no
//! search, so the key must not lie beside them. Nothing is sent, used or counted before the record
//! is committed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    hashing::{Hashing, same},
    lockout::counted_as,
    policy::{Method, Methods},
    time::Timestamp,
};

/// Wrong tries that make a code void.
pub const TRIES: u8 = 5;

/// Codes of one user that are alive at once: one for each service and method. Past that the oldest
/// makes room.
const MAX_PENDING: usize = 8;

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
}

impl Scope<'_> {
    /// Length before value, so that no two scopes share a text.
    fn digest(&self, method: Method, code: &str, hashing: &dyn Hashing) -> [u8; 32] {
        let parts = [self.user, self.service, method.as_str(), code];
        let length: usize = parts.iter().map(|part| part.len() + 8).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        hashing.keyed(&text)
    }
}

/// A code that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    method: Method,
    service: String,
    digest: [u8; 32],
    sent_at: Timestamp,
    expires: Timestamp,
    #[serde(default)]
    wrong: u8,
    #[serde(default)]
    used: bool,
}

impl Pending {
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
    /// When messages were sent, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sent: Vec<Timestamp>,
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
        service: &str,
        rules: &Rules,
        now: Timestamp,
    ) -> Result<(), Withheld> {
        if let Some(last) = self.of(method, service)
            && last.wrong >= TRIES
            && now < last.expires
        {
            return Err(Withheld::Void(now.until(last.expires)));
        }
        self.may_send_anything(rules, now)
    }

    /// Whether any message with a code may be sent now, whatever it is for.
    ///
    /// # Errors
    /// One was sent a moment ago, or as many as a day allows.
    pub fn may_send_anything(&self, rules: &Rules, now: Timestamp) -> Result<(), Withheld> {
        let next = self.sent.last().map_or(Timestamp::EPOCH, |sent| sent.after(rules.resend_after));
        if now < next {
            return Err(Withheld::TooSoon(now.until(next)));
        }
        // The one that has to be a day old before there is room again.
        let limit = rules.per_day as usize;
        let blocking = self.sent.len().checked_sub(limit).and_then(|n| self.sent.get(n));
        match blocking {
            Some(sent) if sent.after(DAY) > now => {
                Err(Withheld::DailyLimit(now.until(sent.after(DAY))))
            }
            None if limit == 0 => Err(Withheld::DailyLimit(DAY)),
            _ => Ok(()),
        }
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
        self.note_sent(now);
        let wrong = match self.of(method, scope.service) {
            Some(last) if last.is_alive(now) => last.wrong,
            _ => 0,
        };
        let service = counted_as(scope.service);
        self.pending.retain(|p| p.expires > now && (p.method, &p.service) != (method, &service));
        if self.pending.len() >= MAX_PENDING {
            self.pending.remove(0);
        }
        self.pending.push(Pending {
            method,
            service,
            digest: scope.digest(method, code, hashing),
            sent_at: now,
            expires: now.after(rules.lifetime),
            wrong,
            used: false,
        });
    }

    /// A message with a code is sent, also one whose code is kept elsewhere.
    pub fn note_sent(&mut self, now: Timestamp) {
        self.sent.retain(|sent| sent.after(DAY) > now);
        self.sent.push(now);
    }

    /// When the code that can be used now was sent; `None` if there is none.
    pub fn alive_since(&self, method: Method, service: &str, now: Timestamp) -> Option<Timestamp> {
        self.of(method, service).filter(|p| p.is_alive(now)).map(|pending| pending.sent_at)
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
        let service = counted_as(scope.service);
        for pending in &mut self.pending {
            let meant = pending.service == service && methods.contains(pending.method);
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

    /// A wrong code was given in this service: every code that is alive there has one try less.
    pub fn count_wrong(&mut self, service: &str, now: Timestamp) {
        let service = counted_as(service);
        for pending in self.pending.iter_mut().filter(|p| p.service == service && p.is_alive(now)) {
            pending.wrong = pending.wrong.saturating_add(1);
        }
    }

    /// Every code is void; how many were sent is not forgotten.
    pub fn void(&mut self) {
        self.pending.clear();
    }

    fn of(&self, method: Method, service: &str) -> Option<&Pending> {
        let service = counted_as(service);
        self.pending.iter().find(|p| p.method == method && p.service == service)
    }
}

/// Six digits, each as likely as the others.
pub fn code_from_random(bytes: [u8; 8]) -> Zeroizing<String> {
    // 2^64 is so much more than a million that the remainder favours no code by more than 10^-13.
    Zeroizing::new(format!("{:06}", u64::from_be_bytes(bytes) % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::{Digest, SALT_BYTES};

    const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);
    const SSHD: Scope<'_> = Scope { user: "alice", service: "sshd" };
    const BOTH: [Method; 2] = [Method::Email, Method::Sms];

    struct Plain;

    impl Hashing for Plain {
        fn slow(&self, _: &[u8], _: &[u8; SALT_BYTES]) -> Digest {
            [0; 32]
        }

        fn keyed(&self, text: &[u8]) -> Digest {
            let mut digest = [0; 32];
            for (n, byte) in text.iter().enumerate() {
                digest[n % 32] = u8::wrapping_mul(digest[n % 32], 31).wrapping_add(*byte);
            }
            digest
        }
    }

    fn later(seconds: u64) -> Timestamp {
        NOON.after(Duration::from_secs(seconds))
    }

    fn mailed(code: &str) -> OneTimeCodes {
        let mut codes = OneTimeCodes::default();
        codes.issue(SSHD, Method::Email, code, &Plain, &Rules::default(), NOON);
        codes
    }

    fn check(codes: &mut OneTimeCodes, scope: Scope<'_>, digits: &str, now: Timestamp) -> Check {
        codes.check(scope, BOTH.into(), digits, &Plain, now)
    }

    #[test]
    fn a_code_is_good_once_within_its_lifetime() {
        let mut codes = mailed("482913");
        let mut dead = codes.clone();
        assert_eq!(check(&mut dead, SSHD, "482913", later(600)), Check::Late);
        assert_eq!(check(&mut codes, SSHD, "482913", later(599)), Check::Fresh(Method::Email));
        assert_eq!(check(&mut codes, SSHD, "482913", later(599)), Check::Used);
    }

    #[test]
    fn a_code_is_good_for_its_user_service_and_method_only() {
        let mut codes = mailed("482913");
        let su = Scope { user: "alice", service: "su" };
        let bob = Scope { user: "bob", service: "sshd" };
        assert_eq!(check(&mut codes, su, "482913", NOON), Check::Wrong);
        assert_eq!(check(&mut codes, bob, "482913", NOON), Check::Wrong);
        let by_text = codes.check(SSHD, [Method::Sms].into(), "482913", &Plain, NOON);
        assert_eq!(by_text, Check::Wrong);
    }

    #[test]
    fn five_wrong_tries_void_a_code_and_asking_again_resets_nothing() {
        let rules = Rules::default();
        let mut codes = mailed("482913");
        for _ in 0..4 {
            codes.count_wrong("sshd", later(10));
        }
        codes.issue(SSHD, Method::Email, "115599", &Plain, &rules, later(60));
        assert_eq!(check(&mut codes, SSHD, "482913", later(61)), Check::Wrong, "replaced");
        codes.count_wrong("sshd", later(61));
        assert_eq!(check(&mut codes, SSHD, "115599", later(62)), Check::Late);
        let withheld = codes.may_send(Method::Email, "sshd", &rules, later(200));
        assert_eq!(withheld, Err(Withheld::Void(Duration::from_secs(460))));
        assert_eq!(codes.may_send(Method::Email, "sshd", &rules, later(660)), Ok(()));
    }

    #[test]
    fn sends_are_throttled_and_capped_for_a_day() {
        let rules = Rules { per_day: 3, ..Rules::default() };
        let mut codes = mailed("1");
        let soon = codes.may_send(Method::Sms, "su", &rules, later(10));
        assert_eq!(soon, Err(Withheld::TooSoon(Duration::from_secs(20))));
        for n in 1..3 {
            assert_eq!(codes.may_send(Method::Sms, "su", &rules, later(100 * n)), Ok(()));
            codes.issue(SSHD, Method::Sms, "2", &Plain, &rules, later(100 * n));
        }
        let capped = codes.may_send(Method::Email, "sshd", &rules, later(400));
        assert_eq!(capped, Err(Withheld::DailyLimit(Duration::from_secs(86_000))));
        assert_eq!(codes.may_send(Method::Email, "sshd", &rules, later(86_400)), Ok(()));
        let never = Rules { per_day: 0, ..rules };
        assert!(OneTimeCodes::default().may_send(Method::Email, "sshd", &never, NOON).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut codes = OneTimeCodes::default();
        for n in 0..100 {
            let service = format!("{n}{}", "x".repeat(500));
            let scope = Scope { user: "alice", service: &service };
            codes.issue(scope, Method::Email, "1", &Plain, &Rules::default(), later(n));
        }
        assert_eq!(codes.pending.len(), MAX_PENDING);
        assert!(serde_json::to_string(&codes).unwrap().len() < 4096);
    }

    #[test]
    fn codes_have_six_digits() {
        assert_eq!(*code_from_random([0; 8]), "000000");
        assert_eq!(code_from_random([255; 8]).len(), 6);
    }
}
