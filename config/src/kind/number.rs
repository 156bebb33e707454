//! Whole numbers within limits, and switches.

use std::ops::RangeInclusive;

use toml::de::DeValue;

use super::{Kind, wrong_type};
use crate::{
    faults::{Complaint, Faults},
    reader::Item,
};

/// A whole number within limits.
pub(crate) struct Count(pub RangeInclusive<u32>);

impl Kind for Count {
    type Value = u32;

    fn describe(&self) -> String {
        format!("whole number, {} to {}", self.0.start(), self.0.end())
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<u32> {
        let DeValue::Integer(digits) = item.value else {
            let complaint = wrong_type(item, "a whole number");
            let hint = match item.value {
                DeValue::String(text) if text.trim().parse::<u32>().is_ok() => {
                    Some(format!("write {} without quotation marks", text.trim()))
                }
                _ => None,
            };
            faults.error(item.place, complaint.maybe_hint(hint));
            return None;
        };
        // A number too large for any integer type is out of range like any other.
        let number = u32::from_str_radix(digits.as_str(), digits.radix()).ok();
        let accepted = number.filter(|number| self.0.contains(number));
        if accepted.is_none() {
            let (least, most) = (self.0.start(), self.0.end());
            let message = format!("\"{}\" must be from {least} to {most}", item.name);
            faults.error(item.place, Complaint::new(message));
        }
        accepted
    }

    fn write(&self, value: &u32) -> Option<String> {
        Some(value.to_string())
    }
}

/// `true` or `false`.
pub(crate) struct Switch;

impl Kind for Switch {
    type Value = bool;

    fn describe(&self) -> String {
        "true or false".to_owned()
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<bool> {
        if let DeValue::Boolean(value) = item.value {
            return Some(*value);
        }
        let hint = match item.value {
            DeValue::String(_) => "write true or false, without quotation marks",
            _ => "write true or false",
        };
        faults.error(item.place, wrong_type(item, "true or false").hint(hint));
        None
    }

    fn write(&self, value: &bool) -> Option<String> {
        Some(value.to_string())
    }
}
