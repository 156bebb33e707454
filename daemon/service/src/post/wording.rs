//! What a message says: its values, for the templates.

use std::{borrow::Cow, sync::Arc, time::Duration};

use twinlock_config::{
    duration,
    templates::{Letter, RenderError, Rendered, Templates, Values},
};
use twinlock_core::{
    login::Source,
    notice::{Notice, Subject},
};
use zeroize::Zeroizing;

use crate::journal;

/// Words messages for one host.
#[derive(Clone)]
pub(super) struct Wording {
    templates: Arc<Templates>,
    host: String,
}

impl Wording {
    pub fn new(templates: Templates, host: String) -> Self {
        Self { templates: Arc::new(templates), host }
    }

    /// The e-mail that says it.
    pub fn letter(&self, notice: &Notice) -> Result<Letter, RenderError> {
        let values = values(notice, &self.host);
        self.templates.letter(notice.subject.template(), &values).map(told)
    }

    /// The text message that says it.
    pub fn sms(&self, notice: &Notice) -> Result<Zeroizing<String>, RenderError> {
        let values = values(notice, &self.host);
        self.templates.sms(notice.subject.template(), &values).map(told)
    }
}

fn told<T>(rendered: Rendered<T>) -> T {
    if let Some(fault) = rendered.fault {
        journal::line(&format!("a template failed, and the shipped one was used: {fault}"));
    }
    rendered.message
}

/// Every variable that the message has; one that does not apply is empty.
fn values(notice: &Notice, host: &str) -> Values {
    let owned = match &notice.subject {
        Subject::OneTimeCode { code, lifetime } | Subject::ContactProof { code, lifetime } => {
            vec![("code", code.reveal().into()), ("lifetime", in_words(*lifetime).into())]
        }
        Subject::FactorEnrolled { label } | Subject::FactorRemoved { label } => {
            vec![("label", Cow::from(label))]
        }
        Subject::HostTrusted { host, until } => {
            vec![("trusted", host.into()), ("until", until.to_minute().into())]
        }
        Subject::ContactChanged { what, old, new } => vec![
            ("what", (*what).into()),
            ("old", old.as_deref().unwrap_or_default().into()),
            ("new", new.as_deref().unwrap_or_default().into()),
        ],
        Subject::RecoveryCodeUsed { left } => vec![("left", left.to_string().into())],
        Subject::RecoveryCodesRenewed | Subject::BypassUsed | Subject::Reset => Vec::new(),
        Subject::BypassIssued { until, uses, reason } => vec![
            ("until", until.to_minute().into()),
            ("uses", times(*uses).into()),
            ("reason", reason.into()),
        ],
        Subject::ResetRequested { id, expires, reason } => vec![
            ("request", id.into()),
            ("until", expires.to_minute().into()),
            ("reason", reason.as_deref().unwrap_or_default().into()),
        ],
        Subject::ResetRefused { id } => vec![("request", id.into())],
        Subject::Invitation { code, until } => {
            vec![("code", code.reveal().into()), ("until", until.to_minute().into())]
        }
        Subject::Switched { on } => vec![("state", if *on { "on" } else { "off" }.into())],
        Subject::Reminder { from } => vec![("from", from.to_minute().into())],
    };
    let mut values: Values =
        owned.into_iter().map(|(name, value)| (name, Zeroizing::new(value.into_owned()))).collect();
    let common = [
        ("user", notice.user.clone()),
        ("host", host.to_owned()),
        ("time", notice.at.to_minute()),
        ("source", notice.source.as_ref().map(place).unwrap_or_default()),
        ("service", notice.service.clone().unwrap_or_default()),
        ("by", notice.by.clone().unwrap_or_default()),
        ("reference", notice.reference.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    values.extend(common.map(|(name, value)| (name, Zeroizing::new(value))));
    values
}

fn place(source: &Source) -> String {
    match source {
        Source::Address(address) => address.to_string(),
        Source::Local { requester: Some(user) } if !user.is_empty() => {
            format!("this host, asked for by {user}")
        }
        Source::Local { .. } => "this host".to_owned(),
        Source::Unknown => "an unknown address".to_owned(),
    }
}

fn times(uses: u32) -> String {
    if uses == 1 { "once".to_owned() } else { format!("{uses} times") }
}

fn in_words(length: Duration) -> String {
    duration::display(length)
}

/// Whether the values of a message are those that its template may use.
#[cfg(test)]
pub(super) fn check(notice: &Notice) {
    use twinlock_config::templates::{COMMON, MESSAGES};

    let name = notice.subject.template();
    let message = MESSAGES.iter().find(|message| message.name == name).expect(name);
    let known: std::collections::BTreeSet<_> =
        COMMON.iter().chain(message.variables).copied().collect();
    let given = values(notice, "web1").keys().copied().collect();
    assert_eq!(known, given, "{name}");
}
