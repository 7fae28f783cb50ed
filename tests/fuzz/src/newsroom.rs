//! A newsroom of three editors with fixed keys, and everything that it has signed.

use std::sync::LazyLock;

use knothole_envelope::{
    Charter, CharterChain, Day, EpochNumber, EpochSecret, FileEntry, FileName, Fingerprint,
    Manifest, Message, Quorum, RecipientKey, Sheet, Signed, SignedBody, SigningSecret,
    VerifiedChain, VerifiedSheet,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

pub(crate) static NEWSROOM: LazyLock<Newsroom> = LazyLock::new(Newsroom::new);

/// The same randomness in every run.
pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) struct Newsroom {
    pub(crate) editors: Vec<SigningSecret>,
    pub(crate) secrets: Vec<EpochSecret>,
    /// Three charters, one after the other.
    pub(crate) chain: VerifiedChain,
    pub(crate) signed_sheet: Signed<Sheet>,
    pub(crate) sheet: VerifiedSheet,
    /// The source's key for replies.
    pub(crate) source: EpochSecret,
}

pub(crate) fn quorum(editors: u8) -> Quorum {
    Quorum::new(editors).unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

impl Newsroom {
    fn new() -> Self {
        let editors: Vec<_> = (1..=3)
            .map(|place| SigningSecret::from_bytes([place; 32]))
            .collect();
        let secrets: Vec<_> = (0x11..=0x13)
            .map(|place| EpochSecret::from_bytes([place; 32]))
            .collect();
        let keys: Vec<_> = editors.iter().map(SigningSecret::editor_key).collect();
        let founding = Charter::founding(keys[..2].to_vec(), quorum(2), None).unwrap();
        let by: Vec<_> = editors.iter().collect();
        let chain = CharterChain::found(founding, &by[..2]).unwrap();
        let fingerprint = chain.unverified_fingerprint().unwrap();
        let mut chain = chain.verify(&fingerprint).unwrap();
        for _ in 0..2 {
            let next = chain.current().next(keys.clone(), quorum(2), None).unwrap();
            let next = sign(next, &fingerprint, &by[..2]);
            chain = chain.append(next).unwrap();
        }
        let sheet = Sheet::new(
            epoch(),
            day("2026-11-23"),
            day("2026-11-29"),
            secrets.iter().map(EpochSecret::recipient_key).collect(),
            chain.current_hash(),
        );
        let signed_sheet = sign(sheet.unwrap(), &fingerprint, &by[1..]);
        Self {
            sheet: signed_sheet.verify(&chain).unwrap(),
            signed_sheet,
            editors,
            secrets,
            chain,
            source: EpochSecret::from_bytes([0x77; 32]),
        }
    }

    pub(crate) fn sign<T: SignedBody>(&self, body: T) -> Signed<T> {
        let by: Vec<_> = self.editors.iter().collect();
        sign(body, self.chain.fingerprint(), &by[..2])
    }

    pub(crate) fn keys(&self) -> Vec<RecipientKey> {
        self.secrets
            .iter()
            .map(EpochSecret::recipient_key)
            .collect()
    }

    /// The manifest of a drop under the one sheet.
    pub(crate) fn manifest(&self, files: &[(&str, u64)], message: &str) -> Manifest {
        let files = files
            .iter()
            .map(|(name, size)| FileEntry {
                name: FileName::new(name).unwrap(),
                size: *size,
            })
            .collect();
        let message = Message::new(message).unwrap();
        Manifest::new(self.sheet.hash(), quorum(2), None, files, message).unwrap()
    }
}

pub(crate) fn epoch() -> EpochNumber {
    EpochNumber::new(9).unwrap()
}

pub(crate) fn sign<T: SignedBody>(
    body: T,
    newsroom: &Fingerprint,
    by: &[&SigningSecret],
) -> Signed<T> {
    let mut signed = Signed::new(body);
    for secret in by {
        signed.sign(newsroom, secret);
    }
    signed
}
