//! Whom an encrypted connection is trusted to reach: the authorities of the system, or those of one
//! file. The certificate of the other side is always verified.

use std::path::Path;

use rustls::{
    CertificateError,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::failure::{Failure, chain};

/// The largest file of authorities, in bytes.
const LARGEST: u64 = 4 << 20;

/// Makes the one implementation of cryptography the process's. A second call changes nothing.
pub(super) fn prepare() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The authorities of a file, or those that the system trusts.
pub(super) fn authorities(file: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = match file {
        Some(path) => of_file(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    if found.is_empty() {
        let place = file.map_or("this host".to_owned(), |path| path.display().to_string());
        return Err(format!("there is no certificate of an authority in {place}"));
    }
    Ok(found)
}

fn of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let shown = path.display();
    let facts =
        std::fs::metadata(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if !facts.is_file() || facts.len() > LARGEST {
        return Err(format!("{shown} is not a regular file of at most 4 MiB"));
    }
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| format!("{shown} cannot be read: {error}"))?;
    certificates
        .collect::<Result<_, _>>()
        .map_err(|_| format!("{shown} holds what is no certificate in PEM"))
}

/// What is wrong with an encrypted connection, if that is what an error is about.
pub(super) fn fault(server: &str, error: &(dyn std::error::Error + 'static)) -> Option<Failure> {
    let found = chain(error).find_map(|error| error.downcast_ref::<rustls::Error>())?;
    let rustls::Error::InvalidCertificate(reason) = found else {
        return Some(Failure::lasting(format!("no encrypted connection to {server}: {found}")));
    };
    let why = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; look at the clock of this host"
        }
        CertificateError::UnknownIssuer => "its issuer is not trusted; see ca_file",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name"
        }
        CertificateError::BadSignature => "it is not signed by the issuer that it names",
        CertificateError::Revoked => "it was revoked",
        other => {
            return Some(Failure::lasting(format!(
                "the certificate of {server} is not accepted: {other}"
            )));
        }
    };
    Some(Failure::lasting(format!("the certificate of {server} is not accepted: {why}")))
}
