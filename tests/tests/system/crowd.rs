//! More streams than a circuit may have.

use std::time::Duration;

use knothole_tests::{Onslaught, TorClient, finish};

use super::house::House;
use super::stage::Stage;

/// The most memory that the server may have, in KiB.
const MOST_KIB: u64 = 262_144;
/// How long the attack may last.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn a_circuit_that_asks_for_too_many_streams_keeps_no_source_out() {
    let stage = Stage::get();
    let test = "crowd";
    let house = House::open(stage, test, 1, 1);
    let tor = TorClient::start(&stage.network, &stage.folder(test).join("tor"), "").unwrap();
    let mut attack = stage.programs.command("knothole-attack");
    attack
        .args(["streams", "--senders", "100", "--socks"])
        .arg(tor.socks().to_string())
        .args(["--onion", &house.onion])
        .args(["--seconds", &PATIENCE.as_secs().to_string()]);
    let onslaught = Onslaught::begin(attack).unwrap();
    let file = house.file("recording.mov", 1 << 20);
    let said = finish(&mut house.sending(&file, &stage.arti_way())).unwrap();
    said.done().unwrap();
    let counts = onslaught.end().unwrap();
    let peak = house.server.peak_kib().unwrap();
    assert!(peak < MOST_KIB, "{peak} KiB; {counts}");
}
