//! The cipher alone, in memory: ours, and the crate's that it stands on.

use std::error::Error;
use std::hint::black_box;

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use clap::ValueEnum;
use getrandom::SysRng;
use knothole_envelope::{
    CHUNK_LEN, CHUNK_TEXT, ChunkCount, EpochNumber, EpochSecret, Quorum, Recipients, Suite,
    seal_header,
};
use rand_core::UnwrapErr;

/// Whose cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cipher {
    /// Chunks of an envelope.
    Ours,
    /// ChaCha20-Poly1305 as it comes, over pieces of the same length.
    Crate,
}

impl Cipher {
    /// As it is called on the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Crate => "crate",
        }
    }
}

/// Seals so much, from one buffer into another.
pub(crate) fn run(way: Cipher, mebibytes: u32) -> Result<(), Box<dyn Error>> {
    let text = vec![7; CHUNK_TEXT];
    let text: &[u8; CHUNK_TEXT] = text.as_slice().try_into()?;
    let mut sealed = vec![0; CHUNK_LEN];
    let sealed: &mut [u8; CHUNK_LEN] = sealed.as_mut_slice().try_into()?;
    let chunks = u64::from(mebibytes).saturating_mul(16);
    match way {
        Cipher::Ours => {
            let rng = &mut UnwrapErr(SysRng);
            let recipients = vec![EpochSecret::generate(rng).recipient_key()];
            let one = Quorum::new(1).ok_or("there is no quorum of one")?;
            let recipients = Recipients::new(recipients, one)?;
            let epoch = EpochNumber::new(1).ok_or("there is no first epoch")?;
            let count = ChunkCount::for_content(chunks.saturating_mul(65_000))?;
            let suite = Suite::ChaCha20Poly1305;
            let (_header, sealer) = seal_header(rng, suite, epoch, &recipients, count)?;
            for index in 0..chunks {
                sealer.seal_chunk(index, black_box(text), sealed)?;
                black_box(&sealed);
            }
        }
        Cipher::Crate => {
            let cipher = ChaCha20Poly1305::new(&[7; 32].into());
            let (out, tag) = sealed
                .split_first_chunk_mut::<CHUNK_TEXT>()
                .ok_or("a chunk has no tag")?;
            for index in 0..chunks {
                let mut nonce = [0; 12];
                let (_, end) = nonce.split_at_mut(4);
                end.copy_from_slice(&index.to_be_bytes());
                let buffer = InOutBuf::new(black_box(text.as_slice()), out.as_mut_slice())?;
                let made = cipher.encrypt_inout_detached(&nonce.into(), &[], buffer)?;
                tag.copy_from_slice(&made);
                black_box(&out);
            }
        }
    }
    Ok(())
}
