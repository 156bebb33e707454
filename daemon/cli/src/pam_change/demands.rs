//! Whom sshd's own settings keep out, once the stack asks for a code, and once it does so no longer.
//!
//! Both are read from `sshd -T` for single logins, Match blocks included. What cannot be read is never in
//! the way of a change.

use std::path::Path;

use twinlock_pam_stack::{MODULE, Phase, Stack};

use super::Machine;
use super::place::Form;
use super::record::Changed;
use super::sshd::{self, Unfit};
use crate::doctor::sshd::{place_of, unit};

/// The service whose program has settings of its own.
pub const SSHD: &str = "sshd";

const METHODS: &str = "AuthenticationMethods";

/// Whether a login over SSH comes to Twinlock, in the one phase or the other.
pub fn asks_over_ssh(machine: &Machine) -> bool {
    let stacks = machine.stacks();
    [Phase::Auth, Phase::Account].into_iter().any(|phase| {
        let stack = Stack::read(&stacks, SSHD, phase);
        stack.is_ok_and(|stack| stack.entries().iter().any(|entry| entry.rule.names(MODULE)))
    })
}

/// What sshd demands that Twinlock was the reason for, as a sentence: a question of PAM behind every
/// key, which only whoever has a password can answer now.
pub fn left_in_sshd(machine: &Machine) -> Option<String> {
    let sshd = &machine.sshd;
    let further = sshd.drop_in.parent().unwrap_or(Path::new("/"));
    let place = place_of(&sshd.configuration, further, METHODS);
    let settings = match sshd::current(sshd) {
        Ok(settings) => settings,
        Err(Unfit::Absent(_)) => return None,
        Err(why) => {
            return Some(format!(
                "whether sshd still demands what it needed for codes cannot be told. {why} Look for \
                 {METHODS} in {place}."
            ));
        }
    };
    let asked = |list: &Vec<String>| list.iter().any(|method| method == "keyboard-interactive");
    let mut demanding = settings.iter().map(|settings| &settings.methods);
    let methods = demanding.find(|lists| !lists.is_empty() && lists.iter().all(asked))?;
    let lists: Vec<String> = methods.iter().map(|list| list.join(",")).collect();
    Some(format!(
        "sshd still demands keyboard-interactive of every login ({METHODS} {}), and PAM asks for a \
         password there, or for nothing and refuses: whoever has only a key is locked out of SSH. Look \
         into {place}, take that setting out, and the others that were made for codes; then 'sshd -t && \
         systemctl reload {}'.",
        lists.join(" "),
        unit()
    ))
}

/// That root does not get in over SSH once these files are in place, where that is so.
pub fn root_stays_out(machine: &Machine, form: Form, files: &[Changed]) -> Option<String> {
    let mut settings = sshd::current(&machine.sshd).ok()?.into_iter().next()?;
    if sshd::concerns(machine, files) {
        settings.methods = vec![sshd::methods_of(form)];
    }
    settings.root_stays_out().then(|| {
        format!(
            "Root does not get in over SSH then, with the right code either: PermitRootLogin is {}, and \
             with that sshd lets nobody ask root a question. Log in as somebody else and use sudo or su; \
             or set 'PermitRootLogin yes', once root has a factor.",
            settings.root.as_str()
        )
    })
}
