//! What sshd has to be told, so that PAM is asked and can ask.
//!
//! ```text
//! sshd -T as it is ──► fits? ──► nothing to do
//!      │ no
//!      └► its file with our settings in the place of its Include ──► sshd -t, sshd -T ──► drop-in
//! ```
//!
//! sshd takes the first value that it finds of each setting, so the drop-in's name sorts first, and what
//! comes before the Include, or in a Match block, wins over it. That is tried out before anything is
//! put in place (sshd(8), sshd_config(5)).

use std::fmt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::Machine;
use super::place::Form;
use super::record::Changed;
use super::write::{self, WriteError};
use crate::doctor::program::{Answer, ask};
use crate::doctor::sshd::{NO_DIRECTORY, Settings, login_of, other_service};
use crate::escape;

/// Whose logins are tried out: a Match block may be for root.
const USERS: [&str; 2] = ["root", "nobody"];

const HEADING: &str = "# Written by 'twinlock pam enable sshd'; 'twinlock pam disable sshd' takes it away.\n\
                       # Settings of sshd that logins with a second factor need.\n";

/// The files of sshd.
pub struct Sshd {
    /// The server, which tests its own configuration.
    pub program: PathBuf,
    /// Its configuration.
    pub configuration: PathBuf,
    /// What is added to it.
    pub drop_in: PathBuf,
}

impl Sshd {
    /// Of this host.
    pub fn this() -> Self {
        Self {
            program: "/usr/sbin/sshd".into(),
            configuration: "/etc/ssh/sshd_config".into(),
            // Before cloud-init's 50 and a distribution's own.
            drop_in: "/etc/ssh/sshd_config.d/00-twinlock.conf".into(),
        }
    }
}

/// Why sshd's settings are not as they have to be, and no drop-in makes them so.
#[derive(Debug)]
pub enum Unfit {
    /// There is no sshd.
    Absent(PathBuf),
    /// sshd refuses a configuration; its words. Whether it is the one that is there.
    Refused(String, bool),
    /// Nothing includes the drop-in's directory, before any Match block.
    NoInclude(PathBuf, PathBuf),
    /// Another setting wins over ours, for this user.
    Overridden(String, PathBuf),
    /// A file is to be left alone.
    File(WriteError),
    /// The settings are not right, and are to be left alone.
    Left(Form),
    /// It asks PAM as another service: what it does, and what mends it.
    OtherService(String, String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(path) => write!(
                f,
                "There is no sshd at {}, so how it asks PAM cannot be told. Add --no-sshd-config if \
                 another program is behind this service.",
                path.display()
            ),
            Self::Refused(why, true) => {
                write!(f, "sshd refuses its configuration as it is: {why}. Mend that first.")
            }
            Self::Refused(why, false) => write!(
                f,
                "sshd would refuse its configuration with what is needed: {why}. Add it by hand, and \
                 then --no-sshd-config."
            ),
            Self::NoInclude(configuration, directory) => write!(
                f,
                "{} does not include {}/*.conf before its other settings. Put 'Include {1}/*.conf' \
                 into its first line, or add the settings by hand and then --no-sshd-config.",
                configuration.display(),
                directory.display()
            ),
            Self::Overridden(user, configuration) => write!(
                f,
                "For {user}, a setting before the Include in {}, in a Match block or in another \
                 drop-in wins over what is needed. 'sshd -T -C user={user}' shows it; take it out.",
                configuration.display()
            ),
            Self::File(error) => error.fmt(f),
            Self::Left(form) => write!(
                f,
                "sshd is not set for this. It needs: {}. Add that, or leave --no-sshd-config out.",
                settings_of(*form).join("; ")
            ),
            Self::OtherService(what, mend) => write!(
                f,
                "Lines in the PAM file of sshd are not read for every login: {what}. {mend}. Then enable sshd."
            ),
        }
    }
}

impl From<WriteError> for Unfit {
    fn from(error: WriteError) -> Self {
        Self::File(error)
    }
}

/// What sshd has to be set to.
const fn settings_of(form: Form) -> [&'static str; 4] {
    match form {
        Form::Password => [
            "UsePAM yes",
            "KbdInteractiveAuthentication yes",
            // sshd's own password method has no way to ask for a code.
            "PasswordAuthentication no",
            "AuthenticationMethods keyboard-interactive",
        ],
        Form::Key => [
            "UsePAM yes",
            "KbdInteractiveAuthentication yes",
            "PubkeyAuthentication yes",
            "AuthenticationMethods publickey,keyboard-interactive",
        ],
    }
}

/// The methods of a login in this form.
pub(super) fn methods_of(form: Form) -> Vec<String> {
    let methods: &[&str] = match form {
        Form::Password => &["keyboard-interactive"],
        Form::Key => &["publickey", "keyboard-interactive"],
    };
    methods.iter().map(|method| (*method).to_owned()).collect()
}

/// Whether every way in asks PAM, and of a key and a code shows the key first.
pub(crate) fn fits(form: Form, settings: &Settings) -> bool {
    let proof = |method: &str| ["publickey", "hostbased", "gssapi-with-mic"].contains(&method);
    let is_right = |list: &Vec<String>| {
        let asks = list.iter().position(|method| method == "keyboard-interactive");
        let shows = list.iter().position(|method| proof(method));
        match form {
            Form::Password => asks.is_some(),
            Form::Key => shows.zip(asks).is_some_and(|(shows, asks)| shows < asks),
        }
    };
    settings.use_pam
        && settings.keyboard_interactive
        && !settings.methods.is_empty()
        && settings.methods.iter().all(is_right)
}

/// What people log in with, as sshd is set: keys where nothing else is possible.
pub(crate) fn form_of(settings: &Settings) -> Form {
    let by_key = |list: &Vec<String>| list.iter().any(|method| method == "publickey");
    match settings.ways() {
        ways if !ways.is_empty() && ways.iter().all(by_key) => Form::Key,
        _ => Form::Password,
    }
}

/// sshd's settings as they are.
///
/// # Errors
/// [`Unfit::Absent`], [`Unfit::Refused`].
pub(crate) fn current(sshd: &Sshd) -> Result<Vec<Settings>, Unfit> {
    effective(sshd, &sshd.configuration, true)
}

/// That sshd asks PAM as `sshd`, as far as it can be asked: what is wrong besides is found by whoever
/// needs its settings.
///
/// # Errors
/// [`Unfit::OtherService`].
pub(crate) fn check_service(sshd: &Sshd) -> Result<(), Unfit> {
    let Ok(settings) = current(sshd) else { return Ok(()) };
    let further = sshd.drop_in.parent().unwrap_or(Path::new("/"));
    let other = match settings.as_slice() {
        [root, everybody] => other_service(everybody, root, &sshd.configuration, further),
        _ => None,
    };
    other.map_or(Ok(()), |other| {
        let [what, mend] = [other.what(), other.mend()].map(|text| escape::line(&text));
        Err(Unfit::OtherService(what, mend))
    })
}

/// The settings for each of the users.
fn effective(sshd: &Sshd, file: &Path, is_there: bool) -> Result<Vec<Settings>, Unfit> {
    let mut all = Vec::new();
    for user in USERS {
        let login = login_of(user);
        let arguments = ["-T", "-f", &*file.to_string_lossy(), "-C", &login];
        all.push(Settings::read(&said(sshd, &arguments, is_there)?));
    }
    Ok(all)
}

fn said(sshd: &Sshd, arguments: &[&str], is_there: bool) -> Result<String, Unfit> {
    let program = sshd.program.to_string_lossy();
    let answer = match ask(&[&program], arguments) {
        Answer::Failed(why) if makes_directory(&why) => ask(&[&program], arguments),
        answer => answer,
    };
    match answer {
        Answer::Text(text) => Ok(text),
        Answer::Absent => Err(Unfit::Absent(sshd.program.clone())),
        Answer::Failed(why) => Err(Unfit::Refused(why, is_there)),
    }
}

/// Makes the directory that sshd misses where its socket starts it and nobody has logged in since the
/// host started, as its unit does at the first login.
fn makes_directory(why: &str) -> bool {
    let Some((_, path)) = why.split_once(NO_DIRECTORY) else { return false };
    let path = Path::new(path.trim());
    path.is_absolute() && DirBuilder::new().mode(0o755).create(path).is_ok()
}

/// The drop-in that makes sshd fit, tried out; nothing where it fits already.
///
/// # Errors
/// [`Unfit`].
pub fn drop_in(machine: &Machine, form: Form) -> Result<Option<Changed>, Unfit> {
    let sshd = &machine.sshd;
    if current(sshd)?.iter().all(|settings| fits(form, settings)) {
        return Ok(None);
    }
    let before = write::read(&sshd.drop_in, machine.owner)?;
    let text = fs::read_to_string(&sshd.configuration)
        .map_err(|cause| WriteError::System(sshd.configuration.clone(), cause))?;
    let directory = sshd.drop_in.parent().unwrap_or(Path::new("/"));
    let no_include = || Unfit::NoInclude(sshd.configuration.clone(), directory.to_owned());
    let include = include_of(&text, sshd).ok_or_else(no_include)?;
    let added = format!("{HEADING}{}\n", settings_of(form).join("\n"));
    // What an administrator wrote there stays: of each setting the first value counts.
    let kept = before.clone().filter(|bytes| !is_ours(bytes)).unwrap_or_default();
    let tried = try_out(machine, &text, include, &added)?;
    if let Some((user, _)) = USERS.iter().zip(tried).find(|(_, settings)| !fits(form, settings)) {
        return Err(Unfit::Overridden((*user).to_owned(), sshd.configuration.clone()));
    }
    let after = [added.into_bytes(), kept].concat();
    Ok(Some(Changed { path: sshd.drop_in.clone(), before, after }))
}

/// What sshd makes of its file with something added before a line.
fn try_out(
    machine: &Machine,
    text: &str,
    line: usize,
    added: &str,
) -> Result<Vec<Settings>, Unfit> {
    let sshd = &machine.sshd;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(line, added);
    let draft = machine.records.join("sshd_config.draft");
    let failed = |cause: io::Error| WriteError::System(draft.clone(), cause);
    DirBuilder::new().recursive(true).mode(0o700).create(&machine.records).map_err(failed)?;
    fs::write(&draft, lines.join("\n") + "\n").map_err(failed)?;
    let tested = said(sshd, &["-t", "-f", &draft.to_string_lossy()], false)
        .and_then(|_| effective(sshd, &draft, false));
    fs::remove_file(&draft).map_err(failed)?;
    tested
}

/// The line that includes the drop-in, before any Match block.
fn include_of(text: &str, sshd: &Sshd) -> Option<usize> {
    let base = sshd.configuration.parent().unwrap_or(Path::new("/"));
    for (number, line) in text.lines().enumerate() {
        let mut words =
            line.split(|c: char| c.is_whitespace() || c == '=').filter(|w| !w.is_empty());
        let Some(keyword) = words.next() else { continue };
        if keyword.eq_ignore_ascii_case("match") {
            return None;
        }
        if keyword.eq_ignore_ascii_case("include")
            && words.any(|word| covers(&base.join(word.trim_matches('"')), &sshd.drop_in))
        {
            return Some(number);
        }
    }
    None
}

/// Whether a pattern of glob(7), with a star in its last part, fits a path.
fn covers(pattern: &Path, path: &Path) -> bool {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (wanted, found) = (name(pattern), name(path));
    pattern.parent() == path.parent()
        && match wanted.split_once('*') {
            None => wanted == found,
            Some((start, end)) => {
                found.len() >= start.len() + end.len()
                    && found.starts_with(start)
                    && found.ends_with(end)
            }
        }
}

/// Our drop-in, where it is there and nobody recorded it.
///
/// # Errors
/// [`WriteError`].
pub fn stray(machine: &Machine) -> Result<Option<Vec<u8>>, WriteError> {
    let path = &machine.sshd.drop_in;
    if !path.exists() {
        return Ok(None);
    }
    let found = write::read(path, machine.owner)?;
    Ok(found.filter(|bytes| is_ours(bytes)))
}

fn is_ours(bytes: &[u8]) -> bool {
    bytes.starts_with(HEADING.as_bytes())
}

/// Whether sshd has to read its configuration again after these files.
pub fn concerns(machine: &Machine, files: &[Changed]) -> bool {
    files.iter().any(|file| file.path == machine.sshd.drop_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn include(text: &str) -> Option<usize> {
        include_of(text, &Sshd::this())
    }

    #[test]
    fn the_include_of_the_drop_in_is_found_in_each_form() {
        for line in [
            "Include /etc/ssh/sshd_config.d/*.conf",
            "include sshd_config.d/*.conf",
            "Include=\"/etc/ssh/sshd_config.d/*\"",
            "Include /etc/other.conf /etc/ssh/sshd_config.d/00-*.conf",
        ] {
            assert_eq!(include(&format!("# sshd\n{line}\nPort 22\n")), Some(1), "{line}");
        }
        for text in [
            "",
            "#Include /etc/ssh/sshd_config.d/*.conf",
            "Include /etc/ssh/sshd_config.d/50-*.conf",
            "Include /etc/ssh/*.conf",
            "Match user bob\nInclude /etc/ssh/sshd_config.d/*.conf",
        ] {
            assert_eq!(include(text), None, "{text}");
        }
    }

    #[test]
    fn sshd_fits_where_every_way_in_asks_pam() {
        let read = |methods: &str| {
            Settings::read(&format!(
                "usepam yes\nkbdinteractiveauthentication yes\nauthenticationmethods {methods}\n"
            ))
        };
        for (methods, password, key) in [
            ("any", false, false),
            ("keyboard-interactive", true, false),
            ("keyboard-interactive:pam", true, false),
            ("publickey,keyboard-interactive", true, true),
            ("publickey,keyboard-interactive publickey", false, false),
            ("keyboard-interactive,publickey", true, false),
            ("publickey,keyboard-interactive keyboard-interactive", true, false),
        ] {
            assert_eq!(fits(Form::Password, &read(methods)), password, "{methods}");
            assert_eq!(fits(Form::Key, &read(methods)), key, "{methods}");
        }
        assert!(!fits(
            Form::Password,
            &Settings::read("authenticationmethods keyboard-interactive")
        ));
    }

    #[test]
    fn keys_are_the_first_factor_where_there_is_no_other() {
        let form = |text: &str| form_of(&Settings::read(text));
        assert_eq!(form("passwordauthentication yes\n"), Form::Password);
        assert_eq!(form("passwordauthentication no\nkbdinteractiveauthentication no\n"), Form::Key);
        assert_eq!(form("authenticationmethods publickey,keyboard-interactive\n"), Form::Key);
    }
}
