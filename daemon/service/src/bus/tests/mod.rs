//! The two interfaces: on a real message bus of the tests' own with the policy that is shipped, and
//! behind it with callers whom no bus vouches for.

mod callers;
mod configuration;
mod connection;
mod contacts;
mod damaged;
mod enrolment;
mod flood;
mod fresh_code;
mod import;
mod interfaces;
mod invited;
mod policy;
mod polkit;
mod recovery;
mod removal;
mod requests;
mod restoring;
mod trust;
mod vouchers;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;
use zbus::{Address, Connection, connection::Builder};

use super::{Accounts, connect};
use crate::testing::Setup;

/// What is shipped.
const PACKAGING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/dbus");

/// Who may call the daemon.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// The policy that is shipped.
    Shipped,
    /// Everybody, so that the daemon's own check is all there is.
    WideOpen,
}

/// A message bus with a daemon on it.
struct Bus {
    setup: Setup,
    accounts: Arc<Accounts>,
    daemon: Connection,
    folder: TempDir,
    process: Child,
}

impl Bus {
    async fn start(gate: Gate) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let configuration = folder.path().join("bus.conf");
        fs::write(&configuration, text(folder.path(), gate)).unwrap();
        let process = Command::new("dbus-daemon")
            .arg("--config-file")
            .arg(&configuration)
            .args(["--nofork", "--nosyslog"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let setup = Setup::new();
        let accounts = Arc::new(setup.accounts().await);
        let address = address(folder.path());
        let daemon = loop {
            match connect(&address, &accounts).await {
                Ok(connection) => break connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        Self { setup, accounts, daemon, folder, process }
    }

    fn address(&self) -> String {
        address(self.folder.path())
    }

    /// A connection of root's.
    async fn connect(&self) -> Connection {
        client(&self.address()).await
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn client(address: &str) -> Connection {
    let address: Address = address.try_into().unwrap();
    Builder::address(address).build().await.unwrap()
}

fn address(folder: &Path) -> String {
    format!("unix:path={}/bus", folder.display())
}

/// A system bus as distributions configure it: nobody owns a name or calls a method but by a rule.
fn text(folder: &Path, gate: Gate) -> String {
    let rules = match gate {
        Gate::Shipped => format!("<include>{PACKAGING}/org.twinlock1.conf</include>"),
        Gate::WideOpen => "<policy context=\"mandatory\"><allow own=\"*\"/>\
                           <allow send_destination=\"*\"/></policy>"
            .to_owned(),
    };
    format!(
        r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
          "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig>
          <type>system</type>
          <listen>{}</listen>
          <auth>EXTERNAL</auth>
          <policy context="default">
            <allow user="*"/>
            <deny own="*"/>
            <deny send_type="method_call"/>
            <allow send_type="signal"/>
            <allow send_requested_reply="true" send_type="method_return"/>
            <allow send_requested_reply="true" send_type="error"/>
            <allow receive_type="method_call"/>
            <allow receive_type="method_return"/>
            <allow receive_type="error"/>
            <allow receive_type="signal"/>
            <allow send_destination="org.freedesktop.DBus"
                   send_interface="org.freedesktop.DBus"/>
          </policy>
          <policy user="root">
            <allow own="org.freedesktop.PolicyKit1"/>
          </policy>
          <policy context="default">
            <allow send_destination="org.freedesktop.PolicyKit1"/>
          </policy>
          {rules}
        </busconfig>"#,
        address(folder)
    )
}
