//! How many commits a second the embedded store makes durable, for 1, 8 and 64 writers at once.
//!
//! `cargo run --release -p twinlock-service --example store_throughput [DIRECTORY]`; the directory,
//! which should be on the disk that is to be measured, is the current one if none is given.
#![allow(clippy::print_stdout, clippy::disallowed_methods)] // it prints, and it measures time

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use twinlock_service::store::{Change, MasterKey, Options, SledStore, Store, Version};
use zeroize::Zeroizing;

/// About the size of a user's record.
const VALUE: usize = 1500;
const SPAN: Duration = Duration::from_secs(5);

fn main() -> Result<(), Box<dyn Error>> {
    let parent = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let path = parent.join(format!("store-throughput-{}", std::process::id()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    println!("writers  commits/s  flushes/s  commits/flush   p50 ms   p99 ms");
    for writers in [1, 8, 64] {
        let measured = runtime.block_on(measure(&path, writers));
        let removed = fs::remove_dir_all(&path);
        println!("{}", measured?);
        removed?;
    }
    Ok(())
}

async fn measure(path: &Path, writers: usize) -> Result<String, Box<dyn Error>> {
    let store = Arc::new(SledStore::open(path, &MasterKey::generate()?, Options::default())?);
    let begin = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let (key, mut version) = (format!("user/{writer}"), Version::ABSENT);
                let mut times = Vec::new();
                while begin.elapsed() < SPAN {
                    let started = Instant::now();
                    let value = Zeroizing::new(vec![7; VALUE]);
                    version = store.commit(vec![Change::put(&key, version, value)]).await?;
                    times.push(started.elapsed());
                }
                Ok::<_, twinlock_service::store::CommitError>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let seconds = begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |part: f64| times[(times.len() as f64 * part) as usize].as_secs_f64() * 1000.0;
    let (commits, flushes) = (times.len() as f64, store.flushes() as f64);
    Ok(format!(
        "{writers:7}  {:9.0}  {:9.0}  {:13.1}  {:7.2}  {:7.2}",
        commits / seconds,
        flushes / seconds,
        commits / flushes,
        at(0.5),
        at(0.99),
    ))
}
