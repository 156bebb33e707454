//! `[network]`

use ipnet::IpNet;
use twinlock_core::policy::{NetworkList, NetworkRules};

use crate::{
    faults::Faults,
    kind::{List, Network as Block},
    reader::Layers,
    section::{Section, section},
};

section! {
    /// Addresses and blocks of remote logins.
    pub(crate) struct Network {
        /// Where remote logins may come from; every other address is refused. Empty: from
        /// anywhere.
        allow: Vec<IpNet> = Vec::new() => List::of(Block);
        /// Where no remote login may come from: refused before any prompt, logins by key alone
        /// too.
        deny: Vec<IpNet> = Vec::new() => List::of(Block);
        /// Where no second factor is asked of a login, except at level very-high.
        exempt: Vec<IpNet> = Vec::new() => List::of(Block);
    }
}

pub(crate) fn read(table: &Layers<'_>, faults: &mut Faults<'_>) -> NetworkRules {
    let Network { allow, deny, exempt } = Network::read(table, faults);
    let list = |name, networks| NetworkList {
        networks,
        place: table.has(name).then(|| faults.rule_place(table.place(name))),
    };
    NetworkRules {
        allow: list("allow", allow),
        deny: list("deny", deny),
        exempt: list("exempt", exempt),
    }
}
