//! Settings as a newer sshd tells them, and files in which a Match block says another name.

use std::fs;

use super::*;

/// Places in these files: the main one, and one that it includes.
fn places(main: &str, further: &str) -> (tempfile::TempDir, Places) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("d")).unwrap();
    fs::write(folder.path().join("main"), main).unwrap();
    fs::write(folder.path().join("d/50.conf"), further).unwrap();
    let places = Places::at(&folder.path().join("main"), &folder.path().join("d"));
    (folder, places)
}

fn settings(name: &str) -> Settings {
    Settings::read(&format!("usepam yes\n{name}"))
}

/// What is found: the beginning of the sentence, its line, whether it is everybody's.
fn found(everybody: &str, root: &str, main: &str, further: &str) -> Option<(String, bool)> {
    let (folder, places) = places(main, further);
    let effective = Effective { everybody: settings(everybody), root: settings(root) };
    let (finding, all) = check(&effective, &places, &["sshd".to_owned()])?;
    assert_eq!((finding.fault, finding.severity), ("sshd-other-service", Severity::Severe));
    let place = finding.place.unwrap().to_string();
    let place = place.replace(folder.path().to_str().unwrap(), "");
    assert!(finding.mend.contains(&place), "{}", finding.mend);
    Some((format!("{} {place}", finding.what), all))
}

#[test]
fn an_sshd_that_asks_as_itself_or_knows_no_other_name_is_fine() {
    assert_eq!(found("pamservicename sshd\n", "pamservicename sshd\n", "", ""), None);
    // Such an sshd would refuse the line, so it is in no file that it reads.
    let line = "Match User bob\nPAMServiceName ssh-x\n";
    assert_eq!(found("", "", line, line), None);
}

#[test]
fn another_name_is_found_for_everybody_for_root_and_in_a_match_block() {
    let (own, other) = ("pamservicename sshd\n", "pamservicename ssh-x\n");
    let everybody = found(other, other, "UsePAM yes\n", "PAMServiceName ssh-x\n").unwrap();
    let sentence =
        "sshd asks PAM as the service ssh-x, not as sshd (PAMServiceName) /d/50.conf:1".to_owned();
    assert_eq!(everybody, (sentence, true));

    let block = "UsePAM yes\nMatch User root\n  pamservicename=\"ssh-x\"\n";
    let (root, all) = found(own, other, block, "").unwrap();
    assert!(root.starts_with("for root sshd asks") && root.ends_with("/main:3"), "{root}");
    assert!(!all);

    let (matched, all) = found(own, own, block, "").unwrap();
    assert!(
        matched.starts_with("by a Match block sshd asks") && matched.ends_with("/main:3"),
        "{matched}"
    );
    assert!(!all);
    assert_eq!(found(own, own, "Match User bob\nPAMServiceName sshd\n", ""), None);
    assert_eq!(found(own, own, "Match User bob\n#PAMServiceName ssh-x\n", ""), None);
}

#[test]
fn an_sshd_that_does_not_ask_pam_asks_under_no_name() {
    let (_folder, places) = places("", "");
    let settings = Settings::read("usepam no\npamservicename ssh-x\n");
    let effective = Effective { everybody: settings.clone(), root: settings };
    assert!(check(&effective, &places, &[]).is_none());
}

#[test]
fn what_works_in_another_service_and_what_does_not_is_told() {
    let (_folder, places) = places("", "");
    let other = settings("pamservicename ssh-x\n");
    let effective = Effective { everybody: other.clone(), root: other };
    let why = |services: &[&str]| {
        let services: Vec<_> = services.iter().map(|name| (*name).to_owned()).collect();
        check(&effective, &places, &services).unwrap().0.why
    };
    let unseen = why(&["sshd"]);
    assert!(unseen.contains("by key alone passes them unasked"), "{unseen}");
    let seen = why(&["sshd", "ssh-x"]);
    assert!(seen.contains("by key alone is decided") && seen.contains("no profile"), "{seen}");
}
