//! `[sms]`

use std::path::PathBuf;

use crate::{
    faults::{Complaint, Faults},
    kind::{
        AbsolutePath, Argument, Body, Choice, CommandWord, GatewayUrl, Header, HeaderLine,
        HttpMethod, List, Optional, check_program,
    },
    pattern::{Pattern, Slot},
    reader::Layers,
    section::{Section, section},
};

section! {
    /// How text messages are sent.
    pub(crate) struct SmsKeys {
        /// The URL of the gateway. {to} is the number with its +, {digits} the number without,
        /// {text} the message, {password} what password_file holds; each is percent-encoded.
        /// Left out: text messages are sent by command, or not at all.
        url: Option<Pattern> = None => Optional(GatewayUrl);
        /// How the gateway is asked. Left out: POST where there is a body, else GET.
        method: Option<HttpMethod> = None =>
            Optional(Choice::of("method", HttpMethod::ALL, HttpMethod::as_str));
        /// Headers of the request. In their values stands {password} and nothing else. Left out:
        /// none.
        headers: Option<Vec<Header>> = None => Optional(List::of(HeaderLine));
        /// The body of the request, with slots as in url. Its Content-Type says how they are
        /// encoded: application/x-www-form-urlencoded, application/json, application/xml or
        /// text/plain. Left out: none.
        body: Option<Pattern> = None => Optional(Body);
        /// The file with what stands for {password}: one line, for the daemon alone. Left out:
        /// there is none.
        password_file: Option<PathBuf> = None => Optional(AbsolutePath::FILE);
        /// Certificates (PEM) of the authorities that the gateway's certificate may be from. Left
        /// out: those that the system trusts.
        ca_file: Option<PathBuf> = None => Optional(AbsolutePath::FILE);
        /// A program in the place of a gateway, with its arguments. {to} or {digits} is a whole
        /// argument, and the message arrives on standard input. {text} as a whole argument hands
        /// it over there instead, where every user of the host can read codes in the list of
        /// processes. No shell sees it. Left out: text messages are sent by url, or not at all.
        command: Option<Vec<Argument>> = None => Optional(List::not_empty(CommandWord));
    }
}

/// How text messages are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sms {
    /// By a gateway that is asked over HTTP.
    Gateway(Box<Gateway>),
    /// By a program: itself first, then its arguments.
    Command(Vec<Argument>),
}

/// A gateway that is asked over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its URL.
    pub url: Pattern,
    /// How it is asked.
    pub method: HttpMethod,
    /// The headers of the request.
    pub headers: Vec<Header>,
    /// The body, and how values are written in it.
    pub body: Option<(Encoding, Pattern)>,
    /// The file with what stands for `{password}`.
    pub password_file: Option<PathBuf>,
    /// The authorities that are trusted in the place of the system's.
    pub ca_file: Option<PathBuf>,
}

impl Gateway {
    /// The server that is asked, a name or an address, and its port; none where a slot stands in
    /// the place of the name.
    pub fn server(&self) -> Option<(String, u16)> {
        let url = url::Url::parse(&self.url.fill(|_| "1".to_owned())).ok()?;
        let host = match url.host()? {
            url::Host::Domain(name) => name.to_owned(),
            url::Host::Ipv4(address) => address.to_string(),
            url::Host::Ipv6(address) => address.to_string(),
        };
        Some((host, url.port_or_known_default()?))
    }
}

/// How a value is written in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded`: percent-encoded.
    Form,
    /// `application/json`: as the inside of a string (RFC 8259 section 7).
    Json,
    /// `application/xml`, `text/xml`: with character references.
    Xml,
    /// `text/plain`: as it is.
    Plain,
}

impl Encoding {
    fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "application/json" => Some(Self::Json),
            "application/xml" | "text/xml" => Some(Self::Xml),
            "text/plain" => Some(Self::Plain),
            _ => None,
        }
    }
}

/// How text messages are sent; none where neither a gateway nor a command is named.
pub(crate) fn read(table: &Layers<'_>, faults: &mut Faults<'_>) -> Option<Sms> {
    let keys = SmsKeys::read(table, faults);
    match (table.has("url"), table.has("command")) {
        (false, false) => {
            if SmsKeys::NAMES.iter().any(|key| table.has(key)) {
                let complaint = Complaint::new("[sms] names no gateway, so nothing is sent");
                let hint = "add `url` or `command`, or take the section out";
                faults.missing(table.first_place(SmsKeys::NAMES), complaint.hint(hint));
            }
            None
        }
        (true, true) => {
            let complaint = Complaint::new("\"url\" and \"command\" are two ways to send a text");
            faults.error(table.place("command"), complaint.hint("take one of the two out"));
            None
        }
        (true, false) => gateway(table, keys, faults).map(|read| Sms::Gateway(Box::new(read))),
        (false, true) => command(table, keys.command?, faults).map(Sms::Command),
    }
}

fn command(
    table: &Layers<'_>,
    command: Vec<Argument>,
    faults: &mut Faults<'_>,
) -> Option<Vec<Argument>> {
    const OF_A_GATEWAY: [&str; 5] = ["method", "headers", "body", "password_file", "ca_file"];
    for key in OF_A_GATEWAY.into_iter().filter(|key| table.has(key)) {
        let message = format!("\"{key}\" is about a gateway, and a command sends the texts");
        faults.error(table.place(key), Complaint::new(message).hint("take one of the two out"));
    }
    if let Err(complaint) = check_program(command.first()?) {
        faults.error(table.place("command"), complaint);
    }
    let has_number =
        |argument: &Argument| matches!(argument, Argument::Slot(Slot::To | Slot::Digits));
    if !command.iter().any(has_number) {
        let complaint = Complaint::new("the command is not told the number");
        faults.error(table.place("command"), complaint.hint("add \"{to}\" as an entry of its own"));
    }
    if command.contains(&Argument::Slot(Slot::Text)) {
        let message = "every user of the host can read codes among the arguments of the command";
        let hint = "take \"{text}\" out: the message arrives on standard input";
        faults.warning(table.place("command"), Complaint::new(message).hint(hint));
    }
    Some(command)
}

fn gateway(table: &Layers<'_>, keys: SmsKeys, faults: &mut Faults<'_>) -> Option<Gateway> {
    let SmsKeys { url, method, headers, body, password_file, ca_file, command: _ } = keys;
    let (url, headers) = (url?, headers.unwrap_or_default());
    let carries = |slot| url.has(slot) || body.as_ref().is_some_and(|body| body.has(slot));
    if !table.has("body") || body.is_some() {
        let number = carries(Slot::To) || carries(Slot::Digits);
        for (there, slot) in [(number, Slot::To), (carries(Slot::Text), Slot::Text)] {
            if !there {
                let message = format!("the gateway is not told {}", slot.as_str());
                let hint = format!("put {} into url or body", slot.as_str());
                faults.error(table.place("url"), Complaint::new(message).hint(hint));
            }
        }
    }
    let in_header = headers.iter().any(|header| header.value.has(Slot::Password));
    check_password(table, carries(Slot::Password) || in_header, faults);
    check_transport(table, &url, faults);
    if method == Some(HttpMethod::Get) && body.is_some() {
        let complaint = Complaint::new("a GET has no body");
        faults.error(table.place("method"), complaint.hint("write \"POST\", or take the body out"));
    }
    let body = match body {
        Some(body) => Some((encoding(table, &headers, faults)?, body)),
        None => None,
    };
    let usual = if body.is_some() { HttpMethod::Post } else { HttpMethod::Get };
    Some(Gateway { url, method: method.unwrap_or(usual), headers, body, password_file, ca_file })
}

fn check_password(table: &Layers<'_>, is_used: bool, faults: &mut Faults<'_>) {
    match (is_used, table.has("password_file")) {
        (true, false) => {
            let complaint = Complaint::new("{password} stands for what no file holds");
            let place = table.first_place(&["url", "headers", "body"]);
            faults.error(place, complaint.hint("add `password_file`"));
        }
        (false, true) => {
            let complaint =
                Complaint::new("\"password_file\" has no effect: nothing holds {password}");
            let hint = "put {password} into url, headers or body";
            faults.error(table.place("password_file"), complaint.hint(hint));
        }
        _ => {}
    }
}

/// Without TLS a code can be read on its way, unless it does not leave the host.
fn check_transport(table: &Layers<'_>, url: &Pattern, faults: &mut Faults<'_>) {
    let Ok(url) = url::Url::parse(&url.fill(|_| "1".to_owned())) else { return };
    if url.scheme() != "http" {
        return;
    }
    if table.has("ca_file") {
        let complaint = Complaint::new("\"ca_file\" has no effect: an http URL is not encrypted");
        faults.error(table.place("ca_file"), complaint.hint("write the URL with https"));
    }
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if !is_local {
        let complaint = Complaint::new("codes cross the network in the clear: this is http");
        faults.warning(table.place("url"), complaint.hint("write the URL with https"));
    }
}

fn encoding(table: &Layers<'_>, headers: &[Header], faults: &mut Faults<'_>) -> Option<Encoding> {
    let content_type = headers.iter().find(|header| header.name == "content-type");
    let encoding = content_type.and_then(|header| Encoding::of(&header.value.to_string()));
    // Where a header is wrong, none of them was read.
    if encoding.is_none() && (headers.is_empty() != table.has("headers")) {
        let message = "no Content-Type says how values are written in the body";
        let hint = "add it to headers: application/x-www-form-urlencoded, application/json, \
                    application/xml or text/plain";
        faults.error(table.place("body"), Complaint::new(message).hint(hint));
    }
    encoding
}
