//! More streams than a circuit may have, and more introductions than a drop-box has visitors.

use std::time::Duration;

use knothole_tests::{Counts, Crowd, Flood, Knocks, Onslaught, Server, TorClient, finish_within};

use super::house::House;
use super::stage::Stage;

/// The most memory that the server may have, in KiB.
const MOST_KIB: u64 = 262_144;
/// How long the source may take over Tor. The attack lasts longer.
const PATIENCE: Duration = Duration::from_secs(240);
const LONGEST: &str = "900";
/// Fewer places than the attack has streams.
const FEW: &str = "connections = 32";

#[test]
fn a_circuit_that_asks_for_too_many_streams_keeps_no_source_out() {
    let stage = Stage::get();
    let test = "crowd";
    let lines = format!("{}\n{FEW}", stage.server_lines());
    let server = Server::new(&stage.programs, &stage.folder(test).join("server"), &lines).unwrap();
    let onion = server.ask(&["init"]).unwrap().done().unwrap();
    let house = House::around(stage, test, (server, &onion), 1, 1);
    let tor = TorClient::start(&stage.network, &stage.folder(test).join("tor"), "").unwrap();
    let mut attack = stage.programs.command("knothole-attack");
    attack
        .args(["streams", "--senders", "100", "--socks"])
        .arg(tor.socks().to_string())
        .args(["--onion", &house.onion, "--seconds", LONGEST]);
    let mut onslaught = Onslaught::begin(attack).unwrap();
    // All places were taken, and many more were asked for.
    let enough = |counts: &Counts| counts.connections > 32 && counts.not_connected > 100;
    onslaught.until(enough).unwrap();
    let file = house.file("recording.mov", 1 << 20);
    let said = finish_within(house.sending(&file, &stage.arti_way()), PATIENCE).unwrap();
    said.done().unwrap();
    let counts = onslaught.end().unwrap();
    let peak = house.server.peak_kib().unwrap();
    assert!(peak < MOST_KIB, "{peak} KiB; {counts}");
}

#[test]
fn a_flood_of_introductions_keeps_no_visitor_out() {
    let stage = Stage::get();
    let test = "flood";
    let (mut server, onion) = stage.server(test);
    server.start().unwrap();
    let folder = stage.folder(test);
    let crowd = Crowd {
        clients: 1,
        at_once: 24,
        patience: Duration::from_secs(1),
    };
    let flood = Flood::start(&stage.network, &folder, &onion, crowd).unwrap();
    // More than there are places for meetings, many times over.
    let enough = |knocks: &Knocks| knocks.all() > 300;
    let before = flood.until(enough).unwrap();
    assert!(before.met > 0, "{before:?}");
    let visitor = TorClient::start(&stage.network, &folder.join("visitor"), "").unwrap();
    let answer = visitor.get(&onion, "/charter").unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    // It still goes on.
    flood.until(|knocks| *knocks != before).unwrap();
    let knocks = flood.end();
    let peak = server.peak_kib().unwrap();
    assert!(peak < MOST_KIB, "{peak} KiB; {knocks:?}");
}
