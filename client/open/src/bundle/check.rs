//! Whether bundles are what the courier made, and whether one is missing between them.

use std::path::PathBuf;

use knothole_envelope::{BundleError, BundleIndex, IndexHash, Signed};

use super::{BundleFault, Sticks};
use crate::archive::{SeenBundle, State};

/// What to do when bundles in between did not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Take nothing.
    Refuse,
    /// Go on: somebody knows that they will not come.
    Accept,
}

/// How a bundle relates to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It is the next one.
    New,
    /// It is the next one that came; others are missing before it, which was accepted.
    Gap,
    /// This very bundle was taken before.
    Again,
    /// One that was given up as lost.
    Late,
}

/// A bundle whose courier and place are known.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'s> {
    /// The courier's place in the state.
    pub(super) courier: usize,
    /// The index.
    pub index: &'s BundleIndex,
    pub(super) hash: IndexHash,
    /// How it relates to those before it.
    pub news: News,
}

impl Checked<'_> {
    pub(super) fn seen(&self) -> SeenBundle {
        SeenBundle {
            sequence: self.index.sequence(),
            hash: self.hash,
        }
    }
}

/// A bundle whose signature was verified.
struct Signature<'s> {
    courier: usize,
    index: &'s BundleIndex,
    hash: IndexHash,
    path: PathBuf,
}

impl Sticks {
    /// The bundles in the order in which the couriers made them.
    ///
    /// # Errors
    /// [`BundleFault`] when one is not a known courier's, missing, or swapped.
    pub fn check(&self, state: &State, lost: Lost) -> Result<Vec<Checked<'_>>, BundleFault> {
        let mut bundles = Vec::new();
        for folder in &self.folders {
            if let Some(index) = &folder.index {
                bundles.push(signature(index, folder.path(), state)?);
            }
        }
        bundles.sort_by_key(|bundle| (bundle.courier, bundle.index.sequence()));
        let mut checked: Vec<Checked<'_>> = Vec::new();
        for bundle in bundles {
            let before = checked
                .iter()
                .filter(|other| other.courier == bundle.courier);
            let in_this_run: Vec<_> = before.map(Checked::seen).collect();
            let news = news(&bundle, &in_this_run, state, lost)?;
            checked.push(Checked {
                courier: bundle.courier,
                index: bundle.index,
                hash: bundle.hash,
                news,
            });
        }
        Ok(checked)
    }
}

fn signature<'s>(
    index: &'s Signed<BundleIndex>,
    path: PathBuf,
    state: &State,
) -> Result<Signature<'s>, BundleFault> {
    let mut error = BundleError::ForeignSignature;
    for (courier, known) in state.couriers.iter().enumerate() {
        match index.verify(state.chain().fingerprint(), known.key()) {
            Ok(verified) => {
                return Ok(Signature {
                    courier,
                    index: verified,
                    hash: index.hash(),
                    path,
                });
            }
            Err(BundleError::ForeignSignature) => {}
            Err(other) => error = other,
        }
    }
    Err(BundleFault::Signature(path, error))
}

fn news(
    bundle: &Signature<'_>,
    in_this_run: &[SeenBundle],
    state: &State,
    lost: Lost,
) -> Result<News, BundleFault> {
    let number = bundle.index.sequence();
    let courier = state.couriers.get(bundle.courier);
    let seen = in_this_run
        .iter()
        .find(|seen| seen.sequence == number)
        .or_else(|| courier?.seen(number));
    if let Some(seen) = seen {
        return if seen.hash == bundle.hash {
            Ok(News::Again)
        } else {
            Err(BundleFault::Swapped(bundle.path.clone(), number))
        };
    }
    let last = in_this_run
        .iter()
        .chain(courier.and_then(|courier| courier.last()))
        .max_by_key(|seen| seen.sequence);
    let next = last.map_or(Some(1), |last| last.sequence.checked_add(1));
    if next.is_none_or(|next| number < next) {
        return Ok(News::Late);
    }
    let fault = if next != Some(number) {
        BundleFault::Lost {
            path: bundle.path.clone(),
            from: next.unwrap_or(number),
            to: number.saturating_sub(1),
        }
    } else if bundle.index.previous() != last.map(|last| &last.hash) {
        BundleFault::Unlinked(bundle.path.clone(), number)
    } else {
        return Ok(News::New);
    };
    match lost {
        Lost::Refuse => Err(fault),
        Lost::Accept => Ok(News::Gap),
    }
}
