//! The modules that are compared, each behind a PAM service of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::login::Login;
use crate::rig::artifacts;
use crate::rig::pam_stack::install;

/// A module under measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// Nothing but libpam.
    Permit,
    /// google-authenticator-libpam.
    Google,
    /// Twinlock.
    Twinlock,
}

impl Contender {
    /// All of them, in the order of the tables.
    pub const ALL: [Self; 3] = [Self::Permit, Self::Google, Self::Twinlock];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Permit => "pam_permit",
            Self::Google => "google-authenticator",
            Self::Twinlock => "Twinlock",
        }
    }

    /// Writes its PAM service. `secrets` is where google-authenticator keeps its files.
    pub fn install(self, secrets: &Path) {
        let lines = match self {
            Self::Permit => {
                vec!["auth required pam_permit.so".into(), "account required pam_permit.so".into()]
            }
            // As Twinlock does: root reads the secret, and the code echoes.
            Self::Google => vec![
                format!(
                    "auth required pam_google_authenticator.so user=root echo_verification_code \
                     secret={}/${{USER}}",
                    secrets.display()
                ),
                "account required pam_permit.so".into(),
            ],
            // The account phase has its ticket redeemed: a login pays for both.
            Self::Twinlock => ["auth", "account"]
                .map(|phase| format!("{phase} required {}", artifacts::shipped_module().display()))
                .into(),
        };
        install(self.service(), &lines);
    }

    /// A login of a user with this code.
    pub fn login(self, user: &str, code: &str) -> Login {
        let login = Login::new(self.service(), user);
        match self {
            Self::Permit => login,
            Self::Google | Self::Twinlock => login.answer(code),
        }
    }

    const fn service(self) -> &'static str {
        match self {
            Self::Permit => "bench-permit",
            Self::Google => "bench-google",
            Self::Twinlock => "bench-twinlock",
        }
    }
}

/// Gives google-authenticator a user's key, with the window and the promise that Twinlock has: one
/// step either side, and no code twice.
pub fn share_with_google(secrets: &Path, user: &str, secret: &str) {
    let file = secrets.join(user);
    let text = format!("{secret}\n\" WINDOW_SIZE 3\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n");
    fs::write(&file, text).expect("write a key of google-authenticator");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("close it to others");
}
