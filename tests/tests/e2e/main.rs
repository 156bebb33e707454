//! Behaviour of the whole: one binary, so that it is linked once; one behaviour a module.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "this is all test code, and it measures time"
)]

mod administration;
mod authority;
mod backup;
mod bad_codes;
mod bad_names;
mod bad_settings;
mod clients;
mod crash;
mod damaged_log;
mod damaged_record;
mod dialogues;
mod doctor;
mod enrolment;
mod every_key;
mod fail2ban;
mod failures;
mod full_disk;
mod history;
mod import;
mod installed;
mod invitations;
mod leaks;
mod login_sessions;
mod memory;
mod one_time_codes;
mod outages;
mod own_word;
mod pam_command;
mod password_change;
mod policy_clock;
mod policy_command;
mod policy_dates;
mod policy_first_factor;
mod policy_networks;
mod policy_nss;
mod policy_observe;
mod polkit;
mod races;
mod reminders;
mod report;
mod resets;
mod restored;
mod rig_self_test;
mod secrecy;
mod session_news;
mod settings_daemon;
mod settings_policy;
mod ssh_login;
mod sshd_password;
mod strangers;
mod su_sudo_login;
mod templates;
mod trusted_hosts;
