//! Who users are: NSS, asked in a thread of its own and with a deadline.
//!
//! 'There is no such user' and 'the look-up failed' are different answers everywhere: a failed
//! look-up is an error that refuses, never an unknown user or a user without groups. A source that
//! hangs (an LDAP server that is gone) costs a bounded number of threads. A storm of logins waits
//! for its turn, within the same deadline: a host that is only busy refuses nobody.

use std::{ffi::CString, future::Future, pin::Pin, sync::Arc, time::Duration};

use nix::unistd::{Group, Uid, User as Passwd, getgrouplist};
use thiserror::Error;
use tokio::sync::Semaphore;
use twinlock_core::login::User;

/// How long a look-up may take. Less than the PAM module waits, so that it hears the reason.
const DEADLINE: Duration = Duration::from_secs(3);

/// Look-ups under way at once.
const LOOKUPS: usize = 32;

/// The longest name that is looked up, in bytes: `LOGIN_NAME_MAX` of limits.h(0p).
const LONGEST_NAME: usize = 256;

/// A look-up failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DirectoryError {
    /// NSS answered with an error.
    #[error("the user database cannot be read: {0}")]
    Failed(String),
    /// NSS did not answer.
    #[error("the user database did not answer within {} s", DEADLINE.as_secs())]
    TimedOut,
    /// Too many look-ups hang already.
    #[error("the user database does not answer: {LOOKUPS} look-ups are waiting for it")]
    Overloaded,
}

/// An answer that is on its way.
pub type Lookup<'a, T> =
    Pin<Box<dyn Future<Output = Result<Option<T>, DirectoryError>> + Send + 'a>>;

/// What the daemon asks of the user database.
pub trait Directory: Send + Sync {
    /// The user of this name, by canonical name. Where the policy names groups (`named`), with all
    /// groups of the user; a source that cannot tell whether one of those exists is an error.
    fn user_by_name<'a>(&'a self, name: &'a str, named: Vec<String>) -> Lookup<'a, User>;
    /// The user of this uid, without groups.
    fn user_by_uid(&self, uid: u32) -> Lookup<'_, User>;
}

/// The name service switch of this host.
pub struct Nss {
    permits: Arc<Semaphore>,
    deadline: Duration,
}

impl Nss {
    /// Ready to look up.
    pub fn new() -> Self {
        Self::with_deadline(DEADLINE)
    }

    fn with_deadline(deadline: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(LOOKUPS)), deadline }
    }

    async fn look_up<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> nix::Result<Option<T>> + Send + 'static,
    ) -> Result<Option<T>, DirectoryError> {
        let mut failure = DirectoryError::Overloaded;
        let asked = async {
            let permit = Arc::clone(&self.permits).acquire_owned().await;
            let permit = permit.map_err(|closed| DirectoryError::Failed(closed.to_string()))?;
            failure = DirectoryError::TimedOut;
            let answer = tokio::task::spawn_blocking(move || {
                // The permit stays with the thread: a look-up that hangs keeps its place.
                let _permit = permit;
                question()
            });
            let answer = answer.await.map_err(|join| DirectoryError::Failed(join.to_string()))?;
            answer.map_err(|errno| DirectoryError::Failed(errno.desc().to_owned()))
        };
        match tokio::time::timeout(self.deadline, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(failure),
        }
    }
}

impl Default for Nss {
    fn default() -> Self {
        Self::new()
    }
}

impl Directory for Nss {
    fn user_by_name<'a>(&'a self, name: &'a str, named: Vec<String>) -> Lookup<'a, User> {
        let name = name.to_owned();
        Box::pin(async move {
            if !can_be_a_name(&name) {
                return Ok(None);
            }
            self.look_up(move || match Passwd::from_name(&name)? {
                None => Ok(None),
                Some(passwd) => user(passwd, &named).map(Some),
            })
            .await
        })
    }

    fn user_by_uid(&self, uid: u32) -> Lookup<'_, User> {
        Box::pin(self.look_up(move || match Passwd::from_uid(Uid::from_raw(uid))? {
            None => Ok(None),
            Some(passwd) => user(passwd, &[]).map(Some),
        }))
    }
}

/// Names that no user can have are unknown without asking: they would only travel further.
fn can_be_a_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() < LONGEST_NAME
        && name != "."
        && name != ".."
        && !name.chars().any(|c| c.is_control() || matches!(c, '/' | ':'))
}

fn user(passwd: Passwd, named: &[String]) -> nix::Result<User> {
    let groups = if named.is_empty() { Vec::new() } else { groups_of(&passwd, named)? };
    Ok(User { name: passwd.name, uid: passwd.uid.as_raw(), groups })
}

fn groups_of(passwd: &Passwd, named: &[String]) -> nix::Result<Vec<String>> {
    // A source that is out of reach is passed over in silence by getgrouplist(3), so that its
    // groups would look like groups that the user is not in. Asked for a group, it tells.
    for group in named {
        Group::from_name(group)?;
    }
    let primary = passwd.gid;
    let name = CString::new(&*passwd.name).map_err(|_| nix::errno::Errno::EINVAL)?;
    let mut names = Vec::new();
    for gid in getgrouplist(&name, primary)? {
        // A gid without a name cannot be named in a policy either.
        if let Some(group) = Group::from_gid(gid)? {
            names.push(group.name);
        }
    }
    Ok(names)
}

#[cfg(test)]
pub(crate) mod testing {
    use std::{collections::HashMap, sync::Mutex};

    use super::*;

    /// A user database that a test fills and breaks.
    #[derive(Default)]
    pub(crate) struct TestDirectory {
        pub(crate) users: Mutex<HashMap<String, User>>,
        pub(crate) failure: Mutex<Option<DirectoryError>>,
        aliases: Mutex<HashMap<u32, String>>,
        unanswered: Mutex<Option<String>>,
    }

    impl TestDirectory {
        pub(crate) fn with(users: &[(&str, u32)]) -> Self {
            let directory = Self::default();
            for (name, uid) in users {
                directory.set(name, *uid);
            }
            directory
        }

        pub(crate) fn set(&self, name: &str, uid: u32) {
            let user = User { name: name.to_owned(), uid, groups: Vec::new() };
            self.users.lock().unwrap().insert(name.to_owned(), user);
        }

        /// The name is another spelling of this user's.
        pub(crate) fn spell(&self, name: &str, user: User) {
            self.users.lock().unwrap().insert(name.to_owned(), user);
        }

        pub(crate) fn remove(&self, name: &str) {
            self.users.lock().unwrap().remove(name);
        }

        /// By this uid, a user of this name is found, whatever the name's uid is.
        pub(crate) fn alias(&self, uid: u32, name: &str) {
            self.aliases.lock().unwrap().insert(uid, name.to_owned());
        }

        /// Of this user there is no answer in time.
        pub(crate) fn leave_unanswered(&self, name: &str) {
            *self.unanswered.lock().unwrap() = Some(name.to_owned());
        }

        pub(crate) fn fail(&self, error: Option<DirectoryError>) {
            *self.failure.lock().unwrap() = error;
        }

        fn find(&self, wanted: impl Fn(&User) -> bool) -> Result<Option<User>, DirectoryError> {
            match self.failure.lock().unwrap().clone() {
                Some(error) => Err(error),
                None => Ok(self.users.lock().unwrap().values().find(|u| wanted(u)).cloned()),
            }
        }
    }

    impl Directory for TestDirectory {
        fn user_by_name<'a>(&'a self, name: &'a str, _: Vec<String>) -> Lookup<'a, User> {
            if self.unanswered.lock().unwrap().as_deref() == Some(name) {
                return Box::pin(async { Err(DirectoryError::TimedOut) });
            }
            Box::pin(async move {
                self.find(|_| true)?;
                Ok(self.users.lock().unwrap().get(name).cloned())
            })
        }

        fn user_by_uid(&self, uid: u32) -> Lookup<'_, User> {
            let alias = self.aliases.lock().unwrap().get(&uid).cloned();
            if let Some(name) = alias {
                return Box::pin(async move { Ok(Some(User { name, uid, groups: Vec::new() })) });
            }
            Box::pin(async move { self.find(|user| user.uid == uid) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn root_is_found_by_name_and_by_uid_with_its_group() {
        let nss = Nss::new();
        let root = nss.user_by_name("root", vec!["root".to_owned()]).await.unwrap().unwrap();
        assert_eq!((root.name.as_str(), root.uid), ("root", 0));
        assert!(root.groups.contains(&"root".to_owned()), "{:?}", root.groups);
        assert_eq!(nss.user_by_uid(0).await.unwrap().unwrap().name, "root");
    }

    #[tokio::test]
    async fn names_that_cannot_be_are_unknown_users() {
        let long = "x".repeat(300);
        for name in ["", ".", "..", "../etc/passwd", "a/b", "root\n", "root:x", "\u{1b}[2J", &long]
        {
            assert_eq!(Nss::new().user_by_name(name, Vec::new()).await, Ok(None), "{name:?}");
        }
    }

    #[tokio::test]
    async fn more_look_ups_than_places_take_turns_and_all_are_answered() {
        let nss = Nss::new();
        let lookups = (0..4 * LOOKUPS).map(|_| {
            nss.look_up(|| {
                std::thread::sleep(Duration::from_millis(5));
                Ok(Some(()))
            })
        });
        for answer in futures_join(lookups.collect()).await {
            assert_eq!(answer, Ok(Some(())));
        }
    }

    #[tokio::test]
    async fn a_source_that_hangs_costs_a_bounded_number_of_threads() {
        let nss = Nss::with_deadline(Duration::from_millis(200));
        let (release, hold) = std::sync::mpsc::channel::<()>();
        let hold = Arc::new(std::sync::Mutex::new(hold));
        let hung: Vec<_> = (0..LOOKUPS)
            .map(|_| {
                let hold = Arc::clone(&hold);
                nss.look_up(move || {
                    let _ = hold.lock().map(|hold| hold.recv());
                    Ok(Some(()))
                })
            })
            .collect();
        for answer in futures_join(hung).await {
            assert_eq!(answer, Err(DirectoryError::TimedOut));
        }
        assert_eq!(nss.user_by_uid(0).await, Err(DirectoryError::Overloaded));
        drop(release);
    }

    async fn futures_join<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
        let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
        let mut answers = Vec::new();
        // All must have begun before the first is waited for.
        std::future::poll_fn(|context| {
            for future in &mut futures {
                let _ = future.as_mut().poll(context);
            }
            std::task::Poll::Ready(())
        })
        .await;
        for future in futures {
            answers.push(future.await);
        }
        answers
    }
}
