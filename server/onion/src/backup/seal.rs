//! The seal around a backup: ChaCha20-Poly1305 (RFC 8439) under a key that Argon2id (RFC 9106) makes of
//! a passphrase, as around a vault.
//!
//! ```text
//! 16  "knothole backup\n"
//!  4  1, the version of all this
//!  4  KiB of memory, 4 passes, 4 lanes: Argon2id, version 0x13
//! 16  salt
//!     sealed archive, with what stands before it as associated data
//! 16  tag
//! ```
//! Numbers are big-endian. The salt is new each time, and with it the key, which so seals one text only:
//! the nonce is all zeros.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params};
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce, Tag};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::passphrase::Passphrase;

const MAGIC: &[u8; 16] = b"knothole backup\n";
const VERSION: u32 = 1;
const HEAD_LEN: usize = 48;
const TAG_LEN: usize = 16;
/// Bytes by which what is sealed is longer than the archive in it.
pub(super) const MORE: usize = HEAD_LEN + TAG_LEN;
/// KiB of memory: a server has 1 GiB of it, and runs.
const MEMORY: u32 = 64 * 1024;
const PASSES: u32 = if cfg!(test) { 1 } else { 4 };
const LANES: u32 = 1;
/// Bounds for the numbers in a file, so that nobody is kept waiting by them for ever.
const LEAST_MEMORY: u32 = 8 * 1024;
const MOST_MEMORY: u32 = 512 * 1024;
const MOST_PASSES: u32 = 16;

/// Seals under a passphrase.
pub(super) fn seal(
    archive: &[u8],
    passphrase: &Passphrase,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, SealError> {
    let mut head = [0; HEAD_LEN];
    let (magic, rest) = head.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    let (numbers, salt) = rest.split_at_mut(16);
    let words = [VERSION, MEMORY, PASSES, LANES].map(u32::to_be_bytes);
    numbers.copy_from_slice(words.as_flattened());
    rng.fill_bytes(salt);
    let cipher = Stretch::of(&head)?.cipher(passphrase)?;
    let mut sealed = Vec::from(head);
    // Reserved at once, so that growing leaves no copies of what is not sealed yet.
    sealed.reserve_exact(archive.len().saturating_add(TAG_LEN));
    sealed.extend_from_slice(archive);
    let text = sealed.get_mut(HEAD_LEN..).unwrap_or_default();
    let tag = cipher
        .encrypt_inout_detached(&Nonce::default(), &head, InOutBuf::from(text))
        .map_err(|_| SealError::TooLong)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what was sealed under this passphrase. Nothing of it is given before all was verified.
pub(super) fn open(
    sealed: &[u8],
    passphrase: &Passphrase,
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (head, rest) = sealed
        .split_first_chunk::<HEAD_LEN>()
        .ok_or(SealError::NotSealed)?;
    let (text, tag) = rest
        .split_last_chunk::<TAG_LEN>()
        .ok_or(SealError::NotSealed)?;
    let cipher = Stretch::of(head)?.cipher(passphrase)?;
    let mut archive = Zeroizing::new(text.to_vec());
    cipher
        .decrypt_inout_detached(
            &Nonce::default(),
            head,
            InOutBuf::from(archive.as_mut_slice()),
            &Tag::from(*tag),
        )
        .map_err(|_| SealError::Differs)?;
    Ok(archive)
}

/// What a head says of the way from a passphrase to a key. Every number is within its bounds.
struct Stretch<'a> {
    params: Params,
    salt: &'a [u8],
}

impl<'a> Stretch<'a> {
    fn of(head: &'a [u8; HEAD_LEN]) -> Result<Self, SealError> {
        let rest = head.strip_prefix(MAGIC).ok_or(SealError::NotSealed)?;
        let (numbers, salt) = rest.split_first_chunk::<16>().ok_or(SealError::NotSealed)?;
        let (numbers, _) = numbers.as_chunks::<4>();
        let [version, memory, passes, lanes] = numbers else {
            return Err(SealError::NotSealed);
        };
        let [version, memory, passes, lanes] =
            [version, memory, passes, lanes].map(|word| u32::from_be_bytes(*word));
        let fits = version == VERSION
            && (LEAST_MEMORY..=MOST_MEMORY).contains(&memory)
            && (1..=MOST_PASSES).contains(&passes)
            && lanes == LANES;
        let params = Params::new(memory, passes, lanes, Some(32)).ok();
        let params = params.filter(|_| fits).ok_or(SealError::NotSealed)?;
        Ok(Self { params, salt })
    }

    /// It takes about a second.
    fn cipher(self, passphrase: &Passphrase) -> Result<ChaCha20Poly1305, SealError> {
        let blocks = self.params.block_count();
        // The crate's own memory is not erased afterwards; this is.
        let mut memory = Zeroizing::new(Vec::new());
        memory
            .try_reserve_exact(blocks)
            .map_err(|_| SealError::Memory)?;
        memory.resize(blocks, Block::new());
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, self.params)
            .hash_password_into_with_memory(
                passphrase.expose().as_bytes(),
                self.salt,
                key.as_mut_slice(),
                memory.as_mut_slice(),
            )
            .map_err(|_| SealError::Memory)?;
        Ok(ChaCha20Poly1305::new(<&Key>::from(&*key)))
    }
}

/// Why a backup cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum SealError {
    /// There is too much of it.
    TooLong,
    /// There is not enough memory for the passphrase.
    Memory,
    /// It is no backup of this version.
    NotSealed,
    /// Another passphrase; or it was altered or cut off.
    Differs,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "there is too much for a backup",
            Self::Memory => "there is not enough memory for the passphrase",
            Self::NotSealed => "this is no backup, or a newer knothole-server made it",
            Self::Differs => {
                "that is not the passphrase of this backup, or the file was altered or cut off; \
                 nothing of it was used"
            }
        })
    }
}

impl std::error::Error for SealError {}
