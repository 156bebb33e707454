//! Invitations and bypass codes: what an administrator hands out.

use std::time::Duration;

use twinlock_bus_api::{
    error::{Error, Result},
    voucher::{BypassOptions, InvitationOptions, Voucher},
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::World,
    login::{Source, User},
    notice::{Notice, Recipient, SecretText, Subject},
    record::UserRecord,
    time::Timestamp,
    voucher::{
        Bypass, INVITATION_LIFETIME, Invitation, LONGEST_LIFETIME, LONGEST_REASON, MOST_USES, Place,
    },
};

use super::{account::Accounts, caller::Caller, effects::Effects};

/// An invitation that was made in a step, before the step is durable.
pub(super) struct Made {
    pub(super) id: String,
    pub(super) code: Option<String>,
    pub(super) until: Timestamp,
    pub(super) sent_to: Vec<String>,
}

impl Accounts {
    /// Makes an invitation, for who has no second factor. The one before is void.
    pub(super) async fn invite(
        &self,
        user: &User,
        caller: &Caller,
        options: &InvitationOptions,
    ) -> Result<Voucher> {
        let seconds = options.seconds.unwrap_or(INVITATION_LIFETIME.as_secs());
        let lifetime = lifetime(seconds)?;
        let print = options.print.unwrap_or_default();
        let by = self.name_of(caller).await;
        self.change(user, |record, world, effects| {
            if record.is_enrolled() {
                return Err(Error::AlreadyEnrolled(format!(
                    "{0} has a second factor already, and an invitation is for who has none. \
                     'twinlock reset {0}' takes it away and makes one.",
                    user.name
                )));
            }
            let made = make_invitation(record, world, effects, lifetime, print, &by);
            let cause = format!("invitation {} until {}", made.id, made.until);
            let event = AuditEvent::new(Happening::UserInvited, user.name.clone(), cause);
            effects.push(Self::by(caller, user, event));
            Ok(Voucher {
                user: user.name.clone(),
                id: made.id,
                code: made.code,
                until: made.until.as_secs(),
                sent_to: made.sent_to,
            })
        })
        .await
    }

    /// Issues a bypass code. The user is told that there is one; the code is for the caller alone.
    pub(super) async fn issue_bypass(
        &self,
        user: &User,
        caller: &Caller,
        options: &BypassOptions,
    ) -> Result<Voucher> {
        let lifetime = lifetime(options.seconds)?;
        let uses = uses(options.uses)?;
        let from = options.from.as_deref().map(place).transpose()?;
        let reason = reason(&options.reason)?;
        let by = self.name_of(caller).await;
        self.change(user, |record, world, effects| {
            let (code, salt) = world.fresh.printed_code();
            let bypass = Bypass {
                id: world.fresh.object_id(),
                code: code.hashed(salt, world.hashing),
                since: world.now,
                until: world.now.after(lifetime),
                uses_left: uses,
                from: from.clone(),
                reason: reason.clone(),
                by: by.clone(),
            };
            let subject =
                Subject::BypassIssued { until: bypass.until, uses, reason: reason.clone() };
            let to = reachable(record, world);
            let voucher = Voucher {
                user: user.name.clone(),
                id: bypass.id.clone(),
                code: Some(code.shown().to_string()),
                until: bypass.until.as_secs(),
                sent_to: to.iter().map(Recipient::masked).collect(),
            };
            let event = AuditEvent::new(Happening::BypassIssued, user.name.clone(), told(&bypass));
            effects.push(Self::by(caller, user, event));
            effects.notify(notice(record, to, subject, &by, world.now));
            record.issue_bypass(bypass, world.now);
            Ok(voucher)
        })
        .await
    }

    /// What the user is told of an administrator who did something: their name, where there is one.
    pub(super) async fn name_of(&self, caller: &Caller) -> String {
        if caller.is_root() {
            return "root".to_owned();
        }
        match self.engine.find_uid(caller.uid).await {
            Ok(Some(user)) => user.name,
            Ok(None) | Err(_) => format!("uid {}", caller.uid),
        }
    }
}

/// Puts an invitation into a record: sent to the user where they can be reached, and else, or where
/// the caller wants it so, for the caller to pass on.
pub(super) fn make_invitation(
    record: &mut UserRecord,
    world: &World<'_>,
    effects: &mut Effects,
    lifetime: Duration,
    print: bool,
    by: &str,
) -> Made {
    let until = world.now.after(lifetime);
    let (invitation, code) = Invitation::new(until, world.fresh, world.hashing);
    let to = if print { Vec::new() } else { reachable(record, world) };
    let sent_to: Vec<_> = to.iter().map(Recipient::masked).collect();
    let shown = to.is_empty().then(|| code.shown().to_string());
    if !to.is_empty() {
        let code = SecretText::new(code.shown().to_string());
        let subject = Subject::Invitation { code, until };
        effects.notify(notice(record, to, subject, by, world.now));
    }
    let id = invitation.id.clone();
    record.invite(invitation);
    Made { id, code: shown, until, sent_to }
}

/// The contacts of a user to which this host can send something.
pub(super) fn reachable(record: &UserRecord, world: &World<'_>) -> Vec<Recipient> {
    let channels = world.settings.channels;
    let mut to = Recipient::all_of(&record.contacts);
    to.retain(|recipient| match recipient {
        Recipient::Email(_) => channels.email,
        Recipient::Mobile(_) => channels.mobile,
    });
    to
}

/// A message about what an administrator did on this host.
pub(super) fn notice(
    record: &UserRecord,
    to: Vec<Recipient>,
    subject: Subject,
    by: &str,
    now: Timestamp,
) -> Notice {
    Notice {
        by: Some(by.to_owned()),
        source: Some(Source::Local { requester: Some(by.to_owned()) }),
        ..Notice::new(to, subject, record.user.clone(), now)
    }
}

/// A bypass code in the log: all of it but the code.
fn told(bypass: &Bypass) -> String {
    let Bypass { id, until, uses_left, from, reason, .. } = bypass;
    let from = from.as_ref().map_or_else(|| "anywhere".to_owned(), Place::to_string);
    format!("bypass {id} until {until}, uses {uses_left}, from {from}: {reason}")
}

fn lifetime(seconds: u64) -> Result<Duration> {
    let lifetime = Duration::from_secs(seconds);
    if lifetime.is_zero() || lifetime > LONGEST_LIFETIME {
        return Err(Error::InvalidArgument(format!(
            "A code can be used for {} days at the most, and for a second at the least; \
             give a time between.",
            LONGEST_LIFETIME.as_secs() / 86_400
        )));
    }
    Ok(lifetime)
}

fn uses(uses: Option<u32>) -> Result<u32> {
    match uses.unwrap_or(1) {
        uses @ 1..=MOST_USES => Ok(uses),
        _ => Err(Error::InvalidArgument(format!(
            "A bypass code can be used between once and {MOST_USES} times; give such a number."
        ))),
    }
}

fn place(text: &str) -> Result<Place> {
    text.parse().map_err(|why| {
        let shown: String = text.chars().take(64).collect();
        Error::InvalidArgument(format!("A bypass code cannot be for {shown:?}: {why}."))
    })
}

/// A reason as it is kept: in a log, a mail and on a terminal it has to stay one line.
pub(super) fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST_REASON || text.chars().any(char::is_control) {
        return Err(Error::InvalidArgument(format!(
            "A reason is needed, of one line and {LONGEST_REASON} bytes at the most; give one."
        )));
    }
    Ok(text.to_owned())
}
