//! The short form of `deploy/soak kills`: a server that is killed while it is used.

#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

use knothole_tests::{finish, guarded};

#[test]
fn a_server_that_is_killed_twenty_times_keeps_what_it_acknowledged_once_and_whole() {
    let here = std::env::current_exe().unwrap();
    let program = here.ancestors().nth(2).unwrap().join("examples/kills");
    assert!(
        program.is_file(),
        "kills is not built; run cargo build --workspace --all-targets"
    );
    let said = finish(guarded(program).arg("20")).unwrap();
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    let line = said
        .out
        .lines()
        .find(|line| line.contains("kills of the server"));
    let kills = line.and_then(|line| line.split(' ').next()).unwrap();
    assert!(kills.parse::<u32>().unwrap() >= 20, "{}", said.out);
}
