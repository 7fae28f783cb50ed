//! Sources who use `knothole-send`, some of whose machines stop in between.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use knothole_tests::{Process, Programs};
use serde_json::Value;

use crate::dice::Dice;
use crate::ledger::{Ledger, Promise, Road, Sending};

/// The largest file.
const LARGEST: usize = 9 << 20;
/// A source rests so long at most before it sends more.
const REST: Duration = Duration::from_secs(4);
/// How long one run may take while the server is killed again and again.
const PATIENCE: Duration = Duration::from_secs(900);
/// A machine that stops does so within this time.
const STOPS_WITHIN: Duration = Duration::from_secs(8);
/// So often a source tries again.
const MOST_TRIES: u32 = 40;

const ARRIVED: i32 = 0;
const TRY_AGAIN: i32 = 3;
const MAY_HAVE_ARRIVED: i32 = 4;

/// The codenames of two sources: entropy of 16 bytes 7f and 80, and the check word.
pub(crate) const WORDS: [&str; 2] = [
    "legal winner thank year wave sausage worth useful legal winner thank yellow trim",
    "letter advice cage absurd amount doctor acoustic avoid letter advice cage above spin",
];

/// What all sources have in common.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) programs: Programs,
    pub(crate) address: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) way: Vec<String>,
}

/// How a source sends one drop.
struct Manner {
    words: Option<&'static str>,
    resumes: bool,
    stops: bool,
}

/// One source.
pub(crate) struct Source {
    desk: Desk,
    ledger: Arc<Ledger>,
    dice: Dice,
    pub(crate) stopped: u32,
}

impl Source {
    pub(crate) fn new(desk: &Desk, ledger: &Arc<Ledger>, dice: Dice) -> Self {
        std::fs::create_dir_all(&desk.folder).unwrap();
        Self {
            desk: desk.clone(),
            ledger: Arc::clone(ledger),
            dice,
            stopped: 0,
        }
    }

    /// Sends one drop after the other until it is told to end. Gives how often its machine stopped.
    pub(crate) fn run(mut self, end: &AtomicBool) -> u32 {
        while !end.load(Ordering::Relaxed) {
            thread::sleep(self.dice.up_to(REST));
            let with_words = self.dice.one_in(4);
            let source = with_words.then(|| self.dice.place(WORDS.len()));
            let manner = Manner {
                words: source.map(|source| WORDS[source]),
                resumes: !with_words && self.dice.one_in(2),
                stops: self.dice.one_in(3),
            };
            let drop = self
                .ledger
                .begin(Road::Sender, self.dice.size(LARGEST), source);
            std::fs::write(self.desk.folder.join("film.bin"), &drop.body).unwrap();
            std::fs::write(self.desk.folder.join("message"), &drop.message).unwrap();
            let promise = self.send(&drop, &manner);
            self.ledger.promise(drop.number, promise);
        }
        self.stopped
    }

    fn send(&mut self, drop: &Sending, manner: &Manner) -> Promise {
        let mut furthest = 0;
        for _ in 0..MOST_TRIES {
            let (code, said) = self.run_once(manner);
            for done in told(&said) {
                if done < furthest {
                    let number = drop.number;
                    self.ledger.broken(format!(
                        "of drop {number} {furthest} bytes were acknowledged, then {done}: {said}"
                    ));
                }
                self.ledger.acknowledge(done.saturating_sub(furthest));
                furthest = furthest.max(done);
            }
            match code {
                Some(ARRIVED) => return Promise::Once,
                // The address is forgotten after two batches, and only of what became a drop.
                Some(MAY_HAVE_ARRIVED) => {
                    self.ledger.unheard();
                    // What it keeps of this one would be in the way of the next.
                    let _gone = std::fs::remove_file(self.desk.folder.join("kept"));
                    return Promise::Once;
                }
                Some(TRY_AGAIN) | None if manner.resumes => {}
                // It knows nothing of what it sent.
                Some(TRY_AGAIN) | None => return Promise::Perhaps,
                other => {
                    let number = drop.number;
                    self.ledger
                        .broken(format!("drop {number} was not sent: {other:?} {said}"));
                    return Promise::Perhaps;
                }
            }
        }
        let number = drop.number;
        self.ledger.broken(format!("drop {number} never arrived"));
        Promise::Perhaps
    }

    /// Runs the program once; its machine may stop meanwhile.
    fn run_once(&mut self, manner: &Manner) -> (Option<i32>, String) {
        let folder = &self.desk.folder;
        let mut command = self.desk.programs.command("knothole-send");
        command
            .args(["--json", "send"])
            .arg(folder.join("film.bin"))
            .arg("--address-file")
            .arg(&self.desk.address)
            .arg("--message-file")
            .arg(folder.join("message"))
            .args(&self.desk.way);
        let secret = folder.join("secret");
        if let Some(words) = manner.words {
            std::fs::write(&secret, words).unwrap();
            command.args(["--words-fd", "0"]);
        } else {
            command.arg("--no-reply");
        }
        if manner.resumes {
            std::fs::write(&secret, "nine words that nobody would ever put together\n").unwrap();
            command.arg("--resume").arg(folder.join("kept"));
            command.args(["--passphrase-fd", "0"]);
        }
        if manner.words.is_some() || manner.resumes {
            command.stdin(File::open(&secret).unwrap());
        }
        let log = File::create(folder.join("said")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut process = Process::start(command).unwrap();
        let code = if manner.stops && self.dice.one_in(2) {
            let life = self.dice.within(STOPS_WITHIN);
            live(&mut process, life).unwrap_or_else(|| {
                process.kill().unwrap();
                self.stopped += 1;
                None
            })
        } else {
            process.wait(PATIENCE).unwrap().code()
        };
        let said = std::fs::read(self.desk.folder.join("said")).unwrap();
        (code, String::from_utf8_lossy(&said).into_owned())
    }
}

/// What a sender says that the server has acknowledged, in its order. The last line may be cut.
fn told(said: &str) -> impl Iterator<Item = u64> {
    let events = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events
        .filter(|event| event["what"] == "Sent")
        .filter_map(|event| event["done"].as_u64())
}

/// How a program ended within this time, or nothing if it still runs.
fn live(process: &mut Process, life: Duration) -> Option<Option<i32>> {
    let begun = Instant::now();
    while begun.elapsed() < life {
        if let Some(status) = process.ended().unwrap() {
            return Some(status.code());
        }
        thread::sleep(Duration::from_millis(1));
    }
    None
}
