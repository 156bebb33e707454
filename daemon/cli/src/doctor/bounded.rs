//! Waiting for an answer, with an end.

use std::io;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::timeout;

/// Does the work on an event loop of its own, within a deadline.
///
/// # Errors
/// No resources for an event loop; nothing within the deadline, [`io::ErrorKind::TimedOut`].
pub(super) fn within<T>(deadline: Duration, work: impl Future<Output = T>) -> io::Result<T> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async { timeout(deadline, work).await });
    // A name that the system is still looking up is not waited for.
    runtime.shutdown_background();
    answer.map_err(|_| {
        let seconds = deadline.as_secs();
        io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {seconds} s"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_without_an_answer_ends() {
        let silent = within(Duration::from_millis(20), std::future::pending::<()>());
        assert_eq!(silent.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(within(Duration::from_secs(5), async { 7 }).unwrap(), 7);
    }
}
