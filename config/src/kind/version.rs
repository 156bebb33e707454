//! The version of the format.

use toml::de::DeValue;

use super::{Kind, wrong_type};
use crate::{
    faults::{Complaint, Faults},
    reader::Item,
    visible,
};

/// The version of the format that a file is written in.
pub(crate) struct Version;

impl Version {
    /// The one version that this build reads.
    pub const CURRENT: u32 = 1;

    /// Whether the value is a version, but of another build.
    pub fn is_foreign(value: &DeValue<'_>) -> bool {
        match value {
            DeValue::Integer(number) => {
                u32::from_str_radix(number.as_str(), number.radix()) != Ok(Self::CURRENT)
            }
            _ => false,
        }
    }
}

impl Kind for Version {
    type Value = u32;

    fn describe(&self) -> String {
        "whole number: 1".to_owned()
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<u32> {
        match item.value {
            DeValue::Integer(number) if Self::is_foreign(item.value) => {
                let shown =
                    visible::escape(&number.to_string().chars().take(20).collect::<String>());
                faults.error(
                    item.place,
                    Complaint::new(format!("the file is written in version {shown} of the format"))
                        .hint(format!("this build reads version {}", Self::CURRENT)),
                );
                None
            }
            DeValue::Integer(_) => Some(Self::CURRENT),
            _ => {
                let hint = format!("write `version = {}`", Self::CURRENT);
                faults.error(item.place, wrong_type(item, "a whole number").hint(hint));
                None
            }
        }
    }

    fn write(&self, value: &u32) -> Option<String> {
        Some(value.to_string())
    }
}
