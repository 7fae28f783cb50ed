use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

fn newsroom(byte: u8) -> Fingerprint {
    Fingerprint::from_bytes([byte; 32])
}

#[test]
fn the_same_words_give_the_same_way_back_to_one_newsroom_and_another_to_the_next() {
    let codename = Codename::from_bytes([7; CODENAME_LEN]);
    let (one, again, other) = (
        codename.way_back(&newsroom(1)),
        Codename::from_bytes([7; CODENAME_LEN]).way_back(&newsroom(1)),
        codename.way_back(&newsroom(2)),
    );
    assert!(one.block() == again.block());
    assert_ne!(one.mailbox(), other.mailbox());
    assert_ne!(one.key().expose(), other.key().expose());
    assert_ne!(one.erase().expose(), other.erase().expose());
}

#[test]
fn key_mailbox_and_erase_secret_have_nothing_in_common() {
    let way = Codename::from_bytes([7; CODENAME_LEN]).way_back(&newsroom(1));
    assert_ne!(way.key().expose(), way.mailbox().as_bytes());
    assert_ne!(way.key().expose(), way.erase().expose());
    assert_ne!(way.mailbox().as_bytes(), way.erase().expose());
}

#[test]
fn what_the_newsroom_gets_names_the_secret_by_its_hash_only() {
    let way = Codename::from_bytes([7; CODENAME_LEN]).way_back(&newsroom(1));
    let block = way.block();
    assert_eq!(block.erase.as_bytes(), &sha256(&[way.erase().expose()]));
    assert_eq!(&block.mailbox, way.mailbox());
    let held = EraseSecret::from_bytes(*way.erase().expose());
    assert_eq!(held.hash(), block.erase);
}

#[test]
fn a_check_word_stands_in_the_list_and_changes_with_the_words() {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let mut seen = Vec::new();
    for _ in 0..2_000 {
        let codename = Codename::generate(&mut rng);
        assert!(codename.check_word() < 2_048);
        seen.push(codename.check_word());
    }
    seen.sort_unstable();
    seen.dedup();
    // 2,000 throws into 2,048 places fill about 1,276 of them.
    assert!((1_200..1_350).contains(&seen.len()), "{}", seen.len());
}

#[test]
fn nothing_of_a_codename_is_shown() {
    let codename = Codename::from_bytes([7; CODENAME_LEN]);
    let way = codename.way_back(&newsroom(1));
    assert_eq!(format!("{codename:?}"), "Codename(..)");
    assert_eq!(format!("{way:?}"), "WayBack(..)");
    assert_eq!(format!("{:?}", way.erase()), "EraseSecret(..)");
}
