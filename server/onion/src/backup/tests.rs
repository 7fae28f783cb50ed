//! Backups, from one folder into another.

use std::fs::{File, FileTimes};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, UNIX_EPOCH};

use getrandom::SysRng;
use rand_core::UnwrapErr;

use super::*;

const KEY: &str = "state/keystore/hss/public/ks_hs_id.ed25519_expanded_private";

/// A server in a folder: its configuration, and the settings of its Tor.
struct Made {
    folder: tempfile::TempDir,
    data: Data,
}

impl Made {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::create(&folder.path().join("data")).unwrap();
        let made = Self { folder, data };
        for (path, text) in [
            ("server.toml", "data = \"data\""),
            ("arti.toml", "[a]"),
            ("data/store/trust", "fingerprint"),
            ("data/store/version", "1\n"),
            ("data/store/couriers/0123456789abcdef", "card"),
            ("data/store/couriers/new-0123456789abcdef", "half a card"),
            ("data/store/receipts/0a", "receipt"),
            ("data/store/drops/0a/s00000000", "sealed"),
            ("data/store/replies/0a", "reply"),
            ("data/store/mailbox-secret", "secret"),
            ("data/store/lived", "times"),
            (&format!("data/tor/{KEY}"), "key"),
            (
                "data/tor/state/keystore/hss/public/ks_hs_desc_sign+1.x",
                "day key",
            ),
            (
                "data/tor/state/keystore/hss/public/ipts/k_sid+1.x",
                "point key",
            ),
            ("data/tor/state/state/guards.json", "guards"),
        ] {
            let path = made.folder.path().join(path);
            durable::make_folder(path.parent().unwrap()).unwrap();
            durable::create(&path, text.as_bytes()).unwrap();
        }
        made
    }

    fn gather(&self) -> Backup {
        let tor = [self.path("arti.toml"), "/elsewhere/arti.toml".into()];
        Backup::gather(&self.path("server.toml"), &tor, &self.data).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn passphrase(text: &str) -> Passphrase {
    use std::io::{Seek as _, Write as _};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    Passphrase::ask(Some(file.as_raw_fd())).unwrap()
}

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

fn words() -> Passphrase {
    passphrase("a passphrase that is long enough")
}

fn all_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = all_files(&path).into_iter();
            found.extend(inner.map(|below| format!("{name}/{below}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Sets the times of all files beneath a folder to this second.
fn set_times(folder: &Path, second: u64) {
    let then = UNIX_EPOCH.checked_add(Duration::from_secs(second)).unwrap();
    for name in all_files(folder) {
        let file = File::options().write(true).open(folder.join(name)).unwrap();
        let times = FileTimes::new().set_accessed(then).set_modified(then);
        file.set_times(times).unwrap();
    }
}

#[test]
fn a_backup_makes_the_same_server_elsewhere_and_holds_no_drop_no_reply_and_no_time() {
    let made = Made::new();
    let [early, sealed] = [1_700_000_000, 1_800_000_000].map(|second| {
        set_times(made.folder.path(), second);
        made.gather().seal(&words(), &mut rng()).unwrap()
    });
    let [early, late] = [&early, &sealed].map(|sealed| Backup::open(sealed, &words()).unwrap());
    assert!(early.0 == late.0, "what is sealed tells a file's time");
    let restored = tempfile::tempdir().unwrap();
    let folder = restored.path().join("data");
    let backup = Backup::open(&sealed, &words()).unwrap();
    let data = backup.make_data(&folder).unwrap();
    assert_eq!(
        all_files(&folder),
        [
            "store/couriers/0123456789abcdef",
            "store/receipts/0a",
            "store/trust",
            "store/version",
            &format!("tor/{KEY}"),
        ]
    );
    assert_eq!(std::fs::read(data.tor().join(KEY)).unwrap(), b"key");
    for path in [folder.clone(), data.tor(), data.onion_keys().join("public")] {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    let file = std::fs::metadata(data.tor().join(KEY)).unwrap();
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_configuration_comes_back_with_the_settings_beside_it_and_over_nothing() {
    let made = Made::new();
    let backup = made.gather();
    let to = tempfile::tempdir().unwrap();
    let configuration = to.path().join("other-name.toml");
    durable::create(&to.path().join("arti.toml"), b"mine").unwrap();
    backup.write_configuration(&configuration).unwrap();
    let text = std::fs::read(&configuration).unwrap();
    assert_eq!(text, b"data = \"data\"");
    let settings = std::fs::read(to.path().join("arti.toml")).unwrap();
    assert_eq!(settings, b"mine");
    let tor = [made.path("arti.toml"), "/elsewhere/arti.toml".into()];
    let lacks = Backup::lacks(&made.path("server.toml"), &tor);
    assert_eq!(lacks, [PathBuf::from("/elsewhere/arti.toml")]);
}

#[test]
fn nothing_is_restored_over_a_data_folder_and_what_was_cut_off_is_begun_anew() {
    let made = Made::new();
    let backup = made.gather();
    let occupied = backup.make_data(made.data.folder());
    assert!(matches!(occupied, Err(BackupError::Occupied(_))));
    let restored = tempfile::tempdir().unwrap();
    let half = restored.path().join("restoring/store");
    durable::make_folder(&half).unwrap();
    durable::create(&half.join("trust"), b"half").unwrap();
    let data = backup.make_data(restored.path()).unwrap();
    let trust = std::fs::read(data.store().join("trust")).unwrap();
    assert_eq!(trust, b"fingerprint");
    assert!(!restored.path().join("restoring").exists());
}

#[test]
fn a_restore_that_was_cut_off_between_its_two_halves_is_begun_anew_and_is_no_data_folder() {
    let backup = Made::new().gather();
    let restored = tempfile::tempdir().unwrap();
    let folder = restored.path();
    durable::make_folder(&folder.join("restoring/tor")).unwrap();
    durable::make_folder(&folder.join("store")).unwrap();
    durable::create(&folder.join("store/trust"), b"half").unwrap();
    assert!(Data::is_half_restored(folder));
    let data = backup.make_data(folder).unwrap();
    let trust = std::fs::read(data.store().join("trust")).unwrap();
    assert_eq!(trust, b"fingerprint");
    assert!(!Data::is_half_restored(folder));
    let occupied = backup.make_data(folder);
    assert!(matches!(occupied, Err(BackupError::Occupied(_))));
}

#[test]
fn a_backup_opens_with_its_passphrase_alone_and_not_when_a_byte_of_it_differs() {
    let sealed = Made::new().gather().seal(&words(), &mut rng()).unwrap();
    let other = passphrase("another passphrase, as long as it");
    let refused = |sealed: &[u8], passphrase: &Passphrase| match Backup::open(sealed, passphrase) {
        Err(BackupError::Seal(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&sealed, &other), SealError::Differs);
    for (place, error) in [
        (0, SealError::NotSealed),
        // The version, and passes beyond all patience.
        (19, SealError::NotSealed),
        (24, SealError::NotSealed),
        // The salt, the first byte of what is sealed, and the tag.
        (32, SealError::Differs),
        (48, SealError::Differs),
        (sealed.len() - 1, SealError::Differs),
    ] {
        let mut altered = sealed.clone();
        altered[place] ^= 2;
        assert_eq!(refused(&altered, &words()), error, "{place}");
    }
    let (cut, _) = sealed.split_at(sealed.len() - 1);
    assert_eq!(refused(cut, &words()), SealError::Differs);
    let (head, _) = sealed.split_at(48);
    for wrong in [b"", &b"no backup"[..], head] {
        assert_eq!(refused(wrong, &words()), SealError::NotSealed);
    }
    assert!(!sealed.windows(11).any(|bytes| bytes == b"fingerprint"));
}

#[test]
fn what_could_not_be_put_back_is_not_sealed() {
    let made = Made::new();
    let mut backup = made.gather();
    // A gap, which takes no room on this disk.
    let receipt = std::fs::File::create(made.path("data/store/receipts/0b")).unwrap();
    receipt.set_len(MOST_BYTES).unwrap();
    let refused = made.gather().seal(&words(), &mut rng());
    assert!(matches!(
        refused,
        Err(BackupError::Seal(SealError::TooLong))
    ));
    for number in 0..=MOST_FILES {
        let receipt = format!("receipts/{number:x}");
        let entry = Entry::in_store(Path::new(&receipt)).unwrap();
        backup.0.insert(entry, Zeroizing::default());
    }
    let refused = backup.seal(&words(), &mut rng());
    assert!(matches!(
        refused,
        Err(BackupError::Seal(SealError::TooLong))
    ));
}

fn archive(files: &[(&str, &[u8])]) -> Result<Backup, BackupError> {
    let mut archive = Vec::new();
    let mut encoder = Encoder::new(&mut archive);
    encoder.map(u64::try_from(files.len()).unwrap()).unwrap();
    for (name, bytes) in files {
        encoder.str(name).unwrap().bytes(bytes).unwrap();
    }
    Backup::open(
        &seal::seal(&archive, &words(), &mut rng()).unwrap(),
        &words(),
    )
}

#[test]
fn what_is_sealed_well_and_is_no_backup_or_a_newer_one_is_refused_whole() {
    let version = ("version", &b"1\n"[..]);
    let trust = ("store/trust", &b"x"[..]);
    assert!(archive(&[version, trust]).is_ok());
    for wrong in [
        &[version, ("store/../../x", b"x")][..],
        &[version, ("store/drops/ab", b"x")],
        &[version, trust, trust],
        &[],
    ] {
        assert!(matches!(archive(wrong), Err(BackupError::Foreign)));
    }
    for newer in [&[("version", &b"2\n"[..]), trust][..], &[trust, version]] {
        assert!(matches!(archive(newer), Err(BackupError::Newer)));
    }
    let words = words();
    for wrong in [
        &[][..],
        b"\xa1",
        b"\xa0 ",
        b"\xbf\xff",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
    ] {
        let sealed = seal::seal(wrong, &words, &mut rng()).unwrap();
        let refused = Backup::open(&sealed, &words);
        assert!(matches!(refused, Err(BackupError::Foreign)), "{wrong:?}");
    }
}
