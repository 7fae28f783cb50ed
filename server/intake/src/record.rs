//! The small files that describe an upload or a drop inside the store.
//!
//! Each is `KNOTHOLE-STORE` ‖ version 1 ‖ kind ‖ fields ‖ SHA-256 of all before, integers
//! big-endian: a file that was cut off or altered is refused as a whole.

use knothole_envelope::{DropId, EpochNumber, TreeHash};
use sha2::{Digest as _, Sha256};

use crate::clock::{BatchNumber, UnixSeconds};
use crate::settings::MOST_LANES;

const MAGIC: &[u8; 14] = b"KNOTHOLE-STORE";
const VERSION: u8 = 1;
/// No record is longer.
pub(crate) const MOST_RECORD_BYTES: usize = 1_024;

/// SHA-256 of an upload's secret: all that the store knows of its URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct UrlHash(pub(crate) [u8; 32]);

impl UrlHash {
    /// The hash of a URL's secret.
    pub(crate) fn of(secret: &[u8; 32]) -> Self {
        Self(Sha256::digest(secret).into())
    }
}

/// What an upload is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// A whole envelope.
    Whole,
    /// The first lane: it holds the header, and the envelope will have this length.
    First,
    /// A lane that was admitted because its sender knew the first lane's secret.
    Later {
        /// The first lane.
        parent: DropId,
    },
    /// Lanes put together, in this order.
    Joined {
        /// The lanes; the first one holds the header.
        lanes: Vec<DropId>,
    },
}

/// An unfinished upload: the file `ticket` of its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The hash of its URL; an upload by form has none.
    pub(crate) url: Option<UrlHash>,
    /// Its length in bytes.
    pub(crate) length: u64,
    /// What it is to become.
    pub(crate) role: Role,
    /// The epoch its header names; a later lane has no header.
    pub(crate) epoch: Option<EpochNumber>,
    /// The length of the whole envelope, as the header says.
    pub(crate) total: u64,
    /// When it is given up, rounded up to a day.
    pub(crate) expires: UnixSeconds,
}

/// A finished drop: the file `manifest` of its folder. Its presence is the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The tree hash.
    pub(crate) tree: TreeHash,
    /// The epoch its header names; only an open gate lets a drop without one in.
    pub(crate) epoch: Option<EpochNumber>,
    /// Where its bytes lie.
    pub(crate) lanes: Lanes,
}

/// Where the bytes of a drop lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lanes {
    /// Segments in the drop's own folder; so many bytes in all.
    One(u64),
    /// Segments in one folder per lane; the bytes of each.
    Many(Vec<u64>),
}

impl Lanes {
    /// The bytes in all.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::One(length) => *length,
            Self::Many(lengths) => lengths
                .iter()
                .fold(0, |sum, next| sum.saturating_add(*next)),
        }
    }
}

/// The way from a URL to a finished drop: the file `link`, kept until the second batch boundary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    /// The hash of the URL.
    pub(crate) url: UrlHash,
    /// The batch in which the drop was committed.
    pub(crate) batch: BatchNumber,
}

impl Ticket {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(1);
        out.flag(self.url.is_some())
            .bytes(&self.url.map_or([0; 32], |url| url.0));
        out.u64(self.length)
            .epoch(self.epoch)
            .u64(self.total)
            .u64(self.expires.get());
        match &self.role {
            Role::Whole => out.bytes(&[0]),
            Role::First => out.bytes(&[1]),
            Role::Later { parent } => out.bytes(&[2]).bytes(parent.as_bytes()),
            Role::Joined { lanes } => {
                out.bytes(&[3]).count(lanes.len());
                for lane in lanes {
                    out.bytes(lane.as_bytes());
                }
                &mut out
            }
        };
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes, 1)?;
        let has_url = input.flag()?;
        let url = UrlHash(input.array()?);
        if !has_url && url.0 != [0; 32] {
            return None;
        }
        let length = input.u64()?;
        let epoch = input.epoch()?;
        let total = input.u64()?;
        let expires = UnixSeconds::new(input.u64()?);
        let role = match input.u8()? {
            0 => Role::Whole,
            1 => Role::First,
            2 => Role::Later {
                parent: DropId::from_bytes(input.array()?),
            },
            3 => {
                let count = input.count()?;
                let lanes = (0..count).map(|_| input.array().map(DropId::from_bytes));
                Role::Joined {
                    lanes: lanes.collect::<Option<_>>()?,
                }
            }
            _ => return None,
        };
        input.end()?;
        Some(Self {
            url: has_url.then_some(url),
            length,
            role,
            epoch,
            total,
            expires,
        })
    }
}

impl Manifest {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(2);
        out.bytes(self.tree.as_bytes()).epoch(self.epoch);
        match &self.lanes {
            Lanes::One(length) => {
                out.flag(false).u64(*length);
            }
            Lanes::Many(lengths) => {
                out.flag(true).count(lengths.len());
                for length in lengths {
                    out.u64(*length);
                }
            }
        }
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes, 2)?;
        let tree = TreeHash::from_bytes(input.array()?);
        let epoch = input.epoch()?;
        let lanes = if input.flag()? {
            let count = input.count()?;
            Lanes::Many((0..count).map(|_| input.u64()).collect::<Option<_>>()?)
        } else {
            Lanes::One(input.u64()?)
        };
        input.end()?;
        Some(Self { tree, epoch, lanes })
    }
}

impl Link {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(3);
        out.bytes(&self.url.0).u64(self.batch.0);
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes, 3)?;
        let url = UrlHash(input.array()?);
        let batch = BatchNumber(input.u64()?);
        input.end()?;
        Some(Self { url, batch })
    }
}

/// Writes one record.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(kind: u8) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[VERSION, kind]);
        Self(bytes)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u64(&mut self, number: u64) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn flag(&mut self, set: bool) -> &mut Self {
        self.bytes(&[u8::from(set)])
    }

    pub(crate) fn count(&mut self, count: usize) -> &mut Self {
        self.bytes(&[u8::try_from(count).unwrap_or(u8::MAX)])
    }

    pub(crate) fn epoch(&mut self, epoch: Option<EpochNumber>) -> &mut Self {
        self.bytes(&epoch.map_or(0, EpochNumber::get).to_be_bytes())
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        let hash: [u8; 32] = Sha256::digest(&self.0).into();
        self.0.extend_from_slice(&hash);
        self.0
    }
}

/// Reads one record.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], kind: u8) -> Option<Self> {
        let (body, hash) = bytes.split_last_chunk::<32>()?;
        let expected: [u8; 32] = Sha256::digest(body).into();
        let body = body.strip_prefix(MAGIC)?.strip_prefix(&[VERSION, kind])?;
        (expected == *hash).then_some(Self(body))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn count(&mut self) -> Option<usize> {
        let count = usize::from(self.u8()?);
        (1..=MOST_LANES).contains(&count).then_some(count)
    }

    pub(crate) fn epoch(&mut self) -> Option<Option<EpochNumber>> {
        let number = self.array().map(u32::from_be_bytes)?;
        Some(EpochNumber::new(number))
    }

    pub(crate) const fn end(&self) -> Option<()> {
        if self.0.is_empty() { Some(()) } else { None }
    }
}

#[cfg(test)]
mod tests;
