//! Changes to a sealed reply: it is refused, or says what the editor wrote.

use std::sync::LazyLock;

use knothole_envelope::{CHUNK_LEN, Message, Suite, open_reply, seal_reply};

use crate::dice::Dice;
use crate::envelope::change;
use crate::newsroom::{NEWSROOM, rng};

static SEALED: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [Suite::ChaCha20Poly1305, Suite::Aes256Gcm].map(|suite| {
        seal_reply(
            &mut rng(suite.byte()),
            suite,
            &NEWSROOM.source.recipient_key(),
            NEWSROOM.chain.fingerprint(),
            &NEWSROOM.editors[2],
            3,
            &Message::new("Where?").unwrap(),
        )
        .unwrap()
        .to_vec()
    })
});

pub(crate) fn run(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let original = &SEALED[usize::from(dice.byte() & 1)];
    let mut sealed = original.clone();
    change(&mut dice, &mut sealed, CHUNK_LEN);
    let opened = open_reply(&sealed, &NEWSROOM.source, &NEWSROOM.chain);
    assert_eq!(opened.is_ok(), sealed == *original);
    if let Ok(opened) = opened {
        assert_eq!((opened.number(), opened.message().as_str()), (3, "Where?"));
        assert!(opened.by_current_editor());
    }
    assert!(open_reply(&sealed, &NEWSROOM.secrets[0], &NEWSROOM.chain).is_err());
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("whole", vec![0]),
        ("whole-aes", vec![1]),
        ("field", vec![0, 0, 0, 0, 9, 1]),
        ("flip", vec![1, 1, 1, 0, 0, 1]),
        ("cut", vec![0, 2, 0, 60, 0]),
        ("longer", vec![0, 3, 1]),
        ("written", vec![0, 7, 0, 40, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ]
}
