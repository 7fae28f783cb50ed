//! From a passphrase to a key: Argon2id (RFC 9106), with the parameters in the file.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::wrap::Key;
use crate::passphrase::Passphrase;

/// RFC 9106 asks for 16 bytes of salt.
const SALT_LEN: usize = 16;

/// What a passphrase is stretched with. Every value is within its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    /// KiB of memory.
    memory: u32,
    passes: u32,
    salt: [u8; SALT_LEN],
}

/// There is not enough memory for the parameters.
#[derive(Debug)]
pub(super) struct OutOfMemory;

impl Stretch {
    pub(super) const LEN: usize = 12 + SALT_LEN;
    /// 48 MiB: the whole program is to stay below 64 MiB, so more passes make up for less memory.
    const MEMORY: u32 = 48 * 1024;
    const PASSES: u32 = 5;
    const LEAST_MEMORY: u32 = 8 * 1024;
    const MOST_MEMORY: u32 = 512 * 1024;
    const MOST_PASSES: u32 = 16;
    const LANES: u32 = 1;

    /// This version's parameters, with a new salt.
    pub(super) fn new(rng: &mut impl CryptoRng) -> Self {
        Self::with(Self::MEMORY, Self::PASSES, rng)
    }

    #[cfg(test)]
    pub(super) fn light(rng: &mut impl CryptoRng) -> Self {
        Self::with(Self::LEAST_MEMORY, 1, rng)
    }

    fn with(memory: u32, passes: u32, rng: &mut impl CryptoRng) -> Self {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        Self {
            memory,
            passes,
            salt,
        }
    }

    /// The parameters of a file, if nobody would be kept waiting by them for ever.
    pub(super) fn from_bytes(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let (memory, rest) = bytes.split_first_chunk::<4>()?;
        let (passes, rest) = rest.split_first_chunk::<4>()?;
        let (lanes, salt) = rest.split_first_chunk::<4>()?;
        let [memory, passes, lanes] = [memory, passes, lanes].map(|word| u32::from_be_bytes(*word));
        let fits = (Self::LEAST_MEMORY..=Self::MOST_MEMORY).contains(&memory)
            && (1..=Self::MOST_PASSES).contains(&passes)
            && lanes == Self::LANES;
        fits.then_some(Self {
            memory,
            passes,
            salt: salt.try_into().ok()?,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for word in [self.memory, self.passes, Self::LANES] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        out.extend_from_slice(&self.salt);
    }

    /// The key of a passphrase. It takes about a second.
    pub(super) fn key(&self, passphrase: &Passphrase) -> Result<Key, OutOfMemory> {
        let params = Params::new(self.memory, self.passes, Self::LANES, Some(32))
            .map_err(|_| OutOfMemory)?;
        let blocks = params.block_count();
        // The crate's own memory is not erased afterwards; this is.
        let mut memory = Zeroizing::new(Vec::new());
        memory.try_reserve_exact(blocks).map_err(|_| OutOfMemory)?;
        memory.resize(blocks, Block::new());
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(
                passphrase.expose().as_bytes(),
                &self.salt,
                key.as_mut_slice(),
                memory.as_mut_slice(),
            )
            .map_err(|_| OutOfMemory)?;
        Ok(Key::from_bytes(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(memory: u32, passes: u32, lanes: u32) -> Option<Stretch> {
        let mut bytes = Vec::new();
        for word in [memory, passes, lanes] {
            bytes.extend_from_slice(&word.to_be_bytes());
        }
        bytes.extend_from_slice(&[7; SALT_LEN]);
        Stretch::from_bytes(&bytes.try_into().unwrap())
    }

    #[test]
    fn parameters_within_their_bounds_are_taken_and_those_one_past_are_not() {
        assert!(words(8 * 1024, 1, 1).is_some());
        assert!(words(512 * 1024, 16, 1).is_some());
        assert!(words(8 * 1024 - 1, 1, 1).is_none());
        assert!(words(512 * 1024 + 1, 1, 1).is_none());
        assert!(words(8 * 1024, 0, 1).is_none());
        assert!(words(8 * 1024, 17, 1).is_none());
        assert!(words(8 * 1024, 1, 0).is_none());
        assert!(words(8 * 1024, 1, 2).is_none());
    }

    #[test]
    fn parameters_come_back_as_they_were_written() {
        let stretch = words(9000, 3, 1).unwrap();
        let mut bytes = Vec::new();
        stretch.write(&mut bytes);
        assert_eq!(
            Stretch::from_bytes(&bytes.try_into().unwrap()),
            Some(stretch)
        );
    }
}
