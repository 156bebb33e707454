//! `[bus]`

use crate::{kind::BusAddress, section::section};

section! {
    /// The system bus, over which the twinlock command and the daemon talk.
    pub struct Bus {
        /// The system bus. It is never taken from the environment, which belongs to the caller.
        address: String = "unix:path=/run/dbus/system_bus_socket".to_owned() => BusAddress;
    }
}
