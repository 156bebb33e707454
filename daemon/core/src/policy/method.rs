//! The methods by which a second factor can be shown.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

words! {
    /// A method of the second factor.
    pub enum Method("method") {
        /// A code of an authenticator app (RFC 6238).
        Totp = "totp",
        /// A one-time code by e-mail.
        Email = "email",
        /// A one-time code by text message.
        Sms = "sms",
        /// One of the recovery codes that were shown at enrolment.
        Recovery = "recovery",
    }
}

impl Method {
    /// Whether a person can set this method up; recovery codes only come along with another.
    pub const fn can_be_enrolled(self) -> bool {
        !matches!(self, Self::Recovery)
    }
}

/// An ordered set of methods; the first is the one that is asked for first.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Methods {
    // None only behind the last method.
    list: [Option<Method>; 4],
}

impl Methods {
    /// No method.
    pub const NONE: Self = Self { list: [None; 4] };

    /// Every method: TOTP, e-mail, SMS, recovery code.
    pub const ALL: Self = Self {
        list: [Some(Method::Totp), Some(Method::Email), Some(Method::Sms), Some(Method::Recovery)],
    };

    /// TOTP and recovery codes: nothing that travels through somebody else's server.
    pub const OFFLINE: Self =
        Self { list: [Some(Method::Totp), Some(Method::Recovery), None, None] };

    /// Whether the method is in the set.
    pub fn contains(&self, method: Method) -> bool {
        self.list.contains(&Some(method))
    }

    /// Whether the set has no member.
    pub fn is_empty(&self) -> bool {
        self.list == [None; 4]
    }

    /// How many methods the set has.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// The methods, in order.
    pub fn iter(&self) -> impl Iterator<Item = Method> + '_ {
        self.list.iter().copied().flatten()
    }

    /// The methods that are in both sets, in the order of this one.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.iter().filter(|&method| other.contains(method)).collect()
    }

    /// The methods that a person can set up, in order.
    #[must_use]
    pub fn enrollable(&self) -> Self {
        self.iter().filter(|method| method.can_be_enrolled()).collect()
    }
}

impl FromIterator<Method> for Methods {
    /// Keeps the first of methods that are named twice.
    fn from_iter<I: IntoIterator<Item = Method>>(methods: I) -> Self {
        let mut set = Self::NONE;
        for method in methods {
            if !set.contains(method)
                && let Some(free) = set.list.iter_mut().find(|slot| slot.is_none())
            {
                *free = Some(method);
            }
        }
        set
    }
}

impl<const N: usize> From<[Method; N]> for Methods {
    fn from(methods: [Method; N]) -> Self {
        methods.into_iter().collect()
    }
}

impl std::fmt::Display for Methods {
    /// The words, with commas between them; `none` for the empty set.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (index, method) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(method.as_str())?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Methods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Methods {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Method>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_set_is_the_order_it_was_written_in() {
        let methods = Methods::from([Method::Sms, Method::Totp, Method::Sms]);
        assert_eq!(methods.iter().collect::<Vec<_>>(), [Method::Sms, Method::Totp]);
        assert_eq!(methods.to_string(), "sms, totp");
        assert_ne!(methods, Methods::from([Method::Totp, Method::Sms]));
    }

    #[test]
    fn what_is_in_both_sets_keeps_the_order_of_the_first() {
        let asked = Methods::from([Method::Recovery, Method::Email, Method::Totp]);
        let enrolled = Methods::from([Method::Totp, Method::Recovery]);
        assert_eq!(asked.and(&enrolled), Methods::from([Method::Recovery, Method::Totp]));
        assert!(asked.and(&Methods::NONE).is_empty());
    }

    #[test]
    fn recovery_codes_alone_cannot_be_set_up() {
        assert!(Methods::from([Method::Recovery]).enrollable().is_empty());
        assert_eq!(Methods::OFFLINE.enrollable(), Methods::from([Method::Totp]));
    }
}
