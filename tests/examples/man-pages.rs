//! Writes the manual pages into `packaging/man`.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, reason = "it stops at its first surprise")]

#[path = "../tests/manual/pages.rs"]
mod pages;

use std::fs;

fn main() {
    for (name, text) in pages::pages() {
        fs::write(pages::folder().join(name), text).expect("write the page");
    }
}
