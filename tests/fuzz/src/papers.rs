//! The first byte says what the others are read as. What is taken has exactly one encoding, and
//! what verifies is what the newsroom signed: no change to bytes can make a signature.

use knothole_envelope::{
    ArchiveSeal, BundleIndex, BundlePart, Charter, CharterChain, ChunkCount, CourierCard,
    CredentialHash, DiscoveryKey, DropId, EditorCard, EnvelopeHead, EraseHash, ListedDrop,
    MailboxAddress, PartHash, PartName, PushedReply, Receipt, Sheet, Signed, SignedBody, StateHash,
    TreeHash, seal_decoy,
};

use crate::newsroom::{NEWSROOM, day, epoch, rng, sign};

const KINDS: u8 = 11;

pub(crate) fn run(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let newsroom = &*NEWSROOM;
    let chain = &newsroom.chain;
    match kind % KINDS {
        0 => {
            one::<Charter>(bytes);
        }
        1 => {
            let Ok(read) = CharterChain::decode(bytes) else {
                return;
            };
            assert_eq!(read.encode(), bytes);
            if let Ok(verified) = read.verify(chain.fingerprint()) {
                assert!(chain.charters().any(|known| known == verified.current()));
                assert!(chain.continues(&verified));
            }
            if let Some(own) = read.unverified_fingerprint() {
                let _any = read.verify(&own);
            }
        }
        2 => {
            if let Some(sheet) = one::<Sheet>(bytes)
                && let Ok(verified) = sheet.verify(chain)
            {
                assert_eq!(verified.hash(), newsroom.sheet.hash());
            }
        }
        3 => {
            if let Some(receipt) = one::<Receipt>(bytes)
                && let Ok(verified) = receipt.verify(chain)
            {
                assert!(receipts().contains(&verified));
            }
        }
        4 => {
            if let Ok(receipts) = Signed::<Receipt>::decode_list(bytes, 1_000) {
                assert_eq!(Signed::encode_list(&receipts), bytes);
            }
        }
        5 => {
            if let Some(seal) = one::<ArchiveSeal>(bytes)
                && let Ok(state) = seal.verify(chain)
            {
                assert_eq!(state, StateHash::from_bytes([9; 32]));
            }
        }
        6 => {
            if let Some(card) = one::<EditorCard>(bytes)
                && let Ok(card) = card.verify()
            {
                assert_eq!(card.epochs().count(), card.keys().len());
            }
        }
        7 => {
            if let Some(card) = one::<CourierCard>(bytes) {
                let _any = card.verify();
            }
        }
        8 => {
            if let Some(index) = one::<BundleIndex>(bytes) {
                for drop in index.unverified().drops() {
                    let whole = index.unverified().whole_drop(&drop.id);
                    let length =
                        |parts: &[&BundlePart]| parts.iter().map(|part| part.length).sum::<u64>();
                    assert!(whole.is_none_or(|parts| length(&parts) == drop.length()));
                }
                let courier = newsroom.editors[2].editor_key();
                if let Ok(verified) = index.verify(chain.fingerprint(), &courier) {
                    assert_eq!(verified, &bundle());
                }
            }
        }
        9 => {
            if let Ok(drops) = ListedDrop::decode_list(bytes) {
                assert_eq!(ListedDrop::encode_list(&drops), bytes);
            }
        }
        _ => {
            if let Ok(replies) = PushedReply::decode_list(bytes, 64) {
                assert_eq!(PushedReply::encode_list(&replies), bytes);
            }
        }
    }
    if let Ok(head) = EnvelopeHead::parse(bytes) {
        assert!(bytes.starts_with(b"KNOTHOLE\x01"));
        assert_eq!(head.envelope_len(), 12_288 + 65_536 * head.chunks().get());
        assert_eq!(head.chunks() == ChunkCount::REPLY, head.epoch().is_none());
    }
}

fn one<T: SignedBody>(bytes: &[u8]) -> Option<Signed<T>> {
    let read = Signed::<T>::decode(bytes).ok()?;
    assert_eq!(read.encode(), bytes);
    Some(read)
}

fn receipts() -> [Receipt; 3] {
    let drop = DropId::from_bytes([3; 32]);
    let tree = TreeHash::from_bytes([4; 32]);
    let length = 1_060_864;
    [
        Receipt::Opened { drop, tree, length },
        Receipt::Refused { drop, tree, length },
        Receipt::Burned { epoch: epoch() },
    ]
}

fn listed() -> ListedDrop {
    ListedDrop {
        id: DropId::from_bytes([3; 32]),
        tree: TreeHash::from_bytes([4; 32]),
        chunks: ChunkCount::for_drop(16).unwrap(),
        epoch: epoch(),
    }
}

fn bundle() -> BundleIndex {
    let drop = listed();
    let half = drop.length() / 2;
    let part = |name, offset, length| BundlePart {
        name: PartName::from_bytes([name; 16]),
        length,
        hash: PartHash::from_bytes([6; 32]),
        drop: drop.id,
        offset,
    };
    let parts = vec![part(5, 0, half), part(6, half, drop.length() - half)];
    let charter = NEWSROOM.chain.current_hash();
    BundleIndex::new(1, None, day("2026-11-24"), parts, vec![drop], charter).unwrap()
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let newsroom = &*NEWSROOM;
    let courier = &newsroom.editors[2];
    let card = EditorCard::new(
        courier.editor_key(),
        newsroom.source.recipient_key(),
        epoch(),
        day("2026-11-23"),
        7,
        newsroom.keys(),
    )
    .unwrap();
    let courier_card = CourierCard::new(
        DiscoveryKey::from_bytes([1; 32]),
        CredentialHash::from_bytes([2; 32]),
        courier.editor_key(),
    );
    let receipts = receipts().map(|receipt| newsroom.sign(receipt));
    let reply = PushedReply {
        mailbox: MailboxAddress::from_bytes([7; 32]),
        erase: EraseHash::from_bytes([8; 32]),
        envelope: seal_decoy(&mut rng(1)).unwrap(),
    };
    let seal = ArchiveSeal::new(StateHash::from_bytes([9; 32]));
    let index = sign(bundle(), newsroom.chain.fingerprint(), &[courier]);
    let charter = newsroom.sign(newsroom.chain.current().clone());
    let seeds = vec![
        ("charter", charter.encode()),
        ("chain", newsroom.chain.chain().encode()),
        ("sheet", newsroom.signed_sheet.encode()),
        ("receipt", receipts[0].encode()),
        ("receipts", Signed::encode_list(&receipts)),
        ("archive", newsroom.sign(seal).encode()),
        ("card", card.sign(courier).unwrap().encode()),
        ("courier-card", courier_card.sign(courier).unwrap().encode()),
        ("bundle", index.encode()),
        ("listing", ListedDrop::encode_list(&[listed(), listed()])),
        ("replies", PushedReply::encode_list(&[reply])),
    ];
    (0..)
        .zip(seeds)
        .map(|(kind, (name, bytes))| (name, [vec![kind], bytes].concat()))
        .collect()
}
