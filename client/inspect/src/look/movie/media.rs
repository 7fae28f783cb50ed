//! The media of a film: which bytes are picture and sound, and that nothing else stays.

use memchr::memmem;

use super::Seen;
use super::atom::Atom;
use super::chunks::Stretch;
use super::edits::Edits;
use crate::finding::{Limit, What};
use crate::plan::MOST_PIECES;
use crate::source::{Gone, ReadAt, take};

/// So many gaps are looked into: a disk that turns needs ten milliseconds for each.
const MOST_LOOKED_INTO: usize = 2_000;
/// So much of a gap is looked at.
const MOST_OF_A_GAP: u64 = 1 << 16;

/// Stretches in order, none of which touches another.
#[derive(Debug, Default)]
pub(crate) struct Stretches(Vec<Stretch>);

impl Stretches {
    /// Makes them of stretches in any order.
    pub(crate) fn new(mut stretches: Vec<Stretch>) -> Self {
        stretches.sort_unstable();
        stretches.dedup_by(|later, earlier| {
            let joins = later.begin <= earlier.end;
            if joins {
                earlier.end = earlier.end.max(later.end);
            }
            joins
        });
        Self(stretches)
    }

    /// These and the others.
    pub(crate) fn with(&self, others: &Self) -> Self {
        Self::new([self.0.as_slice(), others.0.as_slice()].concat())
    }

    /// How long they are together.
    pub(crate) fn length(&self) -> u64 {
        let lengths = self.0.iter().map(|one| one.length());
        lengths.fold(0, u64::saturating_add)
    }

    /// Whether all of them lie in the media.
    pub(crate) fn lie_in(&self, media: &[Atom]) -> bool {
        self.0.iter().all(|one| {
            let holds = |atom: &Atom| atom.body <= one.begin && one.end <= atom.end;
            media.iter().any(holds)
        })
    }

    /// Whether none of them shares a byte with one of the others.
    pub(crate) fn are_apart_from(&self, others: &Self) -> bool {
        self.0.iter().all(|one| {
            let next = others.0.partition_point(|other| other.end <= one.begin);
            others
                .0
                .get(next)
                .is_none_or(|other| other.begin >= one.end)
        })
    }

    /// What lies between them inside an atom.
    fn gaps(&self, atom: &Atom) -> impl Iterator<Item = Stretch> {
        let first = self.0.partition_point(|one| one.end <= atom.body);
        let inside = self.0.get(first..).unwrap_or(&[]);
        let inside = inside.iter().take_while(|one| one.begin < atom.end);
        let behind = Stretch {
            begin: atom.end,
            end: atom.end,
        };
        let mut at = atom.body;
        inside
            .copied()
            .chain([behind])
            .map(move |one| {
                let gap = Stretch {
                    begin: at,
                    end: one.begin,
                };
                at = one.end;
                gap
            })
            .filter(|gap| gap.begin < gap.end)
    }
}

/// Puts out every byte of the media that is no picture and no sound that is kept. Whether that can
/// be done.
pub(crate) fn put_out_gaps(
    file: &impl ReadAt,
    media: &[Atom],
    kept: &Stretches,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<bool, Gone> {
    let mut pieces = 0_usize;
    for (number, gap) in media.iter().flat_map(|atom| kept.gaps(atom)).enumerate() {
        // Nothing needs no piece of the plan.
        if number < MOST_LOOKED_INTO && gap.length() <= MOST_OF_A_GAP && !any(&begin(file, gap)?) {
            continue;
        }
        pieces = pieces.saturating_add(1);
        if pieces > MOST_PIECES {
            seen.limit(Limit::Scattered);
            return Ok(false);
        }
        edits.zero(gap.begin, gap.end);
    }
    Ok(true)
}

/// Tells what belongs to no track.
pub(crate) fn tell_gaps(
    file: &impl ReadAt,
    media: &[Atom],
    named: &Stretches,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let mut gaps = media.iter().flat_map(|atom| named.gaps(atom));
    for gap in gaps.by_ref().take(MOST_LOOKED_INTO) {
        let bytes = begin(file, gap)?;
        if any(&bytes) {
            seen.say(
                What::Other,
                "something between picture and sound that no player shows",
            );
        } else if gap.length() > MOST_OF_A_GAP {
            seen.limit(Limit::TooLarge);
        }
        // Many dashboard cameras write there where they are.
        let holds = |word: &[u8]| memmem::find(&bytes, word).is_some();
        if holds(b"GPS") || holds(b"$GPRMC") || holds(b"$GNRMC") {
            seen.note(What::Track);
            return Ok(());
        }
    }
    if gaps.next().is_some() {
        seen.limit(Limit::TooLarge);
    }
    Ok(())
}

fn begin(file: &impl ReadAt, gap: Stretch) -> Result<Vec<u8>, Gone> {
    take(file, gap.begin, gap.length().min(MOST_OF_A_GAP))
}

fn any(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte != 0)
}
