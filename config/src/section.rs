//! One table of the configuration, declared once: the macro makes the structure, its defaults, its
//! reader and its part of the schema from one line a key.

use crate::{faults::Faults, kind::Kind, reader::Layers, schema::Key};

/// A table whose keys are known.
pub(crate) trait Section: Sized {
    /// The names of its keys.
    const NAMES: &'static [&'static str];

    /// Its keys, for the manual.
    fn keys() -> Vec<Key>;

    /// Reads each key; what is wrong is noted, and its default taken.
    fn read_keys(table: &Layers<'_>, faults: &mut Faults<'_>) -> Self;

    /// Reads each key, and notes every key that is unknown.
    fn read(table: &Layers<'_>, faults: &mut Faults<'_>) -> Self {
        table.refuse_all_but(Self::NAMES, faults);
        Self::read_keys(table, faults)
    }
}

/// Declares a section. One line adds a key: its meaning, its name, its type, its default and what
/// may be written.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $key:ident: $type:ty = $default:expr => $kind:expr;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        $visibility struct $name {
            $( $(#[doc = $doc])+ pub $key: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )+ }
            }
        }

        impl $crate::section::Section for $name {
            const NAMES: &'static [&'static str] = &[$( stringify!($key), )+];

            fn keys() -> Vec<$crate::schema::Key> {
                vec![$(
                    $crate::section::key(
                        stringify!($key),
                        &$kind,
                        &$default,
                        &[$( $doc, )+],
                    ),
                )+]
            }

            fn read_keys(
                table: &$crate::reader::Layers<'_>,
                faults: &mut $crate::faults::Faults<'_>,
            ) -> Self {
                Self {
                    $( $key: $crate::section::last(
                        table,
                        stringify!($key),
                        &$kind,
                        faults,
                    ).unwrap_or_else(|| $default), )+
                }
            }
        }
    };
}

pub(crate) use section;

/// The value of a key that holds, that of the last file. Those of the others are looked at as
/// well, so that a mistake is told although it is overridden.
pub(crate) fn last<K: Kind>(
    table: &Layers<'_>,
    name: &'static str,
    kind: &K,
    faults: &mut Faults<'_>,
) -> Option<K::Value> {
    table.items(name).fold(None, |_, item| kind.read(item, faults))
}

/// A key as the manual lists it.
pub(crate) fn key<K: Kind>(
    name: &'static str,
    kind: &K,
    default: &K::Value,
    doc: &[&'static str],
) -> Key {
    let lines: Vec<_> = doc.iter().map(|line| line.trim()).collect();
    Key { name, values: kind.describe(), default: kind.write(default), doc: lines.join(" ") }
}
