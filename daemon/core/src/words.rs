//! Enumerations whose members are words of the configuration, the log and the command line.

/// Defines an enumeration with one stable word a member: `as_str`, `ALL`, `FromStr`, `Display`
/// and serde all use that word.
macro_rules! words {
    (
        $(#[$outer:meta])*
        pub enum $name:ident($what:literal) {
            $($(#[$inner:meta])* $member:ident = $word:literal,)+
        }
    ) => {
        $(#[$outer])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $word)] $member,)+
        }

        impl $name {
            /// Every member, in order.
            pub const ALL: &'static [Self] = &[$(Self::$member,)+];

            /// The word for it in the configuration, in the log and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$member => $word,)+
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::policy::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$member),)+
                    _ => Err($crate::policy::UnknownWord {
                        what: $what,
                        word: word.to_owned(),
                        known: vec![$($word,)+],
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
