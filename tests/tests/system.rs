//! The programs, as they were built, on one private Tor network.

#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

mod system {
    mod disaster;
    mod house;
    mod journey;
    mod network;
    mod onion;
    mod silence;
    mod stage;
}
