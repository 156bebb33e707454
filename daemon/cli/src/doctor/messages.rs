//! E-mail and text messages: whether what sends them is there.
//!
//! A server is connected to and left again; nothing is said to it and nothing is sent.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;
use twinlock_config::{Argument, MailServer, Places, Sms};

use crate::daemon_user::{DaemonUser, NAME, Obstacle};

use super::bounded::within;
use super::configuration::Settings;
use super::finding::{Area, Finding, Place, Report, Severity};

/// How long a server may take to accept a connection, the look-up of its name included.
const DEADLINE: Duration = Duration::from_secs(5);

/// Looks at both ways, where they are configured.
pub(super) fn check(settings: &Settings, reader: Option<&DaemonUser>, report: &mut Report) {
    let places = &settings.places;
    if let Some(email) = &settings.config.email {
        let look = Look { area: Area::Email, place: place(places, "email", "server") };
        report.examined.push(Area::Email);
        report.findings.extend(match &email.server {
            MailServer::Smtp { host, port, .. } => look.server(host, *port),
            MailServer::Sendmail(program) => look.program(program),
        });
        let ca_file = email.ca_file.as_deref();
        report.findings.extend(ca_file.and_then(|it| look.closed(it, "ca-file-closed", reader)));
        report
            .findings
            .extend(email.password_file.as_deref().and_then(|it| look.password(it, reader)));
    }
    if let Some(sms) = &settings.config.sms {
        report.examined.push(Area::Sms);
        report.findings.extend(text_messages(sms, places, reader));
    }
}

fn text_messages(sms: &Sms, places: &Places, reader: Option<&DaemonUser>) -> Vec<Finding> {
    let look = |key| Look { area: Area::Sms, place: place(places, "sms", key) };
    match sms {
        Sms::Gateway(gateway) => {
            let look = look("url");
            let ca_file = gateway.ca_file.as_deref();
            let ca_file = ca_file.and_then(|it| look.closed(it, "ca-file-closed", reader));
            let server = gateway.server().and_then(|(host, port)| look.server(&host, port));
            let password =
                gateway.password_file.as_deref().and_then(|it| look.password(it, reader));
            server.into_iter().chain(password).chain(ca_file).collect()
        }
        Sms::Command(command) => match command.first() {
            Some(Argument::Literal(program)) => {
                look("command").program(Path::new(program)).into_iter().collect()
            }
            _ => Vec::new(),
        },
    }
}

fn place(places: &Places, section: &'static str, key: &'static str) -> Option<Place> {
    let place = places.get(&(section, key))?;
    Some(Place::line(&place.file, usize::try_from(place.line).unwrap_or(usize::MAX)))
}

struct Look {
    area: Area,
    place: Option<Place>,
}

impl Look {
    fn finding(&self, fault: &'static str, severity: Severity) -> Finding {
        let lost = match self.area {
            Area::Sms => "Codes by text message do not arrive.",
            _ => "Codes by e-mail do not arrive, and nobody is told of a reset or a new factor.",
        };
        Finding {
            area: self.area,
            fault,
            severity,
            place: self.place.clone(),
            what: String::new(),
            why: lost.to_owned(),
            mend: String::new(),
        }
    }

    fn server(&self, host: &str, port: u16) -> Option<Finding> {
        let connected = within(DEADLINE, TcpStream::connect((host, port)));
        let why = match connected.and_then(|connection| connection) {
            Ok(_) => return None,
            Err(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
                "nobody listens there".to_owned()
            }
            Err(cause) => cause.to_string(),
        };
        Some(Finding {
            what: format!("{host} port {port} cannot be reached: {why}"),
            mend: format!(
                "See what is in the way (curl -v telnet://{}), or mend the line",
                authority(host, port)
            ),
            ..self.finding("server-unreachable", Severity::Warning)
        })
    }

    fn program(&self, program: &Path) -> Option<Finding> {
        let shown = program.display();
        let (what, mend) = match fs::metadata(program) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => (
                format!("{shown} is not on this host"),
                format!("Install what brings {shown}, or mend the line"),
            ),
            Err(cause) => {
                (format!("{shown} cannot be looked at: {cause}"), format!("ls -l {shown}"))
            }
            Ok(facts) if !facts.is_file() || facts.permissions().mode() & 0o111 == 0 => {
                (format!("{shown} is no program"), format!("chmod a+x {shown}"))
            }
            Ok(_) => return None,
        };
        Some(Finding { what, mend, ..self.finding("program-unusable", Severity::Warning) })
    }

    /// A file with a password that everybody can read, or that the daemon cannot. One that this user
    /// cannot see is closed.
    fn password(&self, file: &Path, reader: Option<&DaemonUser>) -> Option<Finding> {
        let shown = file.display();
        match fs::metadata(file) {
            Ok(facts) if facts.mode() & 0o007 != 0 => Some(Finding {
                place: Some(Place::file(file)),
                what: "everybody on this host can use the file with the password".to_owned(),
                why: "Who reads it can send messages in the name of this host.".to_owned(),
                mend: format!("chmod o= {shown}"),
                ..self.finding("password-file-open", Severity::Severe)
            }),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Some(Finding {
                what: format!("the file with the password, {shown}, is not there"),
                mend: format!(
                    "install -m 0600 -o {NAME} /dev/stdin {shown}, and type the password"
                ),
                ..self.finding("password-file-absent", Severity::Warning)
            }),
            _ => {
                let its_own = format!("chown {NAME} {shown} && chmod 0600 {shown}");
                let closed = self.closed(file, "password-file-closed", reader)?;
                let is_on_the_way = closed.place != Some(Place::file(file));
                Some(Finding { mend: if is_on_the_way { closed.mend } else { its_own }, ..closed })
            }
        }
    }

    /// A file that the daemon needs and cannot read.
    fn closed(
        &self,
        file: &Path,
        fault: &'static str,
        reader: Option<&DaemonUser>,
    ) -> Option<Finding> {
        let Obstacle { at, remedy } = reader?.obstacle(file)?;
        Some(Finding {
            place: Some(Place::file(&at)),
            what: format!("the user {NAME} cannot read {}, and needs it", file.display()),
            mend: remedy,
            ..self.finding(fault, Severity::Severe)
        })
    }
}

/// `host:port`, an IPv6 address in its brackets.
fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn look() -> Look {
        Look { area: Area::Email, place: None }
    }

    #[test]
    fn a_server_that_listens_is_well_and_one_that_does_not_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert_eq!(look().server("127.0.0.1", port), None);
        drop(listener);
        let found = look().server("127.0.0.1", port).unwrap();
        assert!(found.what.contains("nobody listens there"), "{found:?}");
        assert!(found.mend.contains(&format!("telnet://127.0.0.1:{port}")), "{found:?}");
    }

    #[test]
    fn a_program_has_to_be_there_and_to_be_one() {
        assert_eq!(look().program(Path::new("/bin/sh")), None);
        for program in ["/nonexistent/sendmail", "/etc/passwd", "/etc"] {
            let found = look().program(Path::new(program)).unwrap();
            assert_eq!(found.fault, "program-unusable");
        }
    }

    #[test]
    fn a_password_that_everybody_can_read_is_severe() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("smtp.password");
        assert_eq!(look().password(&file, None).unwrap().fault, "password-file-absent");
        fs::write(&file, "x\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).unwrap();
        assert_eq!(look().password(&file, None).unwrap().severity, Severity::Severe);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(look().password(&file, None), None);
    }

    #[test]
    fn a_password_that_the_daemon_must_not_read_is_severe() {
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let file = directory.path().join("smtp.password");
        fs::write(&file, "x\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let owner = fs::metadata(&file).unwrap().uid();
        assert_eq!(look().password(&file, Some(&DaemonUser::new(owner, vec![]))), None);
        let found = look().password(&file, Some(&DaemonUser::new(owner + 1, vec![]))).unwrap();
        assert_eq!((found.fault, found.severity), ("password-file-closed", Severity::Severe));
        assert!(found.mend.starts_with("chown twinlock "), "{found:?}");
    }
}
