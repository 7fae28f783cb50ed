//! What each fuzz target does with its bytes: hand them to a parser, and hold an oracle against it.
//!
//! libFuzzer (`targets/`) and the ordinary test that replays the corpora run the same functions. A
//! finding is a panic here. Nothing is mocked: the store is a store, the envelopes are sealed.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "nothing but tests: a panic is how a finding is told"
)]

mod archive;
mod dice;
mod envelope;
mod house;
mod look;
mod manifest;
mod names;
mod newsroom;
mod papers;
mod plaintext;
mod reply;
mod services;
mod texts;
mod uploads;
mod vault;

/// A function that takes whatever bytes there are, and panics where something is wrong.
pub type Body = fn(&[u8]);

/// One fuzz target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: that of its binary and of its folder in `corpus/`.
    pub name: &'static str,
    /// What it does with its bytes.
    pub run: Body,
    /// Honest inputs to begin with, each with a name.
    pub seeds: fn() -> Vec<(&'static str, Vec<u8>)>,
}

macro_rules! targets {
    ($($name:ident: $what:literal),+ $(,)?) => {
        $(#[doc = $what] pub fn $name(bytes: &[u8]) { $name::run(bytes); })+

        /// All of them.
        pub const TARGETS: &[Target] = &[
            $(Target { name: stringify!($name), run: $name, seeds: $name::seeds }),+
        ];
    };
}

targets! {
    papers: "Everything signed, listed or carried as CBOR.",
    manifest: "The manifest of a drop, and the layout that follows from it.",
    texts: "What is read from text, and framed bodies.",
    names: "Names and messages as the offline client shows them.",
    envelope: "A sealed drop with changes to it, opened.",
    plaintext: "Whatever plaintext, well sealed, opened.",
    reply: "A sealed reply with changes to it, opened.",
    archive: "The state of an archive.",
    vault: "A vault whose keys and tags fit, whatever its fields say.",
    look: "A hostile file, looked at, and what the child says.",
    uploads: "A sequence of tus requests and restarts, held against a model.",
    services: "Bytes on a connection of either side of the drop-box.",
}
