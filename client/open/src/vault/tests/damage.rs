//! What a vault must refuse.

use super::*;

#[test]
fn a_wrong_passphrase_is_refused_and_the_file_is_named() {
    let stick = stick();
    for wrong in ["Right", "right ", "wrong"] {
        let error = Vault::open(&stick.path, &phrase(wrong)).unwrap_err();
        assert!(matches!(error, VaultError::Passphrase(_)));
        let words = error.to_string();
        assert!(
            words.contains("a.vault: this is not the passphrase"),
            "{words}"
        );
        assert!(!words.contains(wrong) || wrong == "right ");
    }
}

#[test]
fn a_vault_of_another_version_is_refused_by_its_number() {
    let stick = stick();
    let error = stick.altered(8, 3).unwrap_err();
    assert!(matches!(error, VaultError::Version(_, 2)));
    assert!(error.to_string().contains("version 2"));
}

#[test]
fn what_is_no_vault_is_refused_as_such() {
    let stick = stick();
    for bytes in [b"".as_slice(), b"KNHVAUL", b"KNOTHOLE and more of it"] {
        stick.put(bytes);
        assert!(matches!(stick.open(), Err(VaultError::NotAVault(_))));
    }
    fs::remove_file(&stick.path).unwrap();
    let error = stick.open().unwrap_err();
    assert!(matches!(error, VaultError::File(_)));
    assert!(error.to_string().contains("a.vault: cannot read"));
    fs::create_dir(&stick.path).unwrap();
    assert!(matches!(stick.open(), Err(VaultError::File(_))));
}

#[test]
fn a_vault_that_is_cut_anywhere_or_has_bytes_added_is_damaged() {
    let stick = stick();
    let bytes = stick.bytes();
    for length in [
        8,
        9,
        12,
        40,
        63,
        64,
        111,
        BODY,
        BODY + 1,
        RECORDS - 1,
        RECORDS,
    ] {
        stick.put(&bytes[..length]);
        assert!(
            matches!(stick.open(), Err(VaultError::Damaged(_))),
            "{length}"
        );
    }
    for length in [RECORDS + 1, RECORDS + Record::LEN, bytes.len() - 1] {
        stick.put(&bytes[..length]);
        assert!(
            matches!(stick.open(), Err(VaultError::Damaged(_))),
            "{length}"
        );
    }
    stick.put(&[bytes.as_slice(), &[0]].concat());
    assert!(matches!(stick.open(), Err(VaultError::Damaged(_))));
    stick.put(&[bytes.as_slice(), &[0; Record::LEN]].concat());
    assert!(matches!(stick.open(), Err(VaultError::Damaged(_))));
    stick.put(&vec![0; MOST_BYTES + 1]);
    assert!(matches!(stick.open(), Err(VaultError::File(_))));
}

#[test]
fn an_altered_byte_in_the_head_is_refused() {
    let stick = stick();
    for place in [0, 7] {
        assert!(matches!(
            stick.altered(place, 1),
            Err(VaultError::NotAVault(_))
        ));
    }
    // The gap, the memory, the passes, the lanes, the number of epochs, the zeros.
    for place in [9, 11, 12, 16, 23, 43, 44, 63] {
        assert!(
            matches!(stick.altered(place, 2), Err(VaultError::Damaged(_))),
            "{place}"
        );
    }
    // Parameters within their bounds, the salt, the wrapped key, its tag.
    for place in [15, 19, 24, 39, 64, 95, 96, 111] {
        assert!(
            matches!(stick.altered(place, 2), Err(VaultError::Passphrase(_))),
            "{place}"
        );
    }
}

#[test]
fn an_altered_byte_in_the_body_is_damage() {
    let stick = stick();
    for place in [BODY, BODY + 12, BODY + 80, RECORDS - 16, RECORDS - 1] {
        assert!(
            matches!(stick.altered(place, 1), Err(VaultError::Damaged(_))),
            "{place}"
        );
    }
}

#[test]
fn an_altered_byte_in_an_epochs_record_costs_that_epoch_alone() {
    let stick = stick();
    let start = RECORDS + Record::LEN;
    for place in [0, 1, 3, 4, 15, 16, 47, 48, 63] {
        let vault = stick.altered(start + place, 4).unwrap();
        let error = vault.epoch_secret(number(2)).unwrap_err();
        assert!(matches!(error, VaultError::Epoch(_, epoch) if epoch == number(2)));
        assert!(error.to_string().contains("epoch 2"));
        assert!(vault.epoch_secret(number(1)).unwrap().is_some());
        assert!(vault.epoch_secret(number(3)).unwrap().is_some());
        assert!(matches!(vault.card(), Err(VaultError::Epoch(..))));
    }
}

#[test]
fn a_record_says_nothing_in_another_epochs_place() {
    let stick = stick();
    let mut bytes = stick.bytes();
    bytes.copy_within(RECORDS..RECORDS + Record::LEN, RECORDS + Record::LEN);
    stick.put(&bytes);
    let vault = stick.open().unwrap();
    assert!(vault.epoch_secret(number(1)).unwrap().is_some());
    assert!(matches!(
        vault.epoch_secret(number(2)),
        Err(VaultError::Epoch(..))
    ));
}

#[test]
fn a_body_of_another_vault_does_not_fit() {
    let (one, two) = (stick(), stick());
    let mut bytes = one.bytes();
    bytes[BODY..RECORDS].copy_from_slice(&two.bytes()[BODY..RECORDS]);
    one.put(&bytes);
    assert!(matches!(one.open(), Err(VaultError::Damaged(_))));
}

#[test]
fn a_record_whose_state_was_altered_to_that_of_a_slip_opens_with_no_slip() {
    let stick = stick();
    // State 1 becomes state 2.
    let mut vault = stick.altered(RECORDS, 3).unwrap();
    assert!(matches!(
        vault.epoch_secret(number(1)),
        Err(VaultError::Slip(..))
    ));
    let taken = vault.take_slip(number(1), Slip::generate(&mut rng()));
    assert!(matches!(taken, Err(VaultError::OtherSlip(..))));
}

#[test]
fn an_altered_public_key_costs_the_card_and_opens_all_the_same() {
    let stick = stick();
    let vault = stick.altered(RECORDS + 3 * Record::LEN + 700, 1).unwrap();
    assert!(matches!(vault.card(), Err(VaultError::Damaged(_))));
    assert!(vault.epoch_secret(number(1)).unwrap().is_some());
}

proptest::proptest! {
    #[test]
    fn a_head_that_is_taken_has_one_encoding_and_modest_needs(
        place in 0_usize..Head::LEN,
        byte in proptest::prelude::any::<u8>(),
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        proptest::prop_assert!(Head::parse(&bytes).is_err());
        let mut altered = HEAD.get_or_init(|| stick().bytes()[..Head::LEN].to_vec()).clone();
        altered[place] = byte;
        if let Ok((head, rest)) = Head::parse(&altered) {
            let mut again = Vec::new();
            head.write(&mut again);
            again.extend_from_slice(rest);
            proptest::prop_assert_eq!(again, altered);
        }
    }
}

static HEAD: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
