//! What editors sign when a drop is done with, so that the server may delete it.

use core::fmt;

use crate::cbor::{Cbor, DecodeError, Reader, Writer};
use crate::chain::VerifiedChain;
use crate::day::EpochNumber;
use crate::digest::{DropId, TreeHash};
use crate::signed::{Flaw, Signed, sealed};
use crate::signing::Domain;

/// A receipt was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptError {
    /// A signature does not fit.
    BadSignature,
    /// A signature is by somebody who is no editor of the current charter.
    ForeignSignature,
    /// Not enough editors have signed.
    TooFewSignatures,
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadSignature => "a signature on the receipt does not fit",
            Self::ForeignSignature => {
                "the receipt is signed by a key that is no editor of the current charter"
            }
            Self::TooFewSignatures => "too few editors have signed the receipt",
        })
    }
}

impl core::error::Error for ReceiptError {}

/// What became of a drop, or of all drops of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// The drop was opened and kept.
    Opened {
        /// The server's name for the drop.
        drop: DropId,
        /// The tree hash of the sealed envelope.
        tree: TreeHash,
        /// The length of the sealed envelope in bytes.
        length: u64,
    },
    /// The drop is not wanted, or nobody can open it.
    Refused {
        /// The server's name for the drop.
        drop: DropId,
        /// The tree hash of the sealed envelope.
        tree: TreeHash,
        /// The length of the sealed envelope in bytes.
        length: u64,
    },
    /// The epoch's secrets are destroyed: nothing of it can be opened any more.
    Burned {
        /// The epoch.
        epoch: EpochNumber,
    },
}

impl sealed::Body for Receipt {
    fn domain(&self) -> Domain {
        match self {
            Self::Opened { .. } => Domain::Opened,
            Self::Refused { .. } => Domain::Refused,
            Self::Burned { .. } => Domain::Burned,
        }
    }
}

impl Cbor for Receipt {
    fn write(&self, out: &mut Writer) {
        let (what, drop) = match self {
            Self::Opened { drop, tree, length } => (1, (drop, tree, length)),
            Self::Refused { drop, tree, length } => (2, (drop, tree, length)),
            Self::Burned { epoch } => {
                out.map(3)
                    .unsigned(1)
                    .unsigned(1)
                    .unsigned(2)
                    .unsigned(3)
                    .unsigned(6);
                epoch.write(out);
                return;
            }
        };
        let (id, tree, length) = drop;
        out.map(5)
            .unsigned(1)
            .unsigned(1)
            .unsigned(2)
            .unsigned(what);
        out.unsigned(3)
            .bytes(id.as_bytes())
            .unsigned(4)
            .bytes(tree.as_bytes());
        out.unsigned(5).unsigned(*length);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        let what = fields.required(2, Reader::unsigned)?;
        let receipt = match what {
            1 | 2 => {
                let drop = fields.required(3, DropId::read)?;
                let tree = fields.required(4, TreeHash::read)?;
                let length = fields.required(5, Reader::unsigned)?;
                if what == 1 {
                    Self::Opened { drop, tree, length }
                } else {
                    Self::Refused { drop, tree, length }
                }
            }
            3 => Self::Burned {
                epoch: fields.required(6, EpochNumber::read)?,
            },
            _ => return Err(DecodeError::Value("what the receipt says")),
        };
        fields.end()?;
        Ok(receipt)
    }
}

impl Signed<Receipt> {
    /// Verifies that enough different editors of the current charter signed it.
    ///
    /// # Errors
    /// [`ReceiptError`] says what does not fit.
    pub fn verify(&self, chain: &VerifiedChain) -> Result<Receipt, ReceiptError> {
        let charter = chain.current();
        let enough = usize::from(charter.quorum().get());
        self.check(chain.fingerprint(), charter.editors(), enough)
            .map_err(|flaw| match flaw {
                Flaw::Bad => ReceiptError::BadSignature,
                Flaw::Foreign => ReceiptError::ForeignSignature,
                Flaw::TooFew => ReceiptError::TooFewSignatures,
            })?;
        Ok(*self.unverified())
    }
}

#[cfg(test)]
mod tests;
