//! Why the editors stay as they are.

use core::fmt;

use knothole_envelope::{
    CardError, ChainError, Day, DecodeError, EpochNumber, MOST_EDITORS, Quorum, Sheet, SheetError,
};

/// The epochs that a new editor's vault must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The number of the first.
    pub first_epoch: EpochNumber,
    /// Its first day.
    pub first_day: Day,
    /// How many days an epoch runs.
    pub days: u32,
    /// How many epochs at least.
    pub epochs: u32,
}

impl Wanted {
    /// What fits these sheets, which are in the order of their epochs.
    pub(super) fn of(coming: &[&Sheet]) -> Option<Self> {
        let (first, last) = (coming.first()?, coming.last()?);
        let days = first.last().since(first.first())?.checked_add(1)?;
        let epochs = last.epoch().get().checked_sub(first.epoch().get())?;
        Some(Self {
            first_epoch: first.epoch(),
            first_day: first.first(),
            days,
            epochs: epochs.checked_add(1)?,
        })
    }
}

impl fmt::Display for Wanted {
    /// The command that makes such a vault.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "knothole vault new VAULT --first-epoch {} --first-day {} --days {} --epochs {}",
            self.first_epoch, self.first_day, self.days, self.epochs
        )
    }
}

/// The editors or the quorum could not be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeError {
    /// The file is not an editor's card.
    Unreadable(DecodeError),
    /// The card is not signed by its own key.
    Card(CardError),
    /// The editor is one already.
    Known,
    /// Nobody stands in this place, or has this key.
    NoEditor,
    /// More than one editor has a key that begins so.
    TwoEditors,
    /// The quorum is this one already.
    Nothing,
    /// Two editors would have one archive key.
    ArchiveKeys,
    /// The card does not have the newsroom's coming epochs on their days.
    Epochs(Option<Wanted>),
    /// The charter cannot be, or too few have signed it.
    Charter(ChainError),
    /// A sheet could not be made.
    Sheet(SheetError),
    /// It takes more vaults of those who will be editors.
    MoreVaults {
        /// How many must be together afterwards.
        quorum: Quorum,
        /// How many of them are here.
        have: usize,
    },
    /// The archive holds as many sheets as it can.
    Full,
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(
                f,
                "this is not an editor's card: {error}. Make it again with `knothole vault card`"
            ),
            Self::Card(error) => error.fmt(f),
            Self::Known => f.write_str("this editor is one already: nothing was changed"),
            Self::NoEditor => f.write_str(
                "there is no such editor: give a place, the beginning of a key, or a card. \
                 `knothole newsroom show` lists the editors",
            ),
            Self::TwoEditors => {
                f.write_str("more than one editor has a key that begins so: give more digits of it")
            }
            Self::Nothing => f.write_str("this is the quorum already: nothing was changed"),
            Self::ArchiveKeys => f.write_str(
                "the card has the archive key of another editor: each editor needs an own vault",
            ),
            Self::Epochs(wanted) => {
                f.write_str(
                    "the card does not have the newsroom's coming epochs on the same days: make a \
                     vault that has",
                )?;
                match wanted {
                    Some(wanted) => write!(f, ", with `{wanted}`, and give its card"),
                    None => Ok(()),
                }
            }
            Self::Charter(ChainError::Editors) => {
                write!(
                    f,
                    "a newsroom has 1 to {MOST_EDITORS} editors: nothing was changed"
                )
            }
            Self::Charter(ChainError::Quorum) => f.write_str(
                "fewer editors would be left than it takes to open a drop: lower the quorum in the \
                 same command (--quorum)",
            ),
            Self::Charter(error) => error.fmt(f),
            Self::Sheet(SheetError::Keys) => {
                f.write_str("the card has a key of another editor: each editor needs an own vault")
            }
            Self::Sheet(error) => error.fmt(f),
            Self::MoreVaults { quorum, have } => write!(
                f,
                "afterwards it would take {quorum} editors together, and {have} of those who will \
                 be editors {is} here: name that many vaults with --vault, so that nobody is shut \
                 out",
                is = if *have == 1 { "is" } else { "are" }
            ),
            Self::Full => f.write_str("the archive cannot hold more epoch sheets"),
        }
    }
}

impl core::error::Error for ChangeError {}
