//! Backups, as the rigs' daemon makes and takes them: a real head, and next to nothing behind it.

use twinlock_bus_api::backup::{BackupLock, Cost, Head, KeySource, RestorePlan, SALT};
use twinlock_bus_api::error::{Error, Result};

use super::daemon::{NOW, THEN};
use super::state::State;

/// The check of the key of the daemon's own store.
pub const OWN_STORE: [u8; 16] = [7; 16];

/// What is behind the head of a whole file.
const BODY: &[u8] = b"sealed";

/// A file of this head.
pub fn file(source: KeySource, salt: [u8; SALT], check: [u8; 16]) -> Vec<u8> {
    let head = Head { source, salt, nonce: [2; 19], check, body: BODY.len() as u64 };
    [&head.to_bytes()[..], BODY].concat()
}

/// The check of the key that a passphrase makes.
pub fn check_of(key: &[u8]) -> [u8; 16] {
    key[..16].try_into().unwrap()
}

impl State {
    pub(super) fn begin_backup(&mut self, lock: BackupLock) -> (u64, u64) {
        self.requests.push("backup".to_owned());
        if self.transfer.is_empty() {
            self.transfer = match lock.key {
                None => file(KeySource::Store, [0; SALT], OWN_STORE),
                Some(key) => {
                    let (memory, passes, lanes) = (lock.memory, lock.passes, lock.lanes);
                    let cost = Cost {
                        memory: memory.unwrap(),
                        passes: passes.unwrap(),
                        lanes: lanes.unwrap(),
                    };
                    let salt = lock.salt.unwrap().try_into().unwrap();
                    file(KeySource::Passphrase(cost), salt, check_of(&key))
                }
            };
        }
        (1, self.transfer.len() as u64)
    }

    pub(super) fn read_backup(&self, offset: u64) -> Vec<u8> {
        self.transfer[usize::try_from(offset).unwrap()..].to_vec()
    }

    pub(super) fn plan_restore(&self, key: &[u8]) -> Result<RestorePlan> {
        let refused = |sentence: &str| Err(Error::InvalidArgument(sentence.to_owned()));
        let Ok(head) = Head::read(&self.transfer) else {
            return refused("The file is damaged. Nothing was changed; take another backup.");
        };
        if key.is_empty() && head.check != OWN_STORE {
            return refused(
                "This backup was sealed with the key of another store. Nothing was changed; put \
                 that key in the place of '[store] key_file' before the store is made, or take a \
                 backup with a passphrase.",
            );
        }
        if !key.is_empty() && head.check != check_of(key) {
            return refused(
                "The passphrase does not open this backup. Nothing was changed; try again, or \
                 take the backup that it belongs to.",
            );
        }
        if !self.transfer.ends_with(BODY) {
            return refused("The file is damaged. Nothing was changed; take another backup.");
        }
        Ok(self.plan())
    }

    pub(super) fn commit_restore(&mut self) -> RestorePlan {
        self.requests.push("restore".to_owned());
        self.plan()
    }

    fn plan(&self) -> RestorePlan {
        RestorePlan {
            taken_at: Some(THEN),
            host: Some("web1".to_owned()),
            added: Some(1),
            replaced: Some(2),
            clock: Some(self.clock.unwrap_or(NOW)),
            revived: Some(vec!["carol".to_owned()]),
            mismatched: Some(vec!["dave".to_owned()]),
        }
    }
}
