//! One upload by tus, whose sender writes down all that it was told.

use std::thread;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::tus::{Answer, Cut, DropBox};

/// How long a server that is killed again and again may bring an upload no further.
const PATIENCE: Duration = Duration::from_secs(600);
/// The first piece that fills the gate: bytes of an envelope's header.
pub(crate) const GATE: usize = 12_288;

/// Who sends by hand: the way to the drop-box, and the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hand<'a> {
    pub(crate) drop_box: &'a DropBox,
    pub(crate) ledger: &'a Ledger,
    /// Between two questions to a server that is not there.
    pub(crate) pause: Duration,
}

/// The drop-box does not know an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknown;

/// Where an upload stands.
#[derive(Debug)]
pub(crate) struct Stand {
    offset: usize,
    /// The tree hash, once it is a drop.
    pub(crate) tree: Option<String>,
}

impl Stand {
    fn of(answer: &Answer) -> Option<Self> {
        Some(Self {
            offset: usize::try_from(answer.offset()?).ok()?,
            tree: answer.header("knothole-tree").map(str::to_owned),
        })
    }
}

impl Hand<'_> {
    /// Asks until there is an answer that is not "busy".
    pub(crate) fn insist(&self, line: &str, headers: &[(&str, &str)]) -> Option<Answer> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            match self.drop_box.tus(line, headers, b"") {
                Ok(answer) if answer.status != 503 => return Some(answer),
                _ => thread::sleep(self.pause),
            }
        }
        self.ledger.broken(format!("no answer to {line}"));
        None
    }

    /// Makes an upload and sends its first bytes. As long as none of them is acknowledged the server
    /// may forget it, and it is made anew; an upload whose address was lost costs the server nothing.
    /// Refused, it gives the status, or zero where the trouble is told already.
    pub(crate) fn start<'a>(
        &self,
        headers: &[(&str, &str)],
        bytes: &'a [u8],
        first: usize,
        dice: &mut Dice,
    ) -> Result<Upload<'a>, u16> {
        loop {
            let answer = self.insist("POST /drops", headers).ok_or(0_u16)?;
            let Some(path) = answer.header("location").filter(|_| answer.status == 201) else {
                if answer.status != 403 {
                    self.ledger
                        .broken(format!("no upload was made: {answer:?}"));
                }
                return Err(answer.status);
            };
            let mut upload = Upload::new(path.to_owned(), bytes, 0);
            match upload.fill(first, self, dice) {
                Ok(()) => return Ok(upload),
                Err(Unknown) if upload.acknowledged == 0 => {}
                Err(Unknown) => {
                    self.ledger.broken(format!(
                        "an upload is unknown of which {} bytes were acknowledged",
                        upload.acknowledged
                    ));
                    return Err(0);
                }
            }
        }
    }
}

/// An upload under way.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    pub(crate) path: String,
    bytes: &'a [u8],
    acknowledged: usize,
    /// The end of what may have reached the server.
    sent: usize,
}

impl<'a> Upload<'a> {
    /// One of these bytes, of which so many were acknowledged.
    pub(crate) const fn new(path: String, bytes: &'a [u8], acknowledged: usize) -> Self {
        Self {
            path,
            bytes,
            acknowledged,
            sent: acknowledged,
        }
    }

    /// How long it is.
    pub(crate) const fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Whether all of it may have reached the server.
    pub(crate) const fn is_whole(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// How far it is.
    pub(crate) const fn acknowledged(&self) -> usize {
        self.acknowledged
    }

    /// Sends on until so much is acknowledged, whatever happens on the way.
    pub(crate) fn fill(
        &mut self,
        end: usize,
        hand: &Hand<'_>,
        dice: &mut Dice,
    ) -> Result<(), Unknown> {
        let mut moved = Instant::now();
        while self.acknowledged < end {
            if moved.elapsed() > PATIENCE {
                hand.ledger.broken("an upload came no further".to_owned());
                return Err(Unknown);
            }
            let before = self.acknowledged;
            if before >= GATE && dice.one_in(6) {
                self.lie(hand, dice)?;
            } else {
                self.piece(end, hand, dice)?;
            }
            if self.acknowledged > before {
                moved = Instant::now();
            }
        }
        Ok(())
    }

    /// Sends one piece.
    fn piece(&mut self, end: usize, hand: &Hand<'_>, dice: &mut Dice) -> Result<(), Unknown> {
        let from = self.acknowledged;
        let most = end - from;
        // The header in small pieces, the rest in larger ones.
        let length = match from < GATE {
            true => GATE.min(most) + dice.length(65_536).min(most.saturating_sub(GATE)),
            false => dice.length(1 << 20).max(40_000).min(most),
        };
        self.sent = self.sent.max(from + length);
        let piece = &self.bytes[from..from + length];
        let answer = self.append(piece, &[], hand);
        match answer {
            Ok(answer) if answer.status == 204 => {
                if answer.offset() != u64::try_from(from + length).ok() {
                    hand.ledger
                        .broken(format!("another offset than was sent: {answer:?}"));
                }
                self.stands_at(from + length, hand);
                Ok(())
            }
            Ok(answer) if !matches!(answer.status, 404 | 409 | 503) => {
                hand.ledger
                    .broken(format!("a piece was refused: {answer:?}"));
                Err(Unknown)
            }
            _ => self.stand(hand).map(drop),
        }
    }

    /// Sends bytes with the checksum of others, of which nothing may be kept.
    fn lie(&mut self, hand: &Hand<'_>, dice: &mut Dice) -> Result<(), Unknown> {
        let from = self.acknowledged;
        let length = dice.length(1 << 18).min(self.bytes.len() - from);
        let mut piece = self.bytes[from..from + length].to_vec();
        let checksum = format!("sha256 {}", BASE64.encode(&Sha256::digest(&piece)));
        piece[dice.place(length)] ^= 1;
        let answer = self.append(&piece, &[("Upload-Checksum", &checksum)], hand);
        match answer {
            Ok(answer) if !matches!(answer.status, 404 | 409 | 460 | 503) => {
                hand.ledger
                    .broken(format!("bytes with another checksum: {answer:?}"));
                Err(Unknown)
            }
            _ => {
                self.stand(hand)?;
                if self.acknowledged != from {
                    hand.ledger
                        .broken("bytes were kept whose checksum differs".to_owned());
                }
                Ok(())
            }
        }
    }

    fn append(&self, piece: &[u8], more: &[(&str, &str)], hand: &Hand<'_>) -> Result<Answer, Cut> {
        let offset = self.acknowledged.to_string();
        let mut headers = vec![("Upload-Offset", offset.as_str())];
        headers.extend_from_slice(more);
        hand.drop_box
            .tus(&format!("PATCH {}", self.path), &headers, piece)
    }

    /// Asks where it stands, until somebody says so. What was acknowledged must still be there.
    pub(crate) fn stand(&mut self, hand: &Hand<'_>) -> Result<Stand, Unknown> {
        let answer = hand
            .insist(&format!("HEAD {}", self.path), &[])
            .ok_or(Unknown)?;
        if answer.status == 404 {
            return Err(Unknown);
        }
        let Some(stand) = Stand::of(&answer).filter(|_| answer.status == 200) else {
            hand.ledger.broken(format!("it stands nowhere: {answer:?}"));
            return Err(Unknown);
        };
        if stand.offset < self.acknowledged {
            hand.ledger.broken(format!(
                "{} bytes were acknowledged, {} are there",
                self.acknowledged, stand.offset
            ));
        } else if stand.offset > self.sent && stand.offset <= self.bytes.len() {
            hand.ledger.broken(format!(
                "{} bytes were sent, {} are there",
                self.sent, stand.offset
            ));
        } else {
            self.stands_at(stand.offset.min(self.bytes.len()), hand);
        }
        Ok(stand)
    }

    fn stands_at(&mut self, offset: usize, hand: &Hand<'_>) {
        let more = offset - self.acknowledged;
        hand.ledger.acknowledge(u64::try_from(more).unwrap());
        self.acknowledged = offset;
    }

    /// Waits until all of it is a drop, and gives the tree hash.
    pub(crate) fn tree(&mut self, hand: &Hand<'_>) -> Result<String, Unknown> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if let Some(tree) = self.stand(hand)?.tree {
                return Ok(tree);
            }
            thread::sleep(hand.pause);
        }
        hand.ledger
            .broken("what was whole became no drop".to_owned());
        Err(Unknown)
    }
}
