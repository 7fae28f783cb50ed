//! Whom an envelope is sealed to, and how many of them it takes to open it.

use core::fmt;

use crate::charter::MOST_EDITORS;
use crate::day::Quorum;
use crate::key::RecipientKey;
use crate::sheet::has_doubles;

/// A set of recipients was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecipientsError {
    /// There is no key.
    None,
    /// There are more keys than an envelope has slots.
    TooMany,
    /// A key stands in the list twice.
    Doubled,
    /// More recipients must agree than there are.
    Quorum,
}

impl fmt::Display for RecipientsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "there is no key to seal to",
            Self::TooMany => "an envelope can be sealed to 8 keys, not more",
            Self::Doubled => "one of the keys to seal to stands in the list twice",
            Self::Quorum => "more recipients would have to agree than there are",
        })
    }
}

impl core::error::Error for RecipientsError {}

/// One to eight different keys in the editors' order, and the quorum among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipients {
    keys: Vec<RecipientKey>,
    quorum: Quorum,
}

impl Recipients {
    /// Checks the keys against each other and against the quorum.
    ///
    /// # Errors
    /// [`RecipientsError`] says what does not fit.
    pub fn new(keys: Vec<RecipientKey>, quorum: Quorum) -> Result<Self, RecipientsError> {
        if keys.is_empty() {
            return Err(RecipientsError::None);
        }
        if keys.len() > MOST_EDITORS {
            return Err(RecipientsError::TooMany);
        }
        if has_doubles(&keys) {
            return Err(RecipientsError::Doubled);
        }
        if !quorum.met_by(keys.len()) {
            return Err(RecipientsError::Quorum);
        }
        Ok(Self { keys, quorum })
    }

    /// The keys in the editors' order.
    #[must_use]
    pub fn keys(&self) -> &[RecipientKey] {
        &self.keys
    }

    /// How many of them it takes.
    #[must_use]
    pub const fn quorum(&self) -> Quorum {
        self.quorum
    }
}
