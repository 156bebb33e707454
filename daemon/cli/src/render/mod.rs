//! What people and programs read: text and JSON, made from plain values, without a bus.

pub mod contacts;
pub mod demands;
pub mod diagnosis;
pub mod enrolment;
pub mod explanation;
pub mod factors;
pub mod history;
pub mod import;
pub mod json;
pub mod mfa;
pub mod moment;
pub mod palette;
pub mod pam;
pub mod recovery;
pub mod report;
pub mod requests;
pub mod reset;
pub mod restore;
pub mod standing;
pub mod table;
pub mod trusted;
pub mod users;
pub mod voucher;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use moment::rfc3339;
pub use palette::Palette;

/// What a rendering depends on besides its data.
pub struct View {
    /// Colours, or none.
    pub palette: Palette,
    /// When the command began: the present, for 'three days ago'.
    pub now: Timestamp,
    /// The zone that local times are shown in.
    pub zone: TimeZone,
    /// Whether characters beyond ASCII can be used as marks.
    pub unicode: bool,
}

/// `1 factor`, `2 factors`.
pub fn count(number: usize, singular: &str) -> String {
    if number == 1 { format!("1 {singular}") } else { format!("{number} {singular}s") }
}
