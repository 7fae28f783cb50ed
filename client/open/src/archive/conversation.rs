//! Who can be answered, and what was answered.
//!
//! A conversation is a reply block that drops carried, so that a source can be answered when the
//! keys of its drops are burned. Of the words on either side nothing is kept: a reply stays here
//! sealed to its source, until a courier has surely taken it.

use core::fmt;
use std::collections::BTreeSet;

use knothole_envelope::{
    Day, DropId, EraseHash, MailboxAddress, Message, REPLY_LEN, RecipientKey, ReplyBlock, ReplyHash,
};

use super::cbor::{Reader, Writer};
use super::state::MOST_DROPS;

/// A newsroom remembers at most so many conversations.
pub const MOST_CONVERSATIONS: usize = 4096;
/// At most so many sealed replies are kept for the outbox.
pub const MOST_KEPT_REPLIES: usize = 64;
/// Automatic replies leave the rest of the places to those that a person writes.
pub const MOST_BEFORE_AUTOMATIC: usize = 48;
/// The days of so many replies are remembered, the last ones.
const MOST_REPLY_DAYS: usize = 64;
/// A reply that went into an outbox so many days ago, by the day that has surely come, was carried.
const DAYS_KEPT: u32 = 60;

/// A source that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    block: ReplyBlock,
    /// In the order in which they were opened.
    drops: Vec<DropId>,
    /// The number of the last reply, 0 at first.
    last: u64,
    days: Vec<Day>,
}

impl Conversation {
    /// The way back.
    #[must_use]
    pub const fn block(&self) -> &ReplyBlock {
        &self.block
    }

    /// The drops that carried it, in the order in which they were opened.
    #[must_use]
    pub fn drops(&self) -> &[DropId] {
        &self.drops
    }

    /// How many replies were sealed.
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.last
    }

    /// The days of the last replies.
    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }
}

/// The number of a conversation in its archive, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConversationNumber(u32);

impl ConversationNumber {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    fn of(place: usize) -> Option<Self> {
        Some(Self(u32::try_from(place).ok()?.checked_add(1)?))
    }

    fn place(self) -> Option<usize> {
        usize::try_from(self.0.checked_sub(1)?).ok()
    }
}

impl fmt::Display for ConversationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// When a reply may go into an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Going {
    /// With the next one.
    AtOnce,
    /// Not with the one that first brings the receipt of the drop that it speaks of, nor with
    /// another of that day: a server that is handed both at once can tell whose mailbox it is.
    AfterTheReceipt {
        /// The day of the first outbox, once there was one.
        laid: Option<Day>,
    },
}

/// A sealed reply, until it was surely carried.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptReply {
    conversation: ConversationNumber,
    going: Going,
    /// The day that had surely come when it first went into an outbox.
    laid: Option<Day>,
    envelope: Box<[u8; REPLY_LEN]>,
}

impl KeptReply {
    /// The conversation that it belongs to.
    #[must_use]
    pub const fn conversation(&self) -> ConversationNumber {
        self.conversation
    }

    /// The sealed reply.
    #[must_use]
    pub const fn envelope(&self) -> &[u8; REPLY_LEN] {
        &self.envelope
    }

    fn goes(&self, today: Day) -> bool {
        match self.going {
            Going::AtOnce => true,
            Going::AfterTheReceipt { laid } => laid.is_some_and(|laid| laid < today),
        }
    }
}

impl fmt::Debug for KeptReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptReply(..)")
    }
}

/// Why there is no place for one more reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlace;

/// All conversations of a newsroom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversations {
    list: Vec<Conversation>,
    kept: Vec<KeptReply>,
    /// What every source is told when its drop was opened, if the newsroom chose so.
    pub acknowledgement: Option<Message>,
}

impl Conversations {
    /// Remembers that a drop carried this way back; nothing when there is no place for one more.
    pub fn note(&mut self, drop: DropId, block: &ReplyBlock) -> Option<ConversationNumber> {
        // Another drop may have had this name, of a courier that was removed since.
        self.part_from(&drop, Some(block));
        let known = self.list.iter().position(|known| known.block == *block);
        let place = match known {
            Some(place) => place,
            None if self.list.len() < MOST_CONVERSATIONS => {
                self.list.push(Conversation {
                    block: block.clone(),
                    drops: Vec::new(),
                    last: 0,
                    days: Vec::new(),
                });
                self.list.len().checked_sub(1)?
            }
            None => return None,
        };
        let conversation = self.list.get_mut(place)?;
        if !conversation.drops.contains(&drop) && conversation.drops.len() < MOST_DROPS {
            conversation.drops.push(drop);
        }
        ConversationNumber::of(place)
    }

    /// Notes that a drop carried no other way back than this one.
    pub(crate) fn part_from(&mut self, drop: &DropId, block: Option<&ReplyBlock>) {
        for conversation in &mut self.list {
            if block != Some(&conversation.block) {
                conversation.drops.retain(|known| known != drop);
            }
        }
    }

    /// The conversation of a drop that was opened.
    #[must_use]
    pub fn of(&self, drop: &DropId) -> Option<(ConversationNumber, &Conversation)> {
        self.all()
            .find(|(_, conversation)| conversation.drops.contains(drop))
    }

    /// A conversation by its number.
    #[must_use]
    pub fn get(&self, number: ConversationNumber) -> Option<&Conversation> {
        self.list.get(number.place()?)
    }

    /// All of them, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = (ConversationNumber, &Conversation)> {
        let numbers = (0..).map_while(ConversationNumber::of);
        numbers.zip(&self.list)
    }

    /// The replies that are kept for outboxes, in the order in which they were sealed.
    #[must_use]
    pub fn kept(&self) -> &[KeptReply] {
        &self.kept
    }

    /// The replies that go into an outbox of today.
    pub fn going(&self, today: Day) -> impl Iterator<Item = &KeptReply> {
        self.kept.iter().filter(move |kept| kept.goes(today))
    }

    /// Whether a reply is kept that was in no outbox yet.
    #[must_use]
    pub fn has_unlaid(&self) -> bool {
        self.kept.iter().any(|kept| kept.laid.is_none())
    }

    /// Notes that an outbox was laid today, and the day that had surely come by then.
    pub fn laid(&mut self, passed: Option<Day>, today: Day) {
        for kept in &mut self.kept {
            if kept.goes(today) {
                kept.laid = kept.laid.or(passed);
            } else if let Going::AfterTheReceipt { laid } = &mut kept.going {
                laid.get_or_insert(today);
            }
        }
    }

    /// Forgets the replies that a courier says the server has.
    pub(crate) fn carried(&mut self, pushed: &BTreeSet<ReplyHash>) {
        self.kept
            .retain(|kept| !pushed.contains(&ReplyHash::of(kept.envelope.as_slice())));
    }

    /// Forgets the replies that wait for no courier any more.
    ///
    /// When `most` are kept all the same, one more is forgotten: the oldest of those that were in
    /// an outbox before a courier came back.
    ///
    /// # Errors
    /// [`NoPlace`] when there is none.
    pub(crate) fn make_place(&mut self, most: usize, passed: Option<Day>) -> Result<(), NoPlace> {
        let waited = |kept: &KeptReply| passed?.since(kept.laid?);
        self.kept
            .retain(|kept| waited(kept).is_none_or(|days| days <= DAYS_KEPT));
        if self.kept.len() < most {
            return Ok(());
        }
        let came_back = |kept: &KeptReply| waited(kept).is_some_and(|days| days > 0);
        let place = self.kept.iter().position(came_back).ok_or(NoPlace)?;
        drop(self.kept.remove(place));
        Ok(())
    }

    /// Keeps a sealed reply, and takes its number with it: no other reply will have it.
    pub(crate) fn keep(
        &mut self,
        number: ConversationNumber,
        reply: u64,
        envelope: Box<[u8; REPLY_LEN]>,
        going: Going,
        today: Day,
    ) {
        let Some(conversation) = number.place().and_then(|place| self.list.get_mut(place)) else {
            return;
        };
        conversation.last = reply;
        conversation.days.push(today);
        let surplus = conversation.days.len().saturating_sub(MOST_REPLY_DAYS);
        drop(conversation.days.drain(..surplus));
        self.kept.push(KeptReply {
            conversation: number,
            going,
            laid: None,
            envelope,
        });
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.array(3).array(self.list.len());
        for conversation in &self.list {
            let ReplyBlock {
                key,
                mailbox,
                erase,
            } = &conversation.block;
            out.array(6).bytes(key.as_bytes());
            out.bytes(mailbox.as_bytes()).bytes(erase.as_bytes());
            out.array(conversation.drops.len());
            for drop in &conversation.drops {
                out.bytes(drop.as_bytes());
            }
            out.unsigned(conversation.last);
            out.array(conversation.days.len());
            for day in &conversation.days {
                out.unsigned(day.get());
            }
        }
        out.array(self.kept.len());
        for kept in &self.kept {
            out.array(4).unsigned(kept.conversation.get());
            match kept.going {
                Going::AtOnce => out.array(0),
                Going::AfterTheReceipt { laid } => out.array(1).unsigned(laid.map_or(0, Day::get)),
            };
            let laid = kept.laid.into_iter().map(Day::get);
            out.array(laid.len());
            for day in laid {
                out.unsigned(day);
            }
            out.bytes(kept.envelope.as_slice());
        }
        let acknowledgement = self.acknowledgement.iter();
        out.array(acknowledgement.len());
        for message in acknowledgement {
            out.bytes(message.as_str().as_bytes());
        }
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Option<Self> {
        input.tuple(3)?;
        let list = input.list(limit(MOST_CONVERSATIONS), read_conversation)?;
        let kept = input.list(limit(MOST_KEPT_REPLIES), read_kept)?;
        let acknowledgement = input
            .list(1, |input| {
                let text = core::str::from_utf8(input.bytes()?).ok()?;
                Message::new(text).ok()
            })?
            .pop();
        let known = |kept: &KeptReply| {
            let place = kept.conversation.place();
            place.is_some_and(|place| place < list.len())
        };
        kept.iter().all(known).then_some(Self {
            list,
            kept,
            acknowledgement,
        })
    }
}

fn limit(most: usize) -> u64 {
    u64::try_from(most).unwrap_or(u64::MAX)
}

fn read_conversation(input: &mut Reader<'_>) -> Option<Conversation> {
    input.tuple(6)?;
    Some(Conversation {
        block: ReplyBlock {
            key: RecipientKey::from_bytes(input.bytes()?).ok()?,
            mailbox: input.fixed().map(MailboxAddress::from_bytes)?,
            erase: input.fixed().map(EraseHash::from_bytes)?,
        },
        drops: input.list(limit(MOST_DROPS), |input| {
            input.fixed().map(DropId::from_bytes)
        })?,
        last: input.unsigned()?,
        days: input.list(limit(MOST_REPLY_DAYS), |input| Day::new(input.unsigned()?))?,
    })
}

fn read_kept(input: &mut Reader<'_>) -> Option<KeptReply> {
    input.tuple(4)?;
    let conversation = ConversationNumber(input.unsigned()?);
    let waits = input.list(1, |input| Day::new(input.unsigned()?))?.pop();
    let going = waits.map_or(Going::AtOnce, |day| Going::AfterTheReceipt {
        laid: (day.get() > 0).then_some(day),
    });
    let laid = input.list(1, |input| Day::new(input.unsigned()?))?.pop();
    let envelope = input.bytes()?.to_vec().into_boxed_slice();
    Some(KeptReply {
        conversation,
        going,
        laid,
        envelope: envelope.try_into().ok()?,
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;
