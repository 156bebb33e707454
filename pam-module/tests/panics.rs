//! A panic in a hook is silent; a panic of the program around it is not. In a process of its own,
//! because the panic hook is one a process.

use std::panic::{catch_unwind, set_hook};
use std::sync::atomic::{AtomicUsize, Ordering};

use pam_twinlock::guard::guarded;

#[test]
fn only_panics_inside_a_hook_are_silent() {
    static HEARD: AtomicUsize = AtomicUsize::new(0);
    set_hook(Box::new(|_| {
        HEARD.fetch_add(1, Ordering::SeqCst);
    }));

    assert!(guarded(|| panic!("ours")).is_err());
    assert_eq!(HEARD.load(Ordering::SeqCst), 0);

    assert!(catch_unwind(|| panic!("the program's own, on the same thread")).is_err());
    assert_eq!(HEARD.load(Ordering::SeqCst), 1);

    let meanwhile = guarded(|| {
        let other = std::thread::spawn(|| panic!("the program's own, on another thread")).join();
        other.is_err()
    });
    assert_eq!(meanwhile, Ok(true));
    assert_eq!(HEARD.load(Ordering::SeqCst), 2);
}
