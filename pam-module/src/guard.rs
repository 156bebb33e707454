//! A panic stays inside the hook that it happens in.
//!
//! libpam calls the hooks as C functions, and a panic that crosses one aborts the whole login
//! process. It is caught here, says nothing on the terminal of the person who logs in, and leaves
//! its place for the log: a panic's text could hold what the person typed.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// How many guarded calls this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// Where this thread's last guarded panic happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic was caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panicked {
    /// Source file and line.
    pub place: String,
}

/// Runs `call` and turns a panic into an error.
///
/// # Errors
/// `call` panicked.
pub fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Panicked> {
    install_hook();
    let _depth = Depth::enter();
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        // Dropping a payload runs code of the panic's author, and that may panic again.
        std::mem::forget(payload);
        let place = PLACE.try_with(|place| place.borrow_mut().take()).ok().flatten();
        Panicked { place: place.unwrap_or_else(|| "an unknown place".to_owned()) }
    })
}

/// Makes panics of guarded threads silent.
///
/// The hook is set once and stays: taking it back after each login would race with another thread
/// that logs somebody in. It passes on what other threads panic about, and the standard library
/// that it belongs to is linked into this module alone, so a program written in Rust keeps its own.
fn install_hook() {
    static INSTALLED: Once = Once::new();
    // Setting a hook while this thread unwinds would itself panic.
    if std::thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |panic| {
            if DEPTH.try_with(Cell::get).unwrap_or(0) == 0 {
                previous(panic);
            } else {
                remember_place(panic);
            }
        }));
    });
}

fn remember_place(panic: &PanicHookInfo<'_>) {
    let text = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
    // A panic while the place is being read or while the thread ends leaves the old text.
    let _ = PLACE.try_with(|place| {
        if let Ok(mut place) = place.try_borrow_mut() {
            *place = text;
        }
    });
}

/// One guarded call; leaving it by a panic counts too.
struct Depth;

impl Depth {
    fn enter() -> Self {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_add(1)));
        Self
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_that_names_its_place_only() {
        let error = guarded(|| panic!("the code was 123456")).unwrap_err();
        assert!(error.place.contains("guard.rs:"), "{error:?}");
        assert!(!error.place.contains("123456"), "{error:?}");
    }

    #[test]
    fn a_call_without_a_panic_returns_its_value() {
        assert_eq!(guarded(|| 7), Ok(7));
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        assert!(guarded(|| std::panic::panic_any(Bomb)).is_err());
    }

    #[test]
    fn a_guarded_call_inside_another_is_caught_by_the_inner_one() {
        let outer = guarded(|| guarded(|| panic!("inner")).is_err());
        assert_eq!(outer, Ok(true));
        assert_eq!(DEPTH.get(), 0);
    }
}
