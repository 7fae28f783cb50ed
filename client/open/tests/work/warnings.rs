//! A server that showed a source, or the courier, other keys than the newsroom's.

use std::fs;

use getrandom::SysRng;
use knothole_envelope::{
    CharterHash, DropId, EpochNumber, ListedDrop, Manifest, Message, Quorum, Recipients, Sheet,
    SheetHash, Signed, Suite, VerifiedSheet, seal_drop,
};
use rand_core::UnwrapErr;

use crate::editors::THREE;
use crate::newsroom::{MESSAGE, Newsroom};

impl Newsroom {
    fn sheet(&self, epoch: &str) -> VerifiedSheet {
        let sheet = fs::read(self.path("knothole-outbox/sheets").join(epoch)).unwrap();
        let sheet = Signed::<Sheet>::decode(&sheet).unwrap();
        sheet.verify(&self.chain).unwrap()
    }
}

/// A drop for epoch 2 that was sealed to these, and says that it was sealed under that sheet.
fn sealed(number: u8, recipients: &Recipients, sheet: SheetHash) -> (ListedDrop, Vec<u8>) {
    let message = Message::new(MESSAGE).unwrap();
    let manifest = Manifest::new(sheet, recipients.quorum(), None, vec![], message).unwrap();
    let epoch = EpochNumber::new(2).unwrap();
    let mut bytes = Vec::new();
    let tree = seal_drop(
        &mut UnwrapErr(SysRng),
        Suite::Aes256Gcm,
        epoch,
        recipients,
        &manifest,
        |_| Ok(&b""[..]),
        &mut bytes,
    )
    .unwrap();
    let listed = ListedDrop {
        id: DropId::from_bytes([number; 32]),
        tree,
        chunks: manifest.chunks(),
        epoch,
    };
    (listed, bytes)
}

#[test]
fn a_drop_that_was_sealed_to_other_keys_than_the_newsrooms_opens_with_a_loud_warning() {
    let mut newsroom = Newsroom::new();
    let (second, third) = (newsroom.sheet("2"), newsroom.sheet("3"));
    let keys = second.recipients().keys().to_vec();
    let alone = Recipients::new(keys, Quorum::ONE).unwrap();
    let unknown = SheetHash::from_bytes([5; 32]);
    let drops = [
        sealed(0xa1, second.recipients(), unknown),
        sealed(0xa2, second.recipients(), third.hash()),
        sealed(0xa3, &alone, second.hash()),
        sealed(0xa4, second.recipients(), second.hash()),
    ];
    newsroom.carry("stick", &drops);
    let opened = newsroom.run("open stick --files files");
    opened
        .ends_with(0)
        .says("Warning: drop a1a1a1a1: the source was shown an epoch sheet that this newsroom did")
        .says("Warning: drop a2a2a2a2: the source was shown the epoch sheet of another epoch")
        .says("Warning: drop a3a3a3a3: this drop opens for 1 editor alone, and the newsroom asks");
    assert!(!opened.has("drop a4a4a4a4: "));
}

#[test]
fn a_charter_at_the_server_that_nobody_here_made_is_told_and_so_is_an_older_one() {
    let mut newsroom = Newsroom::new();
    let stick = newsroom.bundle("one");
    let foreign = CharterHash::from_bytes([6; 32]);
    newsroom.finish_under(foreign, &stick, vec![], vec![]);
    newsroom
        .run("open one")
        .says("a charter that this newsroom did not make");
    newsroom.newcomer("v3", THREE);
    newsroom.run("newsroom add v3.card").ends_with(0);
    newsroom.carry("two", &[]);
    newsroom
        .run("open two")
        .ends_with(0)
        .says("made while charter 1 was the newest");
}
