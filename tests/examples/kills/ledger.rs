//! What was promised to whom, and whether it was kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dice::Dice;

/// How a drop was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Road {
    /// By `knothole-send`.
    Sender,
    /// By tus, piece by piece.
    Pieces,
    /// By tus, with its creation.
    AtOnce,
    /// By tus, in lanes.
    Lanes,
    /// By the form of the page.
    Form,
}

impl Road {
    pub(crate) const ALL: [Self; 5] = [
        Self::Sender,
        Self::Pieces,
        Self::AtOnce,
        Self::Lanes,
        Self::Form,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sender => "knothole-send",
            Self::Pieces => "tus in pieces",
            Self::AtOnce => "tus at once",
            Self::Lanes => "tus in lanes",
            Self::Form => "a form",
        }
    }
}

/// How often the newsroom must have a drop in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// Once: its sender was told "arrived", or it was whole and the server forgets only what is.
    Once,
    /// Once or not at all: all of it went, and no answer came to somebody who cannot ask.
    Perhaps,
    /// Never: it was refused, taken back, or never went whole.
    Never,
}

/// One drop.
#[derive(Debug)]
struct Entry {
    road: Road,
    /// Whose words lead back from it.
    source: Option<usize>,
    length: usize,
    promise: Option<Promise>,
    found: u32,
}

/// A reply of the newsroom.
#[derive(Debug, Default)]
struct Reply {
    shown: bool,
    erased: bool,
}

/// A drop that somebody is about to send.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) number: usize,
    pub(crate) message: String,
    pub(crate) body: Vec<u8>,
}

/// Everything that was sent and answered.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    drops: Vec<Entry>,
    replies: BTreeMap<(usize, usize), Reply>,
    acknowledged: u64,
    unheard: u32,
    broken: Vec<String>,
}

/// What is said in the end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    pub(crate) unwanted: usize,
    pub(crate) replies_lost: usize,
}

impl Ledger {
    /// A new drop, unlike all others.
    pub(crate) fn begin(&self, road: Road, length: usize, source: Option<usize>) -> Sending {
        let mut book = self.book();
        let number = book.drops.len();
        book.drops.push(Entry {
            road,
            source,
            length,
            promise: None,
            found: 0,
        });
        Sending {
            number,
            message: format!("drop {number}"),
            body: body(number, length),
        }
    }

    /// What was promised of a drop, once that is known.
    pub(crate) fn promise(&self, number: usize, promise: Promise) {
        self.book().drops[number].promise = Some(promise);
    }

    /// So many bytes were acknowledged.
    pub(crate) fn acknowledge(&self, bytes: u64) {
        self.book().acknowledged += bytes;
    }

    /// A sender was not told that its drop arrived, because its answer was lost and the address was
    /// forgotten before it could ask.
    pub(crate) fn unheard(&self) {
        self.book().unheard += 1;
    }

    /// Something that must not happen.
    pub(crate) fn broken(&self, what: String) {
        eprintln!("BROKEN: {what}");
        self.book().broken.push(what);
    }

    /// Strikes off the drop that was opened into this folder. Gives the source that can be answered.
    pub(crate) fn strike_off(&self, folder: &Path) -> Option<usize> {
        let files: Vec<Vec<u8>> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect();
        let message = std::fs::read_to_string(folder.join("message.txt")).unwrap_or_default();
        let number = message
            .strip_prefix("drop ")
            .and_then(|number| number.parse::<usize>().ok());
        let mut book = self.book();
        let known = number.filter(|number| *number < book.drops.len());
        let Some(number) = known else {
            drop(book);
            self.broken(format!("nobody sent this: {message:?}"));
            return None;
        };
        let entry = &mut book.drops[number];
        entry.found += 1;
        let whole = files.contains(&body(number, entry.length));
        let source = entry.source;
        drop(book);
        if !whole {
            self.broken(format!("drop {number} was altered"));
        }
        source
    }

    /// A new reply to this source. Gives its words.
    pub(crate) fn reply(&self, source: usize) -> String {
        let mut book = self.book();
        let number = book.replies.len();
        book.replies.insert((number, source), Reply::default());
        words(number)
    }

    /// What a source was shown. Where it was told that all is erased, nothing of it may come again.
    pub(crate) fn read(&self, source: usize, said: &str, erased: bool) {
        let mut book = self.book();
        let mut broken = Vec::new();
        for ((number, whose), reply) in &mut book.replies {
            let times = said.matches(&words(*number)).count();
            if times > 0 && *whose != source {
                broken.push(format!("reply {number} was shown to somebody else"));
            }
            if times > 1 || (times == 1 && reply.erased) {
                broken.push(format!("reply {number} was shown again"));
            }
            if times > 0 {
                reply.shown = true;
                reply.erased |= erased;
            }
        }
        drop(book);
        for what in broken {
            self.broken(what);
        }
    }

    /// How many replies no source has read.
    pub(crate) fn unread(&self) -> usize {
        let book = self.book();
        book.replies.values().filter(|reply| !reply.shown).count()
    }

    /// Holds what was found against what was promised, and says it.
    pub(crate) fn settle(&self) -> Account {
        let book = self.book();
        let mut account = Account::default();
        let mut by_road: BTreeMap<Road, [u32; 4]> = BTreeMap::new();
        for (number, entry) in book.drops.iter().enumerate() {
            let counts = by_road.entry(entry.road).or_default();
            counts[match entry.promise {
                Some(Promise::Once) => 0,
                Some(Promise::Perhaps) if entry.found > 0 => 1,
                Some(Promise::Perhaps) => 2,
                Some(Promise::Never) | None => 3,
            }] += 1;
            let wrong = match (entry.promise, entry.found) {
                (Some(Promise::Once), 0) => &mut account.lost,
                (_, 2..) => &mut account.doubled,
                (Some(Promise::Never), 1) => &mut account.unwanted,
                (None, _) => &mut account.unwanted,
                _ => continue,
            };
            *wrong += 1;
            println!("BROKEN: drop {number}: {entry:?}");
        }
        account.replies_lost = book.replies.values().filter(|reply| !reply.shown).count();
        println!("sent by          arrived   unheard: there   not   refused, left or taken back");
        for (road, [once, there, not, never]) in by_road {
            let name = road.name();
            println!("{name:<15} {once:8} {there:16} {not:5} {never:8}");
        }
        println!(
            "{} bytes acknowledged; {} senders were told \"may have arrived\"; {} replies",
            book.acknowledged,
            book.unheard,
            book.replies.len()
        );
        for what in &book.broken {
            println!("BROKEN: {what}");
        }
        account
    }

    /// Whether a drop that was sent so was told to have arrived.
    pub(crate) fn has_arrived_by(&self, road: Road) -> bool {
        let drops = &self.book().drops;
        drops
            .iter()
            .any(|entry| entry.road == road && entry.promise == Some(Promise::Once))
    }

    /// Whether nothing happened that must not.
    pub(crate) fn is_clean(&self) -> bool {
        self.book().broken.is_empty()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file in a drop.
fn body(number: usize, length: usize) -> Vec<u8> {
    Dice::new(u64::try_from(number).unwrap() + 1).noise(length)
}

fn words(number: usize) -> String {
    format!("This is reply {number} of the newsroom.")
}
