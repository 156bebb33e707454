//! What is known of modules that other programs bring: what they are for, and what they may return.

use crate::{MODULE, is_module, rule::Rule};

/// What a module is for, as far as a second factor depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Twinlock's own.
    Twinlock,
    /// It checks who somebody is: a password, a key, a token.
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

const FIRST_FACTORS: &[&str] = &[
    "pam_unix.so",
    "pam_unix2.so",
    "pam_unix_auth.so",
    "pam_pwdb.so",
    "pam_tcb.so",
    "pam_sss.so",
    "pam_sss_gss.so",
    "pam_ldap.so",
    "pam_krb5.so",
    "pam_winbind.so",
    "pam_lsass.so",
    "pam_radius_auth.so",
    "pam_tacplus.so",
    "pam_systemd_home.so",
    "pam_userdb.so",
    "pam_pwdfile.so",
    "pam_mysql.so",
    "pam_pgsql.so",
    "pam_himmelblau.so",
    "pam_kanidm.so",
    "pam_aad.so",
    "pam_authd.so",
    "pam_pkcs11.so",
    "pam_u2f.so",
    "pam_fprintd.so",
    "pam_ssh_agent_auth.so",
];

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

/// What the module of this name or path is for. `unknown` is what a module that nobody knows is taken
/// for, by whoever asks: a first factor where it must not let in by itself, nothing where something
/// is to rest upon it.
pub fn role(target: &str, unknown: Role) -> Role {
    let is = |name: &&str| is_module(target, name);
    match () {
        () if is(&MODULE) => Role::Twinlock,
        () if is(&"pam_rootok.so") => Role::Root,
        () if is(&"pam_permit.so") => Role::Permit,
        () if is(&"pam_deny.so") => Role::Deny,
        () if FIRST_FACTORS.iter().any(is) => Role::FirstFactor,
        () if CONDITIONS.iter().any(is) => Role::Condition,
        () if OTHERS.iter().any(is) => Role::Other,
        () => unknown,
    }
}

/// Whether a line is known to check a first factor.
pub fn is_first_factor(rule: &Rule) -> bool {
    role(&rule.target, Role::Other) == Role::FirstFactor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_known_by_its_file_name() {
        let known = |target| role(target, Role::Other);
        assert_eq!(known("/usr/lib/security/pam_twinlock.so"), Role::Twinlock);
        assert_eq!(known("pam_unix.so"), Role::FirstFactor);
        assert_eq!(known("pam_succeed_if.so"), Role::Condition);
        assert_eq!(known("pam_env.so"), Role::Other);
        assert_eq!(known("pam_permit.so.bak"), Role::Other);
    }

    #[test]
    fn a_module_that_nobody_knows_is_what_it_is_taken_for() {
        for taken in [Role::FirstFactor, Role::Other] {
            assert_eq!(role("pam_of_somebody.so", taken), taken);
        }
    }
}
