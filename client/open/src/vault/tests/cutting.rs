//! Writes that are cut off, and links: no keys stay behind.

use super::*;

/// A copy of all files of a folder, as a stick has them that is pulled now.
fn pulled(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

/// In how many files of the folder these bytes stand.
fn holders(folder: &Path, wanted: &[u8]) -> usize {
    let entries = fs::read_dir(folder).unwrap();
    let bytes = entries.map(|entry| fs::read(entry.unwrap().path()).unwrap());
    bytes
        .filter(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
        .count()
}

/// What is secret of the record of the second epoch.
fn record(bytes: &[u8]) -> &[u8] {
    &bytes[RECORDS + Record::LEN + 4..RECORDS + 2 * Record::LEN]
}

fn cuts() -> (Vec<(Step, tempfile::TempDir)>, Vec<u8>) {
    let mut stick = stick();
    let before = stick.bytes();
    let at = stick.folder.path().to_owned();
    let mut cuts = Vec::new();
    let light = Stretch::light(&mut rng());
    stick
        .vault
        .extend_with(
            1,
            &phrase("right"),
            Slips::none(),
            light,
            &mut rng(),
            &mut |step| {
                cuts.push((step, pulled(&at)));
                Ok(())
            },
        )
        .unwrap();
    (cuts, record(&before).to_vec())
}

#[test]
fn wherever_a_rewrite_is_cut_off_no_file_has_an_epoch_after_it_is_erased() {
    let (cuts, record) = cuts();
    assert_eq!(cuts.len(), 8);
    for (step, folder) in cuts {
        let path = folder.path().join("a.vault");
        let mut vault = Vault::open(&path, &phrase("right")).unwrap();
        let twice = !matches!(step, Step::Created | Step::Overwritten | Step::Wiped);
        let expected = if twice { 2 } else { 1 };
        assert_eq!(holders(folder.path(), &record), expected, "{step:?}");
        let rests = usize::from(step != Step::Wiped);
        assert_eq!(vault.rests().unwrap().len(), rests, "{step:?}");
        vault.erase(&[number(2)]).unwrap();
        assert_eq!(holders(folder.path(), &record), 0, "{step:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{step:?}");
        let mut again = Vault::open(&path, &phrase("right")).unwrap();
        assert!(again.epoch_secret(number(2)).unwrap().is_none());
        assert!(again.epoch_secret(number(3)).unwrap().is_some());
        assert!(again.rests().unwrap().is_empty());
        // The rest of a write before the burn, that a copy of the folder brought back.
        let rest = folder.path().join(".a.vault.new");
        put_named(&rest, &record, Existing::Keep).unwrap();
        again.erase(&[number(2)]).unwrap();
        assert_eq!(holders(folder.path(), &record), 0, "{step:?}");
    }
}

#[test]
fn wherever_a_rewrite_is_cut_off_the_next_one_wipes_what_is_left() {
    let (cuts, _) = cuts();
    for (step, folder) in cuts {
        let path = folder.path().join("a.vault");
        let mut vault = Vault::open(&path, &phrase("right")).unwrap();
        let newsroom = Fingerprint::from_bytes([9; 32]);
        vault.settle(newsroom, &mut rng()).unwrap();
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 1, "{step:?}");
    }
}

#[test]
fn an_epoch_is_not_erased_while_the_rest_of_a_rewrite_cannot_be_wiped() {
    let mut stick = stick();
    let before = stick.bytes();
    fs::create_dir(stick.folder.path().join(".a.vault.new")).unwrap();
    assert!(stick.vault.erase(&[number(2)]).is_err());
    assert_eq!(stick.bytes(), before);
}

#[test]
fn when_the_old_bytes_cannot_be_wiped_the_vault_has_changed_and_says_so() {
    let mut stick = stick();
    let light = Stretch::light(&mut rng());
    let extended = stick.vault.extend_with(
        1,
        &phrase("right"),
        Slips::none(),
        light,
        &mut rng(),
        &mut |step| match step {
            Step::Overwritten => Err(io::Error::other("pulled")),
            _ => Ok(()),
        },
    );
    assert!(matches!(extended, Err(VaultError::Rest(_))));
    assert_eq!(stick.vault.plan().epochs(), 4);
    assert_eq!(stick.open().unwrap().plan().epochs(), 4);
    stick.vault.erase(&[number(1)]).unwrap();
    assert_eq!(stick.names(), ["a.vault"]);
}

#[test]
fn a_vault_behind_a_link_is_written_where_it_lies() {
    let stick = stick();
    let desk = tempfile::tempdir().unwrap();
    let link = desk.path().join("mine");
    symlink(&stick.path, &link).unwrap();
    let mut vault = Vault::open(&link, &phrase("right")).unwrap();
    assert_eq!(vault.path(), link);
    vault
        .settle(Fingerprint::from_bytes([9; 32]), &mut rng())
        .unwrap();
    let light = Stretch::light(&mut rng());
    vault
        .extend_with(
            1,
            &phrase("right"),
            Slips::none(),
            light,
            &mut rng(),
            &mut |_| Ok(()),
        )
        .unwrap();
    vault.change_passphrase(&phrase("new"), &mut rng()).unwrap();
    vault.erase(&[number(2)]).unwrap();
    assert!(matches!(stick.open(), Err(VaultError::Passphrase(_))));
    let opened = Vault::open(&stick.path, &phrase("new")).unwrap();
    assert_eq!(opened.plan().epochs(), 4);
    assert!(opened.epoch_secret(number(2)).unwrap().is_none());
    assert_eq!(stick.names(), ["a.vault"]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(desk.path()).unwrap().count(), 1);
    // A link that leads elsewhere later leads nothing astray.
    fs::remove_file(&link).unwrap();
    symlink("nowhere", &link).unwrap();
    vault.erase(&[number(3)]).unwrap();
    vault.copy_to(&desk.path().join("copy")).unwrap();
}
