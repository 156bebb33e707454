//! Enrolment at the first login.
//!
//! ```text
//!   invitation, where one is needed
//!       │
//!       ▼
//!   offer: key and QR code ──► code ──► farewell: recovery codes, Press Enter ──► allow,
//!             ▲      │           │                                                enrolment staged
//!             └─ i, a ─┘           └─ five wrong ──► deny
//! ```
//!
//! Nothing is in the record before the account phase redeems the ticket: a login that breaks off
//! here, or whose password turns out to be wrong, has enrolled nothing.

use twinlock_qr::{Glyphs, QrCode, Screen};
use zeroize::Zeroizing;

use super::{
    Dialogue, Effect, Errand, MAX_PROMPTS, Message, Staged, StagedEnrolment, State, Turn, Verdict,
    World, words,
};
use crate::{
    audit::{AuditEvent, Happening},
    factor::totp::{Check, TotpFactor},
    hashing::SALT_BYTES,
    lockout::Gate,
    login::LoginContext,
    policy::{Decision, EnrolHow, Method},
    printed_code::PrintedCode,
    record::{Admission, UserRecord},
    response::Response,
};

/// Wrong codes that one enrolment takes.
const TRIES: u8 = 5;

/// PAM services that show text in a window of their own, where no QR code can be read.
const GREETERS: [&str; 8] =
    ["gdm", "lightdm", "sddm", "lxdm", "xdm", "polkit-1", "xscreensaver", "kde"];

/// An enrolment that waits for its confirming code.
#[derive(Clone)]
pub(super) struct Enrolling {
    pub(super) totp: TotpFactor,
    pub(super) factor: String,
    invitation: Option<String>,
    beside: Vec<String>,
    epoch: u32,
    recovery: Vec<(PrintedCode, [u8; SALT_BYTES])>,
    screen: Screen,
    glyphs: Glyphs,
    failed: u8,
}

impl Enrolling {
    /// What is put into the record of it.
    pub(super) fn confirmed(self, world: &World<'_>) -> StagedEnrolment {
        StagedEnrolment {
            factor: self.factor,
            totp: self.totp,
            recovery: self.recovery,
            invitation: self.invitation,
            beside: self.beside,
            epoch: self.epoch,
            at: world.now,
        }
    }
}

impl Dialogue {
    /// Offers an enrolment, where this login can carry one.
    pub(super) fn offer_enrolment(
        mut self,
        how: EnrolHow,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Turn {
        // E-mail and text messages go to contacts that are proved behind a factor, never to what
        // somebody types at a login that has none.
        if !how.methods().contains(Method::Totp) || self.errand != Errand::Login {
            return self.refuse_unenrolled(world);
        }
        if !shows_text(&self.login) {
            let message = Message::error(words::ENROL_ELSEWHERE);
            let cause = "not enrolled, and this service cannot show a QR code";
            return self.finish(Verdict::Deny, cause, vec![message], Vec::new(), None);
        }
        if !self.login.redeems {
            let reference = world.fresh.reference();
            let text = words::enrol_nowhere(&self.login.service, &reference);
            let cause = "not enrolled, and the service's stack has no account line of pam_twinlock";
            let messages = vec![Message::error(text)];
            return self.finish(Verdict::Deny, cause, messages, Vec::new(), Some(reference));
        }
        match how {
            EnrolHow::AtLogin { .. } => self.offer(None, record, world),
            EnrolHow::Invitation { .. } => {
                let counter = self.counter(record, world);
                let wait = record.lockout.wait(&counter, &world.settings.codes.lockout, world.now);
                if !wait.is_zero() {
                    return self.locked(Gate::Wait(wait), Vec::new(), world);
                }
                self.state = State::Invitation;
                let about = words::invitation_needed(&world.settings.host);
                self.ask(vec![Message::info(about)], Vec::new())
            }
        }
    }

    /// The answer to the prompt for an invitation. Wrong ones cost what wrong codes cost.
    pub(super) fn answer_invitation(
        mut self,
        response: &Response,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        let standing = record.standing(world.settings.channels);
        let decision = world.settings.policy.decide(&self.login, &standing, world.now);
        // The user may have enrolled since the prompt.
        if !matches!(decision, Decision::Enrol(EnrolHow::Invitation { .. })) {
            return self.withdrawn(world);
        }
        let counter = self.counter(record, world);
        let rules = &world.settings.codes.lockout;
        match record.try_invitation(response, &counter, rules, world.hashing, world.now) {
            Admission::Waits(wait) => self.locked(Gate::Wait(wait), Vec::new(), world),
            Admission::Admitted { id } => self.offer(Some(id), record, world),
            Admission::Refused { cause, gate } => {
                self.failed += 1;
                let message = Message::error(words::not_invited(&world.fresh.reference()));
                self.refused(cause, message, gate, world)
            }
        }
    }

    /// The key and its QR code, for somebody who may enrol.
    fn offer(self, invitation: Option<String>, record: &UserRecord, world: &World<'_>) -> Turn {
        let about = words::offer(&world.settings.host);
        let refusal = self.refuse_unenrolled(world);
        self.show_key(about, invitation, record, world).unwrap_or(refusal)
    }

    /// A fresh key and its QR code behind a text; nothing where it does not fit one.
    pub(super) fn show_key(
        mut self,
        about: String,
        invitation: Option<String>,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Option<Turn> {
        let enrolling = Enrolling {
            totp: TotpFactor::new(world.fresh.secret()),
            factor: world.fresh.factor_id(),
            invitation,
            beside: record.factor_ids(),
            epoch: record.trust_epoch,
            recovery: Vec::new(),
            screen: Screen::Dark,
            glyphs: Glyphs::HalfBlocks,
            failed: 0,
        };
        let messages = vec![Message::info(about), self.draw(&enrolling, world)?];
        self.state = State::Enrolling(Box::new(enrolling));
        Some(self.ask(messages, Vec::new()))
    }

    /// The answer to the offer.
    pub(super) fn confirm(
        mut self,
        mut enrolling: Enrolling,
        response: &Response,
        world: &World<'_>,
    ) -> Turn {
        // One prompt is kept for the farewell, or a right code at the last one would be lost.
        let redraws = response.is_word("i") || response.is_word("a");
        if redraws && self.prompts < MAX_PROMPTS {
            match response.is_word("i") {
                true => enrolling.screen = enrolling.screen.inverted(),
                false => enrolling.glyphs = Glyphs::Ascii,
            }
            let drawing = self.draw(&enrolling, world).into_iter().collect();
            self.state = State::Enrolling(Box::new(enrolling));
            return self.ask(drawing, Vec::new());
        }
        let digits = response.digits().unwrap_or_default();
        match enrolling.totp.check(&digits, world.settings.codes.window, world.clock) {
            Check::Fresh { step } => {
                enrolling.totp.accept(step);
                let text = self.recovery_codes(&mut enrolling, world);
                self.state = State::Farewell(Box::new(enrolling));
                self.ask(vec![Message::info(text)], Vec::new())
            }
            Check::Used | Check::Wrong { .. } => {
                enrolling.failed += 1;
                self.unconfirmed(enrolling, world)
            }
        }
    }

    /// Makes the recovery codes, where they count: shown now, kept as digests later.
    fn recovery_codes(&self, enrolling: &mut Enrolling, world: &World<'_>) -> String {
        let policy = &world.settings.policy;
        let (renews, user) = (self.errand == Errand::Renewal, &self.login.user);
        let counts = match renews {
            true => policy.counts_somewhere(user, Method::Recovery),
            false => policy.terms(&self.login).methods.contains(Method::Recovery),
        };
        if !counts {
            return if renews { words::CONFIRMED } else { words::ENROLLED }.to_owned();
        }
        let mut shown = Vec::new();
        for (code, salt) in world.fresh.printed_codes() {
            shown.push(code.shown());
            enrolling.recovery.push((code, salt));
        }
        let opening = if renews { words::CONFIRMED } else { words::DONE };
        words::with_recovery(opening, &shown)
    }

    /// The person has read the end: the login is decided, and the enrolment waits for the account
    /// phase.
    pub(super) fn part(&self, enrolling: Enrolling, world: &World<'_>) -> Turn {
        let cause = format!("enrols factor {} at this login", enrolling.factor);
        let staged = enrolling.confirmed(world);
        self.allow(&cause, Vec::new(), Vec::new(), vec![Staged::Enrol(Box::new(staged))])
    }

    fn unconfirmed(mut self, enrolling: Enrolling, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let event = AuditEvent::of_login(
            Happening::CodeRefused,
            &self.login,
            "wrong code for an enrolment",
        );
        let effects = vec![Effect::Audit(event.with_reference(reference.clone()))];
        let message = words::wrong(world);
        if enrolling.failed < TRIES && self.prompts < MAX_PROMPTS {
            self.state = State::Enrolling(Box::new(enrolling));
            return self.ask(vec![message], effects);
        }
        if self.errand == Errand::Renewal {
            return self.end_renewal(vec![message, words::not_renewed(&reference)], effects);
        }
        let cause = "no right code for an enrolment";
        self.finish(Verdict::Deny, cause, vec![message], effects, Some(reference))
    }

    /// Key, account and QR code. The text begins with a newline, because sshd glues it to what
    /// stands before it.
    fn draw(&self, enrolling: &Enrolling, world: &World<'_>) -> Option<Message> {
        let account = format!("{}@{}", self.login.user.name, world.settings.host);
        let uri = enrolling.totp.uri(&world.settings.issuer, &account)?;
        let drawing = QrCode::encode(&uri).ok()?.draw(enrolling.glyphs, enrolling.screen);
        let secret = enrolling.totp.secret().to_base32();
        Some(Message::info(words::key(&drawing, &account, &in_fours(&secret))))
    }
}

/// Whether a QR code can be read where this login shows its messages.
pub(super) fn shows_text(login: &LoginContext) -> bool {
    let greeter = GREETERS.iter().any(|name| {
        login
            .service
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    let on_a_display = login.tty.as_deref().is_some_and(|tty| tty.starts_with(':'));
    login.interactive && !greeter && !on_a_display
}

fn in_fours(secret: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(secret.len() * 2));
    for (n, character) in secret.chars().enumerate() {
        if n > 0 && n % 4 == 0 {
            text.push(' ');
        }
        text.push(character);
    }
    text
}
