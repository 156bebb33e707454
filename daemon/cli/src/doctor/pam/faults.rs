//! What can be wrong with the lines of one service.

use std::path::Path;

use twinlock_bus_api::module_arguments::Arguments;
use twinlock_pam_stack::machine::{Asked, Detour, FirstFactor, Impression};
use twinlock_pam_stack::modules::Role;
use twinlock_pam_stack::{Element, Entry, Folders, Phase};

use super::mend::{confine, first_line, password_line, with_control};
use super::service::{Run, Service, role};
use crate::doctor::finding::{Area, Finding, Place, Severity};

/// What a service's stacks are looked at with.
pub(super) struct Look<'a> {
    pub service: &'a Service,
    pub folders: &'a Folders,
    /// The socket that the daemon serves.
    pub socket: &'a Path,
    /// Whether an account phase without an auth phase is decided in this service.
    pub decides_keys: bool,
}

impl Look<'_> {
    /// Everything that is wrong, each once.
    pub fn all(&self) -> Vec<Finding> {
        let Service { auth, account, .. } = self.service;
        let mut found = Vec::new();
        for run in [auth, account] {
            found.extend(self.broken(run));
            found.extend(run.lines(Role::Twinlock).into_iter().filter_map(|it| self.arguments(it)));
            if run.has_twinlock() {
                found.extend(self.detours(run));
                found.extend(self.lenient(run));
            }
        }
        match (auth.has_twinlock(), account.has_twinlock()) {
            (true, false) => found.push(self.no_account_line()),
            (false, true) => found.push(self.no_auth_line()),
            _ => {}
        }
        if auth.has_twinlock() {
            found.extend(self.order());
            found.extend(self.ignored_by_all());
        }
        found
    }

    fn finding(&self, fault: &'static str, severity: Severity, place: Option<Place>) -> Finding {
        let (what, why, mend) = (String::new(), String::new(), String::new());
        Finding { area: Area::Pam, fault, severity, place, what, why, mend }
    }

    /// Paths to success that never come to Twinlock's line.
    fn detours(&self, run: &Run) -> Vec<Finding> {
        let missed = run
            .ends
            .iter()
            .filter(|end| end.is_success() && end.asked == Asked::Never && !end.is_root);
        let mut lines: Vec<Detour> = missed.filter_map(|end| end.detour).collect();
        lines.sort_unstable();
        lines.dedup_by_key(|detour| detour.line);
        lines.into_iter().filter_map(|detour| self.detour(run, detour)).collect()
    }

    fn detour(&self, run: &Run, detour: Detour) -> Option<Finding> {
        let culprit = run.entry(detour.line)?;
        let name = &self.service.name;
        let module = &culprit.rule.target;
        let phase = run.stack.phase;
        let place = Some(place(culprit));
        if phase == Phase::Account {
            let cause = if detour.expired { "an expired password" } else { "its success" };
            return Some(Finding {
                what: format!(
                    "{module} ends the account lines of {name} on {cause}, before Twinlock's"
                ),
                why: "Twinlock does not see the end of such a login: an enrolment does not count, \
                      and a key alone passes."
                    .to_owned(),
                mend: format!(
                    "Move Twinlock's account line {}",
                    first_line(&run.stack, name, self.folders)
                ),
                ..self.finding("pam-account-passed-over", Severity::Warning, place)
            });
        }
        if role(module) == Role::Condition {
            return Some(Finding {
                what: format!("{module} lets some logins of {name} in past Twinlock"),
                why: "Those for whom it holds are asked for no code, and Twinlock's policy and \
                      log know nothing of them."
                    .to_owned(),
                mend: format!(
                    "Take the line out, and write a [[profile]] with mfa = false for them; or: {}",
                    confine(&run.stack, culprit, name, self.folders)
                ),
                ..self.finding("pam-condition-passes", Severity::Warning, place)
            });
        }
        Some(Finding {
            what: format!("when {module} succeeds, {name} lets in before Twinlock is asked"),
            why: "The first factor alone logs in.".to_owned(),
            mend: confine(&run.stack, culprit, name, self.folders),
            ..self.finding("pam-passed-over", Severity::Severe, place)
        })
    }

    /// A refusal that does not count, or a daemon that is not missed.
    fn lenient(&self, run: &Run) -> Option<Finding> {
        let passes = |asked| run.ends.iter().any(|end| end.is_success() && end.asked == asked);
        let line = *run.lines(Role::Twinlock).first()?;
        let name = &self.service.name;
        let place = Some(place(line));
        let mend = format!("In {} write '{}'", line.origin, with_control(line, "required"));
        if passes(Asked::Refused) {
            return Some(Finding {
                what: format!("{name} lets in although Twinlock refuses"),
                why: "A wrong code logs in.".to_owned(),
                mend,
                ..self.finding("pam-refusal-ignored", Severity::Severe, place)
            });
        }
        passes(Asked::Unavailable).then(|| Finding {
            what: format!("{name} lets in while twinlockd does not run"),
            why: "Whoever can stop the daemon, or wait until it fails, needs no code.".to_owned(),
            mend,
            ..self.finding("pam-open-without-daemon", Severity::Warning, place)
        })
    }

    fn no_account_line(&self) -> Finding {
        let Service { name, account, .. } = self.service;
        let severity = if self.decides_keys { Severity::Severe } else { Severity::Warning };
        let keys = if self.decides_keys { " Logins by key alone are not seen at all." } else { "" };
        let at = self.service.auth.lines(Role::Twinlock).first().map(|entry| place(entry));
        Finding {
            what: format!("{name} has an auth line of Twinlock and no account line"),
            why: format!("Nobody can enrol or trust a host through it.{keys}"),
            mend: format!(
                "Write 'account required {}' {}",
                self.service
                    .auth
                    .lines(Role::Twinlock)
                    .first()
                    .map_or("pam_twinlock.so", |line| &line.rule.target),
                first_line(&account.stack, name, self.folders)
            ),
            ..self.finding("pam-account-line-absent", severity, at)
        }
    }

    fn no_auth_line(&self) -> Finding {
        let Service { name, auth, account } = self.service;
        let line = account.lines(Role::Twinlock).first().copied().cloned();
        let (severity, why) = if self.decides_keys {
            (
                Severity::Severe,
                "Nobody is asked for a code, and who would have to give one is refused.",
            )
        } else {
            (Severity::Warning, "Nobody is asked for a code through it.")
        };
        let target = line.as_ref().map_or("pam_twinlock.so", |line| &line.rule.target);
        let behind = auth.lines(Role::FirstFactor).last().map(|entry| entry.origin.to_string());
        Finding {
            what: format!("{name} has an account line of Twinlock and no auth line"),
            why: why.to_owned(),
            mend: format!(
                "Write 'auth required {target}' into the file of {name}, behind the line that \
                 checks the password{}",
                behind.map_or_else(String::new, |at| format!(" ({at})"))
            ),
            ..self.finding("pam-auth-line-absent", severity, line.as_ref().map(place))
        }
    }

    /// Whether the first factor comes before, and a wrong one ends the stack.
    fn order(&self) -> Vec<Finding> {
        let auth = &self.service.auth;
        let name = &self.service.name;
        let Some(own) = auth.lines(Role::Twinlock).first().copied() else { return Vec::new() };
        let factors = auth.lines(Role::FirstFactor);
        let entries = auth.stack.entries();
        let index = |entry: &Entry| entries.iter().position(|it| *it == entry).unwrap_or(0);
        let reached = || auth.ends.iter().filter(|end| !end.is_root).filter_map(|end| end.before);
        let Some(last) = factors.last().copied() else {
            // Under sshd its settings say whether a key stands before.
            return (name != "sshd").then(|| self.no_first_factor(own)).into_iter().collect();
        };
        if factors.iter().all(|factor| index(factor) > index(own)) {
            return vec![Finding {
                what: format!("{name} asks for the code before the password"),
                why: "Strangers can spend tries on any account, nobody can enrol at the login, \
                      and a login of which no code is asked is refused."
                    .to_owned(),
                mend: format!(
                    "Move the line '{}' behind {}",
                    with_control(own, "required"),
                    last.origin
                ),
                ..self.finding("pam-before-first-factor", Severity::Severe, Some(place(own)))
            }];
        }
        let failed = reached().find_map(|before| match before {
            FirstFactor::Failed(line) => auth.entry(line),
            _ => None,
        });
        let required = failed.map(|line| Finding {
            what: format!("after a wrong first factor, {name} goes on and asks for a code"),
            why: "Who does not know the password can spend tries on codes, make the owner wait, \
                  and see whether a code was right."
                .to_owned(),
            mend: format!("In {} write '{}'", line.origin, with_control(line, "requisite")),
            ..self.finding("pam-wrong-factor-goes-on", Severity::Warning, Some(place(line)))
        });
        required.into_iter().collect()
    }

    fn no_first_factor(&self, own: &Entry) -> Finding {
        let name = &self.service.name;
        Finding {
            what: format!("{name} asks for a code and for nothing else"),
            why: "A code alone logs in: there is no first factor.".to_owned(),
            mend: format!("Write '{}' before {}", password_line(self.folders), own.origin),
            ..self.finding("pam-code-alone", Severity::Severe, Some(place(own)))
        }
    }

    /// A path on which every line ignores, which libpam refuses.
    fn ignored_by_all(&self) -> Option<Finding> {
        let auth = &self.service.auth;
        let refused = auth.ends.iter().any(|end| {
            end.impression == Impression::Undefined
                && end.asked == Asked::Ignored
                && !matches!(end.first_factor, FirstFactor::Failed(_))
        });
        let own = *auth.lines(Role::Twinlock).first()?;
        refused.then(|| Finding {
            what: format!(
                "in {} every line ignores a login of which no code is asked",
                self.service.name
            ),
            why: "libpam refuses what every line ignores: who is exempt, and everybody in observe \
                  mode, does not get in."
                .to_owned(),
            mend: format!(
                "End the auth lines of {} with 'auth required pam_permit.so'",
                own.origin.file.display()
            ),
            ..self.finding("pam-ignored-by-all", Severity::Severe, Some(place(own)))
        })
    }

    fn arguments(&self, line: &Entry) -> Option<Finding> {
        let taken = match Arguments::parse(&line.rule.arguments) {
            Ok(taken) => taken,
            Err(error) => {
                return Some(Finding {
                    what: error.to_string(),
                    why: format!("The module refuses every login of {}.", self.service.name),
                    mend: format!("In {} write '{}'", line.origin, bare(line)),
                    ..self.finding("pam-arguments", Severity::Severe, Some(place(line)))
                });
            }
        };
        (taken.socket != self.socket).then(|| Finding {
            what: format!(
                "the line asks at {}, and twinlockd serves {}",
                taken.socket.display(),
                self.socket.display()
            ),
            why: format!("Every login of {} that needs a code is refused.", self.service.name),
            mend: format!(
                "In {} write '{} socket={}'",
                line.origin,
                bare(line),
                self.socket.display()
            ),
            ..self.finding("pam-other-socket", Severity::Severe, Some(place(line)))
        })
    }

    /// Lines that libpam cannot read, in a stack with Twinlock.
    fn broken(&self, run: &Run) -> Vec<Finding> {
        fn gather<'a>(
            elements: &'a [Element],
            found: &mut Vec<(&'a twinlock_pam_stack::Origin, &'a str)>,
        ) {
            for element in elements {
                match element {
                    Element::Broken(origin, why) => found.push((origin, why)),
                    Element::Substack(_, inside) => gather(inside, found),
                    Element::Module(_) => {}
                }
            }
        }
        let mut found = Vec::new();
        gather(&run.stack.elements, &mut found);
        let finding = |(origin, why): (&twinlock_pam_stack::Origin, &str)| Finding {
            what: format!("libpam cannot read the line: {why}"),
            why: format!("It makes every login of {} fail.", self.service.name),
            mend: format!("Mend {origin} (pam.d(5)), or put a '#' before it"),
            ..self.finding(
                "pam-line-broken",
                Severity::Severe,
                Some(Place::line(&origin.file, origin.line)),
            )
        };
        found.into_iter().map(finding).collect()
    }
}

/// The line without its arguments.
fn bare(line: &Entry) -> String {
    let mut bare = line.clone();
    bare.rule.arguments.clear();
    with_control(&bare, "required")
}

pub(super) fn place(entry: &Entry) -> Place {
    Place::line(&entry.origin.file, entry.origin.line)
}
