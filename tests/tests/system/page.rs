//! A source with nothing but a browser, over Tor.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use knothole_tests::{Process, TorClient, Traces, finish, guarded};
use serde_json::{Value, json};

use super::house::{House, MESSAGE, WORDS, noise};
use super::stage::Stage;

/// Names another length of the film, in MB.
const FILM_SIZE: &str = "KNOTHOLE_PAGE_MB";
/// How long the film is; the long form, `deploy/soak page`, has 200 MB.
const FILM_MB: usize = 40;
/// How much of a form has arrived when it is surely under way.
const UNDER_WAY: u64 = 20_000_000;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long between two looks at it.
const LOOK: Duration = Duration::from_millis(50);
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/outside/run");
const FIREFOX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/outside/firefox");
/// C tor asks an introduction point that is about to learn of the server's death, and then waits for
/// the server three times as long as it waits for a circuit: 180 s while it knows no better, a few
/// seconds once it has measured a hundred circuits. This is what it would have measured here.
const MEASURED: &str = "LearnCircuitBuildTimeout 0\nCircuitBuildTimeout 10";
/// How long a browser may take to end once everything is done.
const ENDING: Duration = Duration::from_secs(120);
/// What the newsroom answers.
const ANSWER: &str = "谢谢。第二段录像在哪里？";

#[test]
fn a_source_at_standard_sends_through_a_killed_server_and_reads_the_answer() {
    let (stage, _turn) = Stage::for_disasters();
    send_by_the_page(House::open(stage, "standard", 1, 1), stage, "standard");
}

#[test]
fn a_source_at_safer_sends_through_a_killed_server_and_reads_the_answer() {
    let (stage, _turn) = Stage::for_disasters();
    send_by_the_page(House::open(stage, "safer", 1, 1), stage, "safer");
}

#[test]
fn a_source_at_safest_hands_in_a_sealed_file_through_a_killed_server_and_reads_the_answer() {
    let (stage, _turn) = Stage::for_disasters();
    let mut house = House::open(stage, "safest", 1, 1);
    let sealed = house.folder("sealed");
    let mut seal = house.sealing_with_words(&files(&house), &sealed, &stage.arti_way());
    finish(&mut seal).unwrap().done().unwrap();
    let order = json!({ "level": "safest", "hand_in": sealed });
    let mut source = Source::start(stage, &house, "sends", &order);
    source.until("handing_in");
    wait_until_under_way(&house);
    house.server.kill().unwrap();
    house.server.start().unwrap();
    assert_eq!(source.until("ended"), "It arrived");
    source.end();
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    receive_and_answer(&house, stage, "safer", &json!(words));
}

/// Has the page seal and send, kills the server meanwhile, and reads the answer.
fn send_by_the_page(mut house: House, stage: &Stage, level: &str) {
    let send = json!({ "message": MESSAGE, "files": files(&house) });
    let order = json!({ "level": level, "send": send });
    let mut source = Source::start(stage, &house, "sends", &order);
    let words = source.until("words");
    source.until("stored");
    house.server.kill().unwrap();
    house.server.start().unwrap();
    assert_eq!(source.until("ended"), "Arrived, and matches");
    source.end();
    receive_and_answer(&house, stage, level, &words);
}

/// What a source has to give: names and lengths in bytes.
fn given() -> [(&'static str, usize); 3] {
    let film = std::env::var(FILM_SIZE).map_or(FILM_MB, |size| size.parse().unwrap());
    [
        ("录像.mov", film * 1_000_000),
        ("note.txt", 1_000),
        ("empty", 0),
    ]
}

fn files(house: &House) -> Vec<PathBuf> {
    given()
        .map(|(name, length)| house.file(name, length))
        .into()
}

/// Opens the one drop, answers, reads the answer by these words in a fresh profile, and looks
/// through what the browsers kept.
fn receive_and_answer(house: &House, stage: &Stage, level: &str, words: &Value) {
    house.wait_for_drops(1);
    let said = house.fetch_and_open(&[0]);
    for (_, length) in given() {
        assert!(house.has_opened(&noise(length)), "{said}");
    }
    assert!(house.has_opened(MESSAGE.as_bytes()));

    answer(house);
    let order = json!({ "level": level, "read": words });
    let mut reader = Source::start(stage, house, "reads", &order);
    assert_eq!(reader.until("replies"), json!([ANSWER]));
    reader.end();

    let mut traces = Traces::default();
    for (name, length) in given() {
        if !name.is_ascii() {
            traces.word(name);
        }
        traces.content(&noise(length));
    }
    traces.word(MESSAGE);
    traces.word(ANSWER);
    let words = words.as_array().unwrap();
    // Two of them stand side by side in the browser's own scripts now and then.
    for three in words.windows(3) {
        let three: Vec<&str> = three.iter().filter_map(Value::as_str).collect();
        traces.word(&three.join(" "));
    }
    for profile in ["sends", "reads"] {
        let folder = profile_of(house, profile);
        assert!(
            folder.join("prefs.js").exists(),
            "it is where the browser kept things"
        );
        let found = traces.beneath(&folder).unwrap();
        assert_eq!(found, None, "the browser's folder tells what was done");
    }
}

/// Waits until the server has taken much of what a form brings.
fn wait_until_under_way(house: &House) {
    let store = house.folder("server/data");
    let start = Instant::now();
    while weight(&store) < UNDER_WAY {
        assert!(start.elapsed() < PATIENCE, "nothing of the form arrives");
        thread::sleep(LOOK);
    }
}

/// The bytes of all files beneath a folder. What goes away meanwhile counts as nothing.
fn weight(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    let weigh = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => weight(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(weigh).sum()
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
        let folder = house.folder(&format!("tor-{name}"));
        let tor = TorClient::start(&stage.network, &folder, MEASURED).unwrap();
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
