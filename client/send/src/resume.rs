//! What is kept in a file so that an upload goes on after its program has ended.
//!
//! The file is asked for by its name and sealed under a passphrase. It holds the key of the
//! envelope's chunks: whoever opens it can read what is sent. It goes when the upload is done.

mod log;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use getrandom::SysRng;
use knothole_envelope::{DropAddress, EnvelopeHead, HEADER_LEN, Header, Manifest, ResumeSecret};
use knothole_onion::UploadUrl;
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

pub use self::log::LogError;
use self::log::{Found, Log};
use crate::parcel::{unit_at, unit_range};
use crate::passphrase::Passphrase;

const BEGINNING: u8 = 0;
const URL: u8 = 1;
const UNIT: u8 = 2;
const LANES: u8 = 3;
const JOINING: u8 = 4;

/// A file as it was when its envelope was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// Seconds and nanoseconds.
    pub(crate) changed: (i64, i64),
    pub(crate) shape: Shape,
}

/// What of a file is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The file.
    AsItIs,
    /// Its copy without what it says about whoever made it.
    Cleaned,
}

/// Bytes of a stamp.
const STAMP: usize = 25;

/// An envelope as it is before its first byte is sent.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) address: DropAddress,
    pub(crate) header: Header,
    /// What seals its chunks and what stands before its bodies; nothing where it was sealed
    /// before.
    pub(crate) sealing: Option<(ResumeSecret, Manifest)>,
    pub(crate) files: Vec<Stamp>,
}

/// An upload that was begun, as far as it is known here.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) beginning: Beginning,
    /// What part of the envelope each lane is; one is all of it.
    pub(crate) lanes: Vec<KeptLane>,
    /// The hash of every unit that may have been sent.
    pub(crate) units: BTreeMap<u64, [u8; 32]>,
    /// Whether the drop-box may have been asked to put these lanes together.
    pub(crate) joining: bool,
    /// Whether it may ever have been, also before all of them began anew.
    asked: bool,
}

/// A lane that was begun.
#[derive(Debug)]
pub(crate) struct KeptLane {
    /// Where it is in the envelope.
    pub(crate) range: Range<u64>,
    pub(crate) url: Option<UploadUrl>,
}

/// Where an upload is kept.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    passphrase: Passphrase,
    /// What is there already, and is to be written over.
    held: Option<File>,
}

/// What was found at a place.
#[derive(Debug)]
pub(crate) enum Resume {
    /// Nothing yet.
    New(Place),
    /// An upload that goes on.
    Old(Box<Kept>, Journal, Place),
}

impl Resume {
    /// Looks at a place where something is.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn open(path: &Path, passphrase: Passphrase) -> Result<Self, LogError> {
        let mut place = Place::new(path, passphrase);
        match Log::open(path, &place.passphrase)? {
            Found::Nothing(file) => {
                place.held = Some(file);
                Ok(Self::New(place))
            }
            Found::Records(log, records) => {
                let kept = Kept::decode(&records).ok_or(LogError::Damaged)?;
                Ok(Self::Old(Box::new(kept), Journal::new(log), place))
            }
        }
    }
}

impl Place {
    /// A place where nothing is yet.
    pub(crate) fn new(path: &Path, passphrase: Passphrase) -> Self {
        Self {
            path: path.to_owned(),
            passphrase,
            held: None,
        }
    }

    /// Keeps a new envelope here. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn begin(self, beginning: &Beginning) -> Result<Journal, LogError> {
        let record = beginning.encode()?;
        let mut rng = UnwrapErr(SysRng);
        let log = match self.held {
            Some(file) => Log::begin_anew(&mut rng, file, &self.path, &self.passphrase, &record),
            None => Log::create(&mut rng, &self.path, &self.passphrase, &record),
        };
        log.map(Journal::new)
    }

    /// Writes over what the journal kept so far when the next envelope is begun.
    pub(crate) fn instead_of(mut self, journal: Journal) -> Self {
        self.held = Some(journal.log.into_file());
        self
    }
}

/// Keeps an upload as it goes.
#[derive(Debug)]
pub(crate) struct Journal {
    log: Log,
    rng: UnwrapErr<SysRng>,
}

impl Journal {
    fn new(log: Log) -> Self {
        let rng = UnwrapErr(SysRng);
        Self { log, rng }
    }

    /// Keeps the hash of a unit. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn unit(&mut self, index: u64, hash: &[u8; 32]) -> Result<(), LogError> {
        let mut record = [UNIT; 41];
        let fields = index.to_be_bytes().into_iter().chain(*hash);
        for (to, from) in record.iter_mut().skip(1).zip(fields) {
            *to = from;
        }
        self.log.append(&mut self.rng, &record)
    }

    /// Keeps the address of a lane. That of the first one means that all of them begin.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn url(&mut self, lane: u8, url: &UploadUrl) -> Result<(), LogError> {
        let mut record = Zeroizing::new([URL; 34]);
        let fields = [lane].into_iter().chain(*url.expose());
        for (to, from) in record.iter_mut().skip(1).zip(fields) {
            *to = from;
        }
        self.log.append(&mut self.rng, record.as_slice())
    }

    /// Keeps where in the envelope the lanes end.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn lanes(&mut self, ends: &[u64]) -> Result<(), LogError> {
        let mut record = vec![LANES];
        record.extend(ends.iter().flat_map(|end| end.to_be_bytes()));
        self.log.append(&mut self.rng, &record)
    }

    /// Keeps that the drop-box is asked to put the lanes together.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn joining(&mut self) -> Result<(), LogError> {
        self.log.append(&mut self.rng, &[JOINING])
    }

    /// Removes the file.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn remove(self) -> Result<(), LogError> {
        self.log.remove()
    }
}

impl Beginning {
    /// Whether copies were wanted that say less than the files.
    pub(crate) fn is_cleaned(&self) -> bool {
        self.files.iter().any(|file| file.shape == Shape::Cleaned)
    }

    fn encode(&self) -> Result<Zeroizing<Vec<u8>>, LogError> {
        let (secret, manifest) = match &self.sealing {
            Some((secret, manifest)) => (secret.expose().as_slice(), manifest.encode()),
            None => ([].as_slice(), Zeroizing::default()),
        };
        let address = self.address.to_string();
        let header = self.header.as_bytes();
        let mut fields = vec![address.as_bytes(), secret, header, &manifest];
        let stamps: Vec<[u8; STAMP]> = self.files.iter().map(Stamp::encode).collect();
        for (file, stamp) in self.files.iter().zip(&stamps) {
            fields.push(file.path.as_os_str().as_bytes());
            fields.push(stamp);
        }
        let room = fields.iter().fold(1_usize, |sum, field| {
            sum.saturating_add(field.len()).saturating_add(4)
        });
        let mut record = Zeroizing::new(Vec::with_capacity(room));
        record.push(BEGINNING);
        for field in fields {
            let length = u32::try_from(field.len()).map_err(|_| LogError::TooMuch)?;
            record.extend_from_slice(&length.to_be_bytes());
            record.extend_from_slice(field);
        }
        Ok(record)
    }

    fn decode(mut rest: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let (length, behind) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
            let (field, behind) = behind.split_at_checked(length)?;
            fields.push(field);
            rest = behind;
        }
        let ([address, secret, header, manifest], files) = fields.split_first_chunk::<4>()?;
        let header: &[u8; HEADER_LEN] = (*header).try_into().ok()?;
        let sealing = match secret.is_empty() {
            true => None,
            false => Some((
                ResumeSecret::from_bytes((*secret).try_into().ok()?),
                Manifest::decode(manifest).ok()?,
            )),
        };
        let (pairs, []) = files.as_chunks::<2>() else {
            return None;
        };
        Some(Self {
            address: std::str::from_utf8(address).ok()?.parse().ok()?,
            header: Header::from_bytes(Box::new(*header)),
            sealing,
            files: pairs
                .iter()
                .map(|[path, stamp]| Stamp::decode(path, stamp))
                .collect::<Option<_>>()?,
        })
    }
}

impl Stamp {
    fn encode(&self) -> [u8; STAMP] {
        let mut bytes = [0; STAMP];
        let shape = match self.shape {
            Shape::AsItIs => 0,
            Shape::Cleaned => 1,
        };
        let numbers = [
            self.size.to_be_bytes(),
            self.changed.0.to_be_bytes(),
            self.changed.1.to_be_bytes(),
        ];
        for (to, from) in bytes
            .iter_mut()
            .zip(numbers.into_iter().flatten().chain([shape]))
        {
            *to = from;
        }
        bytes
    }

    fn decode(path: &[u8], stamp: &[u8]) -> Option<Self> {
        let ([size, seconds, nanos], [shape]) = stamp.as_chunks::<8>() else {
            return None;
        };
        Some(Self {
            path: OsString::from_vec(path.to_vec()).into(),
            size: u64::from_be_bytes(*size),
            changed: (i64::from_be_bytes(*seconds), i64::from_be_bytes(*nanos)),
            shape: match shape {
                0 => Shape::AsItIs,
                1 => Shape::Cleaned,
                _ => return None,
            },
        })
    }
}

impl KeptLane {
    /// The end of what may have been handed to the network, of the units that were made: a lane goes in
    /// order. The unit at its end may have been made for its neighbour, whose beginning it holds.
    pub(crate) fn sent(&self, units: &BTreeMap<u64, [u8; 32]>) -> u64 {
        let Range { start, end } = self.range;
        if self.url.is_none() {
            return start;
        }
        // The header goes before the first unit.
        let mut sent = start.max(unit_range(0).start);
        for (unit, _) in units.range(unit_at(start)..) {
            let unit = unit_range(*unit);
            if unit.start > sent {
                break;
            }
            sent = unit.end;
        }
        sent.min(end)
    }
}

impl Kept {
    /// Whether every byte may have become a drop.
    pub(crate) fn is_all_sent(&self) -> bool {
        match self.lanes.as_slice() {
            [whole] => whole.sent(&self.units) == whole.range.end,
            _ => self.asked,
        }
    }

    fn decode(records: &[Zeroizing<Vec<u8>>]) -> Option<Self> {
        let (first, rest) = records.split_first()?;
        let (BEGINNING, first) = first.split_first().map(|(kind, rest)| (*kind, rest))? else {
            return None;
        };
        let beginning = Beginning::decode(first)?;
        let head = EnvelopeHead::gate(beginning.header.as_bytes()).ok()?;
        let mut kept = Self {
            lanes: lanes(&[head.envelope_len()]),
            beginning,
            units: BTreeMap::new(),
            joining: false,
            asked: false,
        };
        for record in rest {
            let (kind, record) = record.split_first()?;
            match *kind {
                LANES => kept.lanes = decode_lanes(record, head.envelope_len())?,
                URL => kept.note_url(record)?,
                UNIT => {
                    let (index, hash) = record.split_first_chunk::<8>()?;
                    let hash = hash.try_into().ok()?;
                    let index = u64::from_be_bytes(*index);
                    if *kept.units.entry(index).or_insert(hash) != hash {
                        return None;
                    }
                }
                JOINING => (kept.joining, kept.asked) = (true, true),
                _ => return None,
            }
        }
        Some(kept)
    }

    fn note_url(&mut self, record: &[u8]) -> Option<()> {
        let (place, url) = record.split_first()?;
        let url = UploadUrl::from_bytes(url.try_into().ok()?);
        if *place == 0 {
            // All of them have begun anew.
            for lane in &mut self.lanes {
                lane.url = None;
            }
            self.joining = false;
        }
        self.lanes.get_mut(usize::from(*place))?.url = Some(url);
        Some(())
    }
}

/// Lanes that end there, without addresses.
fn lanes(ends: &[u64]) -> Vec<KeptLane> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let ranges = starts.zip(ends).map(|(start, end)| start..*end);
    ranges.map(|range| KeptLane { range, url: None }).collect()
}

fn decode_lanes(record: &[u8], length: u64) -> Option<Vec<KeptLane>> {
    let (ends, []) = record.as_chunks::<8>() else {
        return None;
    };
    let ends: Vec<u64> = ends.iter().copied().map(u64::from_be_bytes).collect();
    let rise = ends.is_sorted_by(|one, next| one < next) && ends.first() > Some(&0);
    (rise && ends.last() == Some(&length)).then(|| lanes(&ends))
}

#[cfg(test)]
mod tests;
