//! What is known of modules that other programs bring: what they are for, and what they may return.

use crate::pam_file::{MODULE, is_module};

/// What a module is for, as far as a second factor depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Twinlock's own.
    Twinlock,
    /// It asks for a first factor. A module that nobody knows is taken for one: where it ends a
    /// stack, somebody comes in by it.
    FirstFactor,
    /// It succeeds for root alone.
    Root,
    /// It asks nothing and says yes or no by who, where or when.
    Condition,
    /// It succeeds always.
    Permit,
    /// It fails always.
    Deny,
    /// It decides nothing about who somebody is.
    Other,
}

const CONDITIONS: &[&str] = &[
    "pam_access.so",
    "pam_debug.so",
    "pam_exec.so",
    "pam_ftp.so",
    "pam_listfile.so",
    "pam_localuser.so",
    "pam_python.so",
    "pam_rhosts.so",
    "pam_script.so",
    "pam_securetty.so",
    "pam_shells.so",
    "pam_succeed_if.so",
    "pam_time.so",
    "pam_usertype.so",
    "pam_wheel.so",
];

const OTHERS: &[&str] = &[
    "pam_apparmor.so",
    "pam_canonicalize_user.so",
    "pam_cap.so",
    "pam_ck_connector.so",
    "pam_echo.so",
    "pam_ecryptfs.so",
    "pam_env.so",
    "pam_faildelay.so",
    "pam_faillock.so",
    "pam_fscrypt.so",
    "pam_gnome_keyring.so",
    "pam_google_authenticator.so",
    "pam_group.so",
    "pam_issue.so",
    "pam_keyinit.so",
    "pam_kwallet5.so",
    "pam_lastlog.so",
    "pam_lastlog2.so",
    "pam_limits.so",
    "pam_loginuid.so",
    "pam_mail.so",
    "pam_mkhomedir.so",
    "pam_motd.so",
    "pam_mount.so",
    "pam_namespace.so",
    "pam_nologin.so",
    "pam_oath.so",
    "pam_oddjob_mkhomedir.so",
    "pam_selinux.so",
    "pam_sepermit.so",
    "pam_setquota.so",
    "pam_systemd.so",
    "pam_tally.so",
    "pam_tally2.so",
    "pam_timestamp.so",
    "pam_tty_audit.so",
    "pam_umask.so",
    "pam_warn.so",
    "pam_xauth.so",
];

/// What the module of this name or path is for.
pub(super) fn role(target: &str) -> Role {
    let is = |name: &&str| is_module(target, name);
    match () {
        () if is(&MODULE) => Role::Twinlock,
        () if is(&"pam_rootok.so") => Role::Root,
        () if is(&"pam_permit.so") => Role::Permit,
        () if is(&"pam_deny.so") => Role::Deny,
        () if CONDITIONS.iter().any(is) => Role::Condition,
        () if OTHERS.iter().any(is) => Role::Other,
        () => Role::FirstFactor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_its_file_name_and_an_unknown_one_lets_people_in() {
        assert_eq!(role("/usr/lib/security/pam_twinlock.so"), Role::Twinlock);
        assert_eq!(role("pam_unix.so"), Role::FirstFactor);
        assert_eq!(role("pam_of_somebody.so"), Role::FirstFactor);
        assert_eq!(role("pam_succeed_if.so"), Role::Condition);
        assert_eq!(role("pam_env.so"), Role::Other);
    }
}
