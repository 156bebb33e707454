//! What can be wrong with sshd's settings, each with its mend.

use super::place::{OWN, Places};
use super::{Effective, NO_DIRECTORY, Settings, Stack, unit};
use crate::doctor::finding::{Area, Finding, Severity};

/// The shortest `LoginGraceTime`, in seconds, in which a person sets up an app and types a code.
const GRACE_TO_ENROL: u64 = 120;

/// Connections at a prompt that sshd allows by default before it drops some.
const STARTUPS: u64 = 10;

/// Everything that is wrong with these settings.
pub(super) fn all(effective: &Effective, stack: Stack, places: &Places) -> Vec<Finding> {
    let Effective { everybody: settings, root } = effective;
    let found = Found { settings, root, stack, places };
    if !settings.use_pam {
        // Without PAM nothing else here matters.
        return vec![found.no_pam()];
    }
    let all = [
        found.no_prompts(),
        found.code_alone(),
        found.keys_alone(),
        found.passwords(),
        found.root_out(),
        found.little_time(),
        found.few_connections(),
        found.names(),
    ];
    all.into_iter().flatten().collect()
}

/// sshd does not tell its settings.
pub(super) fn unreadable(why: &str) -> Finding {
    if why.contains(NO_DIRECTORY) {
        return Finding {
            area: Area::Sshd,
            fault: "sshd-unreadable",
            severity: Severity::Warning,
            place: None,
            what: format!("sshd does not tell its settings: {why}"),
            why: "Whether SSH logins are asked for a code cannot be said.".to_owned(),
            mend: "install -d -m 0755 /run/sshd".to_owned(),
        };
    }
    Finding {
        area: Area::Sshd,
        fault: "sshd-refuses",
        severity: Severity::Severe,
        place: None,
        what: format!("sshd refuses its configuration: {why}"),
        why: "It does not start again with it, and nobody gets in over SSH.".to_owned(),
        mend: "Mend what this names: sshd -t".to_owned(),
    }
}

struct Found<'a> {
    settings: &'a Settings,
    root: &'a Settings,
    stack: Stack,
    places: &'a Places,
}

impl Found<'_> {
    /// A line to write into the file of ours, which comes before the main one, or in place of the
    /// one that is there.
    fn write(&self, keyword: &str, value: &str) -> String {
        let at = self.places.of(keyword);
        let to = match at.line {
            Some(_) => format!("In {at} write '{keyword} {value}'"),
            None => format!("Write '{keyword} {value}' into {OWN}"),
        };
        format!("{to}, then: sshd -t && systemctl reload {}", unit())
    }

    fn finding(&self, fault: &'static str, severity: Severity, keyword: &str) -> Finding {
        let place = Some(self.places.of(keyword));
        let (what, why, mend) = (String::new(), String::new(), String::new());
        Finding { area: Area::Sshd, fault, severity, place, what, why, mend }
    }

    fn no_pam(&self) -> Finding {
        Finding {
            what: "UsePAM is no, so sshd does not ask Twinlock".to_owned(),
            why: "Every SSH login passes without a second factor.".to_owned(),
            mend: self.write("UsePAM", "yes"),
            ..self.finding("sshd-without-pam", Severity::Severe, "UsePAM")
        }
    }

    fn no_prompts(&self) -> Option<Finding> {
        (!self.settings.keyboard_interactive).then(|| Finding {
            what: "KbdInteractiveAuthentication is no, so sshd can put no question".to_owned(),
            why: "Nobody can type a code over SSH, and whoever must give one is refused."
                .to_owned(),
            mend: self.write("KbdInteractiveAuthentication", "yes"),
            ..self.finding("sshd-without-prompts", Severity::Severe, "KbdInteractiveAuthentication")
        })
    }

    /// Where PAM asks for no first factor, sshd alone stands for it.
    fn code_alone(&self) -> Option<Finding> {
        let alone = |way: &Vec<String>| way.first().is_some_and(|it| it == "keyboard-interactive");
        let open = !self.stack.asks_first_factor && self.settings.ways().iter().any(alone);
        open.then(|| Finding {
            what: "AuthenticationMethods lets a login in that shows no key, and the PAM stack of \
                   sshd asks for no password"
                .to_owned(),
            why: "A code alone logs in: there is no first factor.".to_owned(),
            mend: self.write("AuthenticationMethods", "publickey,keyboard-interactive"),
            ..self.finding("sshd-code-alone", Severity::Severe, "AuthenticationMethods")
        })
    }

    fn keys_alone(&self) -> Option<Finding> {
        let alone = |way: &Vec<String>| way.iter().all(|method| method == "publickey");
        if !self.settings.public_key || !self.settings.ways().iter().any(alone) {
            return None;
        }
        let unseen = !self.stack.sees_keys;
        let (severity, why) = if unseen {
            (
                Severity::Severe,
                "Whoever has a key is asked for nothing else, and Twinlock does not see it: its \
                 account line is missing, or account_services does not name sshd.",
            )
        } else {
            (
                Severity::Warning,
                "A login by key alone is asked for no code; Twinlock refuses it where the policy \
                 wants one, and so refuses everybody who has a key and no profile that lets keys \
                 through.",
            )
        };
        let value = if self.stack.asks_first_factor {
            "keyboard-interactive"
        } else {
            "publickey,keyboard-interactive"
        };
        let mend = format!(
            "{}. Accounts of programs log in by key alone with a profile that has 'mfa = false' \
             and, at the end of a file of sshd's, 'Match Group' of theirs with \
             'AuthenticationMethods publickey'",
            self.write("AuthenticationMethods", value)
        );
        Some(Finding {
            what: "AuthenticationMethods takes publickey alone".to_owned(),
            why: why.to_owned(),
            mend,
            ..self.finding("sshd-key-alone", severity, "AuthenticationMethods")
        })
    }

    fn passwords(&self) -> Option<Finding> {
        let uses = |way: &Vec<String>| way.iter().any(|method| method == "password");
        let used = self.settings.password && self.settings.ways().iter().any(uses);
        used.then(|| Finding {
            what: "PasswordAuthentication is yes, a way that has no prompt for a code".to_owned(),
            why: "Clients that use it type the right password and are refused. \
                  keyboard-interactive asks for the password too, by PAM."
                .to_owned(),
            mend: self.write("PasswordAuthentication", "no"),
            ..self.finding("sshd-password", Severity::Warning, "PasswordAuthentication")
        })
    }

    fn root_out(&self) -> Option<Finding> {
        self.root.root_stays_out().then(|| Finding {
            what: format!(
                "root does not get in over SSH: PermitRootLogin is {}, which leaves root no way in \
                 that AuthenticationMethods has",
                self.root.root.as_str()
            ),
            why: "With that value sshd takes no answer to a question from root, so the right code \
                  does not help."
                .to_owned(),
            mend: format!(
                "If root is to stay out, 'PermitRootLogin no' says so. If not, enrol root first. {}",
                self.write("PermitRootLogin", "yes")
            ),
            ..self.finding("sshd-root-out", Severity::Warning, "PermitRootLogin")
        })
    }

    fn little_time(&self) -> Option<Finding> {
        let grace = self.settings.grace;
        (grace != 0 && grace < GRACE_TO_ENROL).then(|| Finding {
            what: format!("LoginGraceTime is {grace} seconds"),
            why: "Who sets up an app at the first login needs about two minutes, and is thrown \
                  out in the middle of it."
                .to_owned(),
            mend: self.write("LoginGraceTime", "120"),
            ..self.finding("sshd-little-time", Severity::Warning, "LoginGraceTime")
        })
    }

    fn few_connections(&self) -> Option<Finding> {
        let startups = self.settings.startups;
        (startups < STARTUPS).then(|| Finding {
            what: format!("MaxStartups drops connections from {startups} unfinished logins on"),
            why: "A login that waits for a code is unfinished for as long as the person looks \
                  for the phone; a few of them keep everybody else out."
                .to_owned(),
            mend: self.write("MaxStartups", "10:30:100"),
            ..self.finding("sshd-few-connections", Severity::Warning, "MaxStartups")
        })
    }

    fn names(&self) -> Option<Finding> {
        self.settings.use_dns.then(|| Finding {
            what: "UseDNS is yes".to_owned(),
            why: "Each login waits for a name server, and the name is the client's to choose. \
                  Twinlock goes by the address."
                .to_owned(),
            mend: self.write("UseDNS", "no"),
            ..self.finding("sshd-names", Severity::Note, "UseDNS")
        })
    }
}

#[cfg(test)]
mod tests;
