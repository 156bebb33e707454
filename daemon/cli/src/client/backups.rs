//! Backups: files that come and go in pieces, because a message is bounded.

use twinlock_bus_api::account::AdminProxy;
use twinlock_bus_api::backup::{BackupLock, PIECE, RestorePlan};

use super::{CallError, Client};

const MIB: u64 = 1024 * 1024;

impl Client {
    /// A sealed file of every record.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn backup(&mut self, lock: BackupLock) -> Result<Vec<u8>, CallError> {
        let (backup, size) =
            self.call(async |bus| AdminProxy::new(bus).await?.begin_backup(lock).await)?;
        let mut file = Vec::new();
        while (file.len() as u64) < size {
            let offset = file.len() as u64;
            self.show("Backing up", offset, size);
            let piece = self
                .call(async |bus| AdminProxy::new(bus).await?.read_backup(backup, offset).await)?;
            if piece.is_empty() {
                break;
            }
            file.extend_from_slice(&piece);
        }
        self.progress().clear();
        Ok(file)
    }

    /// Hands a file over, and says what its restore would do. With an empty key the daemon takes the
    /// store's.
    ///
    /// # Errors
    /// [`CallError`]; nothing was changed.
    pub fn plan_restore(
        &mut self,
        file: &[u8],
        key: &[u8],
    ) -> Result<(u64, RestorePlan), CallError> {
        let size = file.len() as u64;
        let restore =
            self.call(async |bus| AdminProxy::new(bus).await?.begin_restore(size).await)?;
        for (number, piece) in file.chunks(PIECE).enumerate() {
            self.show("Handing over", (number * PIECE) as u64, size);
            self.call(async |bus| AdminProxy::new(bus).await?.write_restore(restore, piece).await)?;
        }
        self.progress().clear();
        let plan =
            self.call(async |bus| AdminProxy::new(bus).await?.plan_restore(restore, key).await)?;
        Ok((restore, plan))
    }

    /// Restores what was planned.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn commit_restore(&mut self, restore: u64) -> Result<RestorePlan, CallError> {
        self.call(async |bus| AdminProxy::new(bus).await?.commit_restore(restore).await)
    }

    fn show(&mut self, doing: &str, done: u64, size: u64) {
        let amount = format!("{} of {} MiB", done / MIB, size.div_ceil(MIB));
        self.progress().bar(doing, done, size, &amount);
    }
}
