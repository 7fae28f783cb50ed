//! Sealing and opening drops, from end to end.

use std::io::{Cursor, Read};

use knothole_envelope::{
    ChunkCount, EpochNumber, EpochSecret, FileEntry, FileName, HEADER_LEN, Manifest, Message,
    Opener, Quorum, Recipients, SheetHash, Suite, TreeHasher, seal_drop, unlock,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

fn editors(rng: &mut ChaCha20Rng, count: usize, quorum: u8) -> (Vec<EpochSecret>, Recipients) {
    let secrets: Vec<_> = (0..count).map(|_| EpochSecret::generate(rng)).collect();
    let keys = secrets.iter().map(EpochSecret::recipient_key).collect();
    (
        secrets,
        Recipients::new(keys, Quorum::new(quorum).unwrap()).unwrap(),
    )
}

#[test]
fn what_was_sealed_opens_for_every_quorum_and_suite() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for suite in [Suite::ChaCha20Poly1305, Suite::Aes256Gcm] {
        for quorum in 1..=8 {
            let (secrets, recipients) = editors(&mut rng, 8, quorum);
            let bodies = [vec![0; 0], vec![7; 100_000], vec![9; 1]];
            let files = bodies
                .iter()
                .map(|body| FileEntry {
                    name: FileName::new("å/".trim_end_matches('/')).unwrap(),
                    size: body.len() as u64,
                })
                .collect();
            let manifest = Manifest::new(
                SheetHash::from_bytes([3; 32]),
                recipients.quorum(),
                None,
                files,
                Message::new("消息").unwrap(),
            )
            .unwrap();
            let mut sealed = Vec::new();
            let tree = seal_drop(
                &mut rng,
                suite,
                EpochNumber::new(5).unwrap(),
                &recipients,
                &manifest,
                |place| Ok(Cursor::new(bodies[place].clone())),
                &mut sealed,
            )
            .unwrap();
            assert_eq!(
                sealed.len() as u64,
                ChunkCount::for_content(1).unwrap().envelope_len()
            );
            let mut hasher = TreeHasher::new();
            hasher.update(&sealed);
            assert_eq!(hasher.finish(), tree);
            let (header, chunks) = sealed.split_first_chunk::<HEADER_LEN>().unwrap();
            let openers: Vec<_> = secrets
                .iter()
                .enumerate()
                .skip(8 - usize::from(quorum))
                .map(|(place, secret)| Opener::new(secret, place as u8))
                .collect();
            let unlocked = unlock(header, 8, &openers).unwrap();
            assert!(unlocked.wrong_shares().is_empty());
            assert_eq!(unlocked.suite(), suite);
            let mut drop = unlocked.into_drop(chunks).unwrap();
            assert_eq!(drop.manifest(), &manifest);
            let mut place = 0;
            while let Some(mut body) = drop.next_file().unwrap() {
                let mut bytes = Vec::new();
                body.read_to_end(&mut bytes).unwrap();
                assert_eq!(bytes, bodies[place]);
                place += 1;
            }
            assert_eq!(place, 3);
            assert_eq!(drop.finish().unwrap(), tree);
        }
    }
    let _ = rng.next_u32();
}
