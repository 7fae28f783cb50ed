use getrandom::SysRng;
use knothole_envelope::{
    Charter, CharterChain, Codename, Message, Quorum, RecipientKey, Signed, SigningSecret, Suite,
    seal_decoy, seal_reply,
};
use rand_core::UnwrapErr;

use super::*;

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

struct Newsroom {
    editor: SigningSecret,
    chain: VerifiedChain,
    way: WayBack,
}

fn newsroom() -> Newsroom {
    let editor = SigningSecret::generate(&mut rng());
    let charter = Charter::founding(vec![editor.editor_key()], Quorum::ONE, None).unwrap();
    let chain = CharterChain::found(charter, &[&editor]).unwrap();
    let fingerprint = chain.unverified_fingerprint().unwrap();
    let way = Codename::generate(&mut rng()).way_back(&fingerprint);
    Newsroom {
        editor,
        chain: chain.verify(&fingerprint).unwrap(),
        way,
    }
}

impl Newsroom {
    fn sealed(&self, key: &RecipientKey, by: &SigningSecret, number: u64) -> [u8; REPLY_LEN] {
        *seal_reply(
            &mut rng(),
            Suite::ChaCha20Poly1305,
            key,
            self.chain.fingerprint(),
            by,
            number,
            &Message::new(&format!("words {number}")).unwrap(),
        )
        .unwrap()
    }

    fn reply(&self, number: u64) -> [u8; REPLY_LEN] {
        self.sealed(&self.way.block().key, &self.editor, number)
    }

    fn round(&self, envelopes: &[[u8; REPLY_LEN]]) -> Round {
        Round::of(envelopes.iter(), &self.way, &self.chain)
    }
}

fn decoy() -> [u8; REPLY_LEN] {
    *seal_decoy(&mut rng()).unwrap()
}

#[test]
fn replies_come_in_the_order_of_their_numbers_wherever_they_lie_among_decoys() {
    let newsroom = newsroom();
    let round = newsroom.round(&[newsroom.reply(9), decoy(), newsroom.reply(2), decoy()]);
    let numbers: Vec<u64> = round.replies().iter().map(OpenedReply::number).collect();
    assert_eq!(numbers, [2, 9]);
    assert!(round.refused().is_empty());
    assert_eq!(round.read().len(), 2);
}

#[test]
fn a_mailbox_of_decoys_or_of_another_source_holds_nothing() {
    let newsroom = newsroom();
    let other = Codename::generate(&mut rng()).way_back(newsroom.chain.fingerprint());
    let theirs = newsroom.sealed(&other.block().key, &newsroom.editor, 1);
    let round = newsroom.round(&[decoy(), theirs, decoy(), decoy()]);
    assert!(round.replies().is_empty() && round.refused().is_empty());
    assert!(round.read().is_empty());
}

#[test]
fn what_nobody_of_the_newsroom_signed_is_refused_and_neither_shown_nor_erased() {
    let newsroom = newsroom();
    let stranger = SigningSecret::generate(&mut rng());
    let false_one = newsroom.sealed(&newsroom.way.block().key, &stranger, 2);
    let round = newsroom.round(&[false_one, newsroom.reply(1), decoy(), decoy()]);
    assert_eq!(round.replies().len(), 1);
    assert!(matches!(round.refused(), [(_, ReplyError::ForeignEditor)]));
    assert_eq!(round.read().len(), 1);
}

#[test]
fn an_altered_reply_is_refused() {
    let newsroom = newsroom();
    let mut altered = newsroom.reply(1);
    altered[REPLY_LEN - 1] ^= 1;
    let round = newsroom.round(&[altered]);
    assert!(matches!(round.refused(), [(_, ReplyError::Damaged)]));
    assert!(round.replies().is_empty());
}

#[test]
fn a_reply_that_is_shown_twice_counts_once() {
    let newsroom = newsroom();
    let reply = newsroom.reply(1);
    let round = newsroom.round(&[reply, reply, reply, reply]);
    assert_eq!(round.replies().len(), 1);
    assert!(round.holds_any(&[ReplyHash::of(&reply)]));
    assert!(!round.holds_any(&[ReplyHash::of(&decoy())]));
}

#[test]
fn an_editor_who_left_is_told_from_one_of_today() {
    let newsroom = newsroom();
    let next = SigningSecret::generate(&mut rng());
    let charter = newsroom.chain.current();
    let charter = charter.next(vec![next.editor_key()], Quorum::ONE, None);
    let mut charter = Signed::new(charter.unwrap());
    charter.sign(newsroom.chain.fingerprint(), &newsroom.editor);
    let later = newsroom.chain.append(charter);
    let chain = later.unwrap();
    let by_next = newsroom.sealed(&newsroom.way.block().key, &next, 2);
    let envelopes = [newsroom.reply(1), by_next];
    let round = Round::of(envelopes.iter(), &newsroom.way, &chain);
    let current: Vec<bool> = round
        .replies()
        .iter()
        .map(OpenedReply::by_current_editor)
        .collect();
    assert_eq!(current, [false, true]);
}
