use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use getrandom::SysRng;
use rand_core::UnwrapErr;

use knothole_envelope::{Day, EpochNumber, Fingerprint};

use super::*;
use crate::folder::{Existing, put_named};

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

const BODY: usize = Head::LEN;
const RECORDS: usize = Head::LEN + Body::LEN;
const EPOCHS: u32 = 3;

fn phrase(text: &str) -> Passphrase {
    Passphrase::of(text)
}

fn number(epoch: u32) -> EpochNumber {
    EpochNumber::new(epoch).unwrap()
}

/// A vault in a folder of its own.
struct Stick {
    folder: tempfile::TempDir,
    path: PathBuf,
    vault: Vault,
}

fn stick() -> Stick {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.vault");
    let plan = Plan::new(EPOCHS, Day::new(20_000).unwrap(), 7).unwrap();
    let vault =
        Vault::create_light(&path, &phrase("right"), plan, Slips::none(), &mut rng()).unwrap();
    Stick {
        folder,
        path,
        vault,
    }
}

impl Stick {
    fn open(&self) -> Result<Vault, VaultError> {
        Vault::open(&self.path, &phrase("right"))
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }

    fn put(&self, bytes: &[u8]) {
        put_named(&self.path, bytes, Existing::Replace).unwrap();
    }

    /// Opens it with one byte altered, and puts it right again.
    fn altered(&self, place: usize, with: u8) -> Result<Vault, VaultError> {
        let bytes = self.bytes();
        let mut other = bytes.clone();
        other[place] ^= with;
        self.put(&other);
        let opened = self.open();
        self.put(&bytes);
        opened
    }

    fn erase(&self, epochs: &[u32]) {
        let mut bytes = self.bytes();
        let records = bytes[RECORDS..].chunks_exact_mut(Record::LEN);
        for (epoch, record) in (1..).zip(records) {
            if epochs.contains(&epoch) {
                record.fill(0);
            }
        }
        self.put(&bytes);
    }

    fn names(&self) -> Vec<String> {
        Folder::open(self.folder.path()).unwrap().names().unwrap()
    }
}

fn seeds(vault: &Vault) -> Vec<[u8; 32]> {
    let mut seeds = vec![*vault.signing().expose(), *vault.archive_secret().expose()];
    for epoch in vault.epochs() {
        let secret = vault.epoch_secret(epoch.epoch).unwrap().unwrap();
        seeds.push(*secret.expose());
    }
    seeds
}

#[test]
fn a_vault_opens_with_its_passphrase_and_gives_the_same_keys() {
    let stick = stick();
    let opened = stick.open().unwrap();
    assert_eq!(seeds(&opened), seeds(&stick.vault));
    let epochs: Vec<_> = opened.epochs().collect();
    assert_eq!(epochs.len(), 3);
    assert_eq!(epochs[2].epoch, number(3));
    assert_eq!(epochs[2].first, Day::new(20_014).unwrap());
    assert_eq!(epochs[2].last, Day::new(20_020).unwrap());
    assert_eq!(epochs[2].state, EpochState::Ready);
    assert!(opened.epoch_secret(number(4)).unwrap().is_none());
}

#[test]
fn all_keys_of_a_vault_differ_and_none_stands_in_the_file() {
    let stick = stick();
    let mut all = seeds(&stick.vault);
    let bytes = stick.bytes();
    for seed in &all {
        assert!(!bytes.windows(8).any(|window| window == &seed[..8]));
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 5);
    assert!(!bytes.windows(5).any(|window| window == b"right"));
}

#[test]
fn nobody_but_its_owner_may_read_a_vault() {
    let stick = stick();
    let mode = fs::metadata(&stick.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(stick.names(), ["a.vault"]);
}

#[test]
fn passphrases_are_stretched_with_48_mebibytes_and_five_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.vault");
    let plan = Plan::new(1, Day::new(20_000).unwrap(), 7).unwrap();
    let signing = SigningSecret::generate(&mut rng());
    let mut vault = Vault::create(
        &path,
        &phrase("right"),
        signing,
        plan,
        Slips::none(),
        &mut rng(),
    )
    .unwrap();
    let full = [0, 0, 0xc0, 0, 0, 0, 0, 5, 0, 0, 0, 1];
    assert_eq!(fs::read(&path).unwrap()[12..24], full);
    let salt = fs::read(&path).unwrap()[24..40].to_vec();
    vault.change_passphrase(&phrase("new"), &mut rng()).unwrap();
    assert_eq!(fs::read(&path).unwrap()[12..24], full);
    assert_ne!(fs::read(&path).unwrap()[24..40], salt);
}

#[test]
fn an_erased_epoch_is_gone_and_the_others_stay() {
    let stick = stick();
    stick.erase(&[1]);
    let vault = stick.open().unwrap();
    assert!(vault.epoch_secret(number(1)).unwrap().is_none());
    assert_eq!(vault.epochs().next().unwrap().state, EpochState::Erased);
    assert!(vault.epoch_secret(number(2)).unwrap().is_some());
}

#[test]
fn a_vault_never_overwrites_a_file_or_a_link() {
    let stick = stick();
    let before = stick.bytes();
    let plan = *stick.vault.plan();
    let taken = |path: &Path| {
        let made = Vault::create_light(path, &phrase("other"), plan, Slips::none(), &mut rng());
        assert!(matches!(made, Err(VaultError::Exists(_))));
        assert!(matches!(
            Vault::refuse_existing(path),
            Err(VaultError::Exists(_))
        ));
        assert!(matches!(
            stick.vault.copy_to(path),
            Err(VaultError::Exists(_))
        ));
    };
    taken(&stick.path);
    assert_eq!(stick.bytes(), before);
    let link = stick.folder.path().join("link");
    symlink(stick.folder.path().join("nowhere"), &link).unwrap();
    taken(&link);
    assert_eq!(stick.names(), ["a.vault", "link"]);
}

#[test]
fn a_vault_that_cannot_be_written_leaves_nothing_behind() {
    let plan = Plan::new(1, Day::new(20_000).unwrap(), 7).unwrap();
    for cut in [
        Step::Created,
        Step::HalfWritten,
        Step::Written,
        Step::Synced,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.vault");
        let full = &mut |step| {
            if step == cut {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            }
        };
        let right = phrase("right");
        let make = Make {
            signing: SigningSecret::generate(&mut rng()),
            passphrase: &right,
            plan,
            slips: Slips::none(),
            stretch: Stretch::light(&mut rng()),
        };
        let made = make.create(&path, &mut rng(), full);
        assert!(matches!(made, Err(VaultError::File(error)) if error.is_space()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{cut:?}");
    }
    let made = Vault::create_light(
        Path::new("/nowhere/a.vault"),
        &phrase("x"),
        plan,
        Slips::none(),
        &mut rng(),
    );
    assert!(matches!(made, Err(VaultError::File(_))));
}

#[test]
fn after_a_change_only_the_new_passphrase_opens_the_same_keys() {
    let mut stick = stick();
    let before = stick.bytes();
    let keys = seeds(&stick.vault);
    stick
        .vault
        .change_passphrase(&phrase("new"), &mut rng())
        .unwrap();
    assert!(matches!(stick.open(), Err(VaultError::Passphrase(_))));
    let opened = Vault::open(&stick.path, &phrase("new")).unwrap();
    assert_eq!(seeds(&opened), keys);
    assert_ne!(stick.bytes()[..BODY], before[..BODY]);
    assert_eq!(stick.bytes()[BODY..], before[BODY..]);
    assert_eq!(stick.names(), ["a.vault"]);
}

#[test]
fn a_passphrase_is_not_changed_on_another_stick_than_the_one_that_was_opened() {
    let (mut one, two) = (stick(), stick());
    one.put(&two.bytes());
    let changed = one.vault.change_passphrase(&phrase("new"), &mut rng());
    assert!(matches!(changed, Err(VaultError::Changed(_))));
    assert_eq!(one.bytes(), two.bytes());
}

#[test]
fn a_copy_opens_with_the_same_passphrase() {
    let stick = stick();
    let path = stick.folder.path().join("copy");
    stick.vault.copy_to(&path).unwrap();
    let copy = Vault::open(&path, &phrase("right")).unwrap();
    assert_eq!(seeds(&copy), seeds(&stick.vault));
}

#[test]
fn a_card_shows_the_public_keys_of_the_vault_and_nothing_else() {
    let stick = stick();
    let card = stick.vault.card().unwrap();
    let body = card.verify().unwrap();
    assert_eq!(body.signing_key(), &stick.vault.editor_key());
    let archive = stick.vault.archive_secret().recipient_key();
    assert_eq!(body.archive_key(), &archive);
    for epoch in body.epochs() {
        let secret = stick.vault.epoch_secret(epoch.epoch).unwrap().unwrap();
        assert_eq!(epoch.key, &secret.recipient_key());
    }
    assert_eq!(body.epochs().count(), 3);
    let bytes = card.encode();
    for seed in seeds(&stick.vault) {
        assert!(!bytes.windows(32).any(|window| window == seed));
    }
    assert_eq!(card.signers().count(), 1);
}

#[test]
fn a_card_begins_after_what_was_erased() {
    let stick = stick();
    stick.erase(&[1]);
    let card = stick.open().unwrap().card().unwrap();
    let epochs: Vec<_> = card
        .verify()
        .unwrap()
        .epochs()
        .map(|e| (e.epoch, e.first))
        .collect();
    assert_eq!(epochs[0], (number(2), Day::new(20_007).unwrap()));
    assert_eq!(epochs.len(), 2);
    stick.erase(&[1, 2, 3]);
    assert!(matches!(
        stick.open().unwrap().card(),
        Err(VaultError::Empty(_))
    ));
}

#[test]
fn a_card_has_the_key_of_an_epoch_in_the_middle_that_was_erased() {
    let stick = stick();
    let before = stick.vault.card().unwrap().encode();
    stick.erase(&[2]);
    assert_eq!(stick.open().unwrap().card().unwrap().encode(), before);
}

#[test]
fn an_open_vault_does_not_print_itself() {
    assert_eq!(format!("{:?}", stick().vault), "Vault(..)");
}

#[test]
fn a_vault_of_ten_years_of_weeks_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.vault");
    let plan = Plan::new(520, Day::new(20_000).unwrap(), 7)
        .and_then(|plan| plan.numbered_from(number(40)))
        .unwrap();
    Vault::create_light(&path, &phrase("right"), plan, Slips::none(), &mut rng()).unwrap();
    let vault = Vault::open(&path, &phrase("right")).unwrap();
    assert!(vault.epoch_secret(number(39)).unwrap().is_none());
    assert!(vault.epoch_secret(number(40)).unwrap().is_some());
    assert!(vault.epoch_secret(number(559)).unwrap().is_some());
    assert!(vault.epoch_secret(number(560)).unwrap().is_none());
}

mod burning;
mod cutting;
mod damage;

#[test]
fn a_vault_remembers_the_newsroom_that_it_has_met() {
    let mut stick = stick();
    assert_eq!(stick.vault.newsroom(), None);
    let newsroom = Fingerprint::from_bytes([9; 32]);
    stick.vault.settle(newsroom, &mut rng()).unwrap();
    let bytes = stick.bytes();
    stick.vault.settle(newsroom, &mut rng()).unwrap();
    assert_eq!(stick.bytes(), bytes, "the second time nothing is written");
    let mut opened = stick.open().unwrap();
    assert_eq!(opened.newsroom(), Some(&newsroom));
    assert_eq!(opened.editor_key(), stick.vault.editor_key());
    let other = Fingerprint::from_bytes([8; 32]);
    opened.settle(other, &mut rng()).unwrap();
    assert_eq!(stick.open().unwrap().newsroom(), Some(&other));
    // The first one is no longer the vault on the stick.
    let error = stick.vault.settle(other, &mut rng()).unwrap_err();
    assert!(matches!(error, VaultError::Changed(_)));
    assert_eq!(stick.vault.newsroom(), Some(&newsroom));
}
