//! What a configuration allows on purpose, and where.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

use twinlock_config::{Caution, Sms, parse};

/// The cautions of a text, each with its line.
fn cautions(text: &str) -> Vec<(Caution, Option<usize>)> {
    let loaded = parse(&[("twinlock.toml", text)]).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    loaded.cautions.into_iter().map(|(caution, found)| (caution, found.line)).collect()
}

const MAIL: &str = "[email]\nserver = \"sendmail\"\nfrom = \"a@example.org\"\n";

#[test]
fn a_long_trust_is_told_at_the_line_that_says_so() {
    assert_eq!(cautions("version = 1\n"), [(Caution::LongTrust, Some(1))], "14 days by default");
    assert_eq!(cautions("version = 1\nlevel = \"high\"\n"), [(Caution::LongTrust, Some(2))]);
    assert_eq!(cautions("version = 1\nlevel = \"low\"\n"), [], "nothing is required");
    assert_eq!(cautions("version = 1\n[levels.high]\nremember = \"12 hours\"\n"), []);
    let longer = "version = 1\n[levels.high]\nremember = \"13 hours\"\n";
    assert_eq!(cautions(longer), [(Caution::LongTrust, Some(2))]);
    let profile = "version = 1\nlevel = \"low\"\n[[profile]]\nname = \"x\"\nusers = [\"bob\"]\n\
                   mfa = true\nremember = \"1 day\"\n";
    assert_eq!(cautions(profile), [(Caution::LongTrust, Some(7))]);
}

#[test]
fn e_mail_as_a_factor_is_told_where_e_mail_is_sent() {
    let short = "version = 1\n[levels.high]\nremember = \"never\"\n";
    assert_eq!(cautions(short), []);
    let found = cautions(&format!("{short}{MAIL}"));
    assert_eq!(found, [(Caution::EmailFactor, Some(2))]);
    let without = format!("{short}methods = [\"totp\", \"recovery\"]\n{MAIL}");
    assert_eq!(cautions(&without), []);
    let profile =
        format!("{without}[[profile]]\nname = \"x\"\nusers = [\"bob\"]\nmethods = [\"email\"]\n");
    assert_eq!(cautions(&profile), [(Caution::EmailFactor, Some(11))]);
}

#[test]
fn trust_by_address_alone_is_told() {
    let text = "version = 1\nlevel = \"low\"\n[remember]\nbind = \"address\"\n";
    assert_eq!(cautions(text), [(Caution::AddressTrust, Some(4))]);
    assert_eq!(cautions(&text.replace("address", "auto")), []);
}

#[test]
fn a_gateway_tells_its_server() {
    for (url, server) in [
        ("https://sms.example.org/send?to={to}&text={text}", ("sms.example.org", 443)),
        ("http://127.0.0.1:13013/send?to={to}&text={text}", ("127.0.0.1", 13013)),
        ("https://[2001:db8::1]:8443/?to={to}&text={text}", ("2001:db8::1", 8443)),
    ] {
        let text = format!("version = 1\n[sms]\nurl = \"{url}\"\n");
        let loaded = parse(&[("twinlock.toml", &text)]).unwrap();
        let Some(Sms::Gateway(gateway)) = loaded.config.sms else { panic!("{url}") };
        assert_eq!(gateway.server(), Some((server.0.to_owned(), server.1)));
    }
}

#[test]
fn the_place_of_a_key_is_the_file_that_holds() {
    let first = "version = 1\n[remember]\nbind = \"key\"\n";
    let second = "[remember]\nlimit = 5\nbind = \"auto\"\n";
    let loaded = parse(&[("twinlock.toml", first), ("conf.d/a.toml", second)]).unwrap();
    let place = |key| loaded.places.get(&("remember", key)).map(ToString::to_string);
    assert_eq!(place("bind").as_deref(), Some("conf.d/a.toml:3"));
    assert_eq!(place("limit").as_deref(), Some("conf.d/a.toml:2"));
    assert_eq!(place("session"), None);
}
