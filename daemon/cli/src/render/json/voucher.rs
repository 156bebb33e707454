//! Invitations, bypass codes and resets as JSON.

use serde::Serialize;
use twinlock_bus_api::voucher::{BypassInfo, InvitationInfo, ResetRequestInfo};

use crate::client::{Issued, ResetEnd};
use crate::render::moment::rfc3339;

/// An invitation that can be used.
#[derive(Serialize)]
pub struct Invitation<'a> {
    id: &'a str,
    until: Option<String>,
}

impl<'a> From<&'a InvitationInfo> for Invitation<'a> {
    fn from(invitation: &'a InvitationInfo) -> Self {
        Self { id: &invitation.id, until: rfc3339(invitation.until) }
    }
}

/// A bypass code that can be used.
#[derive(Serialize)]
pub struct Bypass<'a> {
    id: &'a str,
    since: Option<String>,
    until: Option<String>,
    uses_left: u32,
    from: Option<&'a str>,
    reason: &'a str,
    by: &'a str,
}

impl<'a> From<&'a BypassInfo> for Bypass<'a> {
    fn from(bypass: &'a BypassInfo) -> Self {
        Self {
            id: &bypass.id,
            since: rfc3339(bypass.since),
            until: rfc3339(bypass.until),
            uses_left: bypass.uses_left,
            from: bypass.from.as_deref(),
            reason: &bypass.reason,
            by: &bypass.by,
        }
    }
}

/// A request for a reset that waits for an administrator.
#[derive(Serialize)]
pub struct ResetRequest<'a> {
    id: &'a str,
    user: &'a str,
    since: Option<String>,
    expires: Option<String>,
    source: &'a str,
    service: &'a str,
    reason: Option<&'a str>,
}

impl<'a> From<&'a ResetRequestInfo> for ResetRequest<'a> {
    fn from(request: &'a ResetRequestInfo) -> Self {
        Self {
            id: &request.id,
            user: &request.user,
            since: rfc3339(request.since),
            expires: rfc3339(request.expires),
            source: &request.source,
            service: &request.service,
            reason: request.reason.as_deref(),
        }
    }
}

/// An invitation or a bypass code, code included: the one time that it is shown.
#[derive(Serialize)]
pub struct Voucher<'a> {
    user: &'a str,
    id: &'a str,
    code: Option<&'a str>,
    until: Option<String>,
    sent_to: &'a [String],
}

impl<'a> From<&'a Issued> for Voucher<'a> {
    fn from(issued: &'a Issued) -> Self {
        Self {
            user: &issued.user,
            id: &issued.id,
            code: issued.code.as_ref().map(|code| code.expose()),
            until: rfc3339(issued.until),
            sent_to: &issued.sent_to,
        }
    }
}

/// How one user fared in a reset.
#[derive(Serialize)]
pub struct Reset<'a> {
    user: &'a str,
    done: bool,
    text: &'a str,
    invitation: Option<Voucher<'a>>,
}

impl<'a> From<&'a ResetEnd> for Reset<'a> {
    fn from(end: &'a ResetEnd) -> Self {
        let invitation = end.invitation.as_ref().map(Voucher::from);
        Self { user: &end.user, done: end.done, text: &end.text, invitation }
    }
}
