//! A gateway for text messages that is asked over HTTP.
//!
//! Each value is encoded for the place where it stands. No redirect is followed: the number and the
//! text go to the host that the configuration names, and to no other. Of the answer only the status
//! counts.

use std::{fmt, time::Duration};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use twinlock_config::{Encoding, Gateway, Pattern, Slot};
use twinlock_core::contact::MobileNumber;
use ureq::{
    Agent, http,
    tls::{Certificate, RootCerts, TlsConfig, TlsProvider},
};
use zeroize::Zeroizing;

use super::{
    failure::{Failure, root_of},
    secret_file, tls,
};

/// The longest answer that is read, in bytes. A gateway says less; what says more is none.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Everything but what RFC 3986 section 2.3 leaves as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Asks a gateway as the configuration says.
pub(super) struct Client {
    gateway: Gateway,
    password: Zeroizing<String>,
    agent: Agent,
    /// Scheme, host and port, for the log.
    name: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(…)")
    }
}

impl Client {
    /// Reads the files that the configuration names. The error is a sentence for the log.
    pub fn new(gateway: &Gateway) -> Result<Self, String> {
        let password = match &gateway.password_file {
            Some(path) => secret_file::read(path)?,
            None => Zeroizing::default(),
        };
        let blank: http::Uri = gateway
            .url
            .fill(|_| "1".to_owned())
            .parse()
            .map_err(|error| format!("the URL of the gateway: {error}"))?;
        let authority = blank.authority().map_or("", |authority| authority.as_str());
        let name = format!("the gateway {authority}");
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .user_agent("twinlock");
        if blank.scheme_str() == Some("https") {
            tls::prepare();
            let authorities = tls::authorities(gateway.ca_file.as_deref())?;
            let roots: Vec<_> =
                authorities.iter().map(|one| Certificate::from_der(one).to_owned()).collect();
            config = config.https_only(true).tls_config(
                TlsConfig::builder()
                    .provider(TlsProvider::Rustls)
                    .root_certs(RootCerts::from(roots))
                    .build(),
            );
        }
        let agent = Agent::new_with_config(config.build());
        Ok(Self { gateway: gateway.clone(), password, agent, name })
    }

    /// What the log calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends one, within the deadline. Blocks.
    pub fn send(&self, to: &MobileNumber, text: &str, deadline: Duration) -> Result<(), Failure> {
        let value = |slot| self.value(slot, to, text);
        let url = self.gateway.url.fill(|slot| percent(value(slot)));
        let mut request = http::Request::builder().method(self.gateway.method.as_str()).uri(url);
        for header in &self.gateway.headers {
            request =
                request.header(&header.name, header.value.fill(|slot| value(slot).to_owned()));
        }
        let body = self
            .gateway
            .body
            .as_ref()
            .map(|(encoding, pattern)| encoded(pattern, *encoding, value));
        let cannot = |error: http::Error| Failure::lasting(format!("{}: {error}", self.name));
        let answer = match body {
            Some(body) => {
                let request = request.body(body).map_err(cannot)?;
                self.agent.run(limited(&self.agent, request, deadline))
            }
            None => {
                let request = request.body(()).map_err(cannot)?;
                self.agent.run(limited(&self.agent, request, deadline))
            }
        };
        let mut answer = answer.map_err(|error| self.failure(error))?;
        let status = answer.status();
        if status.is_redirection() {
            let name = &self.name;
            return Err(Failure::lasting(format!(
                "{name} redirects ({}), and no redirect is followed",
                status.as_u16()
            )));
        }
        let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
        if !status.is_success() {
            let cause = format!("{} answers with status {}", self.name, status.as_u16());
            return Err(if passing { Failure::Passing(cause) } else { Failure::Lasting(cause) });
        }
        // Read to the end, so that an answer which breaks off is not taken for a yes.
        let read = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        read.map(|_| ()).map_err(|error| self.failure(error))
    }

    fn value<'v>(&'v self, slot: Slot, to: &'v MobileNumber, text: &'v str) -> &'v str {
        match slot {
            Slot::To => to.as_str(),
            Slot::Digits => to.as_str().trim_start_matches('+'),
            Slot::Text => text,
            Slot::Password => &self.password,
        }
    }

    fn failure(&self, error: ureq::Error) -> Failure {
        let name = &self.name;
        // The client does not say what its own errors come from.
        let of_tls = match &error {
            ureq::Error::Rustls(error) => tls::fault(name, error),
            ureq::Error::Io(error) => tls::fault(name, error),
            _ => None,
        };
        if let Some(fault) = of_tls {
            return fault;
        }
        match error {
            ureq::Error::Timeout(_) => Failure::passing(format!("{name} did not answer in time")),
            ureq::Error::BodyExceedsLimit(_) => Failure::lasting(format!(
                "{name} answers with more than {} KiB: it is no gateway",
                LONGEST_ANSWER / 1024
            )),
            ureq::Error::HostNotFound => Failure::passing(format!("{name}: no such host")),
            ureq::Error::ConnectionFailed => {
                Failure::passing(format!("{name} cannot be reached: nobody answers"))
            }
            ureq::Error::Io(error) => match error.kind() {
                std::io::ErrorKind::ConnectionRefused => {
                    Failure::passing(format!("{name} cannot be reached: nobody answers"))
                }
                std::io::ErrorKind::TimedOut => {
                    Failure::passing(format!("{name} did not answer in time"))
                }
                _ => Failure::passing(format!("{name} broke off: {error}")),
            },
            ureq::Error::Protocol(_) | ureq::Error::Http(_) => {
                Failure::passing(format!("{name} does not speak HTTP"))
            }
            error => Failure::passing(format!("{name}: {}", root_of(&error))),
        }
    }
}

fn limited<S: ureq::AsSendBody>(
    agent: &Agent,
    request: http::Request<S>,
    deadline: Duration,
) -> http::Request<S> {
    agent.configure_request(request).timeout_global(Some(deadline)).build()
}

fn percent(value: &str) -> String {
    utf8_percent_encode(value, ENCODED).to_string()
}

/// The body, each value written so that it cannot end what it stands in.
fn encoded<'v>(pattern: &Pattern, encoding: Encoding, value: impl Fn(Slot) -> &'v str) -> String {
    pattern.fill(|slot| match encoding {
        Encoding::Form => percent(value(slot)),
        Encoding::Json => json(value(slot)),
        Encoding::Xml => xml(value(slot)),
        Encoding::Plain => value(slot).to_owned(),
    })
}

/// The inside of a JSON string.
fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

fn xml(value: &str) -> String {
    value.chars().fold(String::with_capacity(value.len()), |mut written, character| {
        match character {
            '<' | '>' | '&' | '"' | '\'' => {
                written.push_str(&format!("&#{};", u32::from(character)));
            }
            character => written.push(character),
        }
        written
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_end_what_it_stands_in() {
        let hostile = "a\"b\\c&to=+1<x>'d\n#%é {to}";
        assert_eq!(percent(hostile), "a%22b%5Cc%26to%3D%2B1%3Cx%3E%27d%0A%23%25%C3%A9%20%7Bto%7D");
        assert_eq!(json(hostile), "a\\\"b\\\\c&to=+1<x>'d\\n#%é {to}");
        assert_eq!(xml(hostile), "a&#34;b\\c&#38;to=+1&#60;x&#62;&#39;d\n#%é {to}");
    }
}
