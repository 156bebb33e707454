//! Trusted hosts, for people.

use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::trusted_host::TrustedHostInfo;

use super::{Palette, View, count, moment::moment};
use crate::escape;

/// How one user fared when their trust was cleared.
pub struct Cleared {
    /// The name as it was given.
    pub user: String,
    /// How many hosts were trusted, or why they still are: one sentence.
    pub hosts: Result<u32, String>,
}

/// `203.0.113.7 with SHA256:… (id H00001)`.
pub fn named(host: &TrustedHostInfo) -> String {
    let known_by = match (&host.address, &host.key) {
        (Some(address), Some(key)) => {
            format!("{} with {}", escape::line(address), escape::line(key))
        }
        (Some(only), None) | (None, Some(only)) => escape::line(only),
        (None, None) => "nothing".to_owned(),
    };
    format!("{known_by} (id {})", escape::line(&host.id))
}

/// Each host with its times, narrow enough for a terminal of 80 columns.
pub fn blocks(hosts: &[TrustedHostInfo], view: &View) -> String {
    hosts
        .iter()
        .map(|host| {
            let used = host.last_used_at.map_or_else(|| "never".to_owned(), |at| moment(at, view));
            format!(
                "{}\n  since      {}\n  until      {}\n  last used  {used}\n",
                view.palette.heading(&named(host)),
                moment(host.since, view),
                moment(host.until, view),
            )
        })
        .collect()
}

/// What `trusted list` prints.
pub fn list(status: &UserStatus, view: &View) -> String {
    match status.trusted_hosts.as_deref() {
        None | Some([]) => {
            format!("{} trusts no host: every login asks.\n", escape::line(&status.user))
        }
        Some(hosts) => blocks(hosts, view),
    }
}

/// What is about to be cleared, of each user who trusts any host.
pub fn plan(statuses: &[UserStatus]) -> String {
    let lines = statuses.iter().filter_map(|status| {
        let hosts = status.trusted_hosts.as_deref().filter(|hosts| !hosts.is_empty())?;
        Some(format!("  {}: {}\n", escape::line(&status.user), hosts_of(hosts.len())))
    });
    let lines: String = lines.collect();
    match (statuses, lines.as_str()) {
        ([status], "") => format!("{} trusts no host.", escape::line(&status.user)),
        (_, "") => "None of these users trusts a host.".to_owned(),
        (_, lines) => format!(
            "This takes trust away from hosts, from which the next logins ask for a code:\n{}",
            lines.trim_end()
        ),
    }
}

/// One line for one user.
pub fn outcome(cleared: &Cleared, palette: Palette) -> String {
    let user = escape::line(&cleared.user);
    match &cleared.hosts {
        Ok(hosts) => format!("{user}: {} cleared.\n", hosts_of(*hosts as usize)),
        Err(why) => format!("{user}: {} {}\n", palette.bad("failed:"), escape::line(why)),
    }
}

/// The count at the end of several.
pub fn summary(all: &[Cleared]) -> String {
    let done: Vec<u32> =
        all.iter().filter_map(|cleared| cleared.hosts.as_ref().ok().copied()).collect();
    let hosts: u32 = done.iter().sum();
    format!(
        "{} of {}: {} cleared.\n",
        done.len(),
        count(all.len(), "user"),
        hosts_of(hosts as usize)
    )
}

fn hosts_of(number: usize) -> String {
    count(number, "trusted host")
}
