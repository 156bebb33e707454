//! Trusted hosts: shown, and trusted no longer.

use twinlock_bus_api::{
    error::{Error, Result},
    trusted_host::TrustedHostInfo,
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    login::User,
    record::UserRecord,
    time::Timestamp,
    trusted_host::TrustedHost,
};

use super::{account::Accounts, caller::Caller};

/// The longest id that a sentence shows, in characters.
const LONGEST_ID: usize = 16;

impl Accounts {
    /// Trusts one host no longer, or none where `host` is empty; returns how many there were. It
    /// only takes trust away, so that nobody is asked for a code.
    pub(super) async fn clear_trusted(
        &self,
        user: &User,
        caller: &Caller,
        host: &str,
    ) -> Result<u32> {
        self.change(user, |record, world, effects| {
            let (cleared, what) = if host.is_empty() {
                let held = held(record, world.now).count();
                if held == 0 && caller.uid == user.uid {
                    // Nobody can have something written at will.
                    return Ok(0);
                }
                // Also where there is none: a login that is under way shall not trust one.
                record.distrust();
                (held, format!("all hosts, {held} of them trusted"))
            } else {
                let found = held(record, world.now).find(|held| is(held, host)).cloned();
                let found = found.ok_or_else(|| no_such_host(user, host))?;
                record.clear_trusted(&found.id);
                (1, format!("host {} ({})", found.id, found.binding))
            };
            let event = AuditEvent::new(Happening::HostCleared, user.name.clone(), what);
            effects.push(Self::by(caller, user, event));
            Ok(u32::try_from(cleared).unwrap_or(u32::MAX))
        })
        .await
    }
}

/// The hosts that are trusted now, for those who look.
pub(super) fn trusted_hosts(record: &UserRecord, now: Timestamp) -> Vec<TrustedHostInfo> {
    held(record, now).map(info).collect()
}

fn held(record: &UserRecord, now: Timestamp) -> impl Iterator<Item = &TrustedHost> {
    record.trusted.iter().filter(move |host| now < host.until)
}

fn is(host: &TrustedHost, id: &str) -> bool {
    host.id.eq_ignore_ascii_case(id)
}

fn info(host: &TrustedHost) -> TrustedHostInfo {
    TrustedHostInfo {
        id: host.id.clone(),
        address: host.binding.shown_address(),
        key: host.binding.key.clone(),
        since: host.since.as_secs(),
        until: host.until.as_secs(),
        last_used_at: host.last_used_at.map(|time| time.as_secs()),
    }
}

fn no_such_host(user: &User, host: &str) -> Error {
    let host: String = host.chars().take(LONGEST_ID).collect();
    Error::NoSuchHost(format!(
        "{} trusts no host {host:?}; 'twinlock trusted list' shows them.",
        user.name
    ))
}
