//! Which modules check a first factor. What is not named here is none: a stack is refused rather than
//! taken for one that checks something.

use super::rule::Rule;

/// Modules that check who somebody is: a password, a key, a token.
const FIRST_FACTORS: [&str; 27] = [
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
    "pam_ecryptfs.so",
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

/// Whether a line checks a first factor.
pub fn is_first_factor(rule: &Rule) -> bool {
    FIRST_FACTORS.iter().any(|module| rule.names(module))
}
