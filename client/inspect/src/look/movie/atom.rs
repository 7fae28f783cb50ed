//! Atoms, which ISO 14496-12 calls boxes: a length, a name, and what is in it.

use crate::source::{Gone, ReadAt, array};

/// More atoms beside each other than any file needs.
const MOST_BESIDE: usize = 20_000;

/// Where an atom lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Atom {
    pub(crate) name: [u8; 4],
    pub(crate) begin: u64,
    pub(crate) body: u64,
    pub(crate) end: u64,
}

impl Atom {
    /// The atom at this place, inside what ends there.
    pub(crate) fn at(file: &impl ReadAt, begin: u64, end: u64) -> Result<Self, Gone> {
        let short = u32::from_be_bytes(array(file, begin)?);
        let name = array(file, begin.checked_add(4).ok_or(Gone)?)?;
        let (head, length) = match short {
            0 => (8, end.checked_sub(begin).ok_or(Gone)?),
            1 => {
                let long = array(file, begin.checked_add(8).ok_or(Gone)?)?;
                (16, u64::from_be_bytes(long))
            }
            short => (8, u64::from(short)),
        };
        let last = begin.checked_add(length).ok_or(Gone)?;
        if length < head || last > end {
            return Err(Gone);
        }
        Ok(Self {
            name,
            begin,
            body: begin.checked_add(head).ok_or(Gone)?,
            end: last,
        })
    }

    /// The atoms beside each other in this range.
    pub(crate) fn between(file: &impl ReadAt, from: u64, to: u64) -> Result<Vec<Self>, Gone> {
        let mut atoms = Vec::new();
        let mut at = from;
        while at < to {
            // QuickTime ends some lists with four zeros.
            if to.saturating_sub(at) < 8 {
                break;
            }
            let atom = Self::at(file, at, to)?;
            at = atom.end;
            atoms.push(atom);
            if atoms.len() > MOST_BESIDE {
                return Err(Gone);
            }
        }
        Ok(atoms)
    }

    /// The atoms in this one.
    pub(crate) fn inside(&self, file: &impl ReadAt) -> Result<Vec<Self>, Gone> {
        Self::between(file, self.body, self.end)
    }

    /// The place so many bytes into the body.
    pub(crate) fn place(&self, within: u64) -> Result<u64, Gone> {
        self.body
            .checked_add(within)
            .filter(|place| *place <= self.end)
            .ok_or(Gone)
    }

    /// The bytes at this place of the body.
    pub(crate) fn array<const N: usize>(
        &self,
        file: &impl ReadAt,
        within: u64,
    ) -> Result<[u8; N], Gone> {
        let place = self.place(within)?;
        let end = self.end.saturating_sub(place);
        if u64::try_from(N).map_err(|_| Gone)? > end {
            return Err(Gone);
        }
        array(file, place)
    }

    /// The number at this place of the body.
    pub(crate) fn number(&self, file: &impl ReadAt, within: u64) -> Result<u64, Gone> {
        self.array(file, within)
            .map(|bytes| u64::from(u32::from_be_bytes(bytes)))
    }

    pub(crate) fn length(&self) -> u64 {
        self.end.saturating_sub(self.body)
    }
}
