//! The four envelopes of one answer: which of them are replies, and which are refused.

use knothole_envelope::{
    OpenedReply, REPLY_LEN, ReplyError, ReplyHash, UnlockError, VerifiedChain, WayBack, open_reply,
};
use knothole_onion::Mailbox;

/// What one answer of a mailbox holds.
pub(super) struct Round {
    /// In the order of their numbers.
    replies: Vec<OpenedReply>,
    /// The names of those that were read.
    read: Vec<ReplyHash>,
    /// The names of those that are not to be trusted, and why.
    refused: Vec<(ReplyHash, ReplyError)>,
}

impl Round {
    /// Opens what opens for these words.
    pub(super) fn open(mailbox: &Mailbox, way: &WayBack, chain: &VerifiedChain) -> Self {
        Self::of(mailbox.envelopes(), way, chain)
    }

    fn of<'e>(
        envelopes: impl Iterator<Item = &'e [u8; REPLY_LEN]>,
        way: &WayBack,
        chain: &VerifiedChain,
    ) -> Self {
        let mut round = Self {
            replies: Vec::new(),
            read: Vec::new(),
            refused: Vec::new(),
        };
        for envelope in envelopes {
            match open_reply(envelope, way.key(), chain) {
                // A decoy, or another's: there is nothing to say about it.
                Err(ReplyError::Unlock(UnlockError::NotForTheseKeys)) => {}
                Err(error) => round.refused.push((ReplyHash::of(envelope), error)),
                Ok(reply) => {
                    round.read.push(ReplyHash::of(envelope));
                    // The same one twice is shown once.
                    if !round.replies.contains(&reply) {
                        round.replies.push(reply);
                    }
                }
            }
        }
        round.replies.sort_by_key(OpenedReply::number);
        round
    }

    pub(super) fn replies(&self) -> &[OpenedReply] {
        &self.replies
    }

    pub(super) fn refused(&self) -> &[(ReplyHash, ReplyError)] {
        &self.refused
    }

    /// What the replies that were read are known by.
    pub(super) fn read(&self) -> &[ReplyHash] {
        &self.read
    }

    pub(super) fn holds_any(&self, hashes: &[ReplyHash]) -> bool {
        self.read.iter().any(|hash| hashes.contains(hash))
    }
}

#[cfg(test)]
mod tests;
