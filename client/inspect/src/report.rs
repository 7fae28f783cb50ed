//! What the child says over the pipe, and how it is taken: as numbers within bounds and shortened
//! words, whatever the child has become.

use std::fmt;

use minicbor::decode::Error as CborError;
use minicbor::{Decoder, Encoder};

use crate::finding::{Finding, Limit, MOST_FINDINGS, What};
use crate::kind::Kind;
use crate::plan::{MOST_PIECES, Piece, Plan, PlanError};
use crate::walls::Walls;

/// A report has at most so many bytes.
pub const MOST_REPORT_BYTES: usize = 8 << 20;
const MOST_LIMITS: u64 = 16;

/// What a look at a file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the file is.
    pub kind: Kind,
    /// What it says, at most [`MOST_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Why there may be more.
    pub limits: Vec<Limit>,
    /// Whether it can be had without.
    pub cleaning: Cleaning,
    /// Its SHA-256, where that was asked for.
    pub hash: Option<[u8; 32]>,
    /// What the kernel kept the child from.
    pub walls: Walls,
}

/// Whether a file can be had without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cleaning {
    /// There is no way here.
    Cannot,
    /// In this way.
    By(Plan),
}

impl Report {
    /// The bytes for the pipe.
    ///
    /// # Errors
    /// [`ReportError`] when it is longer than a report may be.
    pub fn encode(&self) -> Result<Vec<u8>, ReportError> {
        let mut out = Encoder::new(Vec::new());
        let written = self.write(&mut out);
        let bytes = out.into_writer();
        match written {
            Ok(()) if bytes.len() <= MOST_REPORT_BYTES => Ok(bytes),
            _ => Err(ReportError::Length),
        }
    }

    fn write(
        &self,
        out: &mut Encoder<Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<core::convert::Infallible>> {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        out.array(6)?.u8(self.kind.number())?;
        out.array(count(self.findings.len()))?;
        for finding in &self.findings {
            let words = finding.words.as_str();
            out.array(2)?.u8(finding.what.number())?.str(words)?;
        }
        out.array(count(self.limits.len()))?;
        for limit in &self.limits {
            out.u8(limit.number())?;
        }
        match &self.cleaning {
            Cleaning::Cannot => out.array(0)?,
            Cleaning::By(plan) => {
                out.array(count(plan.pieces().len()).saturating_add(1))?;
                // A plan of no pieces is a plan too, so the list begins with the file's length.
                out.u64(plan.original_length())?;
                for piece in plan.pieces() {
                    match piece {
                        Piece::Kept { offset, length } => {
                            out.array(2)?.u64(*offset)?.u64(*length)?
                        }
                        Piece::New(bytes) => out.bytes(bytes)?,
                        Piece::Zeros(length) => out.u64(*length)?,
                    };
                }
                &mut *out
            }
        };
        out.bytes(self.hash.as_ref().map_or(&[], |hash| hash.as_slice()))?;
        out.u8(self.walls.number())?;
        Ok(())
    }

    /// Takes what a child said about a file of this length.
    ///
    /// # Errors
    /// [`ReportError`] when it is anything else than a report within its bounds.
    pub fn decode(bytes: &[u8], original: u64) -> Result<Self, ReportError> {
        if bytes.len() > MOST_REPORT_BYTES {
            return Err(ReportError::Length);
        }
        let mut from = Decoder::new(bytes);
        let report = Self::read(&mut from, original)?;
        if from.position() == bytes.len() {
            Ok(report)
        } else {
            Err(ReportError::Form)
        }
    }

    fn read(from: &mut Decoder<'_>, original: u64) -> Result<Self, ReportError> {
        list(from, 6, 6)?;
        let kind = Kind::of_number(from.u8()?).ok_or(ReportError::Form)?;
        let most = u64::try_from(MOST_FINDINGS).unwrap_or(0);
        let findings = (0..list(from, 0, most)?)
            .map(|_| {
                list(from, 2, 2)?;
                let what = What::of_number(from.u8()?).ok_or(ReportError::Form)?;
                Ok(Finding::new(what, from.str()?))
            })
            .collect::<Result<_, ReportError>>()?;
        let limits = (0..list(from, 0, MOST_LIMITS)?)
            .map(|_| Limit::of_number(from.u8()?).ok_or(ReportError::Form))
            .collect::<Result<_, ReportError>>()?;
        let cleaning = cleaning(from, original)?;
        let hash = match from.bytes()? {
            [] => None,
            hash => Some(hash.try_into().map_err(|_| ReportError::Form)?),
        };
        let walls = Walls::of_number(from.u8()?).ok_or(ReportError::Form)?;
        Ok(Self {
            kind,
            findings,
            limits,
            cleaning,
            hash,
            walls,
        })
    }
}

fn cleaning(from: &mut Decoder<'_>, original: u64) -> Result<Cleaning, ReportError> {
    let most = u64::try_from(MOST_PIECES).unwrap_or(0).saturating_add(1);
    let Some(count) = list(from, 0, most)?.checked_sub(1) else {
        return Ok(Cleaning::Cannot);
    };
    if from.u64()? != original {
        return Err(ReportError::Form);
    }
    let pieces = (0..count)
        .map(|_| {
            Ok(match from.datatype()? {
                minicbor::data::Type::Array => {
                    list(from, 2, 2)?;
                    Piece::Kept {
                        offset: from.u64()?,
                        length: from.u64()?,
                    }
                }
                minicbor::data::Type::Bytes => Piece::New(from.bytes()?.to_vec()),
                _ => Piece::Zeros(from.u64()?),
            })
        })
        .collect::<Result<Vec<_>, ReportError>>()?;
    Ok(Cleaning::By(Plan::new(original, pieces)?))
}

/// The length of the list that comes, if it is within these bounds.
fn list(from: &mut Decoder<'_>, least: u64, most: u64) -> Result<u64, ReportError> {
    let length = from.array()?.ok_or(ReportError::Form)?;
    if (least..=most).contains(&length) {
        Ok(length)
    } else {
        Err(ReportError::Form)
    }
}

/// Why what a child said is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportError {
    /// It is no report.
    Form,
    /// It is longer than a report may be.
    Length,
    /// Its plan is none.
    Plan(PlanError),
}

impl From<CborError> for ReportError {
    fn from(_: CborError) -> Self {
        Self::Form
    }
}

impl From<PlanError> for ReportError {
    fn from(error: PlanError) -> Self {
        Self::Plan(error)
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("what the child said is no report"),
            Self::Length => f.write_str("what the child said is too long"),
            Self::Plan(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReportError {}

#[cfg(test)]
mod tests;
