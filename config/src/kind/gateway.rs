//! What is asked of a gateway for text messages: URL, headers, body, or a command.

use std::fmt;

use super::{AbsolutePath, Word};
use crate::{
    faults::Complaint,
    pattern::{Pattern, Slot},
    visible,
};

/// How a gateway is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
}

impl HttpMethod {
    /// Every method.
    pub const ALL: &'static [Self] = &[Self::Get, Self::Post, Self::Put];

    /// The word for it in the configuration and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// The URL of a gateway: `http` or `https`, with slots in its path and query.
pub(crate) struct GatewayUrl;

impl Word for GatewayUrl {
    type Value = Pattern;

    fn describe(&self) -> String {
        "http or https URL with {to} or {digits}, {text} and {password} in its path or query"
            .to_owned()
    }

    fn example(&self) -> String {
        "https://sms.example.org/send?to={to}&text={text}".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Pattern, Complaint> {
        let form = || format!("write it as \"{}\"", self.example());
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Complaint::new("the URL holds a space, or a character outside of ASCII")
                .hint("write it as %xx"));
        }
        let pattern = Pattern::parse(text)?;
        let is_web = |rest: &str| rest.starts_with("http://") || rest.starts_with("https://");
        let url = Some(pattern.fill(|_| "1".to_owned())).filter(|filled| is_web(filled));
        let Some(url) = url.and_then(|filled| url::Url::parse(&filled).ok()) else {
            return Err(Complaint::new("this is no http or https URL").hint(form()));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Complaint::new(
                "a user and password in front of the host are sent nowhere",
            )
            .hint("use {password}, in a header such as \"Authorization: Bearer {password}\""));
        }
        if url.fragment().is_some() {
            return Err(Complaint::new("what follows `#` in a URL is sent nowhere")
                .hint("write a # in a value as %23"));
        }
        let authority = text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('{') {
            return Err(Complaint::new("the host of the gateway is always the same")
                .hint("{to} and {text} stand behind it, in the path or query"));
        }
        Ok(pattern)
    }

    fn write(&self, value: &Pattern) -> String {
        value.to_string()
    }
}

/// A header of a request. Its value may hold a secret, which `Debug` does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name, in small letters.
    pub name: String,
    /// Its value, in which only the password can stand.
    pub value: Pattern,
}

impl Header {
    /// Headers that are the client's own to write.
    const OWN: [&'static str; 6] =
        ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te"];
}

/// `Name: value`
pub(crate) struct HeaderLine;

impl Word for HeaderLine {
    type Value = Header;

    fn describe(&self) -> String {
        "\"Name: value\", with {password} in the value".to_owned()
    }

    fn example(&self) -> String {
        "Content-Type: application/json".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Header, Complaint> {
        let form = || format!("write \"{}\"", self.example());
        let (name, value) = text.split_once(':').ok_or_else(|| {
            Complaint::new("a header is a name, a colon and a value").hint(form())
        })?;
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            let message = format!("{} is no name of a header", visible::quote(name));
            return Err(Complaint::new(message).hint(form()));
        }
        let name = name.to_ascii_lowercase();
        if Header::OWN.contains(&name.as_str()) {
            let message = format!("the header {} is written by Twinlock", visible::quote(&name));
            return Err(Complaint::new(message).hint("take it out"));
        }
        let value = value.trim();
        if value.is_empty() || !value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            let message = "the value of a header is visible ASCII, and not empty";
            return Err(Complaint::new(message).hint(form()));
        }
        let value = Pattern::parse(value)?;
        if value.slots().any(|slot| slot != Slot::Password) {
            let message = "a header takes {password} and nothing else: the number and the text are \
                           from outside";
            return Err(Complaint::new(message).hint("put {to} and {text} into url or body"));
        }
        Ok(Header { name, value })
    }

    fn write(&self, value: &Header) -> String {
        format!("{}: {}", value.name, value.value)
    }
}

/// The body of a request, with slots.
pub(crate) struct Body;

impl Body {
    /// The longest body, in bytes.
    const LONGEST: usize = 16 * 1024;
}

impl Word for Body {
    type Value = Pattern;

    fn describe(&self) -> String {
        "text with {to} or {digits}, {text} and {password}, written as Content-Type says".to_owned()
    }

    fn example(&self) -> String {
        "to={to}&text={text}".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Pattern, Complaint> {
        if text.is_empty() || text.len() > Self::LONGEST {
            return Err(Complaint::new("the body is empty, or longer than 16 KiB"));
        }
        Pattern::parse(text)
    }

    fn write(&self, value: &Pattern) -> String {
        value.to_string()
    }
}

/// An argument of a command.
#[derive(Clone, PartialEq, Eq)]
pub enum Argument {
    /// As it stands.
    Literal(String),
    /// A value from outside, as the whole argument.
    Slot(Slot),
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(_) => f.write_str("…"),
            Self::Slot(slot) => slot.fmt(f),
        }
    }
}

/// An argument: `{to}`, `{digits}` or `{text}` as a whole, or what holds none of them.
pub(crate) struct CommandWord;

impl Word for CommandWord {
    type Value = Argument;

    fn describe(&self) -> String {
        "program by its absolute path and arguments, {to} or {digits} and {text} as whole ones"
            .to_owned()
    }

    fn example(&self) -> String {
        "/usr/bin/gammu-smsd-inject".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Argument, Complaint> {
        if text.chars().any(|character| character == '\0') {
            return Err(Complaint::new("an argument cannot hold a NUL"));
        }
        let pattern = Pattern::parse(text)?;
        let Some(slot) = pattern.slots().next() else {
            return Ok(Argument::Literal(text.to_owned()));
        };
        if slot == Slot::Password {
            return Err(Complaint::new(
                "everybody on the host can read the arguments of a command",
            )
            .hint("let the program read its password from a file of its own"));
        }
        if text != slot.as_str() {
            let message = format!("{slot} is an argument of its own", slot = slot.as_str());
            return Err(Complaint::new(message)
                .hint(format!("write \"{}\" as an entry of its own", slot.as_str())));
        }
        Ok(Argument::Slot(slot))
    }

    fn write(&self, value: &Argument) -> String {
        match value {
            Argument::Literal(text) => text.clone(),
            Argument::Slot(slot) => slot.as_str().to_owned(),
        }
    }
}

/// Whether an argument can be the program of a command.
pub(crate) fn check_program(argument: &Argument) -> Result<(), Complaint> {
    match argument {
        Argument::Literal(path) => {
            AbsolutePath::FILE.parse(path).map(|_| ()).map_err(|complaint| {
                complaint.hint(
                    "the command begins with its program, by the whole path; there is no shell",
                )
            })
        }
        Argument::Slot(_) => Err(Complaint::new("the command begins with its program")
            .hint("name the program first, by its whole path")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_their_slots_behind_the_host() {
        for url in [
            "http://127.0.0.1:13013/cgi-bin/sendsms?to={to}&text={text}",
            "https://sms.example.org/{digits}/{text}?key={password}",
            "https://[2001:db8::1]/",
        ] {
            assert_eq!(GatewayUrl.parse(url).map(|url| url.to_string()), Ok(url.to_owned()));
        }
        for url in [
            "",
            "ftp://sms.example.org/{to}",
            "sms.example.org/{to}",
            "https://{to}/",
            "https://sms.{to}.example.org/",
            "https://user:secret@sms.example.org/{to}",
            "https://sms.example.org/{to}#{text}",
            "https://sms.example.org/{number}",
            "https://sms.example.org/a b",
            "https://sms.example.org/\r\nX: y",
            "https://",
        ] {
            assert!(GatewayUrl.parse(url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn headers_take_no_value_from_outside() {
        let header = HeaderLine.parse("Authorization: Bearer {password}").unwrap();
        assert_eq!(header.name, "authorization");
        for line in [
            "",
            "Authorization",
            ": x",
            "X Y: z",
            "X: ",
            "X: a\r\nY: b",
            "X: é",
            "X: {to}",
            "X: {text}",
            "Host: sms.example.org",
            "Content-Length: 3",
            "X: {pasword}",
        ] {
            assert!(HeaderLine.parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_value_from_outside_is_a_whole_argument() {
        assert_eq!(CommandWord.parse("{to}"), Ok(Argument::Slot(Slot::To)));
        assert_eq!(CommandWord.parse("-m"), Ok(Argument::Literal("-m".to_owned())));
        for text in ["--to={to}", "{to}{text}", "{password}", "{who}", "a\0b"] {
            assert!(CommandWord.parse(text).is_err(), "{text:?}");
        }
        assert!(check_program(&Argument::Literal("gammu".to_owned())).is_err());
        assert!(check_program(&Argument::Slot(Slot::To)).is_err());
        assert!(check_program(&Argument::Literal("/usr/bin/gammu".to_owned())).is_ok());
    }

    #[test]
    fn no_secret_is_shown_by_debug() {
        let header = HeaderLine.parse("Authorization: Bearer sesame").unwrap();
        let url = GatewayUrl.parse("http://127.0.0.1/?password=sesame&to={to}").unwrap();
        let argument = CommandWord.parse("sesame").unwrap();
        assert!(!format!("{header:?} {url:?} {argument:?}").contains("sesame"));
    }
}
