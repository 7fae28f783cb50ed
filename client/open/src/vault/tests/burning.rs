//! Erasing epochs, extending vaults, and slips.

use super::*;

const CUTS: [Step; 4] = [
    Step::Created,
    Step::HalfWritten,
    Step::Written,
    Step::Synced,
];

fn states(vault: &Vault) -> Vec<EpochState> {
    vault.epochs().map(|epoch| epoch.state).collect()
}

fn with_slips(path: &Path) -> (Vault, Vec<String>) {
    let plan = Plan::new(EPOCHS, Day::new(20_000).unwrap(), 7).unwrap();
    let slips = Slips::generate(plan.numbers(), &mut rng());
    let words = slips.iter().map(|(_, slip)| slip.words().to_string());
    let words = words.collect();
    let vault = Vault::create_light(path, &phrase("right"), plan, slips, &mut rng()).unwrap();
    (vault, words)
}

#[test]
fn an_erased_epoch_is_gone_from_the_file_and_the_others_stay() {
    let mut stick = stick();
    let keys = seeds(&stick.vault);
    let card = stick.vault.card().unwrap().encode();
    let before = stick.bytes();
    stick.vault.erase(&[number(2), number(9)]).unwrap();
    let opened = stick.open().unwrap();
    for vault in [&stick.vault, &opened] {
        let erased = [EpochState::Ready, EpochState::Erased, EpochState::Ready];
        assert_eq!(states(vault), erased);
        assert!(vault.epoch_secret(number(2)).unwrap().is_none());
        let third = vault.epoch_secret(number(3)).unwrap().unwrap();
        assert_eq!(*third.expose(), keys[4]);
    }
    let record = RECORDS + Record::LEN..RECORDS + 2 * Record::LEN;
    assert!(stick.bytes()[record.clone()].iter().all(|byte| *byte == 0));
    assert_eq!(stick.bytes()[record.end..], before[record.end..]);
    assert_eq!(opened.card().unwrap().encode(), card);
    stick.vault.erase(&[number(2)]).unwrap();
    // An older copy still has it: that is why there are slips.
    stick.put(&before);
    let older = stick.open().unwrap();
    assert_eq!(
        *older.epoch_secret(number(2)).unwrap().unwrap().expose(),
        keys[3]
    );
}

#[test]
fn whenever_erasing_is_cut_off_the_vault_opens_and_can_be_erased_again() {
    for cut in CUTS {
        let mut stick = stick();
        let pulled: &mut dyn FnMut(Step) -> io::Result<()> = &mut |step| {
            if step == cut {
                Err(io::Error::other("pulled"))
            } else {
                Ok(())
            }
        };
        assert!(stick.vault.erase_watched(&[number(1)], pulled).is_err());
        let mut opened = stick.open().unwrap();
        assert!(opened.epoch_secret(number(2)).unwrap().is_some(), "{cut:?}");
        opened.erase(&[number(1)]).unwrap();
        let again = stick.open().unwrap();
        assert_eq!(states(&again)[0], EpochState::Erased, "{cut:?}");
        assert_eq!(states(&again)[1], EpochState::Ready, "{cut:?}");
    }
}

#[test]
fn epochs_are_not_erased_on_another_stick_than_the_one_that_was_opened() {
    let (mut one, two) = (stick(), stick());
    one.put(&two.bytes());
    let erased = one.vault.erase(&[number(1)]);
    assert!(matches!(erased, Err(VaultError::Changed(_))));
    assert_eq!(one.bytes(), two.bytes());
}

#[test]
fn a_vault_gets_more_epochs_and_keeps_all_that_it_had() {
    let mut stick = stick();
    stick.vault.erase(&[number(1)]).unwrap();
    let second = stick.vault.epoch_secret(number(2)).unwrap().unwrap();
    let light = Stretch::light(&mut rng());
    stick
        .vault
        .extend_with(
            2,
            &phrase("right"),
            Slips::none(),
            light,
            &mut rng(),
            &mut |_| Ok(()),
        )
        .unwrap();
    let opened = stick.open().unwrap();
    let ready = EpochState::Ready;
    assert_eq!(
        states(&opened),
        [EpochState::Erased, ready, ready, ready, ready]
    );
    let same = opened.epoch_secret(number(2)).unwrap().unwrap();
    assert_eq!(same.expose(), second.expose());
    let fifth = opened.epoch_secret(number(5)).unwrap().unwrap();
    let card = opened.card().unwrap();
    let last = card.verify().unwrap().epochs().last().unwrap();
    assert_eq!((last.epoch, last.key), (number(5), &fifth.recipient_key()));
    assert_eq!(
        opened.epochs().last().unwrap().last,
        Day::new(20_034).unwrap()
    );
    assert_eq!(stick.names(), ["a.vault"]);
    let light = Stretch::light(&mut rng());
    let full = stick.vault.extend_with(
        516,
        &phrase("right"),
        Slips::none(),
        light,
        &mut rng(),
        &mut |_| Ok(()),
    );
    assert!(matches!(full, Err(VaultError::Plan(..))));
    assert_eq!(states(&stick.open().unwrap()).len(), 5);
}

#[test]
fn what_a_rewritten_vault_leaves_behind_is_overwritten() {
    let mut stick = stick();
    let old = fs::File::open(&stick.path).unwrap();
    let newsroom = Fingerprint::from_bytes([9; 32]);
    stick.vault.settle(newsroom, &mut rng()).unwrap();
    let mut left = Vec::new();
    std::io::Read::read_to_end(&mut &old, &mut left).unwrap();
    assert!(!left.is_empty() && left.iter().all(|byte| *byte == 0));
}

#[test]
fn an_epoch_under_a_slip_opens_with_vault_and_slip_and_with_neither_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.vault");
    let (made, words) = with_slips(&path);
    let key = *made.epoch_secret(number(2)).unwrap().unwrap().expose();
    let mut vault = Vault::open(&path, &phrase("right")).unwrap();
    assert_eq!(states(&vault), [EpochState::Slip; 3]);
    assert!(vault.wants_slip(number(2)) && !vault.wants_slip(number(7)));
    assert!(matches!(
        vault.epoch_secret(number(2)),
        Err(VaultError::Slip(..))
    ));
    // The slip of another epoch.
    let other = vault.take_slip(number(2), Slip::parse(&words[0]).unwrap());
    assert!(matches!(other, Err(VaultError::OtherSlip(..))));
    vault
        .take_slip(number(2), Slip::parse(&words[1]).unwrap())
        .unwrap();
    assert!(!vault.wants_slip(number(2)) && vault.wants_slip(number(1)));
    assert_eq!(
        *vault.epoch_secret(number(2)).unwrap().unwrap().expose(),
        key
    );
    let bytes = fs::read(&path).unwrap();
    let slip = Slip::parse(&words[1]).unwrap();
    assert!(!bytes.windows(16).any(|window| window == slip.expose()));
}

#[test]
fn a_card_takes_no_slip() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.vault");
    let (made, _) = with_slips(&path);
    let vault = Vault::open(&path, &phrase("right")).unwrap();
    let card = vault.card().unwrap();
    let second = made.epoch_secret(number(2)).unwrap().unwrap();
    let epochs: Vec<_> = card.verify().unwrap().epochs().collect();
    assert_eq!(epochs.len(), 3);
    assert_eq!(epochs[1].key, &second.recipient_key());
}

#[test]
fn of_an_older_copy_without_the_slip_nothing_of_the_epoch_opens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.vault");
    let (mut vault, words) = with_slips(&path);
    let copy = folder.path().join("older");
    vault.copy_to(&copy).unwrap();
    vault.erase(&[number(2)]).unwrap();
    let mut older = Vault::open(&copy, &phrase("right")).unwrap();
    for other in [&words[0], &words[2]] {
        let slip = Slip::parse(other).unwrap();
        assert!(older.take_slip(number(2), slip).is_err());
    }
    assert!(older.epoch_secret(number(2)).is_err());
}

#[test]
fn new_epochs_of_a_vault_may_be_under_slips_beside_old_ones_that_are_not() {
    let mut stick = stick();
    let plan = stick.vault.plan().extended(1).unwrap();
    let slips = Slips::generate(plan.numbers().skip(3), &mut rng());
    let light = Stretch::light(&mut rng());
    stick
        .vault
        .extend_with(1, &phrase("right"), slips, light, &mut rng(), &mut |_| {
            Ok(())
        })
        .unwrap();
    let opened = stick.open().unwrap();
    let ready = EpochState::Ready;
    assert_eq!(states(&opened), [ready, ready, ready, EpochState::Slip]);
    // Made in this run, the slip is still at hand.
    assert!(stick.vault.epoch_secret(number(4)).unwrap().is_some());
}
