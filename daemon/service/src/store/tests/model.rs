//! Compare-and-swap against a model, over random histories, with the store closed and opened again
//! at random moments.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::store::memory::MemoryStore;

/// Which version a change expects.
#[derive(Debug, Clone, Copy)]
enum Expect {
    Current,
    Absent,
    /// The one that the key had this many of its versions ago.
    Earlier(usize),
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(u8, Expect, Option<u8>)>),
    Read(u8),
    Scan,
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let expect = prop_oneof![
        6 => Just(Expect::Current),
        1 => Just(Expect::Absent),
        1 => (1..4usize).prop_map(Expect::Earlier),
    ];
    let change = (0..5u8, expect, prop::option::weighted(0.7, any::<u8>()));
    let changes = prop::collection::vec(change, 1..4).prop_map(|mut changes| {
        changes.sort_by_key(|(key, ..)| *key);
        changes.dedup_by_key(|(key, ..)| *key);
        changes
    });
    let step = prop_oneof![
        12 => changes.prop_map(Step::Commit),
        4 => (0..5u8).prop_map(Step::Read),
        2 => Just(Step::Scan),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

#[derive(Default)]
struct Model {
    values: BTreeMap<String, (Version, u8)>,
    /// Every version a key ever had.
    history: BTreeMap<String, Vec<Version>>,
    last: Version,
}

impl Model {
    fn version(&self, key: &str) -> Version {
        self.values.get(key).map_or(Version::ABSENT, |(version, _)| *version)
    }

    fn expected(&self, key: &str, expect: Expect) -> Version {
        let earlier = |back: usize| {
            let history = self.history.get(key)?;
            history.get(history.len().checked_sub(back + 1)?).copied()
        };
        match expect {
            Expect::Current => self.version(key),
            Expect::Absent => Version::ABSENT,
            Expect::Earlier(back) => earlier(back).unwrap_or(Version::from_number(u64::MAX)),
        }
    }

    async fn step(&mut self, store: &dyn Store, step: &Step) {
        match step {
            Step::Reopen => {}
            Step::Read(key) => {
                let key = name(*key);
                let expected =
                    self.values.get(&key).map_or(Versioned::ABSENT, |(version, value)| Versioned {
                        version: *version,
                        value: Some(bytes([*value])),
                    });
                assert_eq!(store.read(&key).await, Ok(expected));
            }
            Step::Scan => {
                let found = store.scan("k").await.unwrap().into_iter();
                let found: Vec<_> =
                    found.map(|it| (it.key, (it.version, it.value.unwrap()[0]))).collect();
                assert_eq!(found, self.values.clone().into_iter().collect::<Vec<_>>());
            }
            Step::Commit(changes) => self.commit(store, changes).await,
        }
    }

    async fn commit(&mut self, store: &dyn Store, changes: &[(u8, Expect, Option<u8>)]) {
        let changes: Vec<_> = changes
            .iter()
            .map(|(key, expect, value)| (name(*key), self.expected(&name(*key), *expect), *value))
            .collect();
        let request = changes.iter().map(|(key, expected, value)| Change {
            key: key.clone(),
            expected: *expected,
            value: value.map(|value| bytes([value])),
        });
        let result = store.commit(request.collect()).await;
        if let Some((key, ..)) =
            changes.iter().find(|(key, expected, _)| self.version(key) != *expected)
        {
            assert_eq!(result, Err(CommitError::Conflict { key: key.clone() }));
            return;
        }
        let version = result.unwrap();
        assert!(version > self.last);
        self.last = version;
        for (key, _, value) in changes {
            match value {
                Some(value) => {
                    self.history.entry(key.clone()).or_default().push(version);
                    self.values.insert(key, (version, value));
                }
                None => {
                    self.values.remove(&key);
                }
            }
        }
    }
}

fn name(key: u8) -> String {
    format!("k{key}")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_store_in_memory_behaves_like_its_model(steps in steps()) {
        runtime().block_on(async {
            let (store, mut model) = (MemoryStore::new(), Model::default());
            for step in &steps {
                model.step(&store, step).await;
            }
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn the_embedded_store_behaves_like_its_model(steps in steps()) {
        runtime().block_on(async {
            let (place, mut model) = (Place::new(), Model::default());
            let mut store = Some(place.open());
            for step in &steps {
                if matches!(step, Step::Reopen) {
                    drop(store.take());
                    store = Some(place.open());
                }
                model.step(store.as_ref().unwrap(), step).await;
            }
        });
    }
}
