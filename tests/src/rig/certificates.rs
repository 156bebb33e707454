//! A certificate authority of a test's own, and certificates of it: openssl(1).

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::clock::Clock;
use super::process::demand;

/// An authority that nobody trusts but who is told to.
pub struct Authority {
    directory: TempDir,
}

/// A certificate and its key, as files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate, PEM.
    pub certificate: PathBuf,
    /// The key, PEM.
    pub key: PathBuf,
}

impl Authority {
    /// Makes one.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory for certificates");
        let authority = Self { directory };
        // Two of one name would be taken for each other up to the signature.
        let name = format!("/CN=Authority in {}", authority.path().display()).replace("/tmp/", "");
        openssl(
            authority.path(),
            None,
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "30",
                "-subj",
                &name,
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem",
            ],
        );
        authority
    }

    /// Its own certificate, for `ca_file`.
    pub fn file(&self) -> PathBuf {
        self.path().join("ca.pem")
    }

    /// A certificate for a server of this name or address.
    pub fn certify(&self, name: &str) -> Certificate {
        self.certify_at(name, None)
    }

    /// One that has expired.
    pub fn certify_long_ago(&self, name: &str) -> Certificate {
        self.certify_at(name, Some(&Clock::days_ago(90)))
    }

    fn certify_at(&self, name: &str, clock: Option<&Clock>) -> Certificate {
        let here = self.path();
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        let kind = if is_address { "IP" } else { "DNS" };
        let stem = format!("{name}-{}", if clock.is_some() { "old" } else { "new" });
        let file = |ending: &str| format!("{stem}.{ending}");
        let names = format!("subjectAltName={kind}:{name}\nbasicConstraints=CA:FALSE\n");
        std::fs::write(here.join(file("ext")), names).expect("write the extensions");
        openssl(
            here,
            None,
            &[
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=a server",
                "-keyout",
                &file("key"),
                "-out",
                &file("csr"),
            ],
        );
        openssl(
            here,
            clock,
            &[
                "x509",
                "-req",
                "-in",
                &file("csr"),
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-days",
                "7",
                "-extfile",
                &file("ext"),
                "-out",
                &file("pem"),
            ],
        );
        Certificate { certificate: here.join(file("pem")), key: here.join(file("key")) }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn openssl(directory: &Path, clock: Option<&Clock>, arguments: &[&str]) {
    let mut command = Command::new("openssl");
    command.args(arguments).current_dir(directory);
    if let Some(clock) = clock {
        clock.set(&mut command);
    }
    demand(&mut command);
}
