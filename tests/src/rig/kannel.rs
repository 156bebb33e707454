//! Kannel, a real gateway, with the fake centre for text messages that it brings: what arrives there
//! would be on the phone.

use std::fs;
use std::io::PipeWriter;
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;

use super::process::{PATIENCE, Process, eventually, guarded};

/// The centre, where the package has it.
const CENTRE: &str = "/usr/lib/kannel/test/fakesmsc";

/// The user who may send, and the password.
pub const USER: &str = "twinlock";
/// See [`USER`].
pub const PASSWORD: &str = "sesame";

/// A running gateway on 127.0.0.1.
pub struct Kannel {
    port: u16,
    centre: Process,
    _smsbox: Process,
    _bearerbox: Process,
    // The centre ends with its standard input.
    _input: PipeWriter,
    _directory: TempDir,
}

impl Kannel {
    /// Starts its three processes and waits until it takes messages.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory for Kannel");
        let file = directory.path().join("kannel.conf");
        let [admin, boxes, centre, send] = free_ports();
        let text = format!(
            "group = core\nadmin-port = {admin}\nadmin-password = x\nsmsbox-port = {boxes}\n\
             box-allow-ip = 127.0.0.1\n\n\
             group = smsc\nsmsc = fake\nsmsc-id = FAKE\nport = {centre}\n\
             connect-allow-ip = 127.0.0.1\n\n\
             group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {send}\n\
             sendsms-interface = 127.0.0.1\nglobal-sender = 13013\n\n\
             group = sendsms-user\nusername = {USER}\npassword = {PASSWORD}\n\n\
             group = sms-service\nkeyword = default\ntext = \"none\"\n"
        );
        fs::write(&file, text).expect("write kannel.conf");
        let start = |program: &str| {
            let mut command = guarded(program);
            command.arg(&file).current_dir(directory.path());
            Process::start(program, command)
        };
        let bearerbox = start("bearerbox");
        await_port(boxes, &bearerbox);
        let smsbox = start("smsbox");
        await_port(send, &smsbox);
        let (reader, input) = std::io::pipe().expect("a pipe");
        let mut command = guarded(CENTRE);
        command.args(["-H", "127.0.0.1", "-r", &centre.to_string()]);
        let centre = Process::start_with_input("fakesmsc", command, Stdio::from(reader));
        let connected = centre.stderr().find(0, "Connecting to", PATIENCE);
        assert!(connected.is_some(), "fakesmsc: {}", centre.stderr().text());
        Self {
            port: send,
            centre,
            _smsbox: smsbox,
            _bearerbox: bearerbox,
            _input: input,
            _directory: directory,
        }
    }

    /// The port that takes messages.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The first message to this number, as the centre shows it.
    pub fn wait_for(&self, number: &str, timeout: Duration) -> String {
        self.wait_for_next(number, 0, timeout)
    }

    /// The message to this number that comes after so many.
    pub fn wait_for_next(&self, number: &str, earlier: usize, timeout: Duration) -> String {
        let mark = format!("{number} text ");
        let place =
            (0..=earlier).try_fold(0, |from, _| self.centre.stderr().find(from, &mark, timeout));
        let Some(place) = place else {
            panic!("no message within {timeout:?}: {}", self.centre.stderr().text())
        };
        self.centre.stderr().find(place, "\n", timeout);
        let rest = self.centre.stderr().text_from(place);
        rest.lines().next().unwrap_or_default().trim_end_matches('>').to_owned()
    }
}

fn free_ports() -> [u16; 4] {
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}

fn await_port(port: u16, process: &Process) {
    let up = eventually(PATIENCE, || TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(up, "nobody listens on port {port}: {}", process.stderr().text());
}
