//! Kills the server again and again, and starts it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use knothole_tests::Server;

use crate::dice::Dice;
use crate::moment::{Alarm, Moment};

/// A kill comes so long after its moment at most. Short delays are as likely as long ones.
const DELAY: Duration = Duration::from_millis(30);
/// What needs a courier who comes by is waited for so many times as long.
const FOR_A_COURIER: u32 = 3;
/// Between two looks at a folder.
const LOOK: Duration = Duration::from_micros(200);

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) kills: BTreeMap<Moment, u32>,
    pub(crate) starts: Vec<Duration>,
}

impl Done {
    pub(crate) fn count(&self) -> u32 {
        self.kills.values().sum()
    }
}

/// Who kills.
pub(crate) struct Killer<'a> {
    pub(crate) server: &'a mut Server,
    pub(crate) store: PathBuf,
    pub(crate) alarm: Arc<Alarm>,
    pub(crate) dice: Dice,
    /// How long a server lives at least, on average.
    pub(crate) calm: Duration,
    /// How long a moment is waited for.
    pub(crate) patience: Duration,
    pub(crate) done: Done,
}

impl Killer<'_> {
    /// Kills so often at least. In the end the server runs.
    pub(crate) fn run(mut self, kills: u32) -> Done {
        while self.done.count() < kills {
            self.kill_once();
            let count = self.done.count();
            if count.is_multiple_of(100) {
                eprintln!("{count} kills");
            }
        }
        self.done
    }

    fn kill_once(&mut self) {
        thread::sleep(self.dice.up_to(2 * self.calm));
        let moment = self.dice.pick(&Moment::DRAWN);
        let patience = match moment {
            Moment::Fetch
            | Moment::Receipts
            | Moment::Removal
            | Moment::Replies
            | Moment::Papers => self.patience * FOR_A_COURIER,
            _ => self.patience,
        };
        let came = match moment {
            Moment::Any | Moment::Start => false,
            _ => match moment.folder() {
                Some(folder) => self.watch(folder, patience),
                None => self.alarm.await_moment(moment, patience),
            },
        };
        if came && moment != Moment::Answer {
            thread::sleep(self.dice.within(DELAY));
        }
        // Only who is killed counts.
        if self.server.has_ended().unwrap() {
            println!("BROKEN: the server has ended by itself");
            std::process::exit(1);
        }
        self.server.kill().unwrap();
        self.note(if came { moment } else { Moment::Any });
        if moment == Moment::Start {
            let usual = self.done.starts.last().copied().unwrap_or(DELAY);
            let life = self.dice.up_to(usual * 5 / 4);
            self.server.start_and_kill(life).unwrap();
            self.note(moment);
        }
        let begun = Instant::now();
        if let Err(error) = self.server.start() {
            // Nobody could go on without it, and whoever waits for it would wait for ever.
            println!("BROKEN: the server does not start any more: {error}");
            std::process::exit(1);
        }
        self.done.starts.push(begun.elapsed());
    }

    fn note(&mut self, moment: Moment) {
        *self.done.kills.entry(moment).or_default() += 1;
    }

    /// Waits until something comes into a folder of the store or leaves it.
    fn watch(&self, folder: &str, patience: Duration) -> bool {
        let folder = self.store.join(folder);
        let touched = || std::fs::metadata(&folder).and_then(|folder| folder.modified());
        let before: Option<SystemTime> = touched().ok();
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if touched().ok() != before {
                return true;
            }
            thread::sleep(LOOK);
        }
        false
    }
}
