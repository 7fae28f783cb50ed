use knothole_envelope::EpochSecret;

use super::*;
use crate::archive::tests::FIRST_DAY;

/// A way back whose key and mailbox follow from two numbers.
fn block(key: u8, mailbox: u8) -> ReplyBlock {
    ReplyBlock {
        key: EpochSecret::from_bytes([key; 32]).recipient_key(),
        mailbox: MailboxAddress::from_bytes([mailbox; 32]),
        erase: EraseHash::from_bytes([mailbox; 32]),
    }
}

fn id(number: u8) -> DropId {
    DropId::from_bytes([number; 32])
}

fn day(after: u32) -> Day {
    Day::new(FIRST_DAY + after).unwrap()
}

fn envelope(number: u8) -> Box<[u8; REPLY_LEN]> {
    Box::new([number; REPLY_LEN])
}

fn read(bytes: &[u8]) -> Option<Conversations> {
    Conversations::read(&mut Reader::new(bytes))
}

fn written(conversations: &Conversations) -> Vec<u8> {
    let mut out = Writer::new();
    conversations.write(&mut out);
    out.finish()
}

/// Three drops of two sources, two replies to the first one.
fn some() -> Conversations {
    let mut conversations = Conversations::default();
    let first = conversations.note(id(1), &block(1, 1)).unwrap();
    conversations.note(id(2), &block(2, 2)).unwrap();
    conversations.note(id(3), &block(1, 1)).unwrap();
    conversations.keep(first, 1, envelope(1), Going::AtOnce, day(0));
    conversations.laid(Some(day(1)), day(1));
    conversations.keep(first, 2, envelope(2), Going::AtOnce, day(4));
    conversations.acknowledgement = Some(Message::new("收到了").unwrap());
    conversations
}

#[test]
fn drops_with_the_same_way_back_are_one_conversation() {
    let conversations = some();
    let (number, conversation) = conversations.of(&id(3)).unwrap();
    assert_eq!(number.get(), 1);
    assert_eq!(conversation.drops(), [id(1), id(3)]);
    assert_eq!(conversation.replies(), 2);
    assert_eq!(conversation.days(), [day(0), day(4)]);
    assert_eq!(conversations.of(&id(2)).unwrap().0.get(), 2);
    assert!(conversations.of(&id(9)).is_none());
}

#[test]
fn a_drop_that_is_opened_again_is_counted_once() {
    let mut conversations = some();
    let number = conversations.note(id(1), &block(1, 1)).unwrap();
    assert_eq!(conversations.get(number).unwrap().drops().len(), 2);
}

#[test]
fn a_copied_key_with_another_mailbox_or_erase_hash_is_another_conversation() {
    let mut conversations = some();
    let mailbox = conversations.note(id(4), &block(1, 9)).unwrap();
    let mut erase = block(1, 1);
    erase.erase = EraseHash::from_bytes([9; 32]);
    let erase = conversations.note(id(5), &erase).unwrap();
    assert_eq!((mailbox.get(), erase.get()), (3, 4));
    assert_eq!(conversations.of(&id(1)).unwrap().1.drops().len(), 2);
}

#[test]
fn conversations_come_back_as_they_were() {
    let conversations = some();
    assert_eq!(read(&written(&conversations)), Some(conversations));
    let none = Conversations::default();
    assert_eq!(read(&written(&none)), Some(none));
}

#[test]
fn a_kept_reply_of_no_conversation_is_refused() {
    let mut conversations = some();
    conversations.kept[1].conversation = ConversationNumber(3);
    assert_eq!(read(&written(&conversations)), None);
    conversations.kept[1].conversation = ConversationNumber(0);
    assert_eq!(read(&written(&conversations)), None);
}

#[test]
fn a_conversation_beyond_the_last_place_is_not_remembered_and_the_known_ones_go_on() {
    let mut conversations = Conversations::default();
    let key = block(1, 1).key;
    let numbered = |number: usize| {
        let mut mailbox = [0; 32];
        mailbox[..8].copy_from_slice(&number.to_be_bytes());
        ReplyBlock {
            key: key.clone(),
            mailbox: MailboxAddress::from_bytes(mailbox),
            erase: EraseHash::from_bytes([0; 32]),
        }
    };
    for number in 0..MOST_CONVERSATIONS {
        assert!(conversations.note(id(1), &numbered(number)).is_some());
    }
    let one_more = numbered(MOST_CONVERSATIONS);
    assert_eq!(conversations.note(id(2), &one_more), None);
    let known = conversations.note(id(2), &numbered(7)).unwrap();
    assert_eq!(known.get(), 8);
    assert_eq!(read(&written(&conversations)), Some(conversations));
}

#[test]
fn a_reply_goes_into_outboxes_until_sixty_days_after_the_first_one() {
    let mut conversations = some();
    let kept = |conversations: &Conversations| conversations.kept().len();
    conversations
        .make_place(MOST_KEPT_REPLIES, Some(day(61)))
        .unwrap();
    assert_eq!(kept(&conversations), 2);
    conversations
        .make_place(MOST_KEPT_REPLIES, Some(day(62)))
        .unwrap();
    assert_eq!(kept(&conversations), 1);
    // What was in no outbox yet stays for ever.
    conversations
        .make_place(MOST_KEPT_REPLIES, Some(day(3000)))
        .unwrap();
    assert_eq!(kept(&conversations), 1);
    assert_eq!(conversations.kept()[0].envelope()[0], 2);
}

#[test]
fn an_automatic_reply_goes_into_no_outbox_of_the_day_of_the_first_one_that_has_its_receipt() {
    let mut conversations = some();
    let number = ConversationNumber(1);
    let waits = Going::AfterTheReceipt { laid: None };
    conversations.keep(number, 3, envelope(3), waits, day(4));
    let going = |conversations: &Conversations, day| conversations.going(day).count();
    // However long no outbox is laid, the first one has the receipt and not the reply.
    assert_eq!(going(&conversations, day(9)), 2);
    conversations.laid(Some(day(9)), day(9));
    assert_eq!(going(&conversations, day(9)), 2);
    conversations.laid(Some(day(9)), day(9));
    let mut conversations = read(&written(&conversations)).unwrap();
    assert!(conversations.has_unlaid());
    assert_eq!(going(&conversations, day(10)), 3);
    conversations.laid(Some(day(9)), day(10));
    assert!(!conversations.has_unlaid());
    assert_eq!(read(&written(&conversations)), Some(conversations));
}

#[test]
fn a_reply_that_the_server_has_goes_into_no_outbox_again() {
    let mut conversations = some();
    let hash = |number| ReplyHash::of(envelope(number).as_slice());
    conversations.carried(&BTreeSet::from([hash(1), hash(9)]));
    let kept: Vec<_> = conversations
        .kept()
        .iter()
        .map(|kept| kept.envelope()[0])
        .collect();
    assert_eq!(kept, [2]);
    // Its number stays taken.
    assert_eq!(conversations.of(&id(1)).unwrap().1.replies(), 2);
    conversations.carried(&BTreeSet::new());
    assert_eq!(conversations.kept().len(), 1);
}

#[test]
fn when_every_place_is_taken_only_a_reply_that_was_surely_carried_gives_way() {
    let mut conversations = some();
    let number = ConversationNumber(1);
    for reply in 3..=64 {
        let envelope = envelope(u8::try_from(reply).unwrap());
        conversations.keep(number, reply, envelope, Going::AtOnce, day(5));
    }
    // The first one was laid when the couriers' date was the same: none of them came back since.
    let full = conversations.make_place(MOST_KEPT_REPLIES, Some(day(1)));
    assert_eq!(full, Err(NoPlace));
    let made = conversations.make_place(MOST_KEPT_REPLIES, Some(day(2)));
    assert_eq!(made, Ok(()));
    assert_eq!(conversations.kept().len(), MOST_KEPT_REPLIES - 1);
    assert_eq!(conversations.kept()[0].envelope()[0], 2);
    assert_eq!(read(&written(&conversations)), Some(conversations));
}

#[test]
fn the_days_of_the_last_sixty_four_replies_are_remembered() {
    let mut conversations = some();
    for reply in 3..=70 {
        conversations.keep(
            ConversationNumber(1),
            reply,
            envelope(0),
            Going::AtOnce,
            day(9),
        );
        conversations.kept.clear();
    }
    let (_, conversation) = conversations.of(&id(1)).unwrap();
    assert_eq!(
        (conversation.days().len(), conversation.replies()),
        (64, 70)
    );
}

#[test]
fn a_kept_reply_does_not_print_itself() {
    assert_eq!(format!("{:?}", some().kept()[0]), "KeptReply(..)");
}
