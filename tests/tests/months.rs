//! Three months of a newsroom, in minutes: the programs, as they were built, by a clock that the
//! test sets.
//!
//! No Tor lives in another year: between the programs stands a SOCKS port that leads straight to
//! the server. `system` is the same way over Tor.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

mod months {
    mod editors;
    #[allow(dead_code, reason = "the seized week uses the rest of it")]
    mod house;
    mod ledger;
    mod source;
    mod story;
}
