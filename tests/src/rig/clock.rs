//! A time of day for the daemon alone, by libfaketime: the machine's clock belongs to everybody.

use std::fs;
use std::process::Command;
use std::time::Duration;

/// How long an hour takes by [`Clock::racing`].
pub const HOUR_OF_A_RACING_CLOCK: Duration = Duration::from_millis(3600);

/// A time of day that goes on from where it is set; the steady clock stays as it is but for
/// [`Clock::racing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// What libfaketime takes.
    setting: String,
    /// Whether the steady clock goes with it.
    is_steady: bool,
}

impl Clock {
    /// The machine's clock and so many days.
    pub fn days_ahead(days: u32) -> Self {
        Self::steady(format!("+{days}d"))
    }

    /// The machine's clock, so many days ago.
    pub fn days_ago(days: u32) -> Self {
        Self::steady(format!("-{days}d"))
    }

    /// The machine's clock and so many minutes.
    pub fn minutes_ahead(minutes: u32) -> Self {
        Self::steady(format!("+{minutes}m"))
    }

    /// What a host without a battery has when it boots.
    pub fn of_1970() -> Self {
        Self::steady("@1970-01-01 00:00:10".to_owned())
    }

    /// The machine's clock and so many days, from where time goes by a thousand times as fast; the
    /// steady clock too. For what comes by itself: whoever is waited for is late.
    pub fn racing(days: u32) -> Self {
        Self { setting: format!("+{days}d x1000"), is_steady: false }
    }

    const fn steady(setting: String) -> Self {
        Self { setting, is_steady: true }
    }

    /// Has a program live by this clock.
    pub(super) fn set(&self, command: &mut Command) {
        command.env("LD_PRELOAD", library()).env("FAKETIME", &self.setting).env("TZ", "UTC");
        if self.is_steady {
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
    }
}

/// The library, in the directory of this machine's architecture.
fn library() -> String {
    let name = "faketime/libfaketimeMT.so.1";
    let directories = fs::read_dir("/usr/lib").expect("list /usr/lib").map_while(Result::ok);
    directories
        .map(|directory| directory.path().join(name))
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("no {name} under /usr/lib: install the package libfaketime"))
        .to_string_lossy()
        .into_owned()
}
