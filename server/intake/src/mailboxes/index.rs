//! Which reply waits where, in memory.

use std::collections::HashSet;

use knothole_envelope::{Day, MAILBOX_ENVELOPES, MailboxAddress, ReplyHash};
use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq as _};

use super::Erasure;
use super::decoys::DecoySecret;
use super::letter::Letter;
use super::tag::Tag;
use crate::disk::Name;

/// A letter that waits, a dummy or not.
#[derive(Debug)]
pub(super) struct Held {
    name: Name,
    mailbox: Tag,
    erase: Tag,
    hash: ReplyHash,
    order: u64,
    last: Day,
    /// Where it stands in the answer when it is one of the oldest four of its mailbox. It begins
    /// with one that chance decides, so that a place tells of no letter whether it was ever looked
    /// for.
    place: u8,
}

impl Held {
    pub(super) fn of(name: Name, letter: &Letter, rng: &mut impl CryptoRng) -> Self {
        let [place, ..] = rng.next_u32().to_be_bytes();
        Self {
            name,
            mailbox: letter.mailbox,
            erase: letter.erase,
            hash: letter.hash(),
            order: letter.order,
            last: letter.last,
            place: place & 3,
        }
    }

    fn is_in(&self, mailbox: &MailboxAddress) -> Choice {
        self.mailbox.is(&Tag::mailbox(&self.name, mailbox))
    }
}

/// Every letter, in the order of pushing. Nothing here says which of them belong together: whoever
/// asks brings the address, and each letter is compared with it, hit or miss. That is two hashes
/// for each of some thousand letters, a millisecond or two.
#[derive(Debug, Default)]
pub(super) struct Index {
    letters: Vec<Held>,
    names: HashSet<Name>,
}

impl Index {
    pub(super) fn add(&mut self, held: Held) {
        let at = self
            .letters
            .partition_point(|other| (other.order, &other.name) < (held.order, &held.name));
        self.names.insert(held.name.clone());
        self.letters.insert(at, held);
    }

    /// Puts what became of a letter in its place.
    pub(super) fn replace(&mut self, held: Held) {
        let mut letters = self.letters.iter_mut();
        if let Some(old) = letters.find(|old| old.name == held.name) {
            *old = held;
        }
    }

    pub(super) fn remove(&mut self, name: &Name) -> bool {
        self.letters.retain(|held| held.name != *name);
        self.names.remove(name)
    }

    pub(super) fn holds(&self, name: &Name) -> bool {
        self.names.contains(name)
    }

    pub(super) fn count(&self) -> usize {
        self.letters.len()
    }

    /// Name and last day of every letter.
    pub(super) fn all(&self) -> Vec<(Name, Day)> {
        let letters = self.letters.iter();
        letters.map(|held| (held.name.clone(), held.last)).collect()
    }

    /// Order and last day of a letter.
    pub(super) fn stays(&self, name: &Name) -> Option<(u64, Day)> {
        let held = self.letters.iter().find(|held| held.name == *name)?;
        Some((held.order, held.last))
    }

    /// The number that the next letter gets.
    pub(super) fn next_order(&self) -> u64 {
        let last = self.letters.last();
        last.map_or(1, |held| held.order.saturating_add(1))
    }

    /// The reply at each place of the answer, if one is there. Of the oldest four an older one
    /// keeps its place and a younger one gives way, so that nothing moves in an answer but what
    /// came or went.
    pub(super) fn shown(
        &mut self,
        mailbox: &MailboxAddress,
        secret: &DecoySecret,
    ) -> [Option<Name>; MAILBOX_ENVELOPES] {
        let mut shown = [const { None }; MAILBOX_ENVELOPES];
        let letters = self.letters.iter_mut();
        let inside = letters.filter(|held| bool::from(held.is_in(mailbox)));
        for held in inside.take(MAILBOX_ENVELOPES) {
            let wishes = secret.places(mailbox, &held.name);
            for place in std::iter::once(held.place).chain(wishes) {
                if let Some(free @ None) = shown.get_mut(usize::from(place)) {
                    *free = Some(held.name.clone());
                    held.place = place;
                    break;
                }
            }
        }
        shown
    }

    /// The replies of a mailbox that a request may erase and names.
    pub(super) fn named(&self, mailbox: &MailboxAddress, erasure: &Erasure) -> Vec<Name> {
        let shown = erasure.secret.hash();
        let may_go = |held: &&Held| {
            let mut named = Choice::from(0);
            for name in &erasure.names {
                named |= held.hash.as_bytes().ct_eq(name.as_bytes());
            }
            let own = held.erase.is(&Tag::erase(&held.name, &shown));
            bool::from(held.is_in(mailbox) & own & named)
        };
        let going = self.letters.iter().filter(may_go);
        going.map(|held| held.name.clone()).collect()
    }

    /// The letters whose last day is over.
    pub(super) fn over(&self, today: Day) -> Vec<Name> {
        let over = self.letters.iter().filter(|held| held.last < today);
        over.map(|held| held.name.clone()).collect()
    }
}
