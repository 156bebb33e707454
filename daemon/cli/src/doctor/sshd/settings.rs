//! The settings that `sshd -T` prints, as far as logins with a second factor depend on them.

use std::collections::HashMap;

/// sshd's effective settings (sshd_config(5)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `UsePAM`
    pub use_pam: bool,
    /// `PAMServiceName`; none of an sshd that does not know it, and asks as `sshd`.
    pub pam_service: Option<String>,
    /// `KbdInteractiveAuthentication`
    pub keyboard_interactive: bool,
    /// `PasswordAuthentication`
    pub password: bool,
    /// `PubkeyAuthentication`
    pub public_key: bool,
    /// `UseDNS`
    pub use_dns: bool,
    /// `LoginGraceTime` in seconds; 0 for without end.
    pub grace: u64,
    /// The first number of `MaxStartups`: from so many unauthenticated connections on some are
    /// dropped.
    pub startups: u64,
    /// `PermitRootLogin`
    pub root: RootLogin,
    /// `AuthenticationMethods`: the lists of methods, each of which suffices. Empty for `any`.
    pub methods: Vec<Vec<String>>,
}

/// `PermitRootLogin` (sshd_config(5)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RootLogin {
    /// In every way.
    Yes,
    /// By neither a password nor a question; `sshd -T` calls it `without-password`.
    ProhibitPassword,
    /// With a key that has a command of its own.
    ForcedCommands,
    /// Not at all.
    No,
}

impl RootLogin {
    /// The word in sshd_config.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::ProhibitPassword => "prohibit-password",
            Self::ForcedCommands => "forced-commands-only",
            Self::No => "no",
        }
    }
}

impl Settings {
    /// Reads what `sshd -T` prints: a keyword in lower case and its value a line. What is left out
    /// is at the default of sshd.
    pub fn read(text: &str) -> Self {
        let values: HashMap<&str, &str> =
            text.lines().filter_map(|line| line.trim().split_once(' ')).collect();
        let value = |key: &str| values.get(key).map(|value| value.trim());
        let yes = |key, default| value(key).map_or(default, |value| value == "yes");
        let number =
            |text: Option<&str>, default| text.and_then(|it| it.parse().ok()).unwrap_or(default);
        let lists = value("authenticationmethods").filter(|lists| *lists != "any");
        Self {
            use_pam: yes("usepam", false),
            pam_service: value("pamservicename").map(str::to_owned),
            keyboard_interactive: yes("kbdinteractiveauthentication", true),
            password: yes("passwordauthentication", true),
            public_key: yes("pubkeyauthentication", true),
            use_dns: yes("usedns", false),
            grace: number(value("logingracetime"), 120),
            startups: number(value("maxstartups").and_then(|all| all.split(':').next()), 10),
            root: match value("permitrootlogin") {
                Some("yes") => RootLogin::Yes,
                Some("no") => RootLogin::No,
                Some("forced-commands-only") => RootLogin::ForcedCommands,
                _ => RootLogin::ProhibitPassword,
            },
            methods: lists
                .unwrap_or_default()
                .split_whitespace()
                .map(|list| list.split(',').map(base).collect())
                .collect(),
        }
    }

    /// Whether root gets in by none of the ways, although it is not kept out as such: where passwords
    /// are prohibited, sshd takes the last step of no way but a key's (or the like) from root, and with
    /// forced commands alone a key has to bring one.
    pub fn root_stays_out(&self) -> bool {
        let is_proof = |method: &String| {
            ["publickey", "hostbased", "gssapi-with-mic"].contains(&method.as_str())
        };
        match self.root {
            RootLogin::Yes | RootLogin::No => false,
            RootLogin::ProhibitPassword => {
                !self.ways().iter().any(|way| way.last().is_some_and(is_proof))
            }
            RootLogin::ForcedCommands => {
                !self.ways().iter().flatten().any(|method| method == "publickey")
            }
        }
    }

    /// The lists of methods that suffice: with `any`, each method that is switched on by itself.
    pub fn ways(&self) -> Vec<Vec<String>> {
        if !self.methods.is_empty() {
            return self.methods.clone();
        }
        let single = [
            ("publickey", self.public_key),
            ("password", self.password),
            ("keyboard-interactive", self.keyboard_interactive),
        ];
        single.into_iter().filter(|(_, on)| *on).map(|(name, _)| vec![name.to_owned()]).collect()
    }
}

/// A method without its submethod: `keyboard-interactive:pam`.
fn base(method: &str) -> String {
    method.split(':').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sshd_prints_is_read() {
        let read = Settings::read(
            "usepam yes\nlogingracetime 30\nusedns no\nkbdinteractiveauthentication yes\n\
             passwordauthentication no\nmaxstartups 5:30:60\npermitrootlogin no\n\
             authenticationmethods publickey,keyboard-interactive:pam hostbased\n",
        );
        assert!(read.use_pam && read.keyboard_interactive && !read.password);
        assert_eq!(read.root, RootLogin::No);
        assert_eq!((read.grace, read.startups), (30, 5));
        assert_eq!(
            read.methods,
            [
                vec!["publickey".to_owned(), "keyboard-interactive".to_owned()],
                vec!["hostbased".to_owned()]
            ]
        );
    }

    #[test]
    fn root_stays_out_where_its_last_step_would_be_a_question() {
        for (root, methods, out) in [
            ("without-password", "keyboard-interactive", true),
            ("prohibit-password", "publickey,keyboard-interactive", true),
            ("without-password", "keyboard-interactive,publickey", false),
            ("without-password", "any", false),
            ("forced-commands-only", "keyboard-interactive", true),
            ("forced-commands-only", "publickey,keyboard-interactive", false),
            ("yes", "keyboard-interactive", false),
            ("no", "keyboard-interactive", false),
        ] {
            let text = format!("permitrootlogin {root}\nauthenticationmethods {methods}\n");
            assert_eq!(Settings::read(&text).root_stays_out(), out, "{root}, {methods}");
        }
    }

    #[test]
    fn with_any_each_method_that_is_on_suffices() {
        let read = Settings::read("authenticationmethods any\npasswordauthentication no\n");
        assert_eq!(read.ways(), [["publickey"], ["keyboard-interactive"]]);
    }
}
