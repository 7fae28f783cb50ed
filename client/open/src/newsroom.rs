//! Setting a newsroom up and changing it: its charters and sheets, its couriers, its poster.

mod change;
mod courier;
mod extend;
mod found;
mod paper;
mod poster;
mod recover;
mod sheets;

pub use change::{Change, ChangeError, Wanted, wanted};
pub use courier::{CourierError, add_courier, bundle_key, remove_courier};
pub use extend::{ExtendError, complete, extend};
pub use found::{FoundError, Founding, SignedSoFar};
pub use paper::{PaperError, key_of, words_of};
pub use poster::{PosterError, page, text};
pub use recover::{
    Papers, RecoverError, Successors, chain_of, first_number, recover, refuse_taken,
};
pub use sheets::{CardsError, read_cards, sheets};
