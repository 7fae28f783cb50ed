//! Golden vectors: envelopes of version 1 that every later version of this crate opens and seals.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "nothing but a test, helpers included"
)]

#[path = "format/cast.rs"]
#[allow(dead_code, reason = "the worked examples of FORMAT.md use the rest")]
mod cast;

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;

use cast::{Stream, body, epoch, hex, manifest, newsroom, openers, recipients, sha256, source};
use data_encoding::HEXLOWER;
use knothole_envelope::{
    CHUNK_LEN, CHUNK_TEXT, ChunkSealer, EpochSecret, HEADER_LEN, Layout, Manifest, Message, Opener,
    Piece, ResumeSecret, Suite, TreeHasher, UnlockError, open_reply, seal_drop, seal_header,
    seal_reply, unlock,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/v1");

/// How a vector was made. Its name is that of its stream of random bytes.
struct Recipe {
    name: &'static str,
    suite: Suite,
    editors: u8,
    quorum: u8,
    files: &'static [(&'static str, u64)],
    message: &'static str,
}

const DROPS: [Recipe; 5] = [
    Recipe {
        name: "drop-1-of-1",
        suite: Suite::ChaCha20Poly1305,
        editors: 1,
        quorum: 1,
        files: &[],
        message: "words alone",
    },
    Recipe {
        name: "drop-1-of-1-aes",
        suite: Suite::Aes256Gcm,
        editors: 1,
        quorum: 1,
        files: &[("empty", 0), ("\u{202e}gpj.exe", 70_000)],
        message: "",
    },
    Recipe {
        name: "drop-2-of-3",
        suite: Suite::ChaCha20Poly1305,
        editors: 3,
        quorum: 2,
        files: &[("a.txt", 5)],
        message: "hello",
    },
    Recipe {
        name: "drop-8-of-8-aes",
        suite: Suite::Aes256Gcm,
        editors: 8,
        quorum: 8,
        files: &[],
        message: "",
    },
    Recipe {
        name: "drop-18-chunks",
        suite: Suite::Aes256Gcm,
        editors: 3,
        quorum: 2,
        files: &[("视频.mp4", 1_050_000), ("same name", 1), ("same name", 2)],
        message: "秘密",
    },
];

impl Recipe {
    fn manifest(&self) -> Manifest {
        manifest(self.editors, self.quorum, self.files, self.message)
    }

    fn read(&self, ending: &str) -> Vec<u8> {
        std::fs::read(Path::new(FOLDER).join(format!("{}.{ending}", self.name))).unwrap()
    }

    fn header(&self) -> [u8; HEADER_LEN] {
        self.read("header").try_into().unwrap()
    }

    /// What the vector says of itself.
    fn said(&self) -> BTreeMap<String, String> {
        let text = String::from_utf8(self.read("txt")).unwrap();
        text.lines()
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// What it should say, from the sealed envelope and the key of its chunks.
    fn to_say(&self, sealed: &[u8], key: &[u8]) -> BTreeMap<String, String> {
        let manifest = self.manifest();
        let mut tree = TreeHasher::new();
        tree.update(sealed);
        [
            ("suite", self.suite.byte().to_string()),
            ("editors", self.editors.to_string()),
            ("k", self.quorum.to_string()),
            ("epoch", epoch().to_string()),
            ("n", manifest.chunks().get().to_string()),
            ("length", sealed.len().to_string()),
            ("K", hex(key)),
            ("manifest", hex(&manifest.encode())),
            ("SHA-256(header)", hex(&sha256(&sealed[..HEADER_LEN]))),
            ("SHA-256(envelope)", hex(&sha256(sealed))),
            ("tree hash", tree.finish().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The envelope as this crate seals it today.
    fn sealed(&self) -> Vec<u8> {
        let mut sealed = Vec::new();
        seal_drop(
            &mut Stream::new(self.name),
            self.suite,
            epoch(),
            &recipients(self.editors, self.quorum),
            &self.manifest(),
            |place| Ok(Cursor::new(body(self.files[place].1))),
            &mut sealed,
        )
        .unwrap();
        sealed
    }

    /// The envelope as the vector's files alone give it: header, key and plaintext.
    fn kept(&self) -> Vec<u8> {
        let said = self.said();
        let suite: u8 = said["suite"].parse().unwrap();
        let chunks: u64 = said["n"].parse().unwrap();
        let key = HEXLOWER.decode(said["K"].as_bytes()).unwrap();
        let secret = [[suite].as_slice(), &chunks.to_be_bytes(), &key].concat();
        let secret = ResumeSecret::from_bytes(secret.try_into().unwrap());
        let sealer = ChunkSealer::from_resume_secret(&secret).unwrap();
        let manifest = HEXLOWER.decode(said["manifest"].as_bytes()).unwrap();
        let manifest = Manifest::decode(&manifest).unwrap();
        let layout = Layout::new(&manifest);
        let mut sealed = self.header().to_vec();
        for index in 0..chunks {
            let mut text = Vec::new();
            for piece in layout.chunk(index) {
                match piece {
                    Piece::Manifest(range) => text.extend_from_slice(&layout.prefix()[range]),
                    Piece::Body { file, offset, len } => {
                        let all = body(manifest.files()[file].size);
                        let start = usize::try_from(offset).unwrap();
                        text.extend_from_slice(&all[start..][..usize::try_from(len).unwrap()]);
                    }
                    Piece::Zeros(len) => {
                        text.resize(text.len() + usize::try_from(len).unwrap(), 0);
                    }
                }
            }
            let text: [u8; CHUNK_TEXT] = text.try_into().unwrap();
            let mut chunk = [0; CHUNK_LEN];
            sealer.seal_chunk(index, &text, &mut chunk).unwrap();
            sealed.extend_from_slice(&chunk);
        }
        sealed
    }
}

/// Opens a drop with the editors at these places.
fn opened(recipe: &Recipe, sealed: &[u8], places: &[u8]) -> Result<(), UnlockError> {
    let (header, chunks) = sealed.split_first_chunk::<HEADER_LEN>().unwrap();
    let secrets = openers(recipe.editors);
    let openers: Vec<_> = places
        .iter()
        .map(|place| Opener::new(&secrets[usize::from(*place)], *place))
        .collect();
    let unlocked = unlock(header, secrets.len(), &openers)?;
    assert_eq!(unlocked.suite(), recipe.suite);
    assert_eq!(unlocked.epoch(), Some(epoch()));
    assert!(unlocked.wrong_shares().is_empty());
    let mut drop = unlocked.into_drop(chunks).unwrap();
    assert_eq!(drop.manifest(), &recipe.manifest());
    for (name, size) in recipe.files {
        let mut file = drop.next_file().unwrap().unwrap();
        assert_eq!(file.entry().unwrap().name.as_str(), *name);
        let mut bytes = Vec::new();
        file.copy_to(&mut bytes).unwrap();
        assert!(bytes == body(*size), "{name} of {}", recipe.name);
    }
    let tree = drop.finish().unwrap();
    assert_eq!(tree.to_string(), recipe.said()["tree hash"]);
    Ok(())
}

#[test]
fn every_golden_drop_opens_to_what_was_sealed_in_it() {
    for recipe in &DROPS {
        let sealed = recipe.kept();
        let key = HEXLOWER.decode(recipe.said()["K"].as_bytes()).unwrap();
        assert_eq!(
            recipe.to_say(&sealed, &key),
            recipe.said(),
            "{}",
            recipe.name
        );
        let all: Vec<u8> = (0..recipe.editors).collect();
        let few = usize::from(recipe.quorum);
        assert_eq!(opened(recipe, &sealed, &all), Ok(()));
        assert_eq!(opened(recipe, &sealed, &all[all.len() - few..]), Ok(()));
        let too_few = opened(recipe, &sealed, &all[..few - 1]);
        assert!(
            matches!(
                too_few,
                Err(UnlockError::MoreNeeded { .. } | UnlockError::NotForTheseKeys)
            ),
            "{}",
            recipe.name
        );
    }
}

#[test]
fn the_same_random_bytes_seal_the_golden_drops_again() {
    for recipe in &DROPS {
        let sealed = recipe.sealed();
        assert!(sealed[..HEADER_LEN] == recipe.header(), "{}", recipe.name);
        let (_, sealer) = seal_header(
            &mut Stream::new(recipe.name),
            recipe.suite,
            epoch(),
            &recipients(recipe.editors, recipe.quorum),
            recipe.manifest().chunks(),
        )
        .unwrap();
        let secret = sealer.resume_secret();
        let computed = recipe.to_say(&sealed, &secret.expose()[9..]);
        assert_eq!(computed, recipe.said(), "{}", recipe.name);
    }
}

#[test]
fn the_golden_reply_opens_for_its_source_and_for_nobody_else() {
    let sealed = std::fs::read(Path::new(FOLDER).join("reply.envelope")).unwrap();
    let chain = newsroom(3, 2);
    let opened = open_reply(&sealed, &source(), &chain).unwrap();
    assert_eq!(opened.message().as_str(), "Where?");
    assert_eq!(opened.number(), 1);
    assert!(opened.by_current_editor());
    let other = EpochSecret::from_bytes([0x78; 32]);
    assert!(open_reply(&sealed, &other, &chain).is_err());

    let again = seal_reply(
        &mut Stream::new("reply"),
        Suite::ChaCha20Poly1305,
        &source().recipient_key(),
        chain.fingerprint(),
        &cast::signers(1)[0],
        1,
        &Message::new("Where?").unwrap(),
    )
    .unwrap();
    assert!(again.as_slice() == sealed);
}
