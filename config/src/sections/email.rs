//! `[email]`

use std::{path::PathBuf, time::Duration};

use crate::{
    faults::{Complaint, Faults},
    kind::{AbsolutePath, Ahead, From, MailServer, Optional, Sender, Server, Span},
    reader::Layers,
    section::{Section, section},
};

/// Long enough for a holiday or a lost password.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

section! {
    /// How e-mail is sent.
    pub(crate) struct EmailKeys {
        /// Where messages are handed in: smtps:// is TLS from the first byte, smtp:// demands
        /// STARTTLS, sendmail is the program /usr/sbin/sendmail. Left out: no e-mail is sent, and
        /// nobody can use codes by e-mail.
        server: Option<MailServer> = None => Optional(Server);
        /// Whom messages are from. Required where there is a server.
        from: Option<Sender> = None => Optional(From);
        /// The file with the password of the user that server names: one line, for the daemon
        /// alone. Left out: the server takes mail without.
        password_file: Option<PathBuf> = None => Optional(AbsolutePath::FILE);
        /// Certificates (PEM) of the authorities that the server's certificate may be from. Left
        /// out: those that the system trusts.
        ca_file: Option<PathBuf> = None => Optional(AbsolutePath::FILE);
        /// How long before the enforce_from of their profile those users are written to, once,
        /// who are not enrolled and have an e-mail address, or never. What no server takes is tried
        /// again each day until then.
        reminder: Option<Duration> = Some(WEEK) => Ahead(Span::seconds(3_600, 90 * 86_400));
    }
}

/// How e-mail is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Where messages are handed in.
    pub server: MailServer,
    /// Whom they are from.
    pub from: Sender,
    /// The file with the password, where the server names a user.
    pub password_file: Option<PathBuf>,
    /// The authorities that are trusted in the place of the system's.
    pub ca_file: Option<PathBuf>,
    /// How long before `enforce_from` users are reminded.
    pub reminder: Option<Duration>,
}

/// How e-mail is sent; none where there is no server.
pub(crate) fn read(table: &Layers<'_>, faults: &mut Faults<'_>) -> Option<Email> {
    let EmailKeys { server, from, password_file, ca_file, reminder } =
        EmailKeys::read(table, faults);
    let set = table.first_place(EmailKeys::NAMES);
    if !table.has("server") {
        if EmailKeys::NAMES.iter().any(|key| table.has(key)) {
            let complaint = Complaint::new("[email] names no server, so nothing is sent");
            faults.missing(set, complaint.hint("add `server`, or take the section out"));
        }
        return None;
    }
    if !table.has("from") {
        let complaint = Complaint::new("[email] does not say whom messages are from");
        let hint = "add `from = \"Login security <security@example.org>\"`";
        faults.missing(table.place("server"), complaint.hint(hint));
    }
    let (server, from) = (server?, from?);
    check(table, &server, faults);
    Some(Email { server, from, password_file, ca_file, reminder })
}

fn check(table: &Layers<'_>, server: &MailServer, faults: &mut Faults<'_>) {
    match server {
        MailServer::Sendmail(_) => {
            for key in ["password_file", "ca_file"].into_iter().filter(|key| table.has(key)) {
                let message =
                    format!("\"{key}\" has no effect: the program sends by its own settings");
                faults.error(table.place(key), Complaint::new(message).hint("take it out"));
            }
        }
        MailServer::Smtp { user: Some(_), .. } if !table.has("password_file") => {
            let complaint = Complaint::new("the server is given a user, and no password");
            let hint = "add `password_file`, or take the user out";
            faults.error(table.place("server"), complaint.hint(hint));
        }
        MailServer::Smtp { user: None, .. } if table.has("password_file") => {
            let complaint = Complaint::new("there is a password, and \"server\" names no user");
            let hint = "write the server as \"smtps://user@mail.example.org\"";
            faults.error(table.place("password_file"), complaint.hint(hint));
        }
        MailServer::Smtp { .. } => {}
    }
}
