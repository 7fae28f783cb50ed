//! A week of a newsroom, after which everything is taken: the server, the courier's machine, the
//! air-gapped one, the sources' own, what they hold in memory, and all that went over the line.
//!
//! Each test performs one line of THREAT-MODEL's table on what was taken. The programs are those
//! that were built; between them stands a SOCKS port that leads straight to the server, where Tor
//! would be. Looking at memory and at cores takes root: without it these looks fail.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

mod seized {
    mod evidence;
    #[path = "../months/house.rs"]
    #[allow(dead_code, reason = "the three months use the rest of it")]
    mod house;
    mod line;
    mod links;
    mod looks;
    mod memory;
    mod planted;
    mod source;
    mod story;
}
