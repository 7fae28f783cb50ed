//! Headers that pass the gate, for whatever follows them.

use std::io;

use getrandom::SysRng;
use knothole_envelope::{
    ChunkCount, Quorum, Recipients, Sheet, Signed, Suite, seal_header, unframe,
};
use rand_core::UnwrapErr;

use crate::peer::Peer;
use crate::target::Target;

/// Sheets that a drop-box may show at once.
const MOST_SHEETS: u32 = 2;

/// A header, and the length that its upload must have.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) bytes: Vec<u8>,
    pub(crate) length: u64,
}

/// The keys that anybody may seal to.
#[derive(Debug)]
pub(crate) struct Keys {
    epoch: knothole_envelope::EpochNumber,
    recipients: Recipients,
}

impl Keys {
    /// Those that the drop-box shows, verified by nobody: the gate does not ask who made a header.
    pub(crate) async fn of(target: &Target) -> io::Result<Self> {
        let mut peer = Peer::new(target.connect().await?);
        let answer = peer.ask("GET /sheet", &[], b"").await?;
        let content = unframe(&answer.body).map_err(io::Error::other)?;
        let sheets =
            Signed::<Sheet>::decode_list(content, MOST_SHEETS).map_err(io::Error::other)?;
        let sheet = sheets.first().ok_or_else(no_keys)?.unverified();
        let one = Quorum::new(1).ok_or_else(no_keys)?;
        Ok(Self {
            epoch: sheet.epoch(),
            recipients: Recipients::new(sheet.keys().to_vec(), one).map_err(io::Error::other)?,
        })
    }

    /// A header of a drop around so many bytes.
    pub(crate) fn header(&self, content: u64) -> io::Result<Header> {
        let chunks = ChunkCount::for_content(content).map_err(io::Error::other)?;
        let (header, _sealer) = seal_header(
            &mut UnwrapErr(SysRng),
            Suite::ChaCha20Poly1305,
            self.epoch,
            &self.recipients,
            chunks,
        )
        .map_err(io::Error::other)?;
        Ok(Header {
            bytes: header.as_bytes().to_vec(),
            length: chunks.envelope_len(),
        })
    }
}

fn no_keys() -> io::Error {
    io::Error::other("the drop-box shows no keys")
}
