//! The one who reads: events by filter and page, and the login that a reference names.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use twinlock_core::{audit::AuditRecord, time::Timestamp};
use zeroize::Zeroizing;

use super::{
    block,
    day::{BLOCKS, Day, MARKERS},
};
use crate::store::{Store, StoreError};

/// How much one page looks through before it ends, in bytes, at the end of a day: so that each
/// call takes bounded time, whatever the filter leaves out.
const STRETCH: usize = 16 << 20;

/// How far apart events of one login may be: a dialogue lives five minutes.
const LOGIN: Duration = Duration::from_secs(5 * 60);

/// Which events are wanted. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this user.
    pub user: Option<String>,
    /// With this word for what happened.
    pub event: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before, and not at.
    pub until: Option<Timestamp>,
    /// After this one.
    pub after: Option<Cursor>,
}

impl Filter {
    fn takes(&self, record: &AuditRecord) -> bool {
        self.user.as_ref().is_none_or(|user| *user == record.user)
            && self.event.as_ref().is_none_or(|event| *event == record.event)
            && self.since.is_none_or(|since| record.at >= since)
            && self.until.is_none_or(|until| record.at < until)
    }

    fn takes_day(&self, day: Day) -> bool {
        let earliest = self.since.map(Day::of).max(self.after.as_ref().map(|after| after.day));
        earliest.is_none_or(|earliest| day >= earliest)
            && self.until.is_none_or(|until| day <= Day::of(until))
    }
}

/// The place of an event in the trail. Its text is for programs to hand back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    day: Day,
    /// The key of the block.
    block: String,
    /// Which of its events; none of a block that could not be read.
    index: Option<usize>,
}

/// What a cursor has in place of an index where there is none.
const NO_INDEX: &str = "-";

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.block.trim_start_matches(BLOCKS))?;
        match self.index {
            Some(index) => index.fmt(f),
            None => f.write_str(NO_INDEX),
        }
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (block, index) = text.rsplit_once('/').ok_or(())?;
        let (day, name) = block.split_once('/').ok_or(())?;
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_name || name.len() > 64 {
            return Err(());
        }
        Ok(Self {
            day: Day::parse(day).ok_or(())?,
            block: format!("{BLOCKS}{block}"),
            index: match index {
                NO_INDEX => None,
                index => Some(index.parse().map_err(|_| ())?),
            },
        })
    }
}

/// A part of what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order in which they happened.
    pub events: Vec<(Cursor, AuditRecord)>,
    /// Where to go on; `None` where there was nothing to look at, and no [`Filter::after`].
    pub next: Option<Cursor>,
    /// Whether there may be more by now.
    pub is_cut: bool,
    /// What cannot be read of the days that were looked at, whatever the filter takes of them.
    pub damaged: Damaged,
}

/// How many blocks of a day cannot be read. What is in them, and of when exactly, nobody knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damaged(pub BTreeMap<Day, u32>);

impl Damaged {
    fn count(&mut self, day: Day) {
        *self.0.entry(day).or_default() += 1;
    }
}

/// A login that a reference has named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundLogin {
    /// Its events, in the order in which they happened; empty if no event has the reference.
    pub records: Vec<AuditRecord>,
    /// What cannot be read of its day; of every day, where there is none.
    pub damaged: Damaged,
}

/// The trail as it stands in the store.
pub struct History {
    store: Arc<dyn Store>,
}

impl History {
    /// Of this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The events that the filter takes, `limit` at the most. A block that cannot be read hides no
    /// other, and is told once: [`Page::next`] lies behind it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn page(&self, filter: &Filter, limit: usize) -> Result<Page, StoreError> {
        let mut page = Page { next: filter.after.clone(), ..Page::default() };
        let mut looked_at = 0;
        for day in self.days().await?.into_iter().filter(|day| filter.takes_day(*day)) {
            if looked_at >= STRETCH {
                page.is_cut = true;
                break;
            }
            for entry in self.store.scan(&day.prefix()).await? {
                let at = |index| Cursor { day, block: entry.key.clone(), index };
                let Some(block) = readable(entry.value)? else {
                    let place = at(None);
                    if filter.after.as_ref().is_none_or(|after| place.is_news_after(after)) {
                        page.damaged.count(day);
                        page.next = Some(place);
                    }
                    continue;
                };
                looked_at += block.len();
                if filter.after.as_ref().is_some_and(|after| entry.key < after.block) {
                    continue;
                }
                for (index, record) in block::records(&block, day).enumerate() {
                    let cursor = at(Some(index));
                    if filter.after.as_ref().is_some_and(|after| !cursor.is_news_after(after)) {
                        continue;
                    }
                    if page.events.len() >= limit {
                        page.is_cut = true;
                        return Ok(page);
                    }
                    page.next = Some(cursor.clone());
                    if filter.takes(&record) {
                        page.events.push((cursor, record));
                    }
                }
            }
        }
        Ok(page)
    }

    /// The latest event with this reference, and what else belongs to its login, in the order in
    /// which it happened; empty if there is none.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn login_of(&self, reference: &str) -> Result<FoundLogin, StoreError> {
        let mut looked_at = Damaged::default();
        for day in self.days().await?.into_iter().rev() {
            let mut damaged = Damaged::default();
            let mut blocks = Vec::new();
            for entry in self.store.scan(&day.prefix()).await? {
                match readable(entry.value)? {
                    Some(block) => blocks.push(block),
                    None => damaged.count(day),
                }
            }
            let has_it = |record: &AuditRecord| record.reference.as_deref() == Some(reference);
            // A look at the bytes first: most blocks do not have it, and are not read.
            let found = blocks.iter().rev().filter(|block| contains(block, reference));
            let named = found
                .flat_map(|block| block::records(block, day).rev())
                .find(|record| has_it(record));
            let Some(named) = named else {
                looked_at.0.extend(damaged.0);
                continue;
            };
            let records = blocks.iter().flat_map(|block| block::records(block, day));
            let is_near = |record: &AuditRecord| {
                record.at.until(named.at).max(named.at.until(record.at)) <= LOGIN
            };
            let records = records.filter(|record| {
                record.is_of_the_login_of(&named) && (has_it(record) || is_near(record))
            });
            return Ok(FoundLogin { records: records.collect(), damaged });
        }
        Ok(FoundLogin { records: Vec::new(), damaged: looked_at })
    }

    /// The days that have events.
    async fn days(&self) -> Result<BTreeSet<Day>, StoreError> {
        days(&*self.store).await
    }
}

/// The days that have events, or had some.
pub(super) async fn days(store: &dyn Store) -> Result<BTreeSet<Day>, StoreError> {
    let markers = store.scan(MARKERS).await?;
    Ok(markers.iter().filter_map(|entry| Day::parse(entry.key.strip_prefix(MARKERS)?)).collect())
}

impl Cursor {
    /// Whether one who was told everything up to `told` was not told of this. A block that can be
    /// read again is, from its first event on; so is one that could be read up to there, and cannot
    /// any more.
    fn is_news_after(&self, told: &Self) -> bool {
        match (self.block.cmp(&told.block), self.index, told.index) {
            (Ordering::Equal, Some(index), Some(told)) => index > told,
            (Ordering::Equal, index, told) => index != told,
            (order, ..) => order == Ordering::Greater,
        }
    }
}

/// A block; none if it alone cannot be read.
fn readable(
    value: Result<Zeroizing<Vec<u8>>, StoreError>,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    match value {
        Ok(block) => Ok(Some(block)),
        Err(error) if error.is_of_one_record() => Ok(None),
        Err(error) => Err(error),
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len().max(1)).any(|window| window == text.as_bytes())
}
