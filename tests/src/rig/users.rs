//! Accounts of the private machine.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::process::demand;

/// A user with a password and an SSH key.
#[derive(Debug, Clone)]
pub struct User {
    /// The login name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The home directory.
    pub home: PathBuf,
}

impl User {
    /// Creates the account, with a home directory and an SSH key that is authorised for it.
    pub fn create(name: &str, password: &str) -> Self {
        let home = PathBuf::from(format!("/run/home/{name}"));
        demand(
            Command::new("useradd")
                .args(["--create-home", "--shell", "/bin/sh", "--home-dir"])
                .args([home.as_os_str(), "--user-group".as_ref(), name.as_ref()]),
        );
        let user = Self { name: name.to_owned(), password: password.to_owned(), home };
        user.set_password(password);
        user.authorise_key();
        user
    }

    /// Sets the password, hashed with few rounds, because its strength is not under test.
    pub fn set_password(&self, password: &str) {
        let mut chpasswd = Command::new("chpasswd")
            .args(["--crypt-method", "SHA512", "--sha-rounds", "1000"])
            .stdin(Stdio::piped())
            .spawn()
            .expect("chpasswd starts");
        let line = format!("{}:{password}\n", self.name);
        // The pipe closes at the end of the statement, which ends chpasswd's input.
        chpasswd.stdin.take().expect("a pipe").write_all(line.as_bytes()).expect("a password");
        assert!(chpasswd.wait().expect("chpasswd ends").success(), "chpasswd failed");
    }

    /// The private key, in a place that only root reads.
    pub fn key(&self) -> PathBuf {
        PathBuf::from(format!("/run/rig/keys/{}", self.name))
    }

    /// The keys that the server takes for the user.
    pub fn authorized_keys(&self) -> PathBuf {
        self.home.join(".ssh/authorized_keys")
    }

    fn authorise_key(&self) {
        fs::create_dir_all("/run/rig/keys").expect("create the key directory");
        demand(
            Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(self.key()),
        );
        let ssh = self.home.join(".ssh");
        fs::create_dir(&ssh).expect("create .ssh");
        fs::copy(self.key().with_extension("pub"), ssh.join("authorized_keys")).expect("the key");
        fs::set_permissions(&ssh, Permissions::from_mode(0o700)).expect("close .ssh");
        let owner = format!("{0}:{0}", self.name);
        demand(Command::new("chown").args(["--recursive", &owner]).arg(&ssh));
    }
}

/// Adds many accounts at once, named `PREFIX0`, `PREFIX1`…, which have no password.
pub fn create_many(prefix: &str, count: u32) -> Vec<String> {
    let names: Vec<_> = (0..count).map(|number| format!("{prefix}{number}")).collect();
    let mut passwd = append("/etc/passwd");
    let mut shadow = append("/etc/shadow");
    for (id, name) in (20_000..).zip(&names) {
        writeln!(passwd, "{name}:x:{id}:65534::/run/home/{name}:/bin/sh").expect("write passwd");
        writeln!(shadow, "{name}:!:20000:0:99999:7:::").expect("write shadow");
    }
    names
}

fn append(path: &str) -> std::io::BufWriter<fs::File> {
    std::io::BufWriter::new(
        OpenOptions::new().append(true).open(path).expect("open an account file"),
    )
}
