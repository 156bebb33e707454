//! What happened, for administrators: the audit trail by filter, and by reference.

use twinlock_bus_api::{
    error::{Error, Result},
    history::{DamagedDay, LOG_LIMIT, LogEvent, LogFilter},
};
use twinlock_core::{
    audit::{AuditRecord, Explanation, explain},
    reference::REFERENCE_BYTES,
    time::Timestamp,
};

use super::{account::Accounts, errors};
use crate::audit_trail::{Damaged, Filter, FoundLogin, Page};

impl Accounts {
    /// Events in order, where to go on, whether there may be more by now, and what of the days that
    /// were looked at cannot be read.
    pub(super) async fn log(
        &self,
        wanted: LogFilter,
    ) -> Result<(Vec<LogEvent>, String, bool, Vec<DamagedDay>)> {
        let limit = wanted.limit.unwrap_or(LOG_LIMIT).clamp(1, LOG_LIMIT);
        let filter = filter(wanted)?;
        let history = self.engine.history().await;
        let page = history.page(&filter, usize::try_from(limit).unwrap_or(usize::MAX)).await;
        let Page { events, next, is_cut, damaged } =
            page.map_err(|error| errors::trouble(&self.engine, "", &error.into()))?;
        let events = events.into_iter().map(|(_, record)| event(record)).collect();
        let next = next.map(|next| next.to_string()).unwrap_or_default();
        Ok((events, next, is_cut, days(damaged)))
    }

    /// The login of the latest event with this reference, explained, empty if there is none; and
    /// what cannot be read of the days on which it may be.
    pub(super) async fn find(&self, reference: &str) -> Result<(Vec<LogEvent>, Vec<DamagedDay>)> {
        let reference = canonical(reference)?;
        let found = self.engine.history().await.login_of(&reference).await;
        let FoundLogin { records, damaged } =
            found.map_err(|error| errors::trouble(&self.engine, "", &error.into()))?;
        let events = records.into_iter().map(|record| explained(record, &reference)).collect();
        Ok((events, days(damaged)))
    }
}

fn days(damaged: Damaged) -> Vec<DamagedDay> {
    let day = |(day, blocks): (_, u32)| DamagedDay { day: ToString::to_string(&day), blocks };
    damaged.0.into_iter().map(day).collect()
}

fn filter(wanted: LogFilter) -> Result<Filter> {
    let LogFilter { user, event, since, until, after, limit: _ } = wanted;
    let after = after.filter(|after| !after.is_empty()).map(|after| {
        after.parse().map_err(|()| {
            Error::InvalidArgument(
                "\"after\" is no place that Log has given; give one that is, or none.".to_owned(),
            )
        })
    });
    Ok(Filter {
        user,
        event,
        since: since.map(Timestamp::from_secs),
        until: until.map(Timestamp::from_secs),
        after: after.transpose()?,
    })
}

/// A reference as it is stored. It was read aloud and typed: case, spaces and hyphens do not
/// matter, and look-alikes are what they look like (Crockford's base 32).
fn canonical(typed: &str) -> Result<String> {
    let none = || {
        Error::InvalidArgument(format!(
            "A reference has {REFERENCE_BYTES} letters and digits, as in 7F3KQ2; check it."
        ))
    };
    let characters = typed.chars().filter(|c| !matches!(c, ' ' | '-'));
    let reference: Option<String> = characters
        .map(|character| match character.to_ascii_uppercase() {
            'O' => Some('0'),
            'I' | 'L' => Some('1'),
            'U' => None,
            other => other.is_ascii_alphanumeric().then_some(other),
        })
        .take(REFERENCE_BYTES + 1)
        .collect();
    reference.filter(|reference| reference.len() == REFERENCE_BYTES).ok_or_else(none)
}

fn explained(record: AuditRecord, reference: &str) -> LogEvent {
    let Explanation { meaning, advice } = explain(&record);
    LogEvent {
        is_named: Some(record.reference.as_deref() == Some(reference)),
        line: Some(record.to_string()),
        meaning: Some(meaning),
        advice: Some(advice),
        ..event(record)
    }
}

fn event(record: AuditRecord) -> LogEvent {
    let AuditRecord { at, event, user, by, service, source, requester, tty, cause, reference } =
        record;
    LogEvent {
        at: at.as_secs(),
        event,
        user,
        by,
        service,
        source,
        requester,
        tty,
        cause,
        reference,
        is_named: None,
        line: None,
        meaning: None,
        advice: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_found_however_it_was_typed() {
        for typed in ["7F3KQ2", "7f3kq2", "7f3-kq2", " 7F3 KQ2 "] {
            assert_eq!(canonical(typed).unwrap(), "7F3KQ2");
        }
        assert_eq!(canonical("OIL0lo").unwrap(), "011010");
        let long = "7".repeat(10_000_000);
        for wrong in ["", "7F3KQ", "7F3KQ22", "7F3KQU", "7F3KQ\"", "7F3KQä", &long] {
            assert!(matches!(canonical(wrong), Err(Error::InvalidArgument(_))), "{wrong:.10}");
        }
    }

    #[test]
    fn a_place_that_was_never_given_is_refused() {
        let wanted =
            |after: &str| LogFilter { after: Some(after.to_owned()), ..LogFilter::default() };
        assert!(matches!(filter(wanted("user/alice/1")), Err(Error::InvalidArgument(_))));
        assert_eq!(filter(wanted("")).unwrap(), Filter::default());
        assert!(filter(wanted("2026-11-21/120000-000001-7F3KQ2/3")).unwrap().after.is_some());
    }
}
