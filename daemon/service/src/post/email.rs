//! E-mail: a message as RFC 5322 and MIME have it, handed to a server by SMTP or to a program.

use std::{
    fmt,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};
use twinlock_config::{Email, MailServer, MailTls, Sender, templates::Letter};
use twinlock_core::{contact::EmailAddress, time::Timestamp};

use super::{
    failure::{Failure, chain, root_of},
    program, secret_file, tls,
};

/// How long a server may take for one answer, and for all of a message.
const ONE_ANSWER: Duration = Duration::from_secs(10);
pub(super) const ALL_ANSWERS: Duration = Duration::from_secs(30);

/// Answers to a wrong user or password (RFC 4954 section 6).
const REFUSED_LOGIN: [u16; 3] = [534, 535, 538];

/// Sends e-mail as the configuration says.
pub(super) struct Mailer {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>, String),
    Program(String),
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailer(…)")
    }
}

impl Mailer {
    /// Reads the files that the configuration names. The error is a sentence for the log.
    pub fn new(email: &Email, host: &str) -> Result<Self, String> {
        let way = match &email.server {
            MailServer::Sendmail(path) => Way::Program(path.display().to_string()),
            MailServer::Smtp { tls, user, host: server, port } => {
                let parameters = parameters(email, server)?;
                let tls = match tls {
                    MailTls::Implicit => Tls::Wrapper(parameters),
                    MailTls::StartTls => Tls::Required(parameters),
                };
                let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server)
                    .port(*port)
                    .tls(tls)
                    .timeout(Some(ONE_ANSWER));
                if is_domain(host) {
                    builder = builder.hello_name(ClientId::Domain(host.to_owned()));
                }
                if let (Some(user), Some(file)) = (user, &email.password_file) {
                    let password = secret_file::read(file)?;
                    let credentials = Credentials::new(user.clone(), password.as_str().to_owned());
                    builder = builder.credentials(credentials);
                }
                Way::Smtp(Box::new(builder.build()), format!("{server}:{port}"))
            }
        };
        Ok(Self { from: sender(&email.from)?, way })
    }

    /// The server or the program, for the log.
    pub fn name(&self) -> &str {
        match &self.way {
            Way::Smtp(_, name) | Way::Program(name) => name,
        }
    }

    /// Sends one, within the deadline.
    pub async fn send(
        &self,
        to: &EmailAddress,
        letter: &Letter,
        at: Timestamp,
        id: &str,
        deadline: Duration,
    ) -> Result<(), Failure> {
        let message = self.compose(to, letter, at, id)?;
        match &self.way {
            Way::Program(path) => {
                let from = self.from.email.to_string();
                let arguments = ["-i", "-f", &from, "--", to.as_str()].map(str::to_owned);
                program::run(path, &arguments, &message.formatted(), deadline).await
            }
            Way::Smtp(transport, server) => {
                let sent = tokio::time::timeout(deadline, transport.send(message)).await;
                match sent {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(of_smtp(server, &error)),
                    Err(_) => Err(too_slow(server)),
                }
            }
        }
    }

    fn compose(
        &self,
        to: &EmailAddress,
        letter: &Letter,
        at: Timestamp,
        id: &str,
    ) -> Result<Message, Failure> {
        let cannot =
            |error: &dyn fmt::Display| Failure::lasting(format!("it is no message: {error}"));
        let to: Address = to.as_str().parse().map_err(|error| cannot(&error))?;
        let domain = self.from.email.domain().to_owned();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.as_str())
            .date(UNIX_EPOCH + Duration::from_secs(at.as_secs()))
            .message_id(Some(format!("<{id}@{domain}>")))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(
                letter.text.as_str().to_owned(),
                letter.html.as_str().to_owned(),
            ))
            .map_err(|error| cannot(&error))
    }
}

/// `Auto-Submitted` (RFC 3834): no answer of an absent user comes back.
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn sender(from: &Sender) -> Result<Mailbox, String> {
    let address = from.address.as_str().parse::<Address>();
    let address = address.map_err(|error| format!("{} cannot send: {error}", from.address))?;
    Ok(Mailbox::new(from.name.clone(), address))
}

fn parameters(email: &Email, server: &str) -> Result<TlsParameters, String> {
    tls::prepare();
    let mut builder =
        TlsParameters::builder(server.to_owned()).certificate_store(CertificateStore::None);
    for authority in tls::authorities(email.ca_file.as_deref())? {
        // Old authorities of a system that cannot be read are not missed.
        if let Ok(certificate) = Certificate::from_der(authority.to_vec()) {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build_rustls().map_err(|error| root_of(&error))
}

fn too_slow(server: &str) -> Failure {
    Failure::passing(format!("{server} did not answer in time"))
}

/// What an error of SMTP means. What a server says is for the log, cut and escaped there.
fn of_smtp(server: &str, error: &lettre::transport::smtp::Error) -> Failure {
    if let Some(fault) = tls::fault(server, error) {
        return fault;
    }
    if error.is_timeout() {
        return too_slow(server);
    }
    if let Some(code) = error.status() {
        let code = u16::from(code);
        let said = root_of(error);
        if REFUSED_LOGIN.contains(&code) {
            return Failure::lasting(format!("{server} refuses the user or the password ({code})"));
        }
        let cause = format!("{server} answers {code} {said}");
        return if error.is_transient() {
            Failure::Passing(cause)
        } else {
            Failure::Lasting(cause)
        };
    }
    if error.is_client() {
        return Failure::lasting(format!("{server}: {}", root_of(error)));
    }
    if error.is_response() {
        return Failure::passing(format!("{server} does not speak SMTP"));
    }
    let refused = chain(error).any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|cause| cause.kind() == std::io::ErrorKind::ConnectionRefused)
    });
    let what = if refused { "nobody answers".to_owned() } else { root_of(error) };
    Failure::passing(format!("{server} cannot be reached: {what}"))
}

/// Whether a host name can be said to a server (RFC 5321 section 4.1.2).
fn is_domain(name: &str) -> bool {
    !name.is_empty()
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}
