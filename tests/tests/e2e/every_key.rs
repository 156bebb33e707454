//! Each key of the configuration has a test that fails when the key has no effect.

use std::collections::BTreeSet;
use std::fs;

use twinlock_config::schema;
use twinlock_tests::rig::artifacts::workspace;

const HERE: &str = "tests/tests/e2e";

/// A key, the file with its test, and the test.
#[rustfmt::skip]
const EFFECTS: [(&str, &str, &str); 56] = [
    (".version", "config/tests/layers.rs", "a_file_of_another_version_is_not_read_as_one_of_this"),
    (".level", "tests/tests/e2e/policy_command.rs", "the_switch_of_one_user_goes_over_profile_and_level_and_is_logged"),
    (".mode", "tests/tests/e2e/policy_observe.rs", "nobody_is_asked_or_refused_and_the_log_says_what_would_have_been"),
    (".account_services", "tests/tests/e2e/policy_first_factor.rs", "only_account_services_demand_a_ticket_in_the_account_phase"),
    ("network.allow", "tests/tests/e2e/policy_networks.rs", "with_an_allow_list_everyone_else_is_refused"),
    ("network.deny", "tests/tests/e2e/policy_networks.rs", "a_denied_network_is_refused_before_any_prompt"),
    ("network.exempt", "tests/tests/e2e/policy_first_factor.rs", "a_key_alone_is_refused_from_everywhere_but_an_exempt_network"),
    ("profile.name", "tests/tests/e2e/policy_command.rs", "an_explanation_names_the_profile_and_its_line_and_the_login_does_as_it_says"),
    ("profile.services", "tests/tests/e2e/settings_policy.rs", "a_profile_is_for_its_services_and_networks"),
    ("profile.users", "tests/tests/e2e/policy_first_factor.rs", "a_service_account_comes_in_by_key_alone_and_by_nothing_less_than_a_code_otherwise"),
    ("profile.groups", "tests/tests/e2e/policy_nss.rs", "a_supplementary_group_counts_from_the_next_login_on"),
    ("profile.networks", "tests/tests/e2e/settings_policy.rs", "a_profile_is_for_its_services_and_networks"),
    ("profile.first_factor", "tests/tests/e2e/policy_first_factor.rs", "a_profile_for_keys_does_not_match_a_login_that_also_used_a_password"),
    ("profile.level", "tests/tests/e2e/policy_nss.rs", "a_supplementary_group_counts_from_the_next_login_on"),
    ("profile.mfa", "tests/tests/e2e/policy_first_factor.rs", "a_service_account_comes_in_by_key_alone_and_by_nothing_less_than_a_code_otherwise"),
    ("profile.methods", "tests/tests/e2e/settings_policy.rs", "methods_that_do_not_count_are_not_asked_for"),
    ("profile.remember", "tests/tests/e2e/settings_policy.rs", "how_long_a_host_is_trusted_comes_from_profile_and_level"),
    ("profile.enforce_from", "tests/tests/e2e/policy_dates.rs", "a_date_in_the_file_switches_at_a_reload"),
    ("profile.grace", "tests/tests/e2e/policy_dates.rs", "grace_begins_with_the_first_login_and_ends"),
    ("profile.enrol", "tests/tests/e2e/ssh_login.rs", "a_user_whom_only_an_administrator_enrols_is_refused_without_a_factor"),
    ("levels.mfa", "tests/tests/e2e/settings_policy.rs", "a_level_is_what_the_file_makes_of_it"),
    ("levels.methods", "tests/tests/e2e/settings_policy.rs", "methods_that_do_not_count_are_not_asked_for"),
    ("levels.remember", "tests/tests/e2e/settings_policy.rs", "how_long_a_host_is_trusted_comes_from_profile_and_level"),
    ("levels.enrol", "tests/tests/e2e/settings_policy.rs", "a_level_is_what_the_file_makes_of_it"),
    ("totp.window", "tests/tests/e2e/settings_daemon.rs", "the_window_says_how_early_or_late_a_code_may_be"),
    ("totp.issuer", "tests/tests/e2e/settings_daemon.rs", "the_issuer_stands_in_what_the_app_is_given"),
    ("lockout.attempts", "tests/tests/e2e/bad_settings.rs", "a_daemon_that_is_told_to_read_a_bad_file_keeps_the_old_one"),
    ("lockout.delay", "tests/tests/e2e/settings_daemon.rs", "waits_begin_at_the_delay_and_double_up_to_the_longest"),
    ("lockout.max_delay", "tests/tests/e2e/settings_daemon.rs", "waits_begin_at_the_delay_and_double_up_to_the_longest"),
    ("lockout.hard_limit", "tests/tests/e2e/settings_daemon.rs", "at_the_hard_limit_a_right_code_is_taken_no_longer"),
    ("one_time_code.lifetime", "tests/tests/e2e/one_time_codes.rs", "how_long_codes_live_and_how_often_they_are_sent_is_what_the_file_says"),
    ("one_time_code.resend_after", "tests/tests/e2e/one_time_codes.rs", "how_long_codes_live_and_how_often_they_are_sent_is_what_the_file_says"),
    ("one_time_code.per_day", "tests/tests/e2e/one_time_codes.rs", "how_long_codes_live_and_how_often_they_are_sent_is_what_the_file_says"),
    ("remember.bind", "tests/tests/e2e/trusted_hosts.rs", "what_is_bound_and_how_many_hosts_are_kept_is_what_the_file_says"),
    ("remember.limit", "tests/tests/e2e/trusted_hosts.rs", "what_is_bound_and_how_many_hosts_are_kept_is_what_the_file_says"),
    ("remember.session", "tests/tests/e2e/login_sessions.rs", "sudo_asks_for_no_second_code_in_a_session_that_gave_one_where_the_file_says_so"),
    ("reset.enrol", "tests/tests/e2e/resets.rs", "a_reset_that_leaves_the_enrolment_to_the_login_asks_for_no_invitation"),
    ("email.server", "tests/tests/post/smtp.rs", "a_code_arrives_over_starttls_with_the_user_and_the_password"),
    ("email.from", "tests/tests/post/smtp.rs", "a_code_arrives_over_starttls_with_the_user_and_the_password"),
    ("email.password_file", "tests/tests/post/smtp.rs", "a_wrong_password_is_told_and_not_tried_again"),
    ("email.ca_file", "tests/tests/post/smtp.rs", "a_private_authority_is_not_trusted_without_ca_file"),
    ("email.reminder", "tests/tests/e2e/reminders.rs", "who_is_not_enrolled_gets_one_e_mail_before_the_date_and_another_when_it_moves"),
    ("sms.url", "tests/tests/post/gateway.rs", "number_and_text_arrive_percent_encoded"),
    ("sms.method", "tests/tests/post/gateway.rs", "a_body_is_written_as_its_content_type_says_and_the_password_stands_in_a_header"),
    ("sms.headers", "tests/tests/post/gateway.rs", "a_body_is_written_as_its_content_type_says_and_the_password_stands_in_a_header"),
    ("sms.body", "tests/tests/post/gateway.rs", "a_body_is_written_as_its_content_type_says_and_the_password_stands_in_a_header"),
    ("sms.password_file", "tests/tests/post/gateway.rs", "a_body_is_written_as_its_content_type_says_and_the_password_stands_in_a_header"),
    ("sms.ca_file", "tests/tests/post/gateway.rs", "a_gateway_is_asked_over_tls_by_a_certificate_that_is_trusted_and_by_no_other"),
    ("sms.command", "daemon/service/src/post/tests.rs", "a_command_gets_number_and_text_as_whole_arguments_and_an_empty_environment"),
    ("store.backend", "config/tests/shipped.rs", "every_key_changes_the_configuration"),
    ("store.path", "tests/tests/e2e/settings_daemon.rs", "the_store_and_its_key_lie_where_the_file_says"),
    ("store.key_file", "tests/tests/e2e/settings_daemon.rs", "the_store_and_its_key_lie_where_the_file_says"),
    ("login.socket", "tests/tests/e2e/settings_daemon.rs", "the_login_socket_is_where_the_file_says"),
    ("bus.address", "tests/tests/e2e/settings_daemon.rs", "the_bus_is_where_the_file_says"),
    ("audit.syslog", "tests/tests/e2e/settings_daemon.rs", "the_log_is_written_to_the_socket_that_the_file_names"),
    ("audit.keep", "tests/tests/e2e/settings_daemon.rs", "events_are_kept_for_as_long_as_the_file_says"),
];

#[test]
fn every_key_of_the_schema_has_a_test_of_its_effect() {
    let mut untested: BTreeSet<String> = schema()
        .iter()
        .flat_map(|section| section.keys.iter().map(|key| format!("{}.{}", section.name, key.name)))
        .collect();
    for (key, file, test) in EFFECTS {
        assert!(untested.remove(key), "{key} is no key, or stands here twice");
        let source = fs::read_to_string(workspace().join(file)).expect(file);
        let declared = source.split(&format!("fn {test}(")).count() == 2;
        assert!(declared, "{file} has no test {test}, which is to show {key}");
        if let Some(module) = file.strip_prefix(HERE) {
            let module = module.trim_start_matches('/').trim_end_matches(".rs");
            let main = fs::read_to_string(workspace().join(HERE).join("main.rs")).expect("main.rs");
            assert!(main.contains(&format!("mod {module};")), "{module} is not run");
        }
    }
    assert_eq!(untested, BTreeSet::new(), "keys without a test of their effect");
}
