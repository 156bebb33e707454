//! Panics of a library as errors: sled panics on some damage and on some failures of the disk.

use std::{
    any::Any,
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// The text of a caught panic, escaped and cut to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Panicked(pub(super) String);

/// Runs `work`, and gives back its panic, which nobody else hears of: the panic hook of the
/// process stays silent for this thread meanwhile. What `work` changed is in an unknown state after
/// a panic and not to be used again.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    HOOK.call_once(|| {
        let hook = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                hook(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    result.map_err(|payload| Panicked(text(payload.as_ref())))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without words");
    one_line(text)
}

/// Escaped, and no longer than a line of a log.
pub(super) fn one_line(text: &str) -> String {
    text.escape_debug().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_text() {
        assert_eq!(caught(|| 3), Ok(3));
        assert_eq!(caught(|| panic!("plain")), Err::<(), _>(Panicked("plain".into())));
        let line = caught(|| panic!("two\nlines {}", 1));
        assert_eq!(line, Err::<(), _>(Panicked("two\\nlines 1".into())));
        let other = caught(|| std::panic::panic_any(7));
        assert_eq!(other, Err::<(), _>(Panicked("a panic without words".into())));
    }
}
