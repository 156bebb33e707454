//! All records, where one that is damaged hides none of the others.

use twinlock_core::record::UserRecord;

use super::{Engine, EngineError, USER_PREFIX, decode};

/// Every record that the store has, by name.
#[derive(Default)]
pub struct Records {
    /// Those that can be read.
    pub read: Vec<UserRecord>,
    /// Whose cannot, and why.
    pub unread: Vec<(String, EngineError)>,
}

impl Engine {
    /// Every record, by name.
    ///
    /// # Errors
    /// The store cannot be read. A record that cannot is no error: it stands beside the others.
    pub async fn read_all(&self) -> Result<Records, EngineError> {
        let mut records = Records::default();
        for entry in self.foundations.store.scan(USER_PREFIX).await? {
            let Some(user) = entry.key.strip_prefix(USER_PREFIX) else { continue };
            let value = entry.value.map_err(EngineError::from);
            match value.and_then(|bytes| decode(user, &bytes)) {
                Ok(record) => records.read.push(record),
                Err(error) => records.unread.push((user.to_owned(), error)),
            }
        }
        Ok(records)
    }
}
