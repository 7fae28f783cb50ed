//! The people, keys and random bytes of the worked examples and of the golden vectors.

use core::convert::Infallible;

use data_encoding::HEXLOWER;
use knothole_envelope::{
    Charter, CharterChain, Day, EpochNumber, EpochSecret, FileEntry, FileName, Fingerprint,
    Manifest, Message, Quorum, RecipientKey, Recipients, Sheet, Signed, SignedBody, SigningSecret,
    VerifiedChain, VerifiedSheet,
};
use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest, Sha256};

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The stream of "random" bytes that FORMAT.md describes: SHA-256 over a label, a name, a counter.
pub(crate) struct Stream {
    name: String,
    block: u64,
    left: Vec<u8>,
    /// All that was handed out.
    pub(crate) drawn: Vec<u8>,
}

impl Stream {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            block: 0,
            left: Vec::new(),
            drawn: Vec::new(),
        }
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("the format draws bytes only")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("the format draws bytes only")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        while self.left.len() < bytes.len() {
            let input = [
                b"knothole/v1 vector\0",
                self.name.as_bytes(),
                b"\0",
                &self.block.to_be_bytes(),
            ]
            .concat();
            self.left.extend_from_slice(&sha256(&input));
            self.block += 1;
        }
        let now: Vec<u8> = self.left.drain(..bytes.len()).collect();
        bytes.copy_from_slice(&now);
        self.drawn.extend_from_slice(&now);
        Ok(())
    }
}

impl TryCryptoRng for Stream {}

/// Hands out exactly these bytes.
pub(crate) struct Given<'b>(pub(crate) &'b [u8]);

impl TryRng for Given<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("the format draws bytes only")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("the format draws bytes only")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let (now, later) = self.0.split_at(bytes.len());
        bytes.copy_from_slice(now);
        self.0 = later;
        Ok(())
    }
}

impl TryCryptoRng for Given<'_> {}

/// The editors' Ed25519 seeds: 32 bytes 01, 32 bytes 02, …
pub(crate) fn signers(count: u8) -> Vec<SigningSecret> {
    (1..=count)
        .map(|place| SigningSecret::from_bytes([place; 32]))
        .collect()
}

/// The editors' X-Wing seeds of the epoch: 32 bytes 11, 32 bytes 12, …
pub(crate) fn openers(count: u8) -> Vec<EpochSecret> {
    (1..=count)
        .map(|place| EpochSecret::from_bytes([0x10 + place; 32]))
        .collect()
}

/// The source's X-Wing seed: 32 bytes 77.
pub(crate) fn source() -> EpochSecret {
    EpochSecret::from_bytes([0x77; 32])
}

pub(crate) fn keys(secrets: &[EpochSecret]) -> Vec<RecipientKey> {
    secrets.iter().map(EpochSecret::recipient_key).collect()
}

pub(crate) fn quorum(editors: u8) -> Quorum {
    Quorum::new(editors).unwrap()
}

pub(crate) fn epoch() -> EpochNumber {
    EpochNumber::new(9).unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn charter(count: u8, k: u8) -> Charter {
    let editors = signers(count)
        .iter()
        .map(SigningSecret::editor_key)
        .collect();
    Charter::founding(editors, quorum(k), None).unwrap()
}

pub(crate) fn newsroom(count: u8, k: u8) -> VerifiedChain {
    let secrets = signers(count);
    let chain = CharterChain::found(charter(count, k), &secrets.iter().collect::<Vec<_>>());
    let chain = chain.unwrap();
    let fingerprint = chain.unverified_fingerprint().unwrap();
    chain.verify(&fingerprint).unwrap()
}

/// A body, signed by the editors at these places.
pub(crate) fn signed<T: SignedBody>(body: T, newsroom: &Fingerprint, places: &[u8]) -> Signed<T> {
    let mut signed = Signed::new(body);
    for place in places {
        let secret = SigningSecret::from_bytes([place + 1; 32]);
        signed.sign(newsroom, &secret);
    }
    signed
}

/// The sheet of epoch 9, from 2026-11-23 to 2026-11-29.
pub(crate) fn sheet(count: u8, k: u8) -> (Signed<Sheet>, VerifiedSheet) {
    let chain = newsroom(count, k);
    let body = Sheet::new(
        epoch(),
        day("2026-11-23"),
        day("2026-11-29"),
        keys(&openers(count)),
        chain.current_hash(),
    );
    let places: Vec<u8> = (0..k).collect();
    let signed = signed(body.unwrap(), chain.fingerprint(), &places);
    let verified = signed.verify(&chain).unwrap();
    (signed, verified)
}

pub(crate) fn recipients(count: u8, k: u8) -> Recipients {
    Recipients::new(keys(&openers(count)), quorum(k)).unwrap()
}

/// A drop's manifest with files of these names and sizes.
pub(crate) fn manifest(count: u8, k: u8, files: &[(&str, u64)], message: &str) -> Manifest {
    let files = files
        .iter()
        .map(|(name, size)| FileEntry {
            name: FileName::new(name).unwrap(),
            size: *size,
        })
        .collect();
    let hash = sheet(count, k).1.hash();
    Manifest::new(hash, quorum(k), None, files, Message::new(message).unwrap()).unwrap()
}

/// The content of every file: byte i is i mod 251.
pub(crate) fn body(size: u64) -> Vec<u8> {
    (0..size)
        .map(|place| u8::try_from(place % 251).unwrap())
        .collect()
}
