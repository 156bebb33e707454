//! What the service manager is told: sd_notify(3). Without one, nothing.

use sd_notify::NotifyState;

use crate::journal;

/// Up: the store is open and logins are served.
pub fn ready() {
    send(&[NotifyState::Ready]);
}

/// The configuration is being read again.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(_) => send(&[NotifyState::Reloading]),
    }
}

/// Going down.
pub fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// Tells the watchdog, at half its interval, that the daemon's tasks still run.
pub async fn keep_alive() {
    let Some(interval) = sd_notify::watchdog_enabled() else { return };
    loop {
        send(&[NotifyState::Watchdog]);
        tokio::time::sleep(interval / 2).await;
    }
}

fn send(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        journal::line(&format!("the service manager could not be told: {error}"));
    }
}
