//! Envelopes that no honest sender makes, for the tests of refusals.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::aead::consts::U12;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zeroize::Zeroizing;

use crate::address::Fingerprint;
use crate::chain::{CharterChain, VerifiedChain};
use crate::charter::Charter;
use crate::day::{EpochNumber, Quorum};
use crate::digest::{SheetHash, sha256};
use crate::head::HEAD_LEN;
use crate::key::{EpochSecret, RecipientKey};
use crate::layout::Layout;
use crate::manifest::{FileEntry, FileName, Manifest, Message};
use crate::pad::{CHUNK_LEN, CHUNK_TEXT, ChunkCount, HEADER_LEN};
use crate::payload::{ChunkSealer, Suite};
use crate::schedule::Schedule;
use crate::share::split;
use crate::signed::{Signed, SignedBody};
use crate::signing::{EditorKey, SigningSecret};
use crate::slot::{SLOTS, SlotText, nobody, seal_slot, slot_info};

/// What is inside a slot before it is sealed: suite, quorum, x, and the 32 bytes of y.
pub(crate) type Inside = (u8, u8, u8, [u8; 32]);

/// Everything about an envelope that a test may want to get wrong.
pub(crate) struct Forge {
    pub(crate) rng: ChaCha20Rng,
    pub(crate) head: [u8; HEAD_LEN],
    pub(crate) secret: [u8; 32],
    /// Suite and quorum in the commitment.
    pub(crate) committed: (Suite, u8),
    /// The recipients' slots; the others are sealed to nobody.
    pub(crate) slots: Vec<(RecipientKey, Inside)>,
}

/// So many editors' secrets, always the same ones.
pub(crate) fn editors(count: u8) -> Vec<EpochSecret> {
    (1..=count)
        .map(|place| EpochSecret::from_bytes([place; 32]))
        .collect()
}

pub(crate) fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

impl Forge {
    /// An honest drop for these editors, to be spoiled afterwards.
    pub(crate) fn drop(editors: &[EpochSecret], quorum: u8) -> Self {
        let mut rng = seeded(7);
        let mut secret = [0; 32];
        rng.fill_bytes(&mut secret);
        let count = u8::try_from(editors.len()).unwrap();
        let shares = split(&secret, Quorum::new(quorum).unwrap(), count, &mut rng);
        let slots = editors
            .iter()
            .zip(&shares)
            .map(|(editor, share)| (editor.recipient_key(), (1, quorum, share.x, *share.y)))
            .collect();
        let mut head = [0; HEAD_LEN];
        head[..8].copy_from_slice(b"KNOTHOLE");
        head[8] = 1;
        head[9] = 1;
        head[15] = 9;
        head[23] = 16;
        rng.fill_bytes(&mut head[24..]);
        Self {
            rng,
            head,
            secret,
            committed: (Suite::ChaCha20Poly1305, quorum),
            slots,
        }
    }

    pub(crate) fn schedule(&self) -> Schedule {
        Schedule::new(self.head[24..].try_into().unwrap(), &self.secret)
    }

    pub(crate) fn header(&mut self) -> [u8; HEADER_LEN] {
        let (suite, quorum) = self.committed;
        let quorum = Quorum::new(quorum).unwrap();
        let commitment = self.schedule().commitment(suite, quorum, &self.head);
        self.header_with(commitment)
    }

    pub(crate) fn header_with(&mut self, commitment: [u8; 32]) -> [u8; HEADER_LEN] {
        let info = slot_info(&self.head, &commitment);
        let mut header = [0; HEADER_LEN];
        header[..56].copy_from_slice(&self.head);
        header[56..88].copy_from_slice(&commitment);
        for place in 0..SLOTS {
            let mut text = SlotText::new([0; 35]);
            let key = match self.slots.get(place) {
                Some((key, (suite, quorum, x, y))) => {
                    text[..3].copy_from_slice(&[*suite, *quorum, *x]);
                    text[3..].copy_from_slice(y);
                    key.clone()
                }
                None => nobody(&mut self.rng),
            };
            let number = u8::try_from(place).unwrap();
            let slot = seal_slot(&mut self.rng, &key, &info, number, &text).unwrap();
            header[88 + place * 1171..88 + (place + 1) * 1171].copy_from_slice(&slot);
        }
        header
    }

    /// The sealer for a header that was made from this forge.
    pub(crate) fn sealer(&self, header: &[u8; HEADER_LEN], chunks: u64) -> ChunkSealer {
        let chunks = match chunks {
            1 => ChunkCount::REPLY,
            chunks => ChunkCount::for_drop(chunks).unwrap(),
        };
        let key = self.schedule().payload(self.committed.0, header);
        ChunkSealer::new(self.committed.0, key, chunks)
    }

    /// The sealed chunks of a plaintext, zeros added to its end.
    pub(crate) fn chunks(&self, header: &[u8; HEADER_LEN], count: u64, text: &[u8]) -> Vec<u8> {
        let sealer = self.sealer(header, count);
        let mut sealed = Vec::new();
        for index in 0..count {
            let start = usize::try_from(index).unwrap() * CHUNK_TEXT;
            let mut chunk = [0; CHUNK_LEN];
            let text = text.get(start..).unwrap_or_default();
            let len = text.len().min(CHUNK_TEXT);
            chunk[..len].copy_from_slice(&text[..len]);
            sealer.seal_in_place(index, &mut chunk).unwrap();
            sealed.extend_from_slice(&chunk);
        }
        sealed
    }
}

/// A manifest of files of these sizes, and the plaintext of the drop without its padding.
pub(crate) fn plaintext(quorum: u8, sizes: &[u64]) -> (Manifest, Zeroizing<Vec<u8>>) {
    let files = sizes
        .iter()
        .map(|size| FileEntry {
            name: FileName::new("file").unwrap(),
            size: *size,
        })
        .collect();
    let manifest = Manifest::new(
        SheetHash::from_bytes(sha256(&[b"sheet"])),
        Quorum::new(quorum).unwrap(),
        None,
        files,
        Message::new("words").unwrap(),
    )
    .unwrap();
    let mut text = Zeroizing::new(Layout::new(&manifest).prefix().to_vec());
    for (place, size) in (1_u8..).zip(sizes) {
        let len = text.len() + usize::try_from(*size).unwrap();
        text.resize(len, place);
    }
    (manifest, text)
}

/// The epoch that forged drops name.
pub(crate) fn epoch() -> EpochNumber {
    EpochNumber::new(9).unwrap()
}

/// So many signing secrets, always the same ones.
pub(crate) fn signers(count: u8) -> Vec<SigningSecret> {
    (1..=count)
        .map(|place| SigningSecret::from_bytes([place; 32]))
        .collect()
}

/// The public keys of signing secrets.
pub(crate) fn public(secrets: &[SigningSecret]) -> Vec<EditorKey> {
    secrets.iter().map(SigningSecret::editor_key).collect()
}

/// The verified chain of a newsroom that these editors have founded.
pub(crate) fn newsroom(secrets: &[SigningSecret], quorum: u8) -> VerifiedChain {
    let quorum = Quorum::new(quorum).unwrap();
    let charter = Charter::founding(public(secrets), quorum, None).unwrap();
    let all: Vec<&SigningSecret> = secrets.iter().collect();
    let chain = CharterChain::found(charter, &all).unwrap();
    chain
        .verify(&chain.unverified_fingerprint().unwrap())
        .unwrap()
}

/// The body, signed by these editors for this newsroom.
pub(crate) fn signed<T: SignedBody>(
    body: T,
    newsroom: &Fingerprint,
    secrets: &[&SigningSecret],
) -> Signed<T> {
    let mut signed = Signed::new(body);
    for secret in secrets {
        signed.sign(newsroom, secret);
    }
    signed
}

/// A cipher's ciphertext and tag, for comparison.
pub(crate) fn seal_with(
    cipher: &impl AeadInOut<NonceSize = U12>,
    nonce: [u8; 12],
    aad: &[u8],
    text: &[u8],
) -> Vec<u8> {
    let mut sealed = text.to_vec();
    let buffer = sealed.as_mut_slice().into();
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), aad, buffer)
        .unwrap();
    sealed.extend_from_slice(&tag);
    sealed
}
