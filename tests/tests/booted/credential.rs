//! The key that seals the store, kept as a credential that only this host can read.

use super::site::{self, enrol, install};

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn the_key_may_be_an_encrypted_credential_of_the_host() {
    let machine = site::site();
    install(&machine, "TWINLOCK_DEB");
    let mut phone = enrol(&machine, "alice");
    let commands = documented();
    assert!(commands.contains("systemd-creds encrypt"), "{commands}");
    machine.shell(&format!("set -e\n{commands}"));

    assert!(!machine.try_shell("test -e /etc/twinlock/key").0, "the key lies open no longer");
    machine.shell(&format!("twinlock verify alice {}", phone.fresh()));
    machine.shell("systemctl restart twinlockd");
    machine.shell(&format!("twinlock verify alice {}", phone.fresh()));
    // The same store with another key is not served, nor is a new key made for it.
    machine.shell("systemctl stop twinlockd && rm /etc/credstore.encrypted/twinlock.key");
    let (started, _) = machine.try_shell("systemctl start twinlockd");
    assert!(!started, "it starts without its key");
    assert!(!machine.try_shell("test -e /etc/twinlock/key").0, "no new key is made");
}

/// The commands that SECURITY.md gives for it.
fn documented() -> String {
    let path = twinlock_tests::rig::artifacts::workspace().join("SECURITY.md");
    let text = std::fs::read_to_string(path).expect("SECURITY.md");
    let (_, behind) = text.split_once("LoadCredentialEncrypted").expect("it is described");
    let block = behind.split("```").nth(1).expect("a block of commands");
    block.lines().skip(1).collect::<Vec<_>>().join("\n")
}
