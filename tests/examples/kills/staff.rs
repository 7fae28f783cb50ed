//! The newsroom: a courier who comes by, and one editor.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use knothole_tests::{Courier, Newsroom, Programs, Said, finish};

use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::source::{Desk, WORDS};

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(2);
/// So often a courier tries again whose line broke.
const MOST_TRIES: u32 = 60;
/// So many replies are unread at most; 64 may be on their way at once.
const MOST_UNREAD: usize = 24;

const DONE: i32 = 0;
const TRY_AGAIN: i32 = 3;
const PARTLY: i32 = 4;

/// Staff, and what they have.
pub(crate) struct Staff {
    newsroom: Newsroom,
    courier: Courier,
    ledger: Arc<Ledger>,
    dice: Dice,
    /// Where opened files go.
    opened: PathBuf,
    /// How sources ask for their replies.
    desk: Desk,
    programs: Programs,
    rounds: u32,
}

impl Staff {
    pub(crate) fn new(
        (newsroom, courier): (Newsroom, Courier),
        desk: &Desk,
        opened: &Path,
        ledger: &Arc<Ledger>,
        dice: Dice,
    ) -> Self {
        std::fs::create_dir_all(&desk.folder).unwrap();
        Self {
            newsroom,
            courier,
            ledger: Arc::clone(ledger),
            dice,
            opened: opened.to_owned(),
            desk: desk.clone(),
            programs: desk.programs.clone(),
            rounds: 0,
        }
    }

    /// Comes by until it is told to end.
    pub(crate) fn run(mut self, end: &AtomicBool) -> Self {
        while !end.load(Ordering::Relaxed) {
            self.round();
            if self.dice.one_in(2) {
                self.sources_read();
            }
            thread::sleep(ROUND);
        }
        self
    }

    /// How often staff came by.
    pub(crate) const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// What waits on the stick goes to the server, what is there comes and is opened, and what is to
    /// go back is laid onto the stick.
    pub(crate) fn round(&mut self) {
        self.rounds += 1;
        self.sync();
        let bundles = self.bundles();
        if !bundles.is_empty() {
            self.open(&bundles);
        }
        let stick = self.courier.stick();
        let outbox = [OsString::from("outbox"), stick.into()];
        self.expect_done(self.newsroom.with_archive(&outbox, &[0]).unwrap());
    }

    fn sync(&self) {
        for _ in 0..MOST_TRIES {
            let said = self.courier.online("sync").unwrap();
            match said.code {
                Some(DONE) => return,
                Some(TRY_AGAIN | PARTLY) => thread::sleep(Duration::from_millis(100)),
                _ => {
                    return self
                        .ledger
                        .broken(format!("the courier was refused: {said:?}"));
                }
            }
        }
        self.ledger.broken("no courier comes through".to_owned());
    }

    fn open(&mut self, bundles: &[PathBuf]) {
        let files = self.opened.join(self.rounds.to_string());
        std::fs::create_dir(&files).unwrap();
        let mut arguments = vec![OsString::from("open")];
        arguments.extend(bundles.iter().map(OsString::from));
        arguments.extend(["--files".into(), files.clone().into()]);
        self.expect_done(self.newsroom.with_archive(&arguments, &[0]).unwrap());
        for drop in std::fs::read_dir(&files).unwrap() {
            let drop = drop.unwrap();
            let source = self.ledger.strike_off(&drop.path());
            if let Some(source) = source
                && self.ledger.unread() < MOST_UNREAD
                && self.dice.one_in(2)
            {
                self.answer(&drop.file_name().into_string().unwrap(), source);
            }
        }
        std::fs::remove_dir_all(&files).unwrap();
        for bundle in bundles {
            std::fs::remove_dir_all(bundle).unwrap();
        }
    }

    /// Answers a drop of this source.
    fn answer(&mut self, drop: &str, source: usize) {
        let path = self.desk.folder.join("answer");
        std::fs::write(&path, self.ledger.reply(source)).unwrap();
        let reply = [
            "reply",
            drop,
            "--yes",
            "--message-file",
            path.to_str().unwrap(),
        ];
        self.expect_done(self.newsroom.with_archive(&reply, &[0]).unwrap());
    }

    /// Both sources with words look for replies, and erase what they read.
    pub(crate) fn sources_read(&self) {
        for (source, words) in WORDS.iter().enumerate() {
            let file = self.desk.folder.join("words");
            std::fs::write(&file, words).unwrap();
            let mut command = self.programs.command("knothole-send");
            command
                .args(["replies", "--erase", "--words-fd", "0", "--address-file"])
                .arg(&self.desk.address)
                .args(&self.desk.way)
                .stdin(std::fs::File::open(&file).unwrap());
            let said = finish(&mut command).unwrap();
            self.ledger.read(source, &said.out, said.code == Some(DONE));
            if !matches!(said.code, Some(DONE | TRY_AGAIN)) {
                self.ledger
                    .broken(format!("replies were not read: {said:?}"));
            }
        }
    }

    fn bundles(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.courier.stick()).unwrap();
        let mut bundles: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.to_str().unwrap().contains("/bundle-"))
            .filter(|path| path.join("index").exists())
            .collect();
        bundles.sort();
        bundles
    }

    fn expect_done(&self, said: Said) {
        if said.code != Some(DONE) {
            self.ledger
                .broken(format!("the newsroom could not: {said:?}"));
        }
    }
}
