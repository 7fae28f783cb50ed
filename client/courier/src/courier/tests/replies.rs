//! Replies, and the dummies among them.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use knothole_envelope::{
    EpochSecret, EraseHash, MailboxAddress, Message, OpenedReply, PushedReply, Suite, open_reply,
    seal_reply,
};

use super::bundles::Bundles;
use super::hands::Pull;
use super::pushing::{lay, push};
use super::{Place, names, sent};
use crate::exit::Exit;
use crate::fetch::Wishes;
use crate::outbox::{Outbox, OutboxError};
use crate::push::{PushError, Pushed, Refusable};
use crate::random;

fn source() -> EpochSecret {
    EpochSecret::from_bytes([7; 32])
}

/// A reply to the one source, with this number.
fn reply(place: &Place, number: u64) -> PushedReply {
    let editor = &place.newsroom.editor;
    let envelope = seal_reply(
        &mut random::system(),
        Suite::ChaCha20Poly1305,
        &source().recipient_key(),
        &place.newsroom.fingerprint(),
        editor,
        number,
        &Message::new("words").unwrap(),
    );
    PushedReply {
        mailbox: MailboxAddress::from_bytes([7; 32]),
        erase: EraseHash::from_bytes([8; 32]),
        envelope: envelope.unwrap(),
    }
}

fn with_replies(place: &Place, replies: &[PushedReply]) -> std::path::PathBuf {
    let stick = place.stick("stick");
    lay(&stick, &place.newsroom.chain, &[], &[]);
    let path = stick.join("knothole-outbox/replies");
    std::fs::write(path, PushedReply::encode_list(replies)).unwrap();
    stick
}

/// What was pushed, push by push.
fn lots(place: &Place) -> Vec<Vec<PushedReply>> {
    place.service.script(|script| {
        let taken = script.taken.iter();
        let replies = taken.filter(|(path, _)| path == "/replies");
        let lots = replies.map(|(_, body)| PushedReply::decode_list(body, 16).unwrap());
        lots.collect()
    })
}

/// The numbers of the replies in a lot, in their order; dummies have none.
fn numbers(place: &Place, lot: &[PushedReply]) -> Vec<u64> {
    let chain = place.newsroom.verified();
    let opened = lot
        .iter()
        .filter_map(|reply| open_reply(reply.envelope.as_slice(), &source(), &chain).ok());
    opened.map(|reply: OpenedReply| reply.number()).collect()
}

async fn sync(place: &Place) -> Result<Pushed, PushError> {
    let sticks = [place.stick("empty")];
    let mut courier = place.courier();
    let wishes = Wishes::default();
    let synced = courier.sync(Ok(None), &sticks, wishes, &mut |_| {}).await;
    synced.pushed
}

#[tokio::test(flavor = "multi_thread")]
async fn every_push_and_every_sync_hands_over_eight_whether_or_not_there_is_a_reply() {
    let place = Place::new(&[]).await;
    let replies: Vec<_> = (1..=3).map(|number| reply(&place, number)).collect();
    let stick = with_replies(&place, &replies);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!((pushed.replies, pushed.replies_waiting), (3, 0));
    assert_eq!(sync(&place).await.unwrap().replies, 0);
    let lots = lots(&place);
    assert_eq!(lots.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8]);
    assert_eq!(numbers(&place, &lots[0]), [1, 2, 3]);
    assert!(numbers(&place, &lots[1]).is_empty());
    let encoded = lots.iter().map(|lot| PushedReply::encode_list(lot).len());
    assert_eq!(encoded.collect::<BTreeSet<_>>().len(), 1);
    // No two dummies share a mailbox, an erase hash or an envelope.
    let all = lots.concat();
    let mailboxes: BTreeSet<_> = all.iter().map(|reply| reply.mailbox).collect();
    let erase: BTreeSet<_> = all.iter().map(|reply| reply.erase).collect();
    let hashes: BTreeSet<_> = all.iter().map(PushedReply::hash).collect();
    assert_eq!((mailboxes.len(), erase.len(), hashes.len()), (14, 14, 16));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_names_all_that_the_server_took_and_tells_no_reply_from_a_dummy() {
    let drop = sent(16);
    let place = Place::new(std::slice::from_ref(&drop)).await;
    let replies: Vec<_> = (1..=3).map(|number| reply(&place, number)).collect();
    let pushed = push(&place, &with_replies(&place, &replies)).await.unwrap();
    assert_eq!(pushed.replies, 3);
    let stick = place.stick("bundles");
    let sticks = [stick.clone()];
    let fetched = place
        .courier()
        .fetch(&sticks, Wishes::default(), &mut |_| {})
        .await;
    assert_eq!(fetched.unwrap().drops, 1);
    let bundles = Bundles::read(&place, &[&stick]);
    let taken: BTreeSet<_> = lots(&place)
        .concat()
        .iter()
        .map(PushedReply::hash)
        .collect();
    assert_eq!(taken.len(), 8);
    assert_eq!(*bundles.last().pushed(), taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_eight_replies_wait_for_the_next_time_in_their_order() {
    let place = Place::new(&[]).await;
    let replies: Vec<_> = (1..=19).map(|number| reply(&place, number)).collect();
    let stick = with_replies(&place, &replies);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!((pushed.replies, pushed.replies_waiting), (8, 11));
    assert!(pushed.to_string().contains("next push or sync: 11"));
    // The same outbox brings nothing twice.
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!((pushed.replies, pushed.replies_waiting), (8, 3));
    assert_eq!(sync(&place).await.unwrap().replies, 3);
    assert_eq!(push(&place, &stick).await.unwrap().replies, 0);
    let told: Vec<_> = lots(&place)
        .iter()
        .flat_map(|lot| numbers(&place, lot))
        .collect();
    assert_eq!(told, (1..=19).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_that_the_server_does_not_take_wait_and_the_person_is_told() {
    let place = Place::new(&[]).await;
    let stick = with_replies(&place, &[reply(&place, 1)]);
    for (status, refusable) in [
        (403, Refusable::Replies),
        (507, Refusable::RepliesFull),
        (404, Refusable::RepliesUnknown),
    ] {
        place
            .service
            .script(|script| script.refuses = vec![("/replies", status)]);
        let pushed = push(&place, &stick).await.unwrap();
        assert_eq!(pushed.exit(), Exit::Partly);
        assert_eq!((pushed.replies, pushed.replies_waiting), (0, 1));
        assert_eq!(pushed.refused, [refusable]);
        assert!(pushed.to_string().contains(&status.to_string()));
    }
    // One attempt each: a server without room is not asked again and again.
    let asked = place.service.seen();
    let asked = asked.iter().filter(|path| *path == "POST /replies");
    assert_eq!(asked.count(), 3);
    place.service.script(|script| script.refuses.clear());
    assert_eq!(push(&place, &stick).await.unwrap().replies, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lot_that_was_not_answered_goes_again_as_it_was() {
    let place = Place::new(&[]).await;
    let stick = with_replies(&place, &[reply(&place, 1)]);
    // Cut off after the server took it, before the courier noted that: some step from the last on.
    let mut first = None;
    for step in 0.. {
        let hand = Arc::new(Pull::at(step));
        let pull: Arc<dyn crate::stick::Hand> = hand.clone();
        let outbox = Outbox::read(&stick).unwrap().unwrap();
        let result = place.courier_with(pull).push(outbox).await;
        if first.is_none() {
            first = lots(&place).first().cloned();
        }
        assert_eq!(result.is_err(), hand.has_pulled());
        if !hand.has_pulled() {
            break;
        }
    }
    let lots = lots(&place);
    let same = lots.iter().filter(|lot| Some(*lot) == first.as_ref());
    assert!(same.count() >= 2, "it was never cut off behind the server");
    // Whatever the step was, the one reply never comes among other dummies.
    for lot in lots.iter().filter(|lot| !numbers(&place, lot).is_empty()) {
        assert_eq!(Some(lot), first.as_ref());
    }
    assert!(names(&place.state()).iter().all(|name| name != "lot"));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_push_the_courier_knows_no_mailbox_any_more() {
    let place = Place::new(&[]).await;
    let stick = with_replies(&place, &[reply(&place, 1)]);
    push(&place, &stick).await.unwrap();
    let state = place.state();
    assert_eq!(names(&state), ["keys", "lock", "state.json"]);
    let remembered = std::fs::read_to_string(state.join("state.json")).unwrap();
    assert!(!remembered.contains(&"07".repeat(32)));
    assert!(remembered.contains(&reply_hash(&stick)));
    // Nothing there tells the reply from the seven dummies that went with it.
    for reply in &lots(&place)[0] {
        assert!(remembered.contains(&reply.hash().to_string()));
        assert!(!remembered.contains(&reply.mailbox.to_string()));
    }
}

fn reply_hash(stick: &Path) -> String {
    let outbox = Outbox::read(stick).unwrap().unwrap();
    outbox.replies[0].hash().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_without_replies_is_whole_and_one_with_damaged_ones_is_named() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    lay(&stick, &place.newsroom.chain, &[], &[]);
    assert!(Outbox::read(&stick).unwrap().unwrap().replies.is_empty());
    let path = stick.join("knothole-outbox/replies");
    let mut bytes = PushedReply::encode_list(&[reply(&place, 1)]);
    bytes.pop();
    std::fs::write(&path, bytes).unwrap();
    let error = Outbox::read(&stick).unwrap_err();
    assert!(matches!(error, OutboxError::Damaged(damaged) if damaged == path));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_and_fifty_six_replies_wait_at_most_and_the_others_are_told() {
    let place = Place::new(&[]).await;
    place
        .service
        .script(|script| script.refuses = vec![("/replies", 403)]);
    let one = reply(&place, 1);
    let mut number: u64 = 0;
    let mut left = Vec::new();
    for count in [64, 64, 64, 63, 1, 2] {
        let replies: Vec<_> = (0..count)
            .map(|_| {
                // The courier cannot open them: any other salt makes another one.
                number += 1;
                let mut other = one.clone();
                other.envelope[24..32].copy_from_slice(&number.to_be_bytes());
                other
            })
            .collect();
        let stick = with_replies(&place, &replies);
        left.push(push(&place, &stick).await.unwrap().replies_left);
    }
    assert_eq!(left, [0, 0, 0, 0, 0, 2]);
}
