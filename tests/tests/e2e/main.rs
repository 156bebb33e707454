//! Behaviour of the whole: one binary, so that it is linked once; one behaviour a module.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "this is all test code, and it measures time"
)]

mod rig_self_test;
