//! One turn at a time for each user.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Weak},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// A lock for each user name that somebody holds or waits for, and none for the others.
#[derive(Default)]
pub struct UserLocks {
    locks: Mutex<HashMap<String, Weak<AsyncMutex<()>>>>,
}

impl UserLocks {
    /// Waits for this user's turn; it ends when the guard is dropped.
    pub async fn lock(&self, user: &str) -> OwnedMutexGuard<()> {
        self.lock_of(user).lock_owned().await
    }

    fn lock_of(&self, user: &str) -> Arc<AsyncMutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(lock) = locks.get(user).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(AsyncMutex::new(()));
        locks.insert(user.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_user_s_turns_come_one_after_the_other_and_others_do_not_wait() {
        let locks = UserLocks::default();
        let turn = locks.lock("alice").await;
        let _ = locks.lock("bob").await;
        assert!(locks.lock_of("alice").try_lock().is_err());
        drop(turn);
        assert!(locks.lock_of("alice").try_lock().is_ok());
    }

    #[tokio::test]
    async fn users_who_are_not_logging_in_cost_nothing() {
        let locks = UserLocks::default();
        for n in 0..1000 {
            drop(locks.lock(&format!("user{n}")).await);
        }
        assert!(locks.locks.lock().unwrap().len() <= 1);
    }
}
