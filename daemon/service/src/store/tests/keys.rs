//! Where the master key comes from, and when it is not taken.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
};

use super::*;
use crate::store::{CREDENTIAL, KeyError, KeySources};

struct Rig {
    directory: TempDir,
    sources: KeySources,
}

impl Rig {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let credentials = directory.path().join("credentials");
        fs::create_dir(&credentials).unwrap();
        let file = directory.path().join("key");
        Self { sources: KeySources { credentials: Some(credentials), file }, directory }
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    fn put(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    fn refusal(&self) -> KeyError {
        match self.sources.load() {
            Err(error) => error,
            Ok(_) => panic!("the key was taken"),
        }
    }
}

fn text() -> String {
    MasterKey::generate().unwrap().to_text().to_string()
}

fn text_of(key: &MasterKey) -> String {
    key.to_text().to_string()
}

#[test]
fn a_credential_goes_before_the_file() {
    let rig = Rig::new();
    let [credential, file] = [text(), text()];
    rig.put("key", &file, 0o600);
    assert_eq!(text_of(&rig.sources.load().unwrap()), file);
    // systemd's access list shows as a group bit.
    rig.put(&format!("credentials/{CREDENTIAL}"), &credential, 0o440);
    assert_eq!(text_of(&rig.sources.load().unwrap()), credential);
}

#[test]
fn a_credential_that_is_not_to_be_used_is_not_made_up_for_by_the_file() {
    let rig = Rig::new();
    rig.put("key", &text(), 0o600);
    rig.put(&format!("credentials/{CREDENTIAL}"), "nothing", 0o400);
    assert!(matches!(rig.refusal(), KeyError::NoKey { .. }));
    rig.put(&format!("credentials/{CREDENTIAL}"), &text(), 0o444);
    assert!(matches!(rig.refusal(), KeyError::Mode { mode: 0o444, .. }));
}

#[test]
fn a_file_that_others_can_read_or_write_is_refused_with_the_remedy() {
    let rig = Rig::new();
    for mode in [0o640, 0o604, 0o660, 0o602, 0o610] {
        let path = rig.put("key", &text(), mode);
        let error = rig.refusal();
        assert!(matches!(error, KeyError::Mode { mode: found, .. } if found == mode));
        let remedy = format!("chmod 0600 {}", path.display());
        assert!(error.to_string().contains(&remedy), "{error}");
    }
    for mode in [0o600, 0o400] {
        rig.put("key", &text(), mode);
        assert!(rig.sources.load().is_ok(), "{mode:o}");
    }
}

#[test]
fn a_file_of_a_stranger_is_refused() {
    let rig = Rig::new();
    let path = rig.put("key", &text(), 0o600);
    // Without root nothing can be given away; a stranger's file is then anybody's but root's.
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        let error = rig.refusal();
        assert!(matches!(error, KeyError::Owner { owner: 65534, own: 0, .. }), "{error}");
        assert!(error.to_string().contains("chown 0 "), "{error}");
    } else {
        assert_eq!(path.metadata().unwrap().uid(), nix::unistd::geteuid().as_raw());
        assert!(rig.sources.load().is_ok());
    }
}

#[test]
fn what_is_not_a_regular_file_is_refused_at_once() {
    let rig = Rig::new();
    let key = rig.directory.path().join("key");
    let real = rig.put("real", &text(), 0o600);
    symlink(&real, &key).unwrap();
    assert!(matches!(rig.refusal(), KeyError::NotRegular { .. }));
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    assert!(matches!(rig.refusal(), KeyError::NotRegular { .. }));
    fs::remove_dir(&key).unwrap();
    // Opening a FIFO waits for its other end, unless one asks not to.
    nix::unistd::mkfifo(&key, nix::sys::stat::Mode::S_IRUSR).unwrap();
    assert!(matches!(rig.refusal(), KeyError::NotRegular { .. }));
}

#[test]
fn a_file_without_a_key_is_refused_and_kept() {
    let rig = Rig::new();
    for text in [String::new(), "secret".into(), "#".repeat(5000), format!("{}{}", text(), text())]
    {
        rig.put("key", &text, 0o600);
        let error = rig.refusal();
        assert!(matches!(error, KeyError::NoKey { .. }), "{error}");
        assert!(!error.to_string().contains("secret"));
        assert!(rig.sources.load_or_make(&rig.store()).is_err());
        assert_eq!(fs::read_to_string(rig.directory.path().join("key")).unwrap(), text);
    }
}

#[test]
fn a_missing_key_is_made_once_and_private() {
    let rig = Rig::new();
    assert!(matches!(rig.refusal(), KeyError::Absent { .. }));
    let made = rig.sources.load_or_make(&rig.store()).unwrap();
    let file = rig.directory.path().join("key");
    assert_eq!(file.metadata().unwrap().mode() & 0o7777, 0o600);
    let again = rig.sources.load_or_make(&rig.store()).unwrap();
    assert_eq!(text_of(&made), text_of(&again));
    assert!(matches!(rig.sources.make(&rig.store()), Err(KeyError::Exists { .. })));
    assert_eq!(text_of(&made), text_of(&rig.sources.load().unwrap()));
    let names: Vec<_> = fs::read_dir(rig.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "no draft is left: {names:?}");
}

#[test]
fn no_key_is_made_for_a_store_that_has_one() {
    let rig = Rig::new();
    let key = rig.sources.load_or_make(&rig.store()).unwrap();
    drop(SledStore::open(&rig.store(), &key, Options::default()).unwrap());
    let file = rig.directory.path().join("key");
    fs::rename(&file, rig.directory.path().join("aside")).unwrap();
    let Err(error) = rig.sources.load_or_make(&rig.store()) else { panic!("a key was made") };
    assert!(matches!(error, KeyError::StoreNotEmpty { .. }), "{error}");
    assert!(error.to_string().contains("Put that key back"), "{error}");
    assert!(!file.exists());
    fs::rename(rig.directory.path().join("aside"), &file).unwrap();
    drop(rig.sources.load_or_make(&rig.store()).unwrap());
}

#[test]
fn of_many_that_make_the_key_at_once_all_get_the_same() {
    let rig = Rig::new();
    let store = rig.store();
    let texts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| text_of(&rig.sources.load_or_make(&store).unwrap())))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(texts.iter().all(|text| *text == texts[0]));
}

#[test]
fn a_directory_that_is_missing_is_named() {
    let mut rig = Rig::new();
    rig.sources.file = rig.directory.path().join("missing/key");
    let Err(error) = rig.sources.load_or_make(&rig.store()) else { panic!("a key was made") };
    assert!(matches!(error, KeyError::NotWritten { .. }), "{error}");
    assert!(error.to_string().contains("missing/key"), "{error}");
}

#[test]
fn an_error_of_a_strange_path_stays_on_one_line() {
    let mut rig = Rig::new();
    rig.sources.file = rig.directory.path().join("a\nb\u{1b}[2J");
    fs::write(&rig.sources.file, text()).unwrap();
    fs::set_permissions(&rig.sources.file, PermissionsExt::from_mode(0o644)).unwrap();
    let shown = rig.refusal().to_string();
    assert!(!shown.contains(['\n', '\u{1b}']), "{shown:?}");
}
