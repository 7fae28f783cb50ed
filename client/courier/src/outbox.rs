//! What the offline client lays on a stick for the server.

use std::fmt;
use std::io;
use std::path::Path;

use knothole_envelope::{CharterChain, Receipt, Sheet, Signed};

use crate::durable;

/// The folder on the stick.
const FOLDER: &str = "outbox";
const CHARTER: &str = "charter";
const SHEETS: &str = "sheets";
const RECEIPTS: &str = "receipts";

const MOST_CHARTER_BYTES: u64 = 1 << 20;
const MOST_SHEETS_BYTES: u64 = 1 << 25;
const MOST_RECEIPTS_BYTES: u64 = 1 << 26;
const MOST_SHEETS: u32 = 520;
const MOST_RECEIPTS: u32 = 65_536;

/// What lies in an outbox. Nothing of it is verified yet.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    pub(crate) chain: CharterChain,
    pub(crate) sheets: Vec<Signed<Sheet>>,
    pub(crate) receipts: Vec<Signed<Receipt>>,
}

impl Outbox {
    /// Reads the outbox of a stick, if there is one.
    pub(crate) fn read(stick: &Path) -> Result<Option<Self>, OutboxError> {
        let folder = stick.join(FOLDER);
        let Some(chain) = read(&folder, CHARTER, MOST_CHARTER_BYTES)? else {
            return Ok(None);
        };
        let chain = CharterChain::decode(&chain).map_err(|_| OutboxError::Damaged(CHARTER))?;
        let sheets = match read(&folder, SHEETS, MOST_SHEETS_BYTES)? {
            Some(bytes) => Signed::decode_list(&bytes, MOST_SHEETS)
                .map_err(|_| OutboxError::Damaged(SHEETS))?,
            None => Vec::new(),
        };
        let receipts = match read(&folder, RECEIPTS, MOST_RECEIPTS_BYTES)? {
            Some(bytes) => Signed::decode_list(&bytes, MOST_RECEIPTS)
                .map_err(|_| OutboxError::Damaged(RECEIPTS))?,
            None => Vec::new(),
        };
        Ok(Some(Self {
            chain,
            sheets,
            receipts,
        }))
    }
}

fn read(folder: &Path, name: &'static str, most: u64) -> Result<Option<Vec<u8>>, OutboxError> {
    match durable::read(&folder.join(name), most) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(OutboxError::Damaged(name))
        }
        Err(error) => Err(OutboxError::Stick(error)),
    }
}

/// Why an outbox was not read.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutboxError {
    /// This file is not what the offline client writes.
    Damaged(&'static str),
    /// The stick cannot be read.
    Stick(io::Error),
}

impl fmt::Display for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(name) => write!(
                f,
                "the file `outbox/{name}` on the stick is damaged: write the outbox again with \
                 `knothole outbox`"
            ),
            Self::Stick(_) => f.write_str("the stick cannot be read"),
        }
    }
}

impl std::error::Error for OutboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Stick(error) => Some(error),
            Self::Damaged(_) => None,
        }
    }
}
