//! The policy as a whole: who is asked, from where, since when.

mod abuse;
mod explain;
mod lists;
mod oracle;
mod order;
mod properties;
mod random;
mod setup;
mod table;
mod warnings;
