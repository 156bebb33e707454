//! The configuration of Twinlock: which keys there are, what each may say, and what is wrong with
//! a file, to the column.
//!
//! ```text
//! files ─► load ─► parse: syntax ─► reader ─► sections ─► Config
//!                            └────────┴──────────┴─► Diagnostics, by file and line
//! ```
//!
//! The main file is read first, then `conf.d/*.toml` beside it in the order of their names. A key
//! of a later file overrides the same key of an earlier one, section by section and key by key,
//! lists included; `[[profile]]` alone follow one another, in the order of reading. So a file in
//! `conf.d` can add profiles behind those of the main file, but not take one back.
//!
//! One reading finds everything that is wrong, not the first thing only. Text from a file is
//! escaped wherever it is shown.
//!
//! To add a key: one line in its section (`sections/`), and its comment in
//! `defaults/twinlock.toml`, which a test asks for.
#![forbid(unsafe_code)]

pub mod duration;
pub mod templates;

mod cautions;
mod config;
mod diagnostic;
mod excerpt;
mod faults;
mod kind;
mod load;
mod parse;
mod pattern;
mod reader;
mod schema;
mod section;
mod sections;
mod source;
mod suggest;
mod syntax;
mod visible;
mod warnings;

pub use cautions::Caution;
pub use config::Config;
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use kind::{Argument, Header, HttpMethod, MailServer, MailTls, Sender};
pub use load::{load, load_as};
pub use parse::{Loaded, Places, parse};
pub use pattern::{Pattern, Slot};
pub use schema::{Key, Section, Shape, schema};
pub use sections::{
    audit::Audit,
    bus::Bus,
    email::Email,
    login::Login,
    one_time_code::OneTimeCode,
    remember::Remember,
    reset::Reset,
    sms::{Encoding, Gateway, Sms},
    store::{Backend, Store},
    totp::Totp,
};

/// The configuration as it is shipped: every key at its default, with a comment.
pub const SHIPPED: &str = include_str!("../defaults/twinlock.toml");
