//! A drop-box that nobody reaches any more comes back by itself.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use knothole_tests::{RelayName, Server, TorClient};
use serde_json::Value;

use super::house::LOOK;
use super::stage::Stage;

/// How long the server may take to notice, to start anew and to be reached again.
const PATIENCE: Duration = Duration::from_secs(180);
/// It probes as often as it may, and starts anew at the first probe that is not answered.
const EAGER: &str = "probe_every = \"10s\"\ndanger_probe_patience = \"1s\"";

#[test]
fn a_server_whose_introduction_points_die_starts_anew_says_why_and_is_reached_when_they_are_back() {
    let (stage, _turn) = Stage::for_disasters();
    let folder = stage.folder("introduction");
    let lines = format!("{}\n{EAGER}", stage.server_lines());
    let (manager, place) = manager();
    let server = Server::new(&stage.programs, &folder.join("server"), &lines).unwrap();
    let mut server = server.managed_at(place);
    let onion = server.ask(&["init"]).unwrap().done().unwrap();
    server.start().unwrap();
    let before = status(&server);
    assert_eq!(before["restarts"]["count"], 0, "{before}");
    assert_eq!(before["clock"], "right", "{before}");
    let relays = introduction_points(stage, &folder.join("server/data"));
    assert!(relays.len() >= 3, "{relays:?}");
    for relay in &relays {
        stage.network.kill(relay).unwrap();
    }

    wait(&server, |status| status["restarts"]["count"] == 1);
    for relay in &relays {
        stage.network.restart(relay).unwrap();
    }
    let after = wait(&server, |status| status["reach"] == "ready");
    assert_eq!(after["restarts"]["count"], 1, "{after}");
    assert_eq!(after["restarts"]["missing"], "onion", "{after}");
    let day = after["restarts"]["last"].as_str().unwrap();
    assert_eq!(day.len(), "2026-11-30".len(), "{day}");
    let told = server.ask(&["status"]).unwrap().done().unwrap();
    let line = format!("last on {day}: the public onion was not reached");
    assert!(told.contains(&line), "{told}");
    // By somebody else than the server's own client, too.
    let client = TorClient::start(&stage.network, &folder.join("tor"), "").unwrap();
    let start = Instant::now();
    // A directory that was not asked to hold the new descriptor yet gives the one of before.
    let answer = loop {
        match client.get(&onion, "/newsroom.txt") {
            Ok(answer) => break answer,
            Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
        }
        thread::sleep(LOOK);
    };
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // What a manager takes for an end it kills, soon after, whatever goes on under that number.
    assert_eq!(server.stop().unwrap().code(), Some(0));
    let told = heard(&manager);
    assert!(told.iter().any(|line| line == "READY=1\n"), "{told:?}");
    assert!(
        !told.iter().any(|line| line.contains("STOPPING")),
        "{told:?}"
    );
}

/// A place where a service manager listens, and its name for the server.
fn manager() -> (UnixDatagram, String) {
    let name = format!("knothole-restart-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_nonblocking(true).unwrap();
    (socket, format!("@{name}"))
}

/// What it was told since this was asked last.
fn heard(manager: &UnixDatagram) -> Vec<String> {
    let mut bytes = [0; 256];
    let mut heard = Vec::new();
    while let Ok(count) = manager.recv(&mut bytes) {
        heard.push(String::from_utf8_lossy(bytes.get(..count).unwrap_or_default()).into_owned());
    }
    heard
}

/// Waits until what the server says of itself is so.
fn wait(server: &Server, is_so: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let found = status(server);
        if is_so(&found) {
            return found;
        }
        let log = server.log().unwrap();
        assert!(start.elapsed() < PATIENCE, "{found} {log}");
        thread::sleep(LOOK);
    }
}

/// What the server says of itself; nothing in the moment in which it begins anew.
fn status(server: &Server) -> Value {
    let said = server.ask(&["--json", "status"]).unwrap();
    serde_json::from_str(&said.out).unwrap_or(Value::Null)
}

/// The relays at which the public service waits for clients, as arti notes them.
fn introduction_points(stage: &Stage, data: &Path) -> Vec<RelayName> {
    let noted = std::fs::read(data.join("tor/state/hss/public/ipts.json")).unwrap();
    let noted: Value = serde_json::from_slice(&noted).unwrap();
    let points = noted["ipt_relays"].as_array().unwrap().iter();
    points
        .map(|point| {
            let wanted = point["relay"]["rsa"].as_str().unwrap().to_uppercase();
            let mut relays = stage.network.relays().into_iter();
            relays
                .find(|relay| {
                    let node = stage.network.folder().join("nodes").join(relay.as_str());
                    let fingerprint = std::fs::read_to_string(node.join("fingerprint"));
                    fingerprint.unwrap().trim().ends_with(&wanted)
                })
                .unwrap()
        })
        .collect()
}
