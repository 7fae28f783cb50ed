//! A vault under a passphrase that is known: its fields are the input's, and every key and tag fits, so
//! that what stands behind the tags is reached. A second writer of the format that the head of
//! `client/open/src/vault.rs` states.

use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use hkdf::Hkdf;
use knothole_envelope::{Day, EpochSecret};
use knothole_open::passphrase::Passphrase;
use knothole_open::vault::{EpochState, Vault};
use sha2::Sha256;

use crate::dice::Dice;
use crate::house::temporary;
use crate::newsroom::rng;

const PREFIX: [u8; 9] = *b"KNHVAULT\x01";
const SALT: [u8; 16] = [7; 16];
/// The least that a vault may ask for, so that an input takes milliseconds.
const KIB: u32 = 8 * 1024;
const KEY: [u8; 32] = [0x4b; 32];
const TEXT_LEN: usize = 128;
/// Epochs of which a target writes records.
const MOST_WRITTEN: u32 = 6;
const MOST_EPOCHS: u32 = 520;
const MOST_DAYS: u32 = 92;

static PASSPHRASE: LazyLock<Passphrase> = LazyLock::new(|| Passphrase::generate(&mut rng(21)));

/// The key of the passphrase.
static STRETCHED: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut key = [0; 32];
    let params = Params::new(KIB, 1, 1, Some(32)).unwrap();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(PASSPHRASE.expose().as_bytes(), &SALT, &mut key)
        .unwrap();
    key
});

/// The seeds of the epochs, and their public keys.
static SEEDS: LazyLock<Vec<(EpochSecret, Vec<u8>)>> = LazyLock::new(|| {
    let seed = |place| EpochSecret::from_bytes([place; 32]);
    let public = |place| seed(place).recipient_key().as_bytes().to_vec();
    (1..=6).map(|place| (seed(place), public(place))).collect()
});

fn derived(label: &[&[u8]]) -> [u8; 32] {
    let mut key = [0; 32];
    let expand = Hkdf::<Sha256>::from_prk(&KEY).unwrap();
    expand.expand_multi_info(label, &mut key).unwrap();
    key
}

/// Nonce, text and tag.
fn wrapped(key: &[u8; 32], nonce: [u8; 12], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = text.to_vec();
    let tag = ChaCha20Poly1305::new(key.into())
        .encrypt_inout_detached((&nonce).into(), aad, InOutBuf::from(out.as_mut_slice()))
        .unwrap();
    [&nonce[..], &out, &tag].concat()
}

fn head(records: u32) -> Vec<u8> {
    let mut open = PREFIX.to_vec();
    open.extend_from_slice(&[0; 3]);
    for word in [KIB, 1, 1] {
        open.extend_from_slice(&word.to_be_bytes());
    }
    open.extend_from_slice(&SALT);
    open.extend_from_slice(&records.to_be_bytes());
    open.resize(64, 0);
    let key = wrapped(&STRETCHED, [0; 12], &open, &KEY);
    // The nonce is known, and is not written.
    [&open, &key[12..]].concat()
}

/// What is wrapped of a body, read as the format states it.
struct Text<'t>(&'t [u8; TEXT_LEN]);

impl Text<'_> {
    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    /// Whether a vault with so many records may say this.
    fn is_right(&self, records: u32) -> bool {
        let [first_epoch, first_day, days, epochs] = [64, 68, 72, 76].map(|at| self.word(at));
        let span = u64::from(days) * u64::from(epochs);
        let last_day = (u64::from(first_day) + span).checked_sub(1);
        let last_day = last_day
            .and_then(|day| u32::try_from(day).ok())
            .and_then(Day::new);
        let last_epoch = u64::from(first_epoch) + u64::from(epochs);
        self.0[80] == 0
            && self.0[113..] == [0; 15]
            && epochs == records
            && (1..=MOST_EPOCHS).contains(&epochs)
            && (1..=MOST_DAYS).contains(&days)
            && first_epoch > 0
            && last_epoch - 1 <= u64::from(u32::MAX)
            && last_day.is_some()
    }
}

/// How a record was written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Erased,
    Sealed,
    /// Something else, in one of the known states or in none.
    Bytes,
}

fn record(dice: &mut Dice<'_>, place: u32, number: u32, seed: &EpochSecret) -> (Written, Vec<u8>) {
    match dice.byte() % 4 {
        0 => (Written::Erased, vec![0; 64]),
        1 => {
            let mut bytes = vec![dice.byte() % 4, dice.byte(), 0, 0];
            bytes.extend_from_slice(dice.bytes(60));
            bytes.resize(64, 0xaa);
            (Written::Bytes, bytes)
        }
        _ => {
            let key = derived(&[b"knothole/v1 vault epoch", &number.to_be_bytes()]);
            let state = [1, 0, 0, 0];
            let nonce = [u8::try_from(place).unwrap(); 12];
            let sealed = wrapped(&key, nonce, &state, seed.expose());
            (Written::Sealed, [&state[..], &sealed].concat())
        }
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    if dice.byte() == 0 {
        // As it comes: nobody without the passphrase's key writes a vault.
        assert!(open(dice.bytes(bytes.len())).is_none());
        return;
    }
    let mut text = [0; TEXT_LEN];
    let given = dice.bytes(TEXT_LEN);
    text[..given.len()].copy_from_slice(given);
    let text = Text(&text);
    let records = match dice.byte() {
        0 => text.word(76),
        other => u32::from(other),
    };
    let body_key = derived(&[b"knothole/v1 vault body"]);
    let mut file = head(records);
    file.extend_from_slice(&wrapped(&body_key, [1; 12], &PREFIX, text.0));
    let mut written = Vec::new();
    let mut keys = Vec::new();
    for (place, (seed, public)) in (0..records.min(MOST_WRITTEN)).zip(SEEDS.iter()) {
        let (how, bytes) = record(&mut dice, place, text.word(64).wrapping_add(place), seed);
        written.push(how);
        file.extend_from_slice(&bytes);
        keys.extend_from_slice(public);
    }
    let honest = dice.byte() != 1;
    if !honest {
        let at = dice.below(keys.len().max(1));
        keys.iter_mut()
            .skip(at)
            .take(1)
            .for_each(|byte| *byte = dice.byte());
    }
    let keys_key = derived(&[b"knothole/v1 vault keys"]);
    file.extend_from_slice(&wrapped(&keys_key, [2; 12], &PREFIX, &keys));
    file.extend_from_slice(dice.bytes(bytes.len()));
    let whole = records <= MOST_WRITTEN && file.len() == 268 + written.len() * (64 + 1_216) + 28;
    let right = whole && text.is_right(records);
    let vault = open(&file);
    assert_eq!(
        vault.is_some(),
        right,
        "a body is taken exactly when it says what may be"
    );
    if let Some((vault, copy)) = vault {
        assert!(copy == file, "a vault has one encoding");
        holds(&vault, &text, &written, honest);
    }
}

/// What an open vault says must be what was written.
fn holds(vault: &Vault, text: &Text<'_>, written: &[Written], honest: bool) {
    assert_eq!(vault.signing().expose()[..], text.0[..32]);
    assert_eq!(vault.archive_secret().expose()[..], text.0[32..64]);
    assert_eq!(vault.plan().first_epoch().get(), text.word(64));
    assert_eq!(vault.plan().first_day().get(), text.word(68));
    let newsroom = vault
        .newsroom()
        .map_or([0; 32], |newsroom| *newsroom.as_bytes());
    assert_eq!(newsroom[..], text.0[81..113]);
    let epochs: Vec<_> = vault.epochs().collect();
    assert_eq!(epochs.len(), written.len());
    for ((epoch, how), (seed, _)) in epochs.iter().zip(written).zip(SEEDS.iter()) {
        let secret = vault.epoch_secret(epoch.epoch);
        match how {
            Written::Erased => {
                assert!(matches!(secret, Ok(None)) && epoch.state == EpochState::Erased)
            }
            Written::Sealed => {
                assert_eq!(secret.unwrap().unwrap().expose(), seed.expose());
                assert_eq!(epoch.state, EpochState::Ready);
            }
            // No bytes make a key.
            Written::Bytes => assert!(!matches!(secret, Ok(Some(_)))),
        }
    }
    let all = written.iter().all(|how| *how == Written::Sealed);
    if let Ok(card) = vault.card() {
        assert!(card.verify().is_ok());
    } else {
        assert!(!all || !honest, "a vault without a fault has a card");
    }
}

/// The vault in a file with these bytes, and the bytes of a copy of it.
fn open(bytes: &[u8]) -> Option<(Vault, Vec<u8>)> {
    let folder = temporary();
    let [path, copy] = ["a.vault", "b.vault"].map(|name| folder.path().join(name));
    std::fs::write(&path, bytes).unwrap();
    let vault = Vault::open(&path, &PASSPHRASE).ok()?;
    vault.copy_to(&copy).unwrap();
    let copied = std::fs::read(&copy).unwrap();
    Some((vault, copied))
}

/// A body, and choices for so many records.
fn seed(first_epoch: u32, epochs: u32, choices: &[u8]) -> Vec<u8> {
    let mut text = vec![3; 32];
    text.extend_from_slice(&[4; 32]);
    for word in [first_epoch, 20_000, 7, epochs] {
        text.extend_from_slice(&word.to_be_bytes());
    }
    text.push(0);
    text.extend_from_slice(&[9; 32]);
    text.resize(TEXT_LEN, 0);
    [&[1][..], &text, &[0], choices].concat()
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let erased_and_bytes = [&[2][..], &[0], &[1, 1, 0], &[5; 60], &[2, 1, 0, 0, 77, 1]].concat();
    vec![
        ("three", seed(1, 3, &[2, 2, 2])),
        ("one", seed(9, 1, &[2])),
        ("mixed", seed(1, 3, &erased_and_bytes)),
        ("the-last-number", seed(u32::MAX - 1, 2, &[2, 2])),
        ("one-too-many", seed(u32::MAX, 2, &[2, 2])),
        ("as-it-comes", vec![0; 300]),
    ]
}
