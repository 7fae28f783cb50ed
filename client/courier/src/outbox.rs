//! What the offline client lays on a stick for the server.
//!
//! ```text
//! STICK/knothole-outbox/
//!   charter          the charter chain
//!   sheets/7         one signed epoch sheet; the name is the epoch's number
//!   receipts         a CBOR array of signed receipts, which may be empty
//!   replies          a CBOR array of sealed replies, which may be empty or absent
//! ```
//!
//! Names that end in `.new` were being written, and names that are not known are somebody
//! else's: both are skipped.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use knothole_envelope::{CharterChain, EpochNumber, PushedReply, Receipt, Sheet, Signed};

use crate::durable;

/// The folder on the stick.
const FOLDER: &str = "knothole-outbox";
const CHARTER: &str = "charter";
const SHEETS: &str = "sheets";
const RECEIPTS: &str = "receipts";
const REPLIES: &str = "replies";

const MOST_CHARTER_BYTES: u64 = 1 << 20;
/// A sheet has at most 8 keys of 1,216 bytes, and 8 signatures.
const MOST_SHEET_BYTES: u64 = 1 << 16;
const MOST_RECEIPTS_BYTES: u64 = 1 << 26;
/// Ten years of weeks.
const MOST_SHEETS: usize = 520;
const MOST_RECEIPTS: u32 = 65_536;
/// 64 replies of 77,824 bytes, and what stands between them.
const MOST_REPLIES_BYTES: u64 = 5 << 20;
const MOST_REPLIES: u64 = 64;

/// What lies in an outbox. Nothing of it is verified yet.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    pub(crate) chain: CharterChain,
    pub(crate) sheets: Vec<Signed<Sheet>>,
    pub(crate) receipts: Vec<Signed<Receipt>>,
    pub(crate) replies: Vec<PushedReply>,
}

impl Outbox {
    /// Reads the outbox of a stick, if there is one.
    pub(crate) fn read(stick: &Path) -> Result<Option<Self>, OutboxError> {
        let folder = stick.join(FOLDER);
        let path = folder.join(CHARTER);
        let Some(chain) = read(&path, MOST_CHARTER_BYTES)? else {
            return Ok(None);
        };
        let chain = CharterChain::decode(&chain).map_err(|_| OutboxError::Damaged(path))?;
        let path = folder.join(RECEIPTS);
        let receipts = match read(&path, MOST_RECEIPTS_BYTES)? {
            Some(bytes) => Signed::decode_list(&bytes, MOST_RECEIPTS)
                .map_err(|_| OutboxError::Damaged(path))?,
            None => Vec::new(),
        };
        let path = folder.join(REPLIES);
        let replies = match read(&path, MOST_REPLIES_BYTES)? {
            Some(bytes) => PushedReply::decode_list(&bytes, MOST_REPLIES)
                .map_err(|_| OutboxError::Damaged(path))?,
            None => Vec::new(),
        };
        Ok(Some(Self {
            chain,
            sheets: sheets(&folder.join(SHEETS))?,
            receipts,
            replies,
        }))
    }
}

fn sheets(folder: &Path) -> Result<Vec<Signed<Sheet>>, OutboxError> {
    let stick = |error| OutboxError::Stick(folder.to_owned(), error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(stick(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(stick)?;
        let Some(epoch) = entry.file_name().to_str().and_then(epoch) else {
            continue;
        };
        let path = entry.path();
        let Some(bytes) = read(&path, MOST_SHEET_BYTES)? else {
            continue;
        };
        let sheet = Signed::<Sheet>::decode(&bytes)
            .ok()
            .filter(|sheet| sheet.unverified().epoch() == epoch && found.len() < MOST_SHEETS)
            .ok_or(OutboxError::Damaged(path))?;
        found.push(sheet);
    }
    Ok(found)
}

/// The number in a sheet's name: decimal, without leading zeros.
fn epoch(name: &str) -> Option<EpochNumber> {
    let number = name.parse().ok().and_then(EpochNumber::new)?;
    (number.to_string() == name).then_some(number)
}

fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, OutboxError> {
    match durable::read(path, most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(OutboxError::Damaged(path.to_owned()))
        }
        Err(error) => Err(OutboxError::Stick(path.to_owned(), error)),
    }
}

/// Why an outbox was not read.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum OutboxError {
    /// This file is not what the offline client writes.
    Damaged(PathBuf),
    /// The stick cannot be read, at this file.
    Stick(PathBuf, io::Error),
}

impl fmt::Display for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(path) => write!(
                f,
                "{} is damaged: write the outbox again with `knothole outbox`",
                path.display()
            ),
            Self::Stick(path, _) => write!(f, "the stick cannot be read: {}", path.display()),
        }
    }
}

impl std::error::Error for OutboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Stick(_, error) => Some(error),
            Self::Damaged(_) => None,
        }
    }
}
