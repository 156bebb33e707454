//! Who calls, as the bus says: the message bus vouches for the uid of each of its connections.

use twinlock_bus_api::error::{Error, Result};
use zbus::{Connection, fdo::DBusProxy, message::Header, names::BusName};

/// A caller on the system bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Caller {
    /// The unique name of the connection; never given out twice while the bus lives.
    pub(super) connection: String,
    /// The uid of the process that opened it.
    pub(super) uid: u32,
}

impl Caller {
    /// Asks the bus who sent this message.
    pub(super) async fn of(header: &Header<'_>, connection: &Connection) -> Result<Self> {
        let unknown = || Error::NotAuthorized("The bus does not say who calls.".to_owned());
        let sender = header.sender().ok_or_else(unknown)?.to_owned();
        let bus = DBusProxy::new(connection).await.map_err(|_| unknown())?;
        let uid = bus
            .get_connection_unix_user(BusName::Unique(sender.clone()))
            .await
            .map_err(|_| unknown())?;
        Ok(Self { connection: sender.to_string(), uid })
    }

    /// Whether the caller is root.
    pub(super) const fn is_root(&self) -> bool {
        self.uid == 0
    }
}
