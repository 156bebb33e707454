//! Whether the command and the running daemon are of one version: after an upgrade the daemon is the
//! old one until it is restarted.

use twinlock_bus_api::error::Error;
use zbus::fdo;

/// The version of this command.
pub const OWN: &str = env!("CARGO_PKG_VERSION");

/// What mends a difference.
pub const MEND: &str = "systemctl restart twinlockd";

/// What a daemon says of its version; none where it is of before it could say.
///
/// # Errors
/// It did not answer, or not to the question.
pub fn read(reply: Result<String, Error>) -> Result<Option<String>, Error> {
    match reply {
        Ok(version) => Ok(Some(version)),
        Err(Error::Bus(zbus::Error::FDO(cause)))
            if matches!(*cause, fdo::Error::UnknownMethod(_)) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// How the daemon differs from this command; `None` where it does not. The text of the daemon in it
/// is not escaped.
pub fn difference(daemon: Option<&str>) -> Option<String> {
    match daemon {
        Some(version) if version == OWN => None,
        Some(version) => Some(format!("twinlockd runs in version {version}, the command is {OWN}")),
        None => Some(format!(
            "twinlockd runs in a version that does not say which it is, the command is {OWN}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(error: fdo::Error) -> Result<Option<String>, Error> {
        read(Err(Error::Bus(zbus::Error::FDO(Box::new(error)))))
    }

    #[test]
    fn the_same_version_is_no_difference_and_any_other_is() {
        assert_eq!(difference(Some(OWN)), None);
        assert!(difference(Some("0.0.1")).unwrap().contains("version 0.0.1"));
        assert!(difference(None).unwrap().contains("does not say"));
    }

    #[test]
    fn only_a_daemon_that_does_not_know_the_method_is_an_old_one() {
        assert_eq!(answer(fdo::Error::UnknownMethod(String::new())).unwrap(), None);
        assert!(answer(fdo::Error::AccessDenied(String::new())).is_err());
        assert!(read(Err(Error::Unavailable(String::new()))).is_err());
        assert_eq!(read(Ok("1.2.3".to_owned())).unwrap().as_deref(), Some("1.2.3"));
    }
}
