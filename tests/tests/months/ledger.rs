//! What was sent, and what became of it.

use std::path::Path;

/// A drop that a source was told has arrived.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) epoch: u32,
    pub(crate) contents: Vec<u8>,
    pub(crate) message: String,
    pub(crate) opened: bool,
}

/// An answer of the newsroom.
#[derive(Debug)]
struct Answer {
    source: &'static str,
    words: String,
    read: bool,
}

/// All drops of the three months, and all answers.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    sent: Vec<Sent>,
    answers: Vec<Answer>,
}

impl Ledger {
    /// A new drop's contents and words, unlike all others.
    pub(crate) fn write(&mut self, epoch: u32, source: &str) -> &Sent {
        let number = self.sent.len();
        let message = format!("{source} writes for the {number}th time: 请不要说出我是谁");
        self.sent.push(Sent {
            epoch,
            contents: noise(number, 20_000 + number * 977),
            message,
            opened: false,
        });
        self.sent.last().unwrap()
    }

    /// Strikes off the drops that opened into a folder; gives how many. A file that nobody sent,
    /// or that opened before, fails.
    pub(crate) fn strike_off(&mut self, folder: &Path) -> usize {
        let mut count = 0;
        for drop in std::fs::read_dir(folder).unwrap() {
            let files: Vec<Vec<u8>> = std::fs::read_dir(drop.unwrap().path())
                .unwrap()
                .map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect();
            let sent = self
                .sent
                .iter_mut()
                .find(|sent| files.contains(&sent.contents))
                .unwrap();
            assert!(!sent.opened, "it opened before: {}", sent.message);
            assert!(files.iter().any(|file| file == sent.message.as_bytes()));
            assert_eq!(files.len(), 3, "the file, the words, and the list of names");
            sent.opened = true;
            count += 1;
        }
        count
    }

    /// A new answer to a source, unlike all others.
    pub(crate) fn answer(&mut self, source: &'static str) -> &str {
        let number = self.answers.len();
        let words = format!("The newsroom answers for the {number}th time, and asks for more");
        self.answers.push(Answer {
            source,
            words,
            read: false,
        });
        &self.answers.last().unwrap().words
    }

    /// The answers that this source has not read; now it has.
    pub(crate) fn take_answers(&mut self, source: &str) -> Vec<String> {
        let waiting = self.answers.iter_mut().filter(|answer| !answer.read);
        waiting
            .filter(|answer| answer.source == source)
            .map(|answer| {
                answer.read = true;
                answer.words.clone()
            })
            .collect()
    }

    /// The answers that this source has read.
    pub(crate) fn read_answers(&self, source: &str) -> impl Iterator<Item = &str> {
        let read = self.answers.iter().filter(|answer| answer.read);
        read.filter(move |answer| answer.source == source)
            .map(|answer| answer.words.as_str())
    }

    /// How many answers were never read.
    pub(crate) fn unanswered(&self) -> usize {
        self.answers.iter().filter(|answer| !answer.read).count()
    }

    /// How many of an epoch have not been opened.
    pub(crate) fn unopened_of(&self, epoch: u32) -> usize {
        let of_it = self.sent.iter().filter(|sent| sent.epoch == epoch);
        of_it.filter(|sent| !sent.opened).count()
    }

    /// How many have not been opened.
    pub(crate) fn unopened(&self) -> usize {
        self.sent.iter().filter(|sent| !sent.opened).count()
    }
}

/// Bytes that do not repeat (xorshift64*), others for each number.
fn noise(number: usize, length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::try_from(number + 1).unwrap();
    let mut bytes = Vec::with_capacity(length.next_multiple_of(8));
    while bytes.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
