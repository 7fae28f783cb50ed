//! Whether the charters that the server shows are those that it should have.

use knothole_envelope::{Charter, CharterChain, VerifiedChain};
use knothole_onion::CollectionError;

use crate::caller::Caller;
use crate::push::PushError;
use crate::state::Held;

/// Charters are counted from 1.
pub(crate) const NO_CHARTER: u32 = 0;

/// What the server shows, beside what is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Charters that it took from here, or that it waits for the next of.
    AsItShould,
    /// The line is right, and goes on beyond what is known here.
    Newer {
        /// Its number.
        sequence: u32,
        /// Whether recovery papers stand between.
        recovered: bool,
    },
    /// The line is right, and ends with this number: before a charter that the server took.
    Older(u32),
    /// Another newsroom's charters, or another line of this one's.
    Other,
}

/// Looks at the charter that the server shows, before it gets one. Answers its number when it is
/// older than one that the server took from here, and [`NO_CHARTER`] when there is none any more.
///
/// A turned server can show this courier one thing and sources another; a server that was set back
/// to an old copy, or whose charters go on without this newsroom, is noticed.
pub(crate) async fn look(
    held: &mut Held,
    caller: &mut Caller<'_>,
    known: &VerifiedChain,
) -> Result<Option<u32>, PushError> {
    let chain = match caller.ask(async |visit| visit.charter().await).await {
        Ok(chain) => chain,
        // A new server has none. One that took one from here has lost it.
        Err(CollectionError::NotThere | CollectionError::Refused(_)) => {
            return Ok(held.state.charter_pushed.map(|_| NO_CHARTER));
        }
        Err(error) => return Err(error.into()),
    };
    let shown = compare(&chain, known, held.state.charter_pushed);
    let wrong = chain
        .unverified_newest()
        .filter(|_| shown != Shown::AsItShould);
    held.state.set_shown(wrong);
    held.save()?;
    match shown {
        Shown::AsItShould => Ok(None),
        Shown::Older(sequence) => Ok(Some(sequence)),
        Shown::Newer {
            sequence,
            recovered,
        } => Err(PushError::NewerShown {
            shown: sequence,
            known: known.sequence(),
            recovered,
        }),
        Shown::Other => Err(PushError::OtherShown),
    }
}

/// Compares what the server shows with the newest charters known, and with the number of the newest
/// that it took from here.
fn compare(shown: &CharterChain, known: &VerifiedChain, pushed: Option<u32>) -> Shown {
    match shown.verify(known.fingerprint()) {
        Ok(shown) if shown == *known => Shown::AsItShould,
        Ok(shown) if shown.continues(known) => {
            let by_papers = |chain: &VerifiedChain| chain.recovered().map(Charter::sequence);
            Shown::Newer {
                sequence: shown.sequence(),
                recovered: by_papers(&shown) != by_papers(known),
            }
        }
        Ok(shown) if known.continues(&shown) => match pushed {
            Some(pushed) if shown.sequence() < pushed => Shown::Older(shown.sequence()),
            _ => Shown::AsItShould,
        },
        _ => Shown::Other,
    }
}
