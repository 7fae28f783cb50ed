//! Whatever bytes come from a server, a stick or a source: a parser answers, and what it takes has
//! exactly one encoding.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "nothing but a test, helpers included"
)]

#[path = "format/cast.rs"]
#[allow(dead_code, reason = "the worked examples of FORMAT.md use the rest")]
mod cast;

use std::sync::LazyLock;

use cast::{charter, day, epoch, keys, manifest, newsroom, openers, sheet, signed, signers};
use knothole_envelope::{
    ArchiveSeal, BundleIndex, BundlePart, Charter, CharterChain, ChunkCount, CourierCard,
    CredentialHash, Day, DiscoveryKey, DropAddress, DropId, EditorCard, EnvelopeHead, EraseHash,
    Fingerprint, HEADER_LEN, ListedDrop, MailboxAddress, Manifest, Message, OnionAddress, PartHash,
    PartName, PushedReply, Receipt, Sheet, Signed, StateHash, Suite, TreeHash, frame, open_reply,
    seal_decoy, seal_reply, unframe, unlock,
};
use proptest::prelude::*;

/// Reads the bytes as one kind of thing, and encodes what was read again.
type Parser = fn(&[u8]) -> Option<Vec<u8>>;

/// An honest encoding of each kind of thing, and its parser.
static SEEDS: LazyLock<Vec<(Vec<u8>, Parser)>> = LazyLock::new(|| {
    let chain = newsroom(3, 2);
    let none = Fingerprint::from_bytes([0; 32]);
    let card = EditorCard::new(
        signers(1)[0].editor_key(),
        cast::source().recipient_key(),
        epoch(),
        day("2026-11-23"),
        7,
        keys(&openers(2)),
    );
    let courier = CourierCard::new(
        DiscoveryKey::from_bytes([1; 32]),
        CredentialHash::from_bytes([2; 32]),
        signers(1)[0].editor_key(),
    );
    let drop = DropId::from_bytes([3; 32]);
    let tree = TreeHash::from_bytes([4; 32]);
    let listed = ListedDrop {
        id: drop,
        tree,
        chunks: ChunkCount::for_drop(16).unwrap(),
        epoch: epoch(),
    };
    let part = BundlePart {
        name: PartName::from_bytes([5; 16]),
        length: 100,
        hash: PartHash::from_bytes([6; 32]),
        drop,
        offset: 0,
    };
    let index = BundleIndex::new(
        1,
        None,
        day("2026-11-24"),
        vec![part],
        vec![listed],
        chain.current_hash(),
    );
    let receipt = Receipt::Opened {
        drop,
        tree,
        length: 7,
    };
    let pushed = PushedReply {
        mailbox: MailboxAddress::from_bytes([7; 32]),
        erase: EraseHash::from_bytes([8; 32]),
        envelope: seal_decoy(&mut cast::Stream::new("pushed")).unwrap(),
    };
    let seal = ArchiveSeal::new(StateHash::from_bytes([8; 32]));
    vec![
        (
            signed(charter(3, 2), &none, &[0, 1]).encode(),
            |bytes: &[u8]| Some(Signed::<Charter>::decode(bytes).ok()?.encode()),
        ),
        (chain.chain().encode(), |bytes| {
            Some(CharterChain::decode(bytes).ok()?.encode())
        }),
        (sheet(2, 1).0.encode(), |bytes| {
            Some(Signed::<Sheet>::decode(bytes).ok()?.encode())
        }),
        (
            signed(receipt, chain.fingerprint(), &[0, 2]).encode(),
            |bytes| Some(Signed::<Receipt>::decode(bytes).ok()?.encode()),
        ),
        (signed(card.unwrap(), &none, &[0]).encode(), |bytes| {
            Some(Signed::<EditorCard>::decode(bytes).ok()?.encode())
        }),
        (signed(courier, &none, &[0]).encode(), |bytes| {
            Some(Signed::<CourierCard>::decode(bytes).ok()?.encode())
        }),
        (signed(index.unwrap(), &none, &[0]).encode(), |bytes| {
            Some(Signed::<BundleIndex>::decode(bytes).ok()?.encode())
        }),
        (ListedDrop::encode_list(&[listed, listed]), |bytes| {
            Some(ListedDrop::encode_list(
                &ListedDrop::decode_list(bytes).ok()?,
            ))
        }),
        (
            manifest(3, 2, &[("a.txt", 5), ("b", 0)], "words")
                .encode()
                .to_vec(),
            |bytes| Some(Manifest::decode(bytes).ok()?.encode().to_vec()),
        ),
        (PushedReply::encode_list(&[pushed]), |bytes| {
            Some(PushedReply::encode_list(
                &PushedReply::decode_list(bytes, 1).ok()?,
            ))
        }),
        (
            signed(seal, chain.fingerprint(), &[0, 1]).encode(),
            |bytes| Some(Signed::<ArchiveSeal>::decode(bytes).ok()?.encode()),
        ),
        (
            Signed::encode_list(&[signed(receipt, chain.fingerprint(), &[0, 2])]),
            |bytes| {
                let receipts = Signed::<Receipt>::decode_list(bytes, 10).ok()?;
                Some(Signed::encode_list(&receipts))
            },
        ),
        (frame(b"content").unwrap(), |bytes| {
            frame(unframe(bytes).ok()?).ok()
        }),
    ]
});

/// A small change to some bytes.
#[derive(Debug, Clone)]
enum Change {
    Set(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    Double(prop::sample::Index, prop::sample::Index),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        match self {
            Self::Set(at, value) => {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            Self::Insert(at, value) => bytes.insert(at.index(bytes.len()), *value),
            Self::Remove(at) => {
                bytes.remove(at.index(bytes.len()));
            }
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Double(one, other) => {
                let (one, other) = (one.index(bytes.len()), other.index(bytes.len()));
                let part = bytes[one.min(other)..one.max(other)].to_vec();
                bytes.splice(one..one, part);
            }
        }
    }
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    use prop::sample::Index;
    let one = prop_oneof![
        4 => (any::<Index>(), any::<u8>()).prop_map(|(at, value)| Change::Set(at, value)),
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, value)| Change::Insert(at, value)),
        1 => any::<Index>().prop_map(Change::Remove),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Change::Double(one, other)),
    ];
    prop::collection::vec(one, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_a_parser_takes_has_one_encoding(
        seed in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        let (bytes, parser) = seed.get(&SEEDS);
        let mut bytes = bytes.clone();
        for change in &changes {
            change.apply(&mut bytes);
        }
        if let Some(again) = parser(&bytes) {
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn bytes_without_sense_are_answered_by_every_parser(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        for (_, parser) in SEEDS.iter() {
            if let Some(again) = parser(&bytes) {
                prop_assert_eq!(&again, &bytes);
            }
        }
        if let Ok(head) = EnvelopeHead::parse(&bytes) {
            prop_assert!(bytes.starts_with(b"KNOTHOLE") && head.chunks().get() > 0);
        }
    }

    #[test]
    fn text_without_sense_is_answered_by_every_parser(text in "\\PC{0,140}", tail in "[a-z2-7#.-]*") {
        for text in [text.as_str(), &format!("knothole:{text}{tail}"), &tail] {
            if let Ok(read) = text.parse::<OnionAddress>() {
                prop_assert_eq!(read.to_string().parse::<OnionAddress>(), Ok(read));
            }
            if let Ok(read) = text.parse::<Fingerprint>() {
                prop_assert_eq!(read.to_string().parse::<Fingerprint>(), Ok(read));
            }
            if let Ok(read) = text.parse::<DropAddress>() {
                prop_assert_eq!(read.to_string().parse::<DropAddress>(), Ok(read));
            }
            if let Ok(read) = text.parse::<Day>() {
                prop_assert_eq!(read.to_string(), text);
            }
            if let Ok(read) = text.parse::<TreeHash>() {
                prop_assert_eq!(read.to_string(), text);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_reply_that_was_changed_anywhere_does_not_open(at in 0_usize..77_824, bit in 0_u32..8) {
        static REPLY: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let sealed = seal_reply(
                &mut cast::Stream::new("parsers"),
                Suite::Aes256Gcm,
                &cast::source().recipient_key(),
                newsroom(2, 1).fingerprint(),
                &signers(1)[0],
                3,
                &Message::new("words").unwrap(),
            );
            sealed.unwrap().to_vec()
        });
        let chain = newsroom(2, 1);
        let mut sealed = REPLY.clone();
        prop_assert!(open_reply(&sealed, &cast::source(), &chain).is_ok());
        sealed[at] ^= 1 << bit;
        prop_assert!(open_reply(&sealed, &cast::source(), &chain).is_err());
        let header: &[u8; HEADER_LEN] = sealed.first_chunk().unwrap();
        prop_assert!(unlock(header, 1, &[]).is_err());
    }
}
