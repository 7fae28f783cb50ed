//! Seals drops for those who send them by hand.

use std::path::Path;

use getrandom::SysRng;
use knothole_envelope::{
    CharterChain, DropAddress, EpochNumber, FileEntry, FileName, Manifest, Message, Sheet, Signed,
    Suite, VerifiedSheet, seal_drop,
};
use rand_core::UnwrapErr;

use crate::ledger::Sending;

/// The newsroom's keys of the running epoch, as its outbox has them.
#[derive(Debug)]
pub(crate) struct Press(VerifiedSheet);

/// A sealed drop, and its tree hash in digits.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) tree: String,
}

impl Press {
    /// From the outbox on this stick.
    pub(crate) fn new(stick: &Path, address: &str) -> Self {
        let address: DropAddress = address.parse().unwrap();
        let outbox = stick.join("knothole-outbox");
        let chain = std::fs::read(outbox.join("charter")).unwrap();
        let chain = CharterChain::decode(&chain).unwrap();
        let chain = chain.verify(address.fingerprint()).unwrap();
        let epoch = EpochNumber::new(1).unwrap();
        let sheet = std::fs::read(outbox.join("sheets").join(epoch.to_string())).unwrap();
        let sheet = Signed::<Sheet>::decode(&sheet).unwrap();
        Self(sheet.verify(&chain).unwrap())
    }

    /// Seals a drop.
    pub(crate) fn seal(&self, drop: &Sending) -> Sealed {
        let file = FileEntry {
            name: FileName::new("film.bin").unwrap(),
            size: u64::try_from(drop.body.len()).unwrap(),
        };
        let manifest = Manifest::new(
            self.0.hash(),
            self.0.recipients().quorum(),
            None,
            vec![file],
            Message::new(&drop.message).unwrap(),
        );
        let mut bytes = Vec::new();
        let tree = seal_drop(
            &mut UnwrapErr(SysRng),
            Suite::Aes256Gcm,
            self.0.epoch(),
            self.0.recipients(),
            &manifest.unwrap(),
            |_| Ok(drop.body.as_slice()),
            &mut bytes,
        );
        Sealed {
            bytes,
            tree: tree.unwrap().to_string(),
        }
    }
}
