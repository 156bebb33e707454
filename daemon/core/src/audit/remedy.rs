//! What can be done about an event, as commands that fit its user and its login.

use super::AuditRecord;

/// Whom and what the advice is about.
pub(super) struct Remedy {
    user: String,
    explain: String,
}

impl Remedy {
    pub(super) fn of(record: &AuditRecord) -> Self {
        let user = argument(&record.user).unwrap_or("USER").to_owned();
        let mut explain = format!("twinlock policy explain {user}");
        if let Some(service) = record.service.as_deref().and_then(argument) {
            explain.push_str(&format!(" --service {service}"));
        }
        let remote =
            record.source.as_deref().filter(|source| source.parse::<std::net::IpAddr>().is_ok());
        if let Some(address) = remote {
            explain.push_str(&format!(" --from {address}"));
        }
        Self { user, explain }
    }

    pub(super) fn set_the_clocks(&self) -> String {
        "Let the phone set its clock by itself. If codes of other users are off as well, it is this \
         host's clock: see 'timedatectl'."
            .to_owned()
    }

    pub(super) fn type_another_code(&self) -> String {
        let Self { user, .. } = self;
        format!(
            "Try the next code, and make sure that it is the app's entry for this host. If the \
             phone is new or the entry is gone, 'twinlock reset {user}' makes room for another. If \
             it was not the user who typed it, somebody knows the password."
        )
    }

    pub(super) fn wait_for_the_next_code(&self) -> String {
        let Self { user, .. } = self;
        format!(
            "Wait for the next code, 30 seconds at the most. If the user had not used it, somebody \
             else has seen it: 'twinlock log --user {user}' shows where it was accepted."
        )
    }

    pub(super) fn wait_or_unlock(&self) -> String {
        let Self { user, .. } = self;
        format!("The wait ends by itself. 'twinlock unlock {user}' ends it now.")
    }

    pub(super) fn unlock_the_account(&self) -> String {
        let Self { user, .. } = self;
        format!(
            "'twinlock log --user {user}' shows who tried. 'twinlock unlock {user}' opens the \
             account again."
        )
    }

    pub(super) fn reset_the_user(&self) -> String {
        let Self { user, .. } = self;
        format!("'twinlock reset {user}' empties the record for the new account.")
    }

    pub(super) fn look_the_user_up(&self) -> String {
        let Self { user, .. } = self;
        format!(
            "If the user should exist, 'getent passwd {user}' shows whether the host knows them. \
             Otherwise the name was mistyped, or somebody tries names."
        )
    }

    pub(super) fn enrol_the_user(&self) -> String {
        let Self { user, .. } = self;
        format!("'twinlock enroll {user}' sets one up.")
    }

    pub(super) fn invite_the_user(&self) -> String {
        let Self { user, .. } = self;
        format!(
            "'twinlock invite {user}' makes a new one. If it was not the user who typed it, somebody \
             knows the password."
        )
    }

    pub(super) fn decide_the_request(&self) -> String {
        let Self { user, .. } = self;
        format!(
            "'twinlock reset list' shows the request. Make sure that it is {user} who asks, by another \
             way than the one that it came; then 'twinlock reset approve' or 'twinlock reset refuse'."
        )
    }

    pub(super) fn watch_the_user(&self) -> String {
        let Self { user, .. } = self;
        format!(
            "They end by themselves within five minutes. 'twinlock log --user {user}' shows where \
             they come from."
        )
    }

    pub(super) fn explain_the_policy(&self) -> String {
        format!("'{}' shows the rule and its line.", self.explain)
    }
}

/// A text that a shell takes as it stands: no advice carries a command that somebody else wrote.
fn argument(text: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    let begins_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    (begins_plain && text.chars().all(is_plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_shell_would_obey_is_in_no_command() {
        for hostile in ["", "-rf", "a b", "a;reboot", "$(x)", "a'b", "a\nb", "ä", "../x", "~root"]
        {
            assert_eq!(argument(hostile), None, "{hostile:?}");
        }
        for plain in ["alice", "_apt", "svc-1.x", "alice@example.org"] {
            assert_eq!(argument(plain), Some(plain));
        }
    }
}
