//! The program as a person meets it, and the walls around it.

#![expect(
    clippy::disallowed_types,
    reason = "these tests run the program, and try from behind its walls what it must not"
)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test, what goes wrong is to stop it and be seen"
)]

mod deps;
mod inspect;
mod program;
#[path = "../common/terminal.rs"]
mod screen;
mod terminal;
mod vault;
mod walls;
mod whole;
