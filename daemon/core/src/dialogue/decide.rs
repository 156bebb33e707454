//! From the policy's decision to the dialogue's first step.

use super::{Dialogue, Errand, Message, Outcome, Staged, Step, Turn, Verdict, World, words};
use crate::{
    audit::{AuditEvent, Happening},
    dialogue::Effect,
    login::LoginContext,
    policy::{Decision, DenyReason, Methods, Mode, SkipReason, Standing},
    record::UserRecord,
};

/// The auth phase.
pub(super) fn open(dialogue: Dialogue, record: &mut UserRecord, world: &World<'_>) -> Turn {
    if !dialogue.known {
        return open_unknown(dialogue, record, world);
    }
    if let Some(turn) = refuse_other_account(&dialogue, record, world) {
        return turn;
    }
    follow(dialogue, true, record, world)
}

/// What the policy says of the record as it is now. `asks_for_bypass`: a bypass code that is in force is
/// asked for first.
pub(super) fn follow(
    mut dialogue: Dialogue,
    asks_for_bypass: bool,
    record: &mut UserRecord,
    world: &World<'_>,
) -> Turn {
    let policy = &world.settings.policy;
    let standing = record.standing(world.settings.channels);
    let ruling = policy.evaluate(&dialogue.login, &standing, world.now);
    dialogue.trust = ruling.terms.trust();
    match ruling.decision {
        Decision::Skip(reason) if has_shown_nothing(&dialogue.login, world) => {
            dialogue.refuse_open_door(&reason, world)
        }
        // Grace that waited for an account phase which never comes would never end.
        Decision::Skip(reason) if !dialogue.login.redeems => {
            dialogue.skip(&reason, record, world).in_effect_at_once(record, world)
        }
        Decision::Skip(reason) => dialogue.skip(&reason, record, world),
        Decision::Require(methods) => {
            dialogue.methods = methods;
            match dialogue.pass_without_code(record, world) {
                Some(turn) => turn,
                None => dialogue.ask_for_code(record, world),
            }
        }
        decision if asks_for_bypass && dialogue.may_bypass(&decision, record, world) => {
            dialogue.ask_for_bypass(record, world)
        }
        decision => dialogue.go_on_without_code(decision, record, world),
    }
}

/// A user whom NSS does not know: looks like one who is enrolled, and is never let in. Only what
/// concerns the source tells a stranger anything.
fn open_unknown(mut dialogue: Dialogue, record: &mut UserRecord, world: &World<'_>) -> Turn {
    let enrolled = Standing::with(Methods::OFFLINE);
    match world.settings.policy.decide(&dialogue.login, &enrolled, world.now) {
        Decision::Skip(reason @ SkipReason::Observed { .. }) => {
            dialogue.skip(&reason, record, world)
        }
        // Who is enrolled would hear nothing here, and so does who is not known.
        Decision::Skip(_) => dialogue.refuse_unknown(Vec::new(), world),
        Decision::Deny(reason) if concerns_source(&reason) => dialogue.deny(&reason, world),
        Decision::Require(methods) => {
            dialogue.methods = methods;
            dialogue.ask_for_code(record, world)
        }
        Decision::Enrol(_) | Decision::Deny(_) => {
            dialogue.methods = Methods::OFFLINE;
            dialogue.ask_for_code(record, world)
        }
    }
}

/// The preliminary check of a password change: asks whoever has a factor for a code, and sets
/// nothing up for those who have none.
pub fn open_password(
    login: LoginContext,
    known: bool,
    record: &mut UserRecord,
    world: &World<'_>,
) -> Turn {
    let enrolled = record.is_enrolled();
    let dialogue = Dialogue::new(login, known, Errand::PasswordChange, record);
    if let Some(turn) = refuse_other_account(&dialogue, record, world) {
        return turn;
    }
    let standing = record.standing(world.settings.channels);
    match world.settings.policy.decide(&dialogue.login, &standing, world.now) {
        Decision::Enrol(_) if known && !enrolled => {
            dialogue.skip(&SkipReason::NotEnrolled, record, world)
        }
        Decision::Deny(reason) if known && !enrolled && !concerns_source(&reason) => {
            dialogue.skip(&SkipReason::NotEnrolled, record, world)
        }
        _ => open(dialogue, record, world),
    }
}

/// An account phase without a ticket: PAM's auth phase never ran, or ran without Twinlock.
///
/// The whole auth stack has succeeded by now, so that what a login changes takes effect at once:
/// nothing is staged.
pub fn decide_account(
    login: LoginContext,
    known: bool,
    record: &mut UserRecord,
    world: &World<'_>,
) -> Turn {
    let dialogue = Dialogue::new(login, known, Errand::Login, record);
    let policy = &world.settings.policy;
    let standing = record.standing(world.settings.channels);
    let decision = policy.decide_account(&dialogue.login, &standing, world.now);
    match decision {
        Decision::Skip(reason @ SkipReason::Observed { .. }) if !known => {
            return dialogue.skip(&reason, record, world);
        }
        _ if !known => {
            let reason = DenyReason::NoFirstFactor;
            let text = words::denied(&reason, &world.settings.host, &world.fresh.reference());
            return dialogue.refuse_unknown(vec![Message::error(text)], world);
        }
        // The record was not asked, and whose it is does not matter.
        Decision::Skip(reason @ SkipReason::AccountPhase) => {
            return dialogue.skip(&reason, record, world);
        }
        _ => {}
    }
    if let Some(turn) = refuse_other_account(&dialogue, record, world) {
        return turn;
    }
    match decision {
        Decision::Skip(reason) => {
            dialogue.skip(&reason, record, world).in_effect_at_once(record, world)
        }
        Decision::Deny(reason) => dialogue.deny(&reason, world),
        Decision::Require(_) | Decision::Enrol(_) => {
            let service = dialogue.login.service.clone();
            dialogue.deny(&DenyReason::KeyAlone { service }, world)
        }
    }
}

/// In a stack of key plus Twinlock, whose last line is `pam_permit`, a login that sshd let in
/// without the key (`AuthenticationMethods` not set) would be asked for nothing at all. So where a
/// key may stand for the auth phase, a login that has shown no first factor is never skipped.
fn has_shown_nothing(login: &LoginContext, world: &World<'_>) -> bool {
    let policy = &world.settings.policy;
    policy.account_services.contains(&login.service) && login.first_factors.is_empty()
}

const fn concerns_source(reason: &DenyReason) -> bool {
    matches!(
        reason,
        DenyReason::DeniedNetwork { .. }
            | DenyReason::NetworkNotAllowed { .. }
            | DenyReason::UnknownSource
    )
}

/// A record of another uid is nobody's to use: not to be asked by, and not to be let in by.
pub(super) fn refuse_other_account(
    dialogue: &Dialogue,
    record: &UserRecord,
    world: &World<'_>,
) -> Option<Turn> {
    let mismatch = record.check_owner(&dialogue.login.user).err()?;
    let cause =
        format!("the record is of uid {}, the user has {}", mismatch.recorded, mismatch.actual);
    if world.settings.policy.mode == Mode::Observe {
        return Some(dialogue.observed(&format!("would deny: {cause}")));
    }
    let reference = world.fresh.reference();
    let messages = vec![Message::error(words::other_account(&reference))];
    Some(dialogue.finish(Verdict::Deny, &cause, messages, Vec::new(), Some(reference)))
}

impl Turn {
    /// What a skip stages takes effect now: the beginning of grace at the most, which nothing can
    /// supersede.
    fn in_effect_at_once(mut self, record: &mut UserRecord, world: &World<'_>) -> Self {
        if let Step::Done(outcome) = &mut self.step {
            outcome.staged.retain(|staged| record.apply(staged, world.hashing, world.now).is_err());
        }
        self
    }
}

impl Dialogue {
    /// Whether a bypass code that is in force here can stand for what this login would have to set
    /// up, or has not got.
    fn may_bypass(&self, decision: &Decision, record: &UserRecord, world: &World<'_>) -> bool {
        let in_place = match decision {
            Decision::Enrol(_) => true,
            Decision::Deny(reason) => matches!(
                reason,
                DenyReason::EnrolmentByAdmin
                    | DenyReason::MethodsNotPermitted { .. }
                    | DenyReason::NoUsableMethod { .. }
                    | DenyReason::NothingToEnrol
            ),
            Decision::Skip(_) | Decision::Require(_) => false,
        };
        in_place
            && self.errand == Errand::Login
            && !self.login.first_factors.is_empty()
            && self.has_bypass(record, world)
    }

    /// What is decided where no code is asked for.
    pub(super) fn go_on_without_code(
        self,
        decision: Decision,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Turn {
        match decision {
            Decision::Enrol(how) => self.offer_enrolment(how, record, world),
            Decision::Deny(reason) => self.deny(&reason, world),
            Decision::Skip(_) | Decision::Require(_) => self.refuse_unenrolled(world),
        }
    }

    /// Let through because the policy only observes; the log says what would have been.
    fn observed(&self, cause: &str) -> Turn {
        self.skipped(Happening::LoginObserved, cause.to_owned())
    }

    fn skip(&self, reason: &SkipReason, record: &UserRecord, world: &World<'_>) -> Turn {
        let settings = world.settings;
        let remind = |reminder| {
            let standing = record.standing(settings.channels);
            let mode = settings.policy.enrolment_on_own_word(&self.login.user, &standing);
            Message::info(words::reminder(&reminder, mode, &settings.host))
        };
        let messages: Vec<_> = reason.reminder().map(remind).into_iter().collect();
        let (happening, staged) = match reason {
            SkipReason::Observed { .. } => (Happening::LoginObserved, Vec::new()),
            SkipReason::Grace { begins: true, .. } => {
                (Happening::LoginSkipped, vec![Staged::BeginGrace { at: world.now }])
            }
            _ => (Happening::LoginSkipped, Vec::new()),
        };
        let mut turn = self.skipped(happening, reason.to_string());
        // cron runs an account phase every minute; that nothing was asked of it is no news.
        if *reason == SkipReason::AccountPhase {
            turn.effects.clear();
        }
        if let Step::Done(outcome) = &mut turn.step {
            (outcome.messages, outcome.staged) = (messages, staged);
        }
        turn
    }

    fn skipped(&self, happening: Happening, cause: String) -> Turn {
        let event = AuditEvent::of_login(happening, &self.login, cause);
        let outcome = Outcome {
            verdict: Verdict::Skip,
            messages: Vec::new(),
            reference: None,
            staged: Vec::new(),
        };
        Turn { step: Step::Done(outcome), effects: vec![Effect::Audit(event)] }
    }

    fn refuse_unknown(&self, messages: Vec<Message>, world: &World<'_>) -> Turn {
        let reference = Some(world.fresh.reference());
        self.finish(Verdict::Deny, "no such user", messages, Vec::new(), reference)
    }

    fn refuse_open_door(&self, reason: &SkipReason, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let cause =
            format!("no first factor was shown, and no second one would be asked ({reason})");
        let messages = vec![words::no_first_factor(&reference)];
        self.finish(Verdict::Deny, &cause, messages, Vec::new(), Some(reference))
    }

    fn deny(&self, reason: &DenyReason, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let text = words::denied(reason, &world.settings.host, &reference);
        let messages = vec![Message::error(text)];
        self.finish(Verdict::Deny, &reason.to_string(), messages, Vec::new(), Some(reference))
    }

    pub(super) fn refuse_unenrolled(&self, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let text = words::not_enrolled(&world.settings.host, &self.login.user.name, &reference);
        let messages = vec![Message::error(text)];
        self.finish(Verdict::Deny, "not enrolled", messages, Vec::new(), Some(reference))
    }
}
