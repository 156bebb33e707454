//! The users of the rigs' daemon.

use std::collections::BTreeMap;

use twinlock_bus_api::account::{EnrolledFactor, FactorInfo, UserStatus};

use super::daemon::{NOW, THEN};

const DAY: u64 = 86_400;

/// The midnight of UTC after which a second factor is required: 2027-01-01.
const DATE: u64 = 1_798_761_600;

/// A factor that was enrolled then.
pub fn factor(id: &str, label: &str) -> FactorInfo {
    FactorInfo {
        id: id.to_owned(),
        method: "totp".to_owned(),
        label: label.to_owned(),
        enrolled_at: THEN,
        last_used_at: None,
    }
}

/// The recovery codes of everybody.
pub const RECOVERY: [&str; 3] =
    ["7F3K-Q2M8-1040-G201", "7F3K-Q2M8-1040-G202", "7F3K-Q2M8-1040-G203"];

/// The factor as it was just enrolled, with recovery codes where it is the first.
pub fn enrolled(factor: &FactorInfo, is_first: bool) -> EnrolledFactor {
    EnrolledFactor {
        id: factor.id.clone(),
        method: factor.method.clone(),
        label: factor.label.clone(),
        enrolled_at: factor.enrolled_at,
        last_used_at: factor.last_used_at,
        recovery_codes: is_first.then(|| RECOVERY.map(str::to_owned).to_vec()),
    }
}

/// Who has a record: alice has two factors, bob none, carol must wait, dave is another dave, ivan
/// is switched off, nina has no app, root has a factor.
pub fn users() -> BTreeMap<String, UserStatus> {
    let mut used = factor("a7", "phone");
    used.last_used_at = Some(THEN);
    by_name([
        UserStatus {
            factors: vec![used, factor("b3", "spare \u{202e}phone\u{1b}[2J")],
            ..user("alice", 1000, "enrolled")
        },
        UserStatus { enrolment: word("at-login"), ..user("bob", 1001, "pending") },
        UserStatus {
            factors: vec![factor("c1", "")],
            failures: 100,
            stopped: true,
            waits: vec![("203.0.113.9".to_owned(), NOW + 40), ("203.0.113.8".to_owned(), THEN)],
            ..user("carol", 1002, "locked")
        },
        UserStatus { second_factor: None, ..user("dave", 1003, "mismatch") },
        UserStatus {
            factors: vec![factor("i1", "watch")],
            switch: Some(false),
            second_factor: word("off"),
            ..user("ivan", 1006, "enrolled")
        },
        super::own::nina(),
        UserStatus {
            factors: vec![factor("r1", "key ring")],
            ..user("root", rustix::process::getuid().as_raw(), "enrolled")
        },
        UserStatus {
            enrolment: word("at-will"),
            second_factor: word("voluntary"),
            ..user("slow", 1005, "unenrolled")
        },
    ])
}

/// Who has none, each before another deadline; of one the record cannot be read.
pub fn strangers() -> BTreeMap<String, UserStatus> {
    by_name([
        UserStatus {
            enrolment: word("at-login"),
            required_from: Some(DATE),
            deadline: Some(DATE + 14 * DAY),
            ..user("erin", 1010, "pending")
        },
        UserStatus {
            enrolment: word("invitation"),
            deadline: Some(NOW + 5 * DAY),
            ..user("frank", 1011, "pending")
        },
        UserStatus {
            enrolment: word("admin"),
            grace: Some(14 * DAY),
            ..user("grace", 1012, "pending")
        },
        UserStatus {
            enrolment: word("at-will"),
            second_factor: word("enrolled"),
            mode: word("observe"),
            ..user("heidi", 1013, "unenrolled")
        },
        UserStatus {
            enrolment: word("at-login"),
            switch: Some(true),
            ..user("judy", 1014, "pending")
        },
        UserStatus {
            enrolment: word("at-login"),
            switch: Some(false),
            second_factor: word("off"),
            ..user("karl", 1016, "unenrolled")
        },
        user("broken", 1015, "unenrolled"),
    ])
}

/// What is known of a user without the user database.
pub fn in_record(status: &UserStatus) -> UserStatus {
    let state = match status.state.as_str() {
        "pending" | "mismatch" => "unenrolled",
        other => other,
    };
    UserStatus {
        user: status.user.clone(),
        uid: status.uid,
        state: state.to_owned(),
        factors: status.factors.clone(),
        failures: status.failures,
        stopped: status.stopped,
        waits: status.waits.clone(),
        switch: status.switch,
        recovery_codes: status.recovery_codes,
        contacts: status.contacts.clone(),
        trusted_hosts: status.trusted_hosts.clone(),
        ..UserStatus::default()
    }
}

pub(super) fn user(name: &str, uid: u32, state: &str) -> UserStatus {
    UserStatus {
        user: name.to_owned(),
        uid,
        state: state.to_owned(),
        second_factor: word("required"),
        mode: word("enforce"),
        ..UserStatus::default()
    }
}

fn word(word: &str) -> Option<String> {
    Some(word.to_owned())
}

fn by_name<const N: usize>(users: [UserStatus; N]) -> BTreeMap<String, UserStatus> {
    users.into_iter().map(|status| (status.user.clone(), status)).collect()
}
