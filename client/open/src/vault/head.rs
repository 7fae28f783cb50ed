//! The first bytes of a vault: how the passphrase is stretched, and the wrapped vault key.

use zeroize::Zeroizing;

use super::stretch::{OutOfMemory, Stretch};
use super::wrap::{Key, NONCE_LEN, TAG_LEN};
use crate::passphrase::Passphrase;

const MAGIC: &[u8; 8] = b"KNHVAULT";
const VERSION: u8 = 1;
/// What the tag of the wrapped key covers beside it.
const OPEN_LEN: usize = 64;
const ZEROS: usize = 20;
/// The key of a passphrase and a salt wraps one vault key and nothing else.
const NONCE: [u8; NONCE_LEN] = [0; NONCE_LEN];

/// Magic and version: what body and records are bound to.
pub(super) const PREFIX: [u8; 9] = *b"KNHVAULT\x01";

/// The head of a vault.
pub(super) struct Head {
    stretch: Stretch,
    records: u32,
    wrapped: [u8; Key::LEN + TAG_LEN],
}

/// Why the first bytes are not a head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeadFault {
    Magic,
    Version(u8),
    Damaged,
}

impl Head {
    pub(super) const LEN: usize = OPEN_LEN + Key::LEN + TAG_LEN;

    /// Wraps a vault key under a passphrase. The salt must be new.
    pub(super) fn new(
        key: &Key,
        passphrase: &Passphrase,
        records: u32,
        stretch: Stretch,
    ) -> Result<Self, OutOfMemory> {
        let mut text = Zeroizing::new(*key.expose());
        let tag = stretch.key(passphrase)?.wrap(
            &NONCE,
            &open_part(&stretch, records),
            text.as_mut_slice(),
        );
        let mut wrapped = [0; Key::LEN + TAG_LEN];
        for (to, from) in wrapped.iter_mut().zip(text.iter().chain(&tag)) {
            *to = *from;
        }
        Ok(Self {
            stretch,
            records,
            wrapped,
        })
    }

    /// The head that the bytes of a file begin with.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), HeadFault> {
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or(HeadFault::Magic)?;
        if magic != MAGIC {
            return Err(HeadFault::Magic);
        }
        let (version, rest) = rest.split_first().ok_or(HeadFault::Damaged)?;
        if *version != VERSION {
            return Err(HeadFault::Version(*version));
        }
        Self::parse_fields(rest).ok_or(HeadFault::Damaged)
    }

    fn parse_fields(rest: &[u8]) -> Option<(Self, &[u8])> {
        let (gap, rest) = rest.split_first_chunk::<3>()?;
        let (stretch, rest) = rest.split_first_chunk()?;
        let (records, rest) = rest.split_first_chunk()?;
        let (zeros, rest) = rest.split_first_chunk::<ZEROS>()?;
        let (wrapped, rest) = rest.split_first_chunk()?;
        if *gap != [0; 3] || *zeros != [0; ZEROS] {
            return None;
        }
        let head = Self {
            stretch: Stretch::from_bytes(stretch)?,
            records: u32::from_be_bytes(*records),
            wrapped: *wrapped,
        };
        Some((head, rest))
    }

    /// How many records follow, if the key in the head can be had.
    pub(super) const fn records(&self) -> u32 {
        self.records
    }

    /// The vault key; nothing when the passphrase is not the one, or a byte of the head is not.
    pub(super) fn unwrap(&self, passphrase: &Passphrase) -> Result<Option<Key>, OutOfMemory> {
        let key = self.stretch.key(passphrase)?;
        let unwrapped = (|| {
            let (text, tag) = self.wrapped.split_first_chunk::<{ Key::LEN }>()?;
            let mut text = Zeroizing::new(*text);
            let aad = open_part(&self.stretch, self.records);
            key.unwrap(&NONCE, &aad, text.as_mut_slice(), tag.try_into().ok()?)?;
            Some(Key::from_bytes(text))
        })();
        Ok(unwrapped)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&open_part(&self.stretch, self.records));
        out.extend_from_slice(&self.wrapped);
    }
}

fn open_part(stretch: &Stretch, records: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(OPEN_LEN);
    out.extend_from_slice(&PREFIX);
    out.extend_from_slice(&[0; 3]);
    stretch.write(&mut out);
    out.extend_from_slice(&records.to_be_bytes());
    out.extend_from_slice(&[0; ZEROS]);
    out
}
