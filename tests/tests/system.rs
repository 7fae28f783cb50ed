//! The programs, as they were built, on one private Tor network.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

mod system {
    mod bundle;
    mod crowd;
    mod disaster;
    mod house;
    mod journey;
    mod moving;
    mod network;
    mod onion;
    mod page;
    mod replying;
    mod restart;
    mod silence;
    mod stage;
    mod test_drop;
    mod walls;
}
