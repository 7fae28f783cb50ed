//! The source's tool as it is installed, against a real drop-box over a road that breaks.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test that cannot go on ends"
)]

mod check;
mod files;
mod house;
mod lanes;
mod looked;
mod replies;
mod resume;
mod road;
mod run;
mod seal;
mod terminal;
mod upload;
mod words;
