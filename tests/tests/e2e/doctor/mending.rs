//! Doing what a mend says, as an administrator would type it.

use std::fs;
use std::process::Command;

use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::process::run;

/// Does it, where it is a line to write or a command on files. Others (start a service, put a
/// backup back) are not for this machine: false.
pub fn apply(mend: &str) -> bool {
    let quoted = mend.split('\'').nth(1);
    if let (Some(rest), Some(line)) = (mend.strip_prefix("In "), quoted) {
        let (path, number) = place(rest);
        let replaced = edit(path, number, |lines, index| lines[index] = line.to_owned());
        if mend.contains("end the auth lines with") {
            append(path, "auth required pam_permit.so");
        }
        return replaced;
    }
    let end = ["auth", "session"]
        .iter()
        .find_map(|phase| mend.strip_prefix(&format!("End the {phase} lines of ")));
    if let (Some(rest), Some(line)) = (end, quoted) {
        append(rest.split(' ').next().expect("a path"), line);
        return true;
    }
    if let (true, Some(line), Some((_, rest))) =
        (mend.starts_with("Write '"), quoted, mend.split_once("before "))
    {
        let (path, number) = place(rest);
        return edit(path, number, |lines, index| lines.insert(index, line.to_owned()));
    }
    if mend.starts_with("chmod ") || mend.starts_with("chown ") {
        let output = run(Command::new("sh").args(["-c", mend]));
        assert!(output.status.success(), "{mend}: {output:?}");
        return true;
    }
    false
}

/// `FILE:LINE` at the start of a text.
fn place(text: &str) -> (&str, usize) {
    let place = text.split([' ', ',']).next().expect("a place");
    let (path, line) = place.split_once(':').unwrap_or_else(|| panic!("no line in {place}"));
    (path, line.parse().unwrap_or_else(|error| panic!("{line}: {error}")))
}

fn edit(path: &str, line: usize, change: impl FnOnce(&mut Vec<String>, usize)) -> bool {
    let text = fs::read_to_string(path).expect("the file of a mend");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines, line - 1);
    write(path, &(lines.join("\n") + "\n"));
    true
}

fn append(path: &str, line: &str) {
    let text = fs::read_to_string(path).expect("the file of a mend");
    write(path, &format!("{text}{line}\n"));
}
