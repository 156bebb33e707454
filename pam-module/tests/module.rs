//! What the built library shows to the loader: the six hooks, the libraries it needs, its flags.
// The functions around the tests fail the test as the tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

/// The directory of the profile that this test was built with.
fn artifacts() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}

/// The library that cargo built for this test; `cargo test` puts it nowhere else.
fn module() -> PathBuf {
    artifacts().join("deps/libpam_twinlock.so")
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).arg(module()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn only_the_hooks_are_exported() {
    let symbols = output("nm", &["--dynamic", "--defined-only", "--format=posix"]);
    let exported: BTreeSet<&str> =
        symbols.lines().filter_map(|line| line.split_ascii_whitespace().next()).collect();
    let hooks = [
        "pam_sm_acct_mgmt",
        "pam_sm_authenticate",
        "pam_sm_chauthtok",
        "pam_sm_close_session",
        "pam_sm_open_session",
        "pam_sm_setcred",
    ];
    assert_eq!(exported, BTreeSet::from(hooks));
}

#[test]
fn only_libpam_and_the_c_runtime_are_needed() {
    let dynamic = output("readelf", &["--dynamic", "--wide"]);
    let needed: Vec<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .collect();
    assert!(needed.contains(&"libpam.so.0"), "{needed:?}");
    for library in &needed {
        let known = ["libpam.so.", "libc.so.", "libm.so.", "libgcc_s.so.", "ld-linux"];
        assert!(known.iter().any(|name| library.starts_with(name)), "{needed:?}");
    }
}

#[test]
fn the_module_stays_loaded_and_is_bound_at_once() {
    let dynamic = output("readelf", &["--dynamic", "--wide"]);
    let flags = dynamic.lines().find(|line| line.contains("(FLAGS_1)")).unwrap();
    assert!(flags.contains("NODELETE") && flags.contains("NOW"), "{flags}");
    let segments = output("readelf", &["--program-headers", "--wide"]);
    assert!(segments.contains("GNU_RELRO"), "{segments}");
    let stack = segments.lines().find(|line| line.contains("GNU_STACK")).unwrap();
    assert!(!stack.contains("RWE"), "{stack}");
}

#[test]
#[ignore = "builds the module as it is installed, which takes a minute"]
fn the_installed_module_is_at_most_one_mebibyte() {
    let target = artifacts().with_file_name("");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "pam_twinlock", "--profile", "module"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    let size = std::fs::metadata(target.join("module/libpam_twinlock.so")).unwrap().len();
    assert!(size <= 1 << 20, "{size} bytes");
}
