//! Requests for a reset, for people.

use twinlock_bus_api::voucher::ResetRequestInfo;

use super::moment::{date, moment};
use super::{View, table::table};
use crate::escape;

/// What `reset request` prints.
pub fn noted(request: &ResetRequestInfo, view: &View) -> String {
    format!(
        "Request {} waits for an administrator until {}. Your second factors stay as they are until \
         then; 'twinlock reset request --cancel' takes it back.\n",
        escape::line(&request.id),
        date(request.expires, view)
    )
}

/// What `reset list` prints.
pub fn list(waiting: &[ResetRequestInfo], view: &View) -> String {
    if waiting.is_empty() {
        return "Nobody waits for a reset.\n".to_owned();
    }
    let rows: Vec<[String; 6]> = waiting
        .iter()
        .map(|request| {
            [
                escape::line(&request.id),
                escape::line(&request.user),
                moment(request.since, view),
                escape::line(&request.source),
                escape::line(&request.service),
                request.reason.as_deref().map_or_else(|| "-".to_owned(), escape::line),
            ]
        })
        .collect();
    let heading = ["ID", "USER", "ASKED", "FROM", "THROUGH", "REASON"];
    table(heading, &rows, view.palette, |_, cell| cell.to_owned())
}

/// Who asked for what is about to be done; lines that end.
pub fn occasion(request: &ResetRequestInfo, view: &View) -> String {
    let user = escape::line(&request.user);
    let reason = request.reason.as_deref().map_or_else(|| "none given".to_owned(), escape::line);
    format!(
        "{user} asked {} from {} through {}; the reason: {reason}.\nMake sure that it is {user} \
         who asks: whoever knows the password can ask.\n",
        moment(request.since, view),
        escape::line(&request.source),
        escape::line(&request.service),
    )
}

/// What `status` says of one's own request.
pub fn standing(request: &ResetRequestInfo, view: &View) -> String {
    format!(
        "A reset was asked for {} (request {}, from {}); it lapses {}.\n",
        moment(request.since, view),
        escape::line(&request.id),
        escape::line(&request.source),
        moment(request.expires, view)
    )
}
