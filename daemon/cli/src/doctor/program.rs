//! Programs of the host that know what no file says, each run by its full path, with no
//! environment and a deadline.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

/// How long a program may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a program said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is not on this host.
    Absent,
    /// It ended well; its standard output.
    Text(String),
    /// It failed, could not be run, or took too long; why, in one line.
    Failed(String),
}

/// Runs the first of these programs that is there.
pub(crate) fn ask(programs: &[&str], arguments: &[&str]) -> Answer {
    let Some(program) = programs.iter().find(|program| Path::new(program).exists()) else {
        return Answer::Absent;
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return Answer::Failed(cause.to_string()),
    };
    runtime.block_on(async {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("LC_ALL", "C").env("PATH", "/usr/sbin:/usr/bin");
        command.stdin(Stdio::null()).kill_on_drop(true);
        match timeout(DEADLINE, command.output()).await {
            Err(_) => Answer::Failed(format!("no answer within {} s", DEADLINE.as_secs())),
            Ok(Err(cause)) => Answer::Failed(cause.to_string()),
            Ok(Ok(output)) if output.status.success() => {
                Answer::Text(String::from_utf8_lossy(&output.stdout).into_owned())
            }
            Ok(Ok(output)) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said.lines().rfind(|line| !line.trim().is_empty());
                Answer::Failed(last.map_or_else(|| output.status.to_string(), str::to_owned))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_and_why_it_fails_is_told() {
        let echo = ask(&["/nonexistent", "/bin/echo"], &["a", "b"]);
        assert_eq!(echo, Answer::Text("a b\n".to_owned()));
        assert_eq!(ask(&["/nonexistent"], &[]), Answer::Absent);
        let failed = ask(&["/bin/sh"], &["-c", "echo one >&2; echo two >&2; exit 3"]);
        assert_eq!(failed, Answer::Failed("two".to_owned()));
    }

    #[test]
    fn a_program_gets_no_environment_of_the_caller() {
        let Answer::Text(text) = ask(&["/usr/bin/env"], &[]) else { panic!("env runs") };
        let names: Vec<_> = text.lines().filter_map(|line| line.split('=').next()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
