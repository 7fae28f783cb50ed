//! Which reply waits where, in memory.

use std::collections::HashMap;

use knothole_envelope::{Day, EraseHash, MAILBOX_ENVELOPES, MailboxAddress, ReplyHash};
use subtle::{Choice, ConstantTimeEq as _};

use super::Erasure;
use super::decoys::DecoySecret;
use super::letter::Letter;
use crate::disk::Name;

/// A reply that waits.
#[derive(Debug)]
pub(super) struct Held {
    name: Name,
    mailbox: MailboxAddress,
    erase: EraseHash,
    hash: ReplyHash,
    order: u64,
    last: Day,
    /// Where it stands in the answer, once it is one of the oldest four.
    place: Option<u8>,
}

impl Held {
    pub(super) fn of(name: Name, letter: &Letter) -> Self {
        Self {
            name,
            mailbox: letter.mailbox,
            erase: letter.erase,
            hash: letter.hash(),
            order: letter.order,
            last: letter.last,
            place: None,
        }
    }
}

/// Every mailbox that holds something, its replies in the order of pushing.
#[derive(Debug, Default)]
pub(super) struct Index {
    boxes: HashMap<MailboxAddress, Vec<Held>>,
    names: HashMap<Name, MailboxAddress>,
}

impl Index {
    pub(super) fn add(&mut self, held: Held) {
        self.names.insert(held.name.clone(), held.mailbox);
        let inside = self.boxes.entry(held.mailbox).or_default();
        inside.push(held);
        inside.sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
    }

    /// Takes a reply out and says from which mailbox; an empty mailbox leaves nothing behind.
    pub(super) fn remove(&mut self, name: &Name) -> Option<MailboxAddress> {
        let mailbox = self.names.remove(name)?;
        let inside = self.boxes.get_mut(&mailbox)?;
        inside.retain(|held| held.name != *name);
        if inside.is_empty() {
            self.boxes.remove(&mailbox);
        }
        Some(mailbox)
    }

    pub(super) fn holds(&self, name: &Name) -> bool {
        self.names.contains_key(name)
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }

    /// The number that the next reply of a mailbox gets.
    pub(super) fn next_order(&self, mailbox: &MailboxAddress) -> u64 {
        let inside = self.boxes.get(mailbox);
        let last = inside.and_then(|inside| inside.last());
        last.map_or(1, |held| held.order.saturating_add(1))
    }

    /// Gives a place to those of the oldest four that have none. Who has one keeps it, so that
    /// nothing moves in an answer but what came or went.
    pub(super) fn settle(&mut self, mailbox: &MailboxAddress, secret: &DecoySecret) {
        let Some(inside) = self.boxes.get_mut(mailbox) else {
            return;
        };
        let mut taken: Vec<u8> = inside.iter().filter_map(|held| held.place).collect();
        for held in inside.iter_mut().take(MAILBOX_ENVELOPES) {
            if held.place.is_none() {
                let wishes = secret.places(mailbox, &held.name);
                held.place = wishes.into_iter().find(|place| !taken.contains(place));
                taken.extend(held.place);
            }
        }
    }

    pub(super) fn settle_all(&mut self, secret: &DecoySecret) {
        let mailboxes: Vec<_> = self.boxes.keys().copied().collect();
        for mailbox in mailboxes {
            self.settle(&mailbox, secret);
        }
    }

    /// The reply at each place of the answer, if one is there.
    pub(super) fn shown(&self, mailbox: &MailboxAddress) -> [Option<Name>; MAILBOX_ENVELOPES] {
        let mut shown = [const { None }; MAILBOX_ENVELOPES];
        let inside = self.boxes.get(mailbox).map_or(&[][..], Vec::as_slice);
        for held in inside.iter().take(MAILBOX_ENVELOPES) {
            let slot = held
                .place
                .and_then(|place| shown.get_mut(usize::from(place)));
            if let Some(slot) = slot {
                *slot = Some(held.name.clone());
            }
        }
        shown
    }

    /// The replies of a mailbox that a request may erase and names.
    pub(super) fn named(&self, mailbox: &MailboxAddress, erasure: &Erasure) -> Vec<Name> {
        let shown = erasure.secret.hash();
        let inside = self.boxes.get(mailbox).map_or(&[][..], Vec::as_slice);
        let may_go = |held: &&Held| {
            let mut named = Choice::from(0);
            for name in &erasure.names {
                named |= held.hash.as_bytes().ct_eq(name.as_bytes());
            }
            bool::from(held.erase.as_bytes().ct_eq(shown.as_bytes()) & named)
        };
        let going = inside.iter().filter(may_go);
        going.map(|held| held.name.clone()).collect()
    }

    /// The replies whose last day is over.
    pub(super) fn over(&self, today: Day) -> Vec<Name> {
        let held = self.boxes.values().flatten();
        let over = held.filter(|held| held.last < today);
        over.map(|held| held.name.clone()).collect()
    }
}
