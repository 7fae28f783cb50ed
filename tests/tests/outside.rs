//! Programs of other people against the drop-box: tus clients as they come, and a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

mod outside {
    mod breaking_line;
    mod clients;
    mod page;
    mod room;
}
