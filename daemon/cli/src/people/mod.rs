//! The people of this host, as the user database lists them: also those who never logged in.
//!
//! ```text
//! /usr/bin/getent passwd ──► passwd.rs, line by line ──► login_defs.rs: whose uid, which shell
//! ```
//!
//! A database that keeps its list to itself (sssd without `enumerate`) lists local users only.

mod group;
mod login_defs;
mod passwd;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::time::timeout;

pub use login_defs::Uids;
pub use passwd::People;

use crate::failure::Failure;

/// Asks NSS. By its path: who runs this may have a `PATH` of somebody else's making.
const GETENT: &str = "/usr/bin/getent";

/// The most bytes of a listing; a hundred thousand users take a tenth of it.
const MOST: u64 = 64 << 20;

/// Uids in one question.
const AT_ONCE: usize = 500;

/// What getent(1) ends with where it does not find every key.
const NOT_ALL: i32 = 2;

/// How long a listing may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everybody who may log in, by the user database.
///
/// # Errors
/// [`Failure::Refused`]: it cannot be listed, not in time, or not in reasonable length.
pub fn of_this_host() -> Result<People, Failure> {
    let listing = listing(&["passwd"]).map_err(|why| {
        Failure::refused(format!(
            "The users of this host cannot be listed: {why}. Check what '{GETENT} passwd' says."
        ))
    })?;
    Ok(People::read(&listing, &Uids::of_this_host()))
}

/// Everybody in a group, by the user database.
///
/// # Errors
/// [`Failure::Refused`]: there is no such group, or it cannot be listed.
pub fn members_of(group: &str) -> Result<Vec<String>, Failure> {
    let listed = |arguments: &[&str]| {
        listing(arguments).map_err(|why| {
            Failure::refused(format!(
                "The group {group} cannot be listed: {why}. Check what '{GETENT} group {group}' says."
            ))
        })
    };
    Ok(group::members(&listed(&["group", "--", group])?, &listed(&["passwd"])?))
}

/// The groups whose members sudo and polkit take for administrators, as distributions set them up.
const ADMINISTRATORS: [&str; 3] = ["sudo", "wheel", "admin"];

/// Who administers this host: root, and the members of those groups that there are.
///
/// # Errors
/// [`Failure::Refused`], as of [`of_this_host`].
pub fn administrators() -> Result<BTreeSet<String>, Failure> {
    let arguments: Vec<&str> = ["group"].into_iter().chain(ADMINISTRATORS).collect();
    let groups = ask(&arguments).and_then(|(listing, ended)| match ended.code() {
        Some(0 | NOT_ALL) => Ok(listing),
        _ => Err(format!("{GETENT} ended with {ended}")),
    });
    let listed = groups.and_then(|groups| Ok((groups, listing(&["passwd"])?)));
    let (groups, passwd) = listed.map_err(|why| {
        Failure::refused(format!(
            "The administrators of this host cannot be listed: {why}. Check what '{GETENT} group' \
             says."
        ))
    })?;
    Ok(group::members(&groups, &passwd).into_iter().chain(["root".to_owned()]).collect())
}

/// The names of the users of these uids; who is not in the user database is not in the answer.
///
/// # Errors
/// [`Failure::Refused`], as of [`of_this_host`].
pub fn names_of(uids: &[u32]) -> Result<HashMap<u32, String>, Failure> {
    let mut names = HashMap::new();
    for some in uids.chunks(AT_ONCE) {
        let keys: Vec<_> = some.iter().map(u32::to_string).collect();
        let arguments: Vec<_> = ["passwd"].into_iter().chain(keys.iter().map(|k| &**k)).collect();
        let answer = ask(&arguments).and_then(|(listing, ended)| match ended.code() {
            Some(0 | NOT_ALL) => Ok(listing),
            _ => Err(format!("{GETENT} ended with {ended}")),
        });
        let listing = answer.map_err(|why| {
            Failure::refused(format!(
                "The user database does not answer: {why}. Check what '{GETENT} passwd' says."
            ))
        })?;
        names.extend(passwd::names(&listing));
    }
    Ok(names)
}

fn listing(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let (text, ended) = ask(arguments)?;
    if ended.success() { Ok(text) } else { Err(format!("{GETENT} ended with {ended}")) }
}

fn ask(arguments: &[&str]) -> Result<(Vec<u8>, ExitStatus), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| cause.to_string())?;
    let (text, ended) = runtime
        .block_on(async { timeout(PATIENCE, run(arguments)).await })
        .map_err(|_| format!("{GETENT} did not end within {} seconds", PATIENCE.as_secs()))?
        .map_err(|cause| format!("{GETENT}: {cause}"))?;
    if text.len() as u64 > MOST {
        return Err(format!("{GETENT} prints more than {} MiB", MOST >> 20));
    }
    Ok((text, ended))
}

/// Runs it with no shell, no input and no environment, and reads a bounded part of what it prints.
async fn run(arguments: &[&str]) -> io::Result<(Vec<u8>, ExitStatus)> {
    let mut child = Command::new(GETENT)
        .args(arguments)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut text = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(MOST + 1).read_to_end(&mut text).await?;
    }
    Ok((text, child.wait().await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_database_of_this_host_lists_root() {
        let listing = listing(&["passwd"]).unwrap();
        assert!(members_of("root").unwrap().contains(&"root".to_owned()));
        assert!(members_of("no-such-group").is_err());
        assert!(members_of("--help").is_err());
        assert!(listing.starts_with(b"root:") || listing.windows(6).any(|at| at == b"\nroot:"));
    }

    #[test]
    fn root_administers_this_host_whatever_groups_it_has() {
        assert!(administrators().unwrap().contains("root"));
    }

    #[test]
    fn a_uid_has_its_name_and_one_of_nobody_has_none() {
        let names = names_of(&[0, 4_000_000_000]).unwrap();
        assert_eq!(names, HashMap::from([(0, "root".to_owned())]));
    }
}
