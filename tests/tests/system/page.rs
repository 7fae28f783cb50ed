//! A source with nothing but a browser, over Tor.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Stdio};
use std::time::Duration;

use knothole_tests::{Process, TorClient, Traces, guarded};
use serde_json::{Value, json};

use super::house::{House, MESSAGE, noise};
use super::stage::Stage;

const MIB: usize = 1 << 20;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/outside/run");
const FIREFOX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/outside/firefox");
/// How long a browser may take to end once everything is done.
const ENDING: Duration = Duration::from_secs(120);
/// What the newsroom answers.
const ANSWER: &str = "谢谢。第二段录像在哪里？";

#[test]
fn a_source_with_a_browser_alone_sends_and_reads_the_answer() {
    journey("page", |_| {});
}

#[test]
#[ignore = "a Tor client may need minutes to find a service that was started again: deploy/soak page runs it"]
fn a_source_with_a_browser_alone_sends_through_a_killed_server_and_reads_the_answer() {
    journey("killed-page", |house| {
        house.server.kill().unwrap();
        house.server.start().unwrap();
    });
}

/// Sends, with something that happens meanwhile, and reads the answer.
fn journey(test: &str, meanwhile: impl FnOnce(&mut House)) {
    let (stage, _turn) = Stage::for_disasters();
    let mut house = House::open(stage, test, 1, 1);
    let sizes = [("录像.mov", 24 * MIB), ("note.txt", 1_000), ("empty", 0)];
    let files: Vec<PathBuf> = sizes
        .iter()
        .map(|(name, size)| house.file(name, *size))
        .collect();
    let mut source = Source::start(
        stage,
        &house,
        "sends",
        &json!({ "level": "safer", "send": { "message": MESSAGE, "files": files } }),
    );
    let words = source.until("words");
    source.until("stored");
    meanwhile(&mut house);
    assert_eq!(source.until("ended"), "Arrived, and matches");
    source.end();

    house.wait_for_drops(1);
    let said = house.fetch_and_open(&[0]);
    for (_, size) in sizes {
        assert!(house.has_opened(&noise(size)), "{said}");
    }
    assert!(house.has_opened(MESSAGE.as_bytes()));

    answer(&house);
    let mut reader = Source::start(
        stage,
        &house,
        "reads",
        &json!({ "level": "standard", "read": words }),
    );
    assert_eq!(reader.until("replies"), json!([ANSWER]));
    reader.end();

    let mut traces = Traces::default();
    traces.word(MESSAGE);
    traces.word(ANSWER);
    traces.word("录像.mov");
    let words = words.as_array().unwrap();
    for pair in words.windows(2) {
        let pair: Vec<&str> = pair.iter().filter_map(Value::as_str).collect();
        traces.word(&pair.join(" "));
    }
    traces.content(&noise(24 * MIB));
    for profile in ["sends", "reads"] {
        let folder = profile_of(&house, profile);
        assert!(
            folder.join("prefs.js").exists(),
            "it is where the browser kept things"
        );
        let found = traces.beneath(&folder).unwrap();
        assert_eq!(found, None, "the browser's folder tells what was done");
    }
}

/// Has the newsroom answer the one drop, and carries that to the server.
fn answer(house: &House) {
    let list = house
        .newsroom
        .with_archive(&["list"], &[0])
        .unwrap()
        .done()
        .unwrap();
    let drop = list
        .lines()
        .find_map(|line| line.split_once("  "))
        .unwrap()
        .0
        .to_owned();
    let path = house.folder("answer");
    fs::write(&path, ANSWER).unwrap();
    let reply = [
        "reply",
        &drop,
        "--message-file",
        path.to_str().unwrap(),
        "--yes",
    ];
    house
        .newsroom
        .with_archive(&reply, &[0])
        .unwrap()
        .done()
        .unwrap();
    house.carry_back(&[0]);
}

fn profile_of(house: &House, name: &str) -> PathBuf {
    house.folder(&format!("profile-{name}"))
}

/// A browser that is driven by tests/outside/source.mjs.
struct Source {
    process: Process,
    said: Lines<BufReader<ChildStdout>>,
    _tor: TorClient,
}

impl Source {
    fn start(stage: &Stage, house: &House, name: &str, order: &Value) -> Self {
        let tor =
            TorClient::start(&stage.network, &house.folder(&format!("tor-{name}")), "").unwrap();
        let address = fs::read_to_string(house.folder("address")).unwrap();
        let onion = address
            .trim_start_matches("knothole:")
            .split('#')
            .next()
            .unwrap();
        let profile = profile_of(house, name);
        fs::create_dir_all(&profile).unwrap();
        let mut order = order.clone();
        order["origin"] = json!(format!("http://{onion}"));
        order["socks"] = json!(tor.socks().to_string());
        order["profile"] = json!(profile);
        let path = house.folder(&format!("order-{name}"));
        fs::write(&path, order.to_string()).unwrap();
        let mut command = guarded(SCRIPT);
        command
            .arg(stage.programs.target().join("outside"))
            .args([Path::new("source.mjs"), Path::new(FIREFOX), &path])
            .env("TMPDIR", house.folder(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Process::start(command).unwrap();
        let said = BufReader::new(process.child().stdout.take().unwrap()).lines();
        Self {
            process,
            said,
            _tor: tor,
        }
    }

    /// What it says next of this.
    fn until(&mut self, what: &str) -> Value {
        let mut before = Vec::new();
        for line in self.said.by_ref() {
            let line = line.unwrap();
            let mut said: Value = serde_json::from_str(&line).unwrap();
            if let Some(found) = said.get_mut(what) {
                return found.take();
            }
            before.push(line);
        }
        panic!("it ended before it said {what}: {before:?}");
    }

    fn end(mut self) {
        assert!(self.process.wait(ENDING).unwrap().success());
    }
}
