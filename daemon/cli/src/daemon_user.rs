//! The user that the daemon runs as, and what that user may read. What root looks at, root can read; a
//! file that is closed to the daemon lets every login fail with its next start.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use twinlock_config::{Diagnostic, Loaded};

use crate::doctor::program::{Answer, ask};

/// The name that the package makes.
pub const NAME: &str = "twinlock";

/// Asks NSS; by its path, for who runs this may have a `PATH` of somebody else's making.
const GETENT: [&str; 1] = ["/usr/bin/getent"];

/// Asks systemd what a drop-in may have changed.
const SYSTEMCTL: [&str; 1] = ["/usr/bin/systemctl"];
const UNIT: [&str; 3] =
    ["show", "--property=User,SupplementaryGroups,AmbientCapabilities", "twinlockd.service"];

/// Where a file system keeps a list of further users (acl(5)).
const ACCESS_LIST: &str = "system.posix_acl_access";

/// Permission bits of one class.
const READ: u32 = 0o4;
const PASS: u32 = 0o1;

/// A user who is not root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonUser {
    uid: u32,
    gids: Vec<u32>,
}

/// What stands between the user and a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The file itself, or a directory on the way.
    pub at: PathBuf,
    /// The command that opens it.
    pub remedy: String,
}

impl DaemonUser {
    /// The one of this host, if the package has made one. NSS is asked in bounded time. None where the
    /// administrator has changed whom the unit runs as, or what that user may: then nothing can be told.
    pub fn of_this_host() -> Option<Self> {
        if let Answer::Text(unit) = ask(&SYSTEMCTL, &UNIT)
            && !is_as_shipped(&unit)
        {
            return None;
        }
        let Answer::Text(entry) = ask(&GETENT, &["passwd", NAME]) else { return None };
        let mut numbers = entry.lines().next()?.split(':').skip(2);
        let (uid, gid) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        let further = match ask(&GETENT, &["initgroups", NAME]) {
            Answer::Text(line) => line,
            _ => String::new(),
        };
        let further = further.split_whitespace().skip(1).filter_map(|gid| gid.parse().ok());
        Some(Self::new(uid, [gid].into_iter().chain(further).collect()))
    }

    /// With these ids.
    pub fn new(uid: u32, gids: Vec<u32>) -> Self {
        Self { uid, gids }
    }

    /// What of a configuration root has read and this user may not.
    pub fn closed(&self, loaded: &Loaded) -> Vec<Diagnostic> {
        let obstacles = loaded.read.iter().filter_map(|(file, severity)| {
            let Obstacle { at, remedy } = self.obstacle(file)?;
            Some(Diagnostic::closed(*severity, &at, NAME, &remedy))
        });
        let mut closed: Vec<_> = obstacles.collect();
        closed.dedup();
        closed
    }

    /// The first thing on the way to a file, or to a directory that is listed, that keeps the user out.
    /// What is not there is in nobody's way, and a list of further users is not read.
    pub fn obstacle(&self, path: &Path) -> Option<Obstacle> {
        let path = fs::canonicalize(path).ok()?;
        let mut way: Vec<_> = path.ancestors().collect();
        way.reverse();
        way.into_iter().find_map(|part| {
            let facts = fs::metadata(part).ok()?;
            let wanted = match (part == path, facts.is_dir()) {
                (true, true) => READ | PASS,
                (true, false) => READ,
                (false, _) => PASS,
            };
            let class = if facts.uid() == self.uid {
                facts.mode() >> 6
            } else if self.gids.contains(&facts.gid()) {
                facts.mode() >> 3
            } else {
                facts.mode()
            };
            let is_open = class & wanted == wanted || self.uid == 0 || has_list(part);
            let letters = if wanted == READ {
                "r"
            } else if wanted == PASS {
                "x"
            } else {
                "rx"
            };
            (!is_open).then(|| Obstacle {
                at: part.to_owned(),
                remedy: format!("chmod a+{letters} {}", part.display()),
            })
        })
    }
}

/// Whether the unit has the user of the package and nothing beyond; also where there is no such unit.
fn is_as_shipped(unit: &str) -> bool {
    unit.lines().filter_map(|line| line.split_once('=')).all(|(key, value)| match key {
        "User" => value.is_empty() || value == NAME,
        _ => value.is_empty(),
    })
}

fn has_list(path: &Path) -> bool {
    let mut nothing: [u8; 0] = [];
    rustix::fs::getxattr(path, ACCESS_LIST, &mut nothing).is_ok_and(|length| length > 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "test code")]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn of_a_unit_that_was_changed_nothing_is_told() {
        let unit = |user: &str, groups: &str, capabilities: &str| {
            is_as_shipped(&format!(
                "User={user}\nSupplementaryGroups={groups}\nAmbientCapabilities={capabilities}\n"
            ))
        };
        assert!(unit("twinlock", "", "") && unit("", "", "") && is_as_shipped(""));
        assert!(!unit("root", "", "") && !unit("twinlock", "ssl-cert", ""));
        assert!(!unit("twinlock", "", "cap_dac_read_search"));
    }

    #[test]
    fn a_file_is_closed_by_its_own_mode_or_by_a_directory_on_the_way() {
        let root = tempfile::tempdir().unwrap();
        let (folder, file) = (root.path().join("twinlock"), root.path().join("twinlock/a.toml"));
        fs::create_dir(&folder).unwrap();
        fs::write(&file, "").unwrap();
        set(root.path(), 0o755);
        let facts = fs::metadata(&file).unwrap();
        let stranger = DaemonUser::new(facts.uid() + 1, vec![facts.gid() + 1]);
        let member = DaemonUser::new(facts.uid() + 1, vec![facts.gid() + 1, facts.gid()]);
        let owner = DaemonUser::new(facts.uid(), vec![]);
        for (of_folder, of_file, open_to_stranger, open_to_member) in [
            (0o755, 0o644, None, None),
            (0o711, 0o644, None, None),
            (0o755, 0o640, Some((&file, "chmod a+r ")), None),
            (0o755, 0o600, Some((&file, "chmod a+r ")), Some((&file, "chmod a+r "))),
            (0o750, 0o644, Some((&folder, "chmod a+x ")), None),
            (0o700, 0o644, Some((&folder, "chmod a+x ")), Some((&folder, "chmod a+x "))),
        ] {
            set(&folder, of_folder);
            set(&file, of_file);
            let expected = |obstacle: Option<(&PathBuf, &str)>| {
                obstacle.map(|(at, command)| Obstacle {
                    at: at.clone(),
                    remedy: format!("{command}{}", at.display()),
                })
            };
            let modes = format!("{of_folder:o} {of_file:o}");
            assert_eq!(stranger.obstacle(&file), expected(open_to_stranger), "{modes}");
            assert_eq!(member.obstacle(&file), expected(open_to_member), "{modes}");
            assert_eq!(owner.obstacle(&file), None, "{modes}");
        }
        set(&folder, 0o711);
        let listed = stranger.obstacle(&folder).unwrap();
        assert_eq!(listed.remedy, format!("chmod a+rx {}", folder.display()));
        assert_eq!(stranger.obstacle(&folder.join("absent")), None);
    }
}
