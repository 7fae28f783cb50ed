//! The header gate: nothing that is not a sealed drop for this newsroom reaches the disk.

use core::fmt;

use knothole_envelope::{EnvelopeHead, EpochNumber, HEADER_LEN, HeadError, Kind, MAGIC};

/// Who may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Envelopes of these epochs.
    Epochs(Vec<EpochNumber>),
    /// Anything: for outside test sets only, which send 100 bytes. No server can ask for it.
    Open,
}

/// What the header says about what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    /// The epoch; the open gate passes things that have none.
    pub(crate) epoch: Option<EpochNumber>,
    /// The length of the whole envelope.
    pub(crate) total: u64,
}

/// Which part of an envelope the header belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// The whole envelope has this length.
    Whole(u64),
    /// A first lane of this length, of an envelope at least as long.
    First(u64),
    /// A form, whose length nobody has told.
    Untold,
}

/// Why the gate stays shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It ended inside the header.
    Short,
    /// It is no envelope.
    NotSealed(HeadError),
    /// It is a reply.
    Reply,
    /// It is sealed to keys that this newsroom does not use now.
    Epoch,
    /// Its header promises another length.
    Length,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str(
                "this ends before the header of a sealed file does; seal the file first, and send \
                 the sealed one whole",
            ),
            Self::NotSealed(HeadError::Magic) => f.write_str(
                "this file is not sealed, so nothing of it was kept; seal it first and send the \
                 sealed file",
            ),
            Self::NotSealed(error) => write!(f, "{error}; nothing of it was kept"),
            Self::Reply => {
                f.write_str("this is a sealed reply, not a drop; nothing of it was kept")
            }
            Self::Epoch => f.write_str(
                "this was sealed to keys that this newsroom does not take now; seal it again with \
                 today's keys",
            ),
            Self::Length => f.write_str(
                "this sealed file is cut off or longer than it should be; nothing of it was kept",
            ),
        }
    }
}

impl Gate {
    /// How many bytes the gate must see.
    pub(crate) const fn needs(&self) -> usize {
        match self {
            Self::Epochs(_) => HEADER_LEN,
            Self::Open => 0,
        }
    }

    /// Looks at the first bytes, which are at least [`Self::needs`] unless no more will come.
    pub(crate) fn judge(&self, bytes: &[u8], expect: Expect) -> Result<Passed, Refusal> {
        let Self::Epochs(epochs) = self else {
            let (Expect::Whole(total) | Expect::First(total)) = expect else {
                return Err(Refusal::Length);
            };
            return Ok(Passed { epoch: None, total });
        };
        let Some((header, _)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            // The first bytes tell already whether it is worth sending the rest.
            if bytes.iter().zip(MAGIC).any(|(one, other)| one != other) {
                return Err(Refusal::NotSealed(HeadError::Magic));
            }
            return match EnvelopeHead::parse(bytes) {
                Err(HeadError::Short) | Ok(_) => Err(Refusal::Short),
                Err(error) => Err(Refusal::NotSealed(error)),
            };
        };
        let head = EnvelopeHead::gate(header).map_err(Refusal::NotSealed)?;
        let Some(epoch) = head.epoch().filter(|_| head.kind() == Kind::Drop) else {
            return Err(Refusal::Reply);
        };
        let total = head.chunks().envelope_len();
        let fits = match expect {
            Expect::Whole(length) => length == total,
            Expect::First(length) => length <= total,
            Expect::Untold => true,
        };
        if !epochs.contains(&epoch) {
            Err(Refusal::Epoch)
        } else if !fits {
            Err(Refusal::Length)
        } else {
            Ok(Passed {
                epoch: Some(epoch),
                total,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u8, epoch: u32, chunks: u64) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_LEN];
        bytes[..8].copy_from_slice(b"KNOTHOLE");
        bytes[8] = 1;
        bytes[9] = kind;
        bytes[12..16].copy_from_slice(&epoch.to_be_bytes());
        bytes[16..24].copy_from_slice(&chunks.to_be_bytes());
        bytes
    }

    fn gate() -> Gate {
        Gate::Epochs(vec![EpochNumber::new(5).unwrap()])
    }

    const TOTAL: u64 = 12_288 + 16 * 65_536;

    #[test]
    fn a_drop_of_a_held_epoch_passes() {
        let passed = gate()
            .judge(&header(1, 5, 16), Expect::Whole(TOTAL))
            .unwrap();
        assert_eq!(
            passed,
            Passed {
                epoch: EpochNumber::new(5),
                total: TOTAL
            }
        );
        gate()
            .judge(&header(1, 5, 16), Expect::First(12_288))
            .unwrap();
        gate().judge(&header(1, 5, 16), Expect::Untold).unwrap();
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let judge = |bytes: &[u8], expect| gate().judge(bytes, expect).unwrap_err();
        let whole = Expect::Whole(TOTAL);
        assert_eq!(judge(&header(1, 4, 16), whole), Refusal::Epoch);
        assert_eq!(
            judge(&header(2, 0, 1), Expect::Whole(77_824)),
            Refusal::Reply
        );
        assert_eq!(
            judge(&header(1, 5, 16), Expect::Whole(TOTAL + 1)),
            Refusal::Length
        );
        assert_eq!(
            judge(&header(1, 5, 16), Expect::First(TOTAL + 1)),
            Refusal::Length
        );
        assert_eq!(
            judge(&header(1, 5, 15), whole),
            Refusal::NotSealed(HeadError::Chunks)
        );
        assert_eq!(
            judge(&header(1, 5, (1 << 48) + 16), whole),
            Refusal::NotSealed(HeadError::Chunks)
        );
        assert_eq!(
            judge(&header(3, 5, 16), whole),
            Refusal::NotSealed(HeadError::Kind)
        );
        let mut dirty = header(1, 5, 16);
        *dirty.last_mut().unwrap() = 1;
        assert_eq!(
            judge(&dirty, whole),
            Refusal::NotSealed(HeadError::Reserved)
        );
        let short = header(1, 5, 16);
        assert_eq!(judge(&short[..HEADER_LEN - 1], whole), Refusal::Short);
        assert_eq!(judge(b"", whole), Refusal::Short);
        assert_eq!(
            judge(&[b'x'; 100], whole),
            Refusal::NotSealed(HeadError::Magic)
        );
    }
}
