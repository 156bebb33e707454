//! A code is tried: what it turns out to be, and what the record remembers of it.

use std::time::Duration;

use crate::{
    factor::{
        Kind, hotp,
        one_time_code::{self, Scope},
        totp,
    },
    hashing::Hashing,
    lockout::{self, Gate, counted_as},
    login::{LoginContext, Source},
    policy::{Method, Methods},
    printed_code::{PrintedCode, SpentCode},
    record::{CodeRules, UserRecord},
    response::Response,
    time::Timestamp,
    trusted_host::{Bind, TrustedHost},
    voucher,
};

/// The circumstances in which a code is tried.
pub struct Trial<'a> {
    /// Under which name wrong codes are counted: see [`Source::counter_key`] and
    /// [`lockout::of_trusted_host`].
    pub counter: &'a str,
    /// Where the code comes from.
    pub source: &'a Source,
    /// The PAM service that asked, or `twinlock`.
    pub service: &'a str,
    /// The methods that count here.
    pub methods: Methods,
    /// Whether a bypass code counts: it lets in, and proves nothing else.
    pub bypass: bool,
    /// How codes are tried.
    pub rules: &'a CodeRules,
    /// Lent by the daemon.
    pub hashing: &'a dyn Hashing,
    /// For waits and lifetimes.
    pub now: Timestamp,
    /// For TOTP.
    pub clock: Timestamp,
}

/// What was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A code of an authenticator.
    Totp {
        /// The factor's id.
        factor: String,
    },
    /// A code that was sent by this method.
    Sent(Method),
    /// A recovery code.
    Recovery {
        /// How many are left.
        left: usize,
    },
    /// A bypass code.
    Bypass {
        /// Its id.
        id: String,
        /// How often it can still be used.
        left: u32,
    },
}

impl Proof {
    /// For the log.
    pub fn cause(&self) -> String {
        match self {
            Self::Totp { factor } => format!("code of factor {factor}"),
            Self::Sent(Method::Email) => "code by e-mail".to_owned(),
            Self::Sent(_) => "code by text message".to_owned(),
            Self::Recovery { left } => format!("recovery code, {left} left"),
            Self::Bypass { id, left } => format!("bypass code {id}, {left} uses left"),
        }
    }
}

/// What a typed code turned out to be; the record has taken note of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verification {
    /// Right and fresh: it is used up now.
    Accepted(Proof),
    /// Right, but used before. Not counted as a guess.
    Used,
    /// A recovery code that was used at this time. Not counted: nobody has guessed its 80 bits.
    Spent(Timestamp),
    /// Wrong, and counted.
    Wrong {
        /// It would have been right this many time steps from now.
        drift: Option<i64>,
        /// It was sent, and is good no longer: its time is over, or too many tries came before.
        late: bool,
        /// What the source may do next.
        gate: Gate,
    },
    /// Not looked at: the source waits, or the account is stopped.
    Refused(Gate),
}

/// What a code is to the whole record.
enum Tried {
    /// The matched time step or counter.
    Factor {
        index: usize,
        at: u64,
    },
    Sent(Method),
    Recovery(usize),
    Scratch(usize),
    Bypass {
        id: String,
        left: u32,
    },
    Used,
    Spent(Timestamp),
    Wrong {
        drift: Option<i64>,
        late: bool,
    },
}

impl Tried {
    /// What tells most of a code where factors differ: that it was used before goes before that it is
    /// right, and that before how it is wrong.
    const fn weight(&self) -> u8 {
        match self {
            Self::Used => 3,
            Self::Factor { .. } => 2,
            Self::Wrong { drift: Some(_), .. } => 1,
            _ => 0,
        }
    }
}

impl UserRecord {
    /// Tries a code and takes note of it: a right one is used up, a wrong one counted. Nothing
    /// counts before the record is committed.
    ///
    /// An account that is stopped takes codes that cannot be guessed: a recovery code opens it, a
    /// bypass code passes.
    pub fn verify(&mut self, response: &Response, trial: &Trial<'_>) -> Verification {
        let printed = PrintedCode::read(response);
        let rules = &trial.rules.lockout;
        match self.lockout.gate(trial.counter, rules, trial.now) {
            Gate::Open => {}
            Gate::Stopped if printed.is_some() => {
                match self.lockout.wait(trial.counter, rules, trial.now) {
                    wait if wait.is_zero() => {}
                    wait => return Verification::Refused(Gate::Wait(wait)),
                }
            }
            closed => return Verification::Refused(closed),
        }
        let tried = match printed {
            Some(code) => self.check_printed(&code, trial),
            None => self.check_digits(response, trial),
        };
        self.take_note(tried, trial)
    }

    fn take_note(&mut self, tried: Tried, trial: &Trial<'_>) -> Verification {
        let proof = match tried {
            Tried::Used => return Verification::Used,
            Tried::Spent(at) => return Verification::Spent(at),
            Tried::Wrong { drift, late } => {
                self.news.wrong_code(&counted_as(trial.counter), trial.now);
                let source = trial.source.counter_key();
                let user = self.user.clone();
                let scope = Scope { user: &user, service: trial.service, source: &source };
                self.one_time.count_wrong(scope, trial.now);
                let rules = &trial.rules.lockout;
                let gate = self.lockout.record_failure(trial.counter, rules, trial.now);
                return Verification::Wrong { drift, late, gate };
            }
            Tried::Factor { index, at } => self.accept_factor(index, at, trial.now),
            Tried::Sent(method) => {
                self.note_contact_use(method, trial.now);
                self.last_method = Some(method);
                Proof::Sent(method)
            }
            Tried::Recovery(index) => {
                let code = self.recovery.remove(index);
                self.spent.push(SpentCode { code, at: trial.now });
                // It cannot be guessed, so whoever has it is the owner.
                self.lockout.release();
                Proof::Recovery { left: self.recovery_left() }
            }
            // It can be guessed: of an account that was stopped it says nothing.
            Tried::Scratch(index) => {
                self.scratch.spend(index);
                Proof::Recovery { left: self.recovery_left() }
            }
            Tried::Bypass { id, left } => Proof::Bypass { id, left },
        };
        match proof {
            // An administrator's code says nothing of who guessed before.
            Proof::Bypass { .. } => {}
            _ => self.lockout.record_success(trial.counter),
        }
        Verification::Accepted(proof)
    }

    fn check_printed(&mut self, code: &PrintedCode, trial: &Trial<'_>) -> Tried {
        let &Trial { source, hashing, now, .. } = trial;
        if trial.methods.contains(Method::Recovery) {
            let found = self.recovery.iter().position(|stored| stored.matches(code, hashing));
            if let Some(index) = found {
                return Tried::Recovery(index);
            }
            if let Some(spent) = self.spent.iter().find(|spent| spent.code.matches(code, hashing)) {
                return Tried::Spent(spent.at);
            }
        }
        match voucher::find(&mut self.bypasses, code, source, hashing, now) {
            Some(bypass) if trial.bypass => {
                bypass.uses_left -= 1;
                let (id, left) = (bypass.id.clone(), bypass.uses_left);
                self.bypasses.retain(|bypass| bypass.is_alive(now));
                Tried::Bypass { id, left }
            }
            _ => Tried::Wrong { drift: None, late: false },
        }
    }

    fn check_digits(&mut self, response: &Response, trial: &Trial<'_>) -> Tried {
        let nothing = Tried::Wrong { drift: None, late: false };
        let Some(code) = response.digits() else { return nothing };
        let by_factor = match trial.methods.contains(Method::Totp) {
            true => self.check_factors(&code, trial),
            false => nothing,
        };
        if let Tried::Factor { .. } = by_factor {
            return by_factor;
        }
        if trial.methods.contains(Method::Recovery)
            && let Some(index) = self.scratch.find(&code, trial.hashing)
        {
            return Tried::Scratch(index);
        }
        let source = trial.source.counter_key();
        let scope = Scope { user: &self.user, service: trial.service, source: &source };
        match self.one_time.check(scope, trial.methods, &code, trial.hashing, trial.now) {
            one_time_code::Check::Fresh(method) => Tried::Sent(method),
            one_time_code::Check::Used => Tried::Used,
            one_time_code::Check::Late => Tried::Wrong { drift: None, late: true },
            one_time_code::Check::Wrong => by_factor,
        }
    }

    /// What the factors make of a code. Each is asked: what one of them knows to be used is used,
    /// though another with the same key has not seen it.
    fn check_factors(&mut self, code: &str, trial: &Trial<'_>) -> Tried {
        self.level_twins();
        let mut outcome = Tried::Wrong { drift: None, late: false };
        let mut refused = Vec::new();
        for (index, factor) in self.factors.iter().enumerate() {
            let found = match &factor.kind {
                Kind::Totp(totp) => match totp.check(code, trial.rules.window, trial.clock) {
                    totp::Check::Fresh { step } => Tried::Factor { index, at: step },
                    totp::Check::Used => Tried::Used,
                    totp::Check::Wrong { drift } => Tried::Wrong { drift, late: false },
                },
                Kind::Hotp(hotp) => match hotp.check(code) {
                    hotp::Check::Fresh { counter } => Tried::Factor { index, at: counter },
                    hotp::Check::Used => Tried::Used,
                    check => {
                        refused.push((index, check));
                        Tried::Wrong { drift: None, late: false }
                    }
                },
            };
            if found.weight() > outcome.weight() {
                outcome = found;
            }
        }
        if !matches!(outcome, Tried::Factor { .. }) {
            for (index, check) in refused {
                if let Kind::Hotp(hotp) = &mut self.factors[index].kind {
                    hotp.refuse(check);
                }
            }
        }
        outcome
    }

    /// Factors of one key, as imports could once bring them, know of each other's codes.
    fn level_twins(&mut self) {
        for index in 0..self.factors.len() {
            let (before, rest) = self.factors.split_at_mut(index);
            let Some((factor, _)) = rest.split_first_mut() else { return };
            for earlier in before {
                earlier.kind.go_on_from(&factor.kind);
                factor.kind.go_on_from(&earlier.kind);
            }
        }
    }

    fn accept_factor(&mut self, index: usize, at: u64, now: Timestamp) -> Proof {
        let factor = &mut self.factors[index];
        match &mut factor.kind {
            Kind::Totp(totp) => totp.accept(at),
            Kind::Hotp(hotp) => hotp.accept(at),
        }
        factor.last_used_at = Some(now);
        let factor = factor.id.clone();
        // Without it the code would be good again once the factor that took it is removed.
        self.level_twins();
        self.last_method = Some(Method::Totp);
        Proof::Totp { factor }
    }

    fn note_contact_use(&mut self, method: Method, now: Timestamp) {
        match method {
            Method::Email => {
                if let Some(contact) = &mut self.contacts.email {
                    contact.last_used_at = Some(now);
                }
            }
            Method::Sms => {
                if let Some(contact) = &mut self.contacts.mobile {
                    contact.last_used_at = Some(now);
                }
            }
            Method::Totp | Method::Recovery => {}
        }
    }

    /// Under which name wrong codes of this login are counted: a trusted host has a counter of its
    /// own, that no stranger can fill.
    ///
    /// `remember` is for how long hosts are trusted by the policy of now; `None` trusts none.
    pub fn counter(
        &self,
        login: &LoginContext,
        bind: Bind,
        remember: Option<Duration>,
        now: Timestamp,
    ) -> String {
        let host = self.trusted.of(login, bind, now);
        let holds = |host: &&TrustedHost| remember.is_some_and(|time| host.holds(time, now));
        match host.filter(holds) {
            Some(host) => lockout::of_trusted_host(&host.id),
            None => login.source.counter_key(),
        }
    }
}
