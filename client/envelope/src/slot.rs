//! The eight slots of a header: HPKE in base mode with X-Wing, HKDF-SHA256, ChaCha20-Poly1305.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::digest::sha256;
use crate::head::HEAD_LEN;
use crate::key::{EpochSecret, RecipientKey, is_contributory};

/// Every envelope has so many slots, however many recipients there are.
pub(crate) const SLOTS: usize = 8;
/// Encapsulation (1120), then the sealed share (35 + 16).
pub(crate) const SLOT_LEN: usize = 1_171;
const ENC_LEN: usize = 1_120;
/// Where the X25519 share begins inside the encapsulation.
const ENC_X25519: usize = 1_088;

/// Suite, quorum, x and y of one share.
pub(crate) type SlotText = Zeroizing<[u8; 35]>;

/// What every slot of one envelope is bound to.
pub(crate) fn slot_info(head: &[u8; HEAD_LEN], commitment: &[u8; 32]) -> [u8; 48] {
    let mut info = [0; 48];
    let hash = sha256(&[head, commitment]);
    for (to, from) in info.iter_mut().zip(b"knothole/v1 slot".iter().chain(&hash)) {
        *to = *from;
    }
    info
}

/// Seals a slot for its place in the file.
pub(crate) fn seal_slot(
    rng: &mut impl CryptoRng,
    key: &RecipientKey,
    info: &[u8; 48],
    place: u8,
    text: &SlotText,
) -> Option<[u8; SLOT_LEN]> {
    let (enc, sealed) = hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeS::Base,
        key.hpke(),
        info,
        text.as_slice(),
        &[place],
        rng,
    )
    .ok()?;
    [enc.to_bytes().as_slice(), &sealed]
        .concat()
        .try_into()
        .ok()
}

/// Opens a slot; nothing when it is another key's.
pub(crate) fn open_slot(
    secret: &<XWing as Kem>::PrivateKey,
    info: &[u8; 48],
    place: u8,
    slot: &[u8; SLOT_LEN],
) -> Option<SlotText> {
    let (enc, sealed) = slot.split_first_chunk::<ENC_LEN>()?;
    let (_, share) = enc.split_first_chunk::<ENC_X25519>()?;
    // hpke lets an all-zero X25519 result pass; such a slot opens for nobody here.
    if !is_contributory(share.try_into().ok()?) {
        return None;
    }
    let enc = <XWing as Kem>::EncappedKey::from_bytes(enc).ok()?;
    let opened = Zeroizing::new(
        hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
            &OpModeR::Base,
            secret,
            &enc,
            info,
            sealed,
            &[place],
        )
        .ok()?,
    );
    let mut text = SlotText::new([0; 35]);
    if opened.len() != text.len() {
        return None;
    }
    text.copy_from_slice(&opened);
    Some(text)
}

/// A key that nobody holds: its secret is gone when this returns.
pub(crate) fn nobody(rng: &mut impl CryptoRng) -> RecipientKey {
    EpochSecret::generate(rng).recipient_key()
}

#[cfg(test)]
mod tests;
