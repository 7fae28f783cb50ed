//! Replies on their way to the server.
//!
//! ```text
//! STATE/
//!   replies    those that wait, as an outbox has them
//!   lot        those of the push that is being made, with the dummies among them
//! ```
//!
//! A lot that the server did not answer goes again as it was: otherwise the server would tell
//! replies from dummies by what comes twice.
//!
//! Of what the server took only the hashes are kept, not the mailboxes, and those of dummies among
//! them: beside a store that was seized, hashes of replies alone would tell the replies. Bundles
//! bring them to the offline machine, so that no later courier pushes those replies again.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

use knothole_envelope::{
    Day, EraseHash, MOST_NAMED_REPLIES, MailboxAddress, PushedReply, ReplyHash, SealError,
    seal_decoy,
};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use super::{Held, StateError, text};
use crate::durable;
use crate::stick::Step;

const WAITING: &str = "replies";
const LOT: &str = "lot";
/// So many replies go with each push, whether or not so many wait.
pub(crate) const LOT_OF_REPLIES: usize = 8;
/// At most so many replies wait here.
const MOST_WAITING: usize = 256;
/// No outbox brings a reply for longer: the offline machine forgets it after 60 days.
const DAYS_REMEMBERED: u32 = 90;
/// 256 replies, and what stands between them.
const MOST_FILE_BYTES: u64 = 20 << 20;

/// A reply that the server took, or a dummy.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PushedHash {
    #[serde(with = "text")]
    hash: ReplyHash,
    #[serde(with = "text")]
    day: Day,
}

impl Held {
    /// The replies that wait, the oldest first.
    pub(crate) fn replies(&self) -> Result<Vec<PushedReply>, StateError> {
        let mut waiting = self.read_replies(WAITING)?.unwrap_or_default();
        // A crash may have come between the two files.
        waiting.retain(|reply| !self.was_pushed(&reply.hash()));
        Ok(waiting)
    }

    /// Takes in what is new of an outbox; answers for how many there was no place.
    pub(crate) fn take_replies(&mut self, brought: Vec<PushedReply>) -> Result<usize, StateError> {
        let mut waiting = self.replies()?;
        let before = waiting.len();
        let mut left: usize = 0;
        for reply in brought {
            let hash = reply.hash();
            if self.was_pushed(&hash) || waiting.iter().any(|other| other.hash() == hash) {
                continue;
            }
            if waiting.len() < MOST_WAITING {
                waiting.push(reply);
            } else {
                left = left.saturating_add(1);
            }
        }
        if waiting.len() > before {
            self.write_replies(WAITING, &waiting)?;
        }
        Ok(left)
    }

    /// The replies of the next push. The oldest that wait, in their order, at places that chance
    /// decides, and dummies at the others.
    pub(crate) fn lot_of_replies(
        &mut self,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<PushedReply>, StateError> {
        if let Some(lot) = self.read_replies(LOT)? {
            return Ok(lot);
        }
        let waiting = self.replies()?;
        let places = places(rng, waiting.len());
        let mut waiting = waiting.into_iter();
        let mut lot = Vec::new();
        for taken in places {
            let reply = if taken { waiting.next() } else { None };
            lot.push(match reply {
                Some(reply) => reply,
                None => dummy(rng).map_err(|_| StateError::Damaged)?,
            });
        }
        self.write_replies(LOT, &lot)?;
        Ok(lot)
    }

    /// Notes that the server took a lot; answers how many of it were no dummies.
    pub(crate) fn replies_were_taken(
        &mut self,
        lot: &[PushedReply],
        today: Day,
    ) -> Result<usize, StateError> {
        let waiting = self.replies()?;
        let taken: Vec<ReplyHash> = lot.iter().map(PushedReply::hash).collect();
        let (gone, left): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|reply| taken.contains(&reply.hash()));
        let pushed = &mut self.state.pushed;
        pushed.retain(|old| {
            let age = today.since(old.day);
            age.is_none_or(|days| days <= DAYS_REMEMBERED)
        });
        pushed.extend(taken.iter().map(|hash| PushedHash {
            hash: *hash,
            day: today,
        }));
        let surplus = pushed.len().saturating_sub(MOST_NAMED_REPLIES);
        drop(pushed.drain(..surplus));
        self.save()?;
        self.write_replies(WAITING, &left)?;
        self.write_replies(LOT, &[])?;
        Ok(gone.len())
    }

    /// What the server took of replies and dummies and is remembered.
    pub(crate) fn pushed_replies(&self) -> BTreeSet<ReplyHash> {
        self.state.pushed.iter().map(|pushed| pushed.hash).collect()
    }

    fn was_pushed(&self, hash: &ReplyHash) -> bool {
        self.state.pushed.iter().any(|pushed| pushed.hash == *hash)
    }

    fn reply_file(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    fn read_replies(&self, name: &str) -> Result<Option<Vec<PushedReply>>, StateError> {
        match durable::read(&self.reply_file(name), MOST_FILE_BYTES) {
            Ok(bytes) => {
                let most = u64::try_from(MOST_WAITING).unwrap_or(u64::MAX);
                let replies = PushedReply::decode_list(&bytes, most);
                replies.map(Some).map_err(|_| StateError::Damaged)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(StateError::Damaged),
            Err(error) => Err(StateError::Disk(error)),
        }
    }

    /// Puts these in the place of the ones before; where there are none, there is no file.
    fn write_replies(&self, name: &str, replies: &[PushedReply]) -> Result<(), StateError> {
        self.hand.step(Step::State).map_err(StateError::Disk)?;
        let path = self.reply_file(name);
        if replies.is_empty() {
            durable::remove(&path)
        } else {
            durable::replace(&path, &PushedReply::encode_list(replies))
        }
        .map_err(StateError::Disk)
    }
}

/// At which places of a lot replies stand, when so many wait.
fn places(rng: &mut impl CryptoRng, waiting: usize) -> [bool; LOT_OF_REPLIES] {
    let mut places = [false; LOT_OF_REPLIES];
    places
        .iter_mut()
        .take(waiting)
        .for_each(|place| *place = true);
    // Fisher and Yates; of 2^32 numbers the remainder prefers none by more than 2^-29.
    for (last, below) in (1..LOT_OF_REPLIES).zip(2_u32..9).rev() {
        let other = rng.next_u32().checked_rem(below).unwrap_or(0);
        places.swap(last, usize::try_from(other).unwrap_or(0));
    }
    places
}

/// What looks like a reply, in a mailbox that is nobody's.
fn dummy(rng: &mut impl CryptoRng) -> Result<PushedReply, SealError> {
    let mut mailbox = [0; 32];
    rng.fill_bytes(&mut mailbox);
    let mut erase = [0; 32];
    rng.fill_bytes(&mut erase);
    Ok(PushedReply {
        mailbox: MailboxAddress::from_bytes(mailbox),
        erase: EraseHash::from_bytes(erase),
        envelope: seal_decoy(rng)?,
    })
}
