//! Text messages through an HTTP gateway, also one that misbehaves.

use std::time::Instant;

use twinlock_core::notice::{Recipient, Subject};
use twinlock_tests::rig::certificates::Authority;
use twinlock_tests::rig::gateway::{Answer, Gateway};
use twinlock_tests::rig::kannel::{Kannel, PASSWORD, USER};
use twinlock_tests::rig::process::{PATIENCE as SOON, Process, guarded};

use super::{Host, PATIENCE, delayed, failed, password, sent};

const TO: &str = "+14155550123";

fn host(gateway: &Gateway) -> Host {
    Host::new(&format!(
        "[sms]\nurl = \"http://127.0.0.1:{}/send?to={{to}}&text={{text}}\"",
        gateway.port()
    ))
}

#[test]
fn number_and_text_arrive_percent_encoded() {
    let gateway = Gateway::start(Answer::Status(202));
    let host = host(&gateway);
    let label = "a&to=+1 b%20\u{e9}#".to_owned();
    let to = vec![Recipient::Mobile(TO.parse().unwrap())];
    sent(&host.send(to, Subject::FactorEnrolled { label }));
    let request = gateway.wait_for(0, PATIENCE);
    assert!(
        request.line.starts_with("GET /send?to=%2B14155550123&text=A%20second%20factor%20"),
        "{request:?}"
    );
    assert!(request.line.contains("a%26to%3D%2B1%20b%2520%C3%A9%23"), "{request:?}");
    assert_eq!(request.body, "");
}

#[test]
fn a_body_is_written_as_its_content_type_says_and_the_password_stands_in_a_header() {
    let (_directory, file) = password("se\"same");
    for (content_type, template, expected) in [
        (
            "application/json",
            r#"{"to": "{digits}", "text": "{text}"}"#,
            r#"{"to": "14155550123", "text": "A second factor (\"q\" \\ <b>) was"#,
        ),
        (
            "application/x-www-form-urlencoded",
            "to={to}&text={text}",
            "to=%2B14155550123&text=A%20second%20factor%20%28%22q%22%20%5C%20%3Cb%3E%29%20was",
        ),
        (
            "text/xml",
            "<sms to='{to}'>{text}</sms>",
            "<sms to='+14155550123'>A second factor (&#34;q&#34; \\ &#60;b&#62;) was",
        ),
        ("text/plain", "{to} {text}", "+14155550123 A second factor (\"q\" \\ <b>) was"),
    ] {
        let gateway = Gateway::start(Answer::Status(200));
        let host = Host::new(&format!(
            "[sms]\nurl = \"http://127.0.0.1:{}/send\"\nmethod = \"PUT\"\n\
             headers = [\"Content-Type: {content_type}\", \"Authorization: Bearer {{password}}\"]\n\
             body = '''{template}'''\npassword_file = \"{file}\"",
            gateway.port()
        ));
        let label = "\"q\" \\ <b>".to_owned();
        let to = vec![Recipient::Mobile(TO.parse().unwrap())];
        sent(&host.send(to, Subject::FactorEnrolled { label }));
        let request = gateway.wait_for(0, PATIENCE);
        assert!(request.line.starts_with("PUT /send "), "{request:?}");
        assert!(request.body.starts_with(expected), "{}", request.body);
        let head = request.head.to_lowercase();
        assert!(head.contains(&format!("content-type: {content_type}")), "{head}");
        assert!(head.contains("authorization: bearer se\"same"), "{head}");
    }
}

#[test]
fn each_way_in_which_a_gateway_fails_ends_in_time_with_a_cause_of_its_own() {
    for (answer, cause) in [
        (Answer::Status(403), "answers with status 403"),
        (Answer::Status(500), "answers with status 500"),
        (Answer::Redirect, "redirects (302), and no redirect is followed"),
        (Answer::Huge, "answers with more than 64 KiB"),
        (Answer::Slow, "did not answer in time"),
        (Answer::Silent, "did not answer in time"),
        (Answer::Close, "broke off"),
        (Answer::Noise, "does not speak HTTP"),
    ] {
        let gateway = Gateway::start(answer);
        let begun = Instant::now();
        failed(&host(&gateway).code(TO, 2), cause);
        assert!(begun.elapsed().as_secs() < 8, "{answer:?}: {:?}", begun.elapsed());
        assert_eq!(gateway.requests().len(), 1, "{answer:?}");
    }
}

#[test]
fn what_a_gateway_answers_is_told_at_the_first_failure_and_once() {
    for (answer, cause) in [
        (Answer::Status(500), "answers with status 500"),
        (Answer::Close, "broke off"),
        (Answer::Noise, "does not speak HTTP"),
    ] {
        let gateway = Gateway::start(answer);
        let host = host(&gateway);
        let line = host.code(TO, 9);
        assert_eq!(gateway.requests().len(), 1, "{answer:?}: at the first failure");
        delayed(&line, &format!("the gateway 127.0.0.1:{} {cause}", gateway.port()));
        failed(&host.next_line(), &format!("given up: the gateway 127.0.0.1:{}", gateway.port()));
        assert_eq!(gateway.requests().len(), 2, "{answer:?}");
    }
}

#[test]
fn a_gateway_that_is_not_there_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{free}/{{to}}/{{text}}");
    failed(&Host::new(&format!("[sms]\nurl = \"{url}\"")).code(TO, 1), "nobody answers");
}

#[test]
fn a_gateway_is_asked_over_tls_by_a_certificate_that_is_trusted_and_by_no_other() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (certificate, cause) in [
        (authority.certify("localhost"), None),
        (stranger.certify("localhost"), Some("its issuer is not trusted")),
        (authority.certify_long_ago("localhost"), Some("it has expired")),
        (authority.certify("sms.example.org"), Some("it is for another name")),
    ] {
        let mut command = guarded("openssl");
        command.args(["s_server", "-www", "-accept", "127.0.0.1:0", "-cert"]);
        command.arg(&certificate.certificate).arg("-key").arg(&certificate.key);
        let server = Process::start("openssl s_server", command);
        let end = server.stdout().find(0, "ACCEPT 127.0.0.1:", SOON).expect("it listens");
        server.stdout().find(end, "\n", SOON).expect("its port");
        let port = server.stdout().text_from(end).lines().next().unwrap().to_owned();
        let host = Host::new(&format!(
            "[sms]\nurl = \"https://localhost:{port}/?{{to}}&{{text}}\"\nca_file = \"{}\"",
            authority.file().display()
        ));
        let line = host.code(TO, 600);
        match cause {
            None => sent(&line),
            Some(cause) => failed(&line, cause),
        }
    }
}

#[test]
fn a_masked_address_arrives_readable_through_kannel() {
    let kannel = Kannel::start();
    let host = Host::new(&format!(
        "[sms]\nurl = \"http://127.0.0.1:{}/cgi-bin/sendsms?username={USER}&password={PASSWORD}\
         &to={{to}}&text={{text}}\"",
        kannel.port()
    ));
    let masked = |text: &str| Some(Recipient::Email(text.parse().unwrap()).masked());
    let subject = Subject::ContactChanged {
        what: "e-mail address",
        old: masked("alice@example.org"),
        new: masked("bob@example.org"),
    };
    sent(&host.send(vec![Recipient::Mobile(TO.parse().unwrap())], subject));
    let text = kannel.wait_for(TO, PATIENCE);
    let changed = "was changed from a...@example.org to b...@example.org.";
    assert!(text.contains(changed) && !text.contains('?'), "{text}");
}

#[test]
fn a_code_reaches_the_centre_through_kannel_and_a_wrong_password_does_not() {
    let kannel = Kannel::start();
    let url = format!(
        "url = \"http://127.0.0.1:{}/cgi-bin/sendsms?username={USER}&password={{password}}\
         &to={{to}}&text={{text}}\"",
        kannel.port()
    );
    let with = |word: &str| {
        let (directory, file) = password(word);
        (directory, Host::new(&format!("[sms]\n{url}\npassword_file = \"{file}\"")))
    };
    let (_wrong, stranger) = with("wrong");
    failed(&stranger.code("+14155550199", 600), "answers with status 403");
    let (_right, host) = with(PASSWORD);
    sent(&host.code(TO, 600));
    let text = kannel.wait_for(TO, PATIENCE);
    assert!(text.starts_with("482913 is your code for alice on web1."), "{text}");
}
