//! The system bus: `org.twinlock1.Self` for local users, `org.twinlock1.Admin` for administrators.
//!
//! Logins do not need it. The daemon serves them with the bus dead, and comes back to the bus
//! when the bus comes back.

mod account;
mod admin;
mod authority;
mod backups;
mod caller;
mod calls;
mod configuration;
mod contacts;
mod effects;
mod enrolling;
mod enrolments;
mod errors;
mod exemptions;
mod explain;
mod forgetting;
mod fresh_code;
mod history;
mod import;
mod own_word;
mod recovery;
mod requests;
mod resetting;
mod self_service;
mod status;
mod switch;
#[cfg(test)]
mod tests;
mod transfers;
mod trust;
mod verbs;
mod vouchers;

use std::{sync::Arc, time::Duration};

use tokio::sync::oneshot;
use twinlock_bus_api::names::{BUS_NAME, OBJECT_PATH};
use zbus::{
    Address, Connection,
    address::{Transport, transport::UnixSocket},
    connection::Builder,
    fdo::{RequestNameFlags, RequestNameReply},
};

pub use self::account::Accounts;
use self::{admin::AdminInterface, self_service::SelfInterface};
use crate::{journal, socket::BoundedSocket};

/// The first and the longest pause before the bus is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How long the bus may take to let the daemon in.
const DEADLINE: Duration = Duration::from_secs(10);

/// Serves the bus at `address` for as long as the daemon runs. `tried` is told when the first
/// attempt is over, whatever came of it.
pub async fn serve(address: String, accounts: Arc<Accounts>, tried: oneshot::Sender<()>) {
    let mut tried = Some(tried);
    let mut pause = PAUSES.0;
    loop {
        let attempt = tokio::time::timeout(DEADLINE, connect(&address, &accounts)).await;
        if let Some(tried) = tried.take() {
            // The daemon may have stopped waiting for it.
            let _ = tried.send(());
        }
        match attempt {
            Ok(Ok(connection)) => {
                journal::line(&format!("serving {BUS_NAME} on {address}"));
                pause = PAUSES.0;
                connection.closed().await;
                accounts.forget_connections();
                journal::line(&format!("the bus at {address} went away; logins go on"));
            }
            Ok(Err(error)) => journal::line(&format!(
                "the bus at {address} cannot be used, logins go on: {error}"
            )),
            Err(_) => journal::line(&format!("the bus at {address} does not answer, logins go on")),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

async fn connect(address: &str, accounts: &Arc<Accounts>) -> zbus::Result<Connection> {
    let address: Address = address.try_into()?;
    let connection = Builder::socket(open(&address).await?)
        .serve_at(OBJECT_PATH, SelfInterface::new(accounts.clone()))
        .serve_at(OBJECT_PATH, AdminInterface::new(accounts.clone()))
        .build()
        .await?;
    if address.guid().is_some_and(|guid| *guid != **connection.server_guid()) {
        return Err(zbus::Error::Handshake("another bus listens there".to_owned()));
    }
    // Objects first, name second: whoever finds the name finds the interfaces.
    let flags = RequestNameFlags::DO_NOT_QUEUE;
    match connection.request_name_with_flags(BUS_NAME, flags).await? {
        RequestNameReply::PrimaryOwner | RequestNameReply::AlreadyOwner => Ok(connection),
        RequestNameReply::Exists | RequestNameReply::InQueue => Err(zbus::Error::NameTaken),
    }
}

/// The socket of the bus. Other transports do not say who calls.
async fn open(address: &Address) -> zbus::Result<BoundedSocket> {
    let Transport::Unix(unix) = address.transport() else { return Err(zbus::Error::Unsupported) };
    let UnixSocket::File(path) = unix.path() else { return Err(zbus::Error::Unsupported) };
    Ok(BoundedSocket::connect(path).await?)
}
