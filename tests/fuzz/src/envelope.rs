//! Changes to a sealed drop of two chunks' worth of news in sixteen chunks, and a choice of vaults.
//!
//! Whatever the changes, opening ends in a refusal or in exactly what was sealed.

use std::sync::LazyLock;

use knothole_envelope::{
    CHUNK_LEN, EnvelopeHead, HEADER_LEN, OpenError, Opener, Suite, TreeHasher, UnlockError,
    seal_drop, unlock,
};

use crate::dice::Dice;
use crate::newsroom::{NEWSROOM, epoch, rng};

const FILES: [(&str, usize); 3] = [("a.txt", 5), ("empty", 0), ("film.mov", 100_000)];

static SEALED: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [Suite::ChaCha20Poly1305, Suite::Aes256Gcm].map(|suite| {
        let files = FILES.map(|(name, size)| (name, u64::try_from(size).unwrap()));
        let mut sealed = Vec::new();
        seal_drop(
            &mut rng(suite.byte()),
            suite,
            epoch(),
            NEWSROOM.sheet.recipients(),
            &NEWSROOM.manifest(&files, "words"),
            |place| Ok(std::io::Cursor::new(body(place))),
            &mut sealed,
        )
        .unwrap();
        sealed
    })
});

fn body(place: usize) -> Vec<u8> {
    (0..251).cycle().take(FILES[place].1).collect()
}

/// Applies what the dice say; true when nothing was changed in truth.
pub(crate) fn change(dice: &mut Dice<'_>, bytes: &mut Vec<u8>, unit: usize) {
    while !dice.is_empty() && !bytes.is_empty() {
        match dice.byte() % 8 {
            // Anywhere in the fields before the slots, where a blind choice seldom falls.
            0 => {
                let place = dice.below(88.min(bytes.len()));
                bytes[place] = dice.byte();
            }
            1 => {
                let place = dice.below(bytes.len());
                bytes[place] ^= dice.byte();
            }
            2 => bytes.truncate(dice.below(bytes.len())),
            3 => {
                let more = dice.byte();
                bytes.extend((0..more).map(|place| place ^ more));
            }
            4 => {
                let cut = dice.below(bytes.len() / unit + 1) * unit;
                bytes.truncate(HEADER_LEN.saturating_add(cut));
            }
            // Two chunks change places, or one takes the place of another.
            5 | 6 => {
                let chunks = bytes.len().saturating_sub(HEADER_LEN) / unit;
                if chunks > 0 {
                    let at = |place: usize| HEADER_LEN + place * unit;
                    let (from, to) = (at(dice.below(chunks)), at(dice.below(chunks)));
                    let (one, two) = (bytes[from..][..unit].to_vec(), bytes[to..][..unit].to_vec());
                    bytes[to..][..unit].copy_from_slice(&one);
                    if dice.byte().is_multiple_of(2) {
                        bytes[from..][..unit].copy_from_slice(&two);
                    }
                }
            }
            _ => {
                let place = dice.below(bytes.len());
                let with = dice.bytes(8);
                let len = with.len().min(bytes.len() - place);
                bytes[place..][..len].copy_from_slice(&with[..len]);
            }
        }
    }
}

pub(crate) fn run(bytes: &[u8]) {
    let mut dice = Dice::new(bytes);
    let choice = dice.byte();
    let original = &SEALED[usize::from(choice & 1)];
    let newsroom = &*NEWSROOM;
    let openers: Vec<_> = (0..3_u8)
        .zip(&newsroom.secrets)
        .filter(|(place, _)| choice & (2 << place) == 0)
        .map(|(place, secret)| Opener::new(secret, place))
        .collect();
    let mut sealed = original.clone();
    change(&mut dice, &mut sealed, CHUNK_LEN);

    let Some((header, chunks)) = sealed.split_first_chunk::<HEADER_LEN>() else {
        return;
    };
    let gated = EnvelopeHead::gate(header);
    let unlocked = match unlock(header, newsroom.secrets.len(), &openers) {
        Ok(unlocked) => unlocked,
        Err(error) => {
            let untouched = sealed == *original;
            assert!(!untouched || openers.len() < 2);
            assert!(!untouched || !error.is_damage());
            assert!(gated.is_ok() || matches!(error, UnlockError::Head(_)));
            return;
        }
    };
    assert!(gated.is_ok() && openers.len() >= 2);
    match open(unlocked.into_drop(chunks)) {
        Ok(tree) => {
            assert!(sealed == *original);
            let mut hasher = TreeHasher::new();
            hasher.update(&sealed);
            assert_eq!(tree, hasher.finish());
        }
        Err(error) => {
            assert!(sealed != *original);
            assert!(matches!(error, OpenError::Damaged), "{error:?}");
        }
    }
}

/// Opens to the end; what is given out before is right in any case.
fn open<R: std::io::Read>(
    drop: Result<knothole_envelope::DropReader<R>, OpenError>,
) -> Result<knothole_envelope::TreeHash, OpenError> {
    let mut drop = drop?;
    assert_eq!(drop.manifest().message().as_str(), "words");
    while let Some(mut file) = drop.next_file()? {
        let expected = body(file.place());
        let mut seen = 0;
        while let Some(piece) = file.next_piece()? {
            assert!(expected[seen..].starts_with(piece));
            seen += piece.len();
        }
        assert_eq!(seen, expected.len());
    }
    drop.finish()
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("whole", vec![0]),
        ("whole-aes", vec![1]),
        ("two-vaults", vec![2]),
        ("one-vault", vec![6]),
        ("field", vec![0, 0, 0, 0, 9, 2]),
        ("flip", vec![0, 1, 1, 0, 0, 1]),
        ("cut", vec![1, 2, 5, 0, 0]),
        ("longer", vec![0, 3, 1]),
        ("fewer-chunks", vec![0, 4, 0, 0, 15]),
        ("swapped", vec![0, 5, 0, 0, 1, 0, 0, 2, 0]),
        ("doubled", vec![0, 6, 0, 0, 1, 0, 0, 2, 1]),
        ("written", vec![0, 7, 0, 40, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    ]
}
