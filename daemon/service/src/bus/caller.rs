//! Who calls, as the bus says: the message bus vouches for the uid of each of its connections.

use tokio::sync::OwnedMutexGuard;
use twinlock_bus_api::error::{Error, Result};
use twinlock_core::login::User;
use zbus::{Connection, fdo::DBusProxy, message::Header, names::BusName};

use super::calls::{Calls, Place, Whose};
use crate::engine::UserLocks;

/// A caller on the system bus, for the time of one call.
///
/// The calls of one user take turns: whoever sends thousands at once waits for themselves, and
/// neither the user database nor the store is taken up by one who is not logging in. Root's do not,
/// so that a reset of many users holds up no other administrator. Where too many wait already, the
/// next is refused: by its connection before anything is asked or awaited, then by its user.
pub(super) struct Caller {
    /// The unique name of the connection; never given out twice while the bus lives.
    pub(super) connection: String,
    /// The uid of the process that opened it.
    pub(super) uid: u32,
    _turn: Option<OwnedMutexGuard<()>>,
    _places: Vec<Place>,
}

/// Who calls, before it is their turn.
pub(super) struct Identity {
    connection: String,
    /// The uid of the process that opened the connection.
    pub(super) uid: u32,
    places: Vec<Place>,
}

impl Identity {
    /// Asks the bus who sent this message.
    pub(super) async fn of(
        header: &Header<'_>,
        connection: &Connection,
        calls: &Calls,
    ) -> Result<Self> {
        let unknown = || {
            Error::NotAuthorized(
                "The bus does not say who calls; try again over a new connection.".to_owned(),
            )
        };
        let sender = header.sender().ok_or_else(unknown)?.to_owned();
        let mut places = vec![calls.enter(Whose::Connection(sender.to_string()))?];
        let bus = DBusProxy::new(connection).await.map_err(|_| unknown())?;
        let uid = bus
            .get_connection_unix_user(BusName::Unique(sender.clone()))
            .await
            .map_err(|_| unknown())?;
        if uid != 0 {
            places.push(calls.enter(Whose::User(uid))?);
        }
        Ok(Self { connection: sender.to_string(), uid, places })
    }

    /// Whether the caller is root.
    pub(super) const fn is_root(&self) -> bool {
        self.uid == 0
    }

    /// Waits for their turn; root has none to wait for.
    pub(super) async fn in_turn(self, turns: &UserLocks) -> Caller {
        let turn = match self.uid {
            0 => None,
            uid => Some(turns.lock(&uid.to_string()).await),
        };
        Caller { connection: self.connection, uid: self.uid, _turn: turn, _places: self.places }
    }
}

impl Caller {
    /// A caller whom no bus vouches for.
    #[cfg(test)]
    pub(super) fn supposed(connection: &str, uid: u32) -> Self {
        Self { connection: connection.to_owned(), uid, _turn: None, _places: Vec::new() }
    }

    /// Who this is to somebody else: `root` or `uid 1000`; `None` to themselves.
    pub(super) fn name_to(&self, user: &User) -> Option<String> {
        match self.uid {
            uid if uid == user.uid => None,
            0 => Some("root".to_owned()),
            uid => Some(format!("uid {uid}")),
        }
    }

    /// Whether the caller is root.
    pub(super) const fn is_root(&self) -> bool {
        self.uid == 0
    }
}
