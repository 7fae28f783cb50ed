//! Headers by hand, from the formulas of FORMAT.md alone: honest ones, and any that is wrong in one way.

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use hkdf::Hkdf;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeS, Serializable};
use knothole_envelope::{EpochSecret, HEADER_LEN};
use rand_core::TryRng;
use sha2::Sha256;

use crate::cast::{Stream, sha256};

type Aead = hpke::aead::ChaCha20Poly1305;
type Kdf = hpke::kdf::HkdfSha256;

const ENC_LEN: usize = 1_120;

/// Everything about a header that may be wrong.
pub(crate) struct Forge {
    stream: Stream,
    /// The first 24 bytes; the salt follows them.
    pub(crate) head: [u8; 24],
    salt: [u8; 32],
    pub(crate) secret: [u8; 32],
    /// Suite and k in the commitment.
    pub(crate) committed: (u8, u8),
    /// What stands in place of the commitment, for what follows to be bound to.
    pub(crate) commitment: Option<[u8; 32]>,
    pub(crate) slots: [Slot; 8],
    /// A byte of the header behind the slots that is not zero.
    pub(crate) tail: Option<usize>,
}

/// What becomes a slot.
#[derive(Clone)]
pub(crate) struct Slot {
    /// The X-Wing seed that opens it; nobody's when there is none.
    pub(crate) seed: Option<u8>,
    /// suite ‖ k ‖ x ‖ y
    pub(crate) text: Vec<u8>,
    /// A point in place of the X25519 share, and the result of X25519 zero.
    pub(crate) point: Option<[u8; 32]>,
    /// The place that it is sealed for, when that is not its own.
    pub(crate) aad: Option<u8>,
}

/// A header, and the key of its chunks.
pub(crate) struct Forged {
    pub(crate) header: Vec<u8>,
    pub(crate) key: [u8; 32],
    pub(crate) suite: u8,
}

/// Where the slot of the editor at this place is put.
pub(crate) fn place_of(editor: u8) -> usize {
    usize::from(editor) * 3 % 8
}

impl Forge {
    /// An honest drop of 16 chunks for so many editors, with the random bytes of this stream.
    pub(crate) fn drop(name: &str, suite: u8, editors: u8, k: u8) -> Self {
        let mut head = [0; 24];
        head[..10].copy_from_slice(b"KNOTHOLE\x01\x01");
        head[15] = 9;
        head[23] = 16;
        Self::new(
            name,
            head,
            suite,
            k,
            &(0x11..0x11 + editors).collect::<Vec<_>>(),
        )
    }

    /// An honest reply to the source with the X-Wing seed 77.
    pub(crate) fn reply(name: &str, suite: u8) -> Self {
        let mut head = [0; 24];
        head[..10].copy_from_slice(b"KNOTHOLE\x01\x02");
        head[23] = 1;
        Self::new(name, head, suite, 1, &[0x77])
    }

    fn new(name: &str, head: [u8; 24], suite: u8, k: u8, seeds: &[u8]) -> Self {
        let mut stream = Stream::new(name);
        let (secret, salt) = (draw(&mut stream), draw(&mut stream));
        let coefficients: Vec<[u8; 32]> = (1..k).map(|_| draw(&mut stream)).collect();
        let nobody = Slot {
            seed: None,
            text: vec![0; 35],
            point: None,
            aad: None,
        };
        let mut slots = core::array::from_fn(|_| nobody.clone());
        for (editor, seed) in (0..).zip(seeds) {
            let x = editor + 1;
            let mut text = vec![suite, k, x];
            text.extend((0..32).map(|byte| {
                let higher = coefficients.iter().rev();
                higher.fold(0, |sum, c| times(sum ^ c[byte], x)) ^ secret[byte]
            }));
            slots[place_of(editor)] = Slot {
                seed: Some(*seed),
                text,
                ..nobody.clone()
            };
        }
        Self {
            stream,
            head,
            salt,
            secret,
            committed: (suite, k),
            commitment: None,
            slots,
            tail: None,
        }
    }

    /// The slot of the editor at this place.
    pub(crate) fn slot(&mut self, editor: u8) -> &mut Slot {
        &mut self.slots[place_of(editor)]
    }

    pub(crate) fn chunks(mut self, count: u64) -> Self {
        self.head[16..].copy_from_slice(&count.to_be_bytes());
        self
    }

    pub(crate) fn build(mut self) -> Forged {
        let mut header = [self.head.as_slice(), &self.salt].concat();
        let (suite, k) = self.committed;
        let (_, schedule) = Hkdf::<Sha256>::extract(Some(&self.salt), &self.secret);
        let label = [
            b"knothole/v1 commit".as_slice(),
            &[suite, k],
            &sha256(&header),
        ]
        .concat();
        let commitment = self.commitment.unwrap_or_else(|| expand(&schedule, &label));
        header.extend_from_slice(&commitment);
        let info = [b"knothole/v1 slot".as_slice(), &sha256(&header)].concat();
        for (place, slot) in (0..).zip(&self.slots) {
            header.extend(slot.seal(&mut self.stream, &info, place));
        }
        header.resize(HEADER_LEN, 0);
        if let Some(place) = self.tail {
            header[place] = 1;
        }
        let label = [
            b"knothole/v1 payload".as_slice(),
            &[suite],
            &sha256(&header),
        ]
        .concat();
        Forged {
            key: expand(&schedule, &label),
            header,
            suite,
        }
    }
}

impl Slot {
    fn seal(&self, stream: &mut Stream, info: &[u8], place: u8) -> Vec<u8> {
        let seed = self.seed.map_or_else(|| draw(stream), |seed| [seed; 32]);
        let key = EpochSecret::from_bytes(seed).recipient_key();
        let key = <XWing as Kem>::PublicKey::from_bytes(key.as_bytes()).unwrap();
        let aad = [self.aad.unwrap_or(place)];
        let (enc, sealed) = hpke::single_shot_seal_with_rng::<Aead, Kdf, XWing>(
            &OpModeS::Base,
            &key,
            info,
            &self.text,
            &aad,
            stream,
        )
        .unwrap();
        let enc = enc.to_bytes();
        let Some(point) = self.point else {
            return [enc.as_slice(), &sealed].concat();
        };
        let enc = [&enc[..ENC_LEN - 32], &point].concat();
        // Whoever chooses such a point knows the result of X25519, and so the shared secret.
        let key = x_wing::DecapsulationKey::from(seed);
        let enc_array: [u8; ENC_LEN] = enc.clone().try_into().unwrap();
        let shared = x_wing::Decapsulate::decapsulate(&key, &enc_array.into());
        [enc, seal_share(&shared, info, &aad, &self.text)].concat()
    }
}

/// The share in a slot, by the key schedule of RFC 9180 §5.1 in base mode.
fn seal_share(shared: &[u8], info: &[u8], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let suite = b"HPKE\x64\x7a\x00\x01\x00\x03".as_slice();
    let extract = |salt: &[u8], label: &[u8], ikm: &[u8]| {
        let ikm = [b"HPKE-v1", suite, label, ikm].concat();
        Hkdf::<Sha256>::extract(Some(salt), &ikm)
    };
    let psk_id = extract(b"", b"psk_id_hash", b"").0;
    let context = [&[0], psk_id.as_slice(), &extract(b"", b"info_hash", info).0].concat();
    let (_, secret) = extract(shared, b"secret", b"");
    let derive = |label: &[u8], length: u8| {
        let info = [&[0, length], b"HPKE-v1".as_slice(), suite, label, &context].concat();
        let mut output = vec![0; usize::from(length)];
        secret.expand(&info, &mut output).unwrap();
        output
    };
    let cipher = ChaCha20Poly1305::new_from_slice(&derive(b"key", 32)).unwrap();
    let nonce: [u8; 12] = derive(b"base_nonce", 12).try_into().unwrap();
    let mut sealed = text.to_vec();
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), aad, sealed.as_mut_slice().into())
        .unwrap();
    sealed.extend_from_slice(&tag);
    sealed
}

fn draw(stream: &mut Stream) -> [u8; 32] {
    let mut bytes = [0; 32];
    let Ok(()) = stream.try_fill_bytes(&mut bytes);
    bytes
}

fn expand(secret: &Hkdf<Sha256>, info: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    secret.expand(info, &mut output).unwrap();
    output
}

/// Multiplication in GF(2^8) with the polynomial 0x11b, bit by bit.
fn times(mut a: u8, b: u8) -> u8 {
    let mut product = 0;
    for bit in 0..8 {
        if b >> bit & 1 == 1 {
            product ^= a;
        }
        a = (a << 1) ^ if a & 0x80 == 0 { 0 } else { 0x1b };
    }
    product
}
