//! A newsroom of two of three editors, with two recovery papers, and a store that trusts it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "several tests share it, and a test that cannot go on ends"
)]

use std::sync::Arc;

use getrandom::SysRng;
use knothole_envelope::{
    Charter, CharterChain, CourierCard, CredentialHash, Day, DiscoveryKey, DropId, EpochNumber,
    EpochSecret, FileEntry, FileName, ListedDrop, Manifest, Message, Quorum, Receipt, RecoveryKeys,
    Sheet, Signed, SigningSecret, Suite, TreeHash, VerifiedChain, seal_drop, unframe,
};
use knothole_intake::{Desk, Intake, Settings, UnixSeconds};
use rand_core::UnwrapErr;
use sha2::{Digest as _, Sha256};

use super::wire::{Answer, PATCH, Wire};

/// The day on which the tests play.
pub const DAY: u64 = 20_000 * 86_400;

pub fn editor(number: u8) -> SigningSecret {
    SigningSecret::from_bytes([number; 32])
}

pub fn two() -> Quorum {
    Quorum::new(2).unwrap()
}

pub fn keys(numbers: &[u8]) -> Vec<knothole_envelope::EditorKey> {
    let secrets = numbers.iter().copied().map(editor);
    secrets.map(|secret| secret.editor_key()).collect()
}

/// A store that trusts a newsroom of two of three editors, with two recovery papers.
pub struct House {
    pub folder: tempfile::TempDir,
    pub intake: Arc<Intake>,
    pub founding: VerifiedChain,
}

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let papers = RecoveryKeys::new(keys(&[91, 92])).unwrap().hash();
        let charter = Charter::founding(keys(&[1, 2, 3]), two(), Some(papers)).unwrap();
        let editors = [1, 2, 3].map(editor);
        let chain = CharterChain::found(charter, &editors.each_ref()).unwrap();
        let fingerprint = chain.unverified_fingerprint().unwrap();
        let desk = Desk::open(folder.path()).unwrap();
        desk.trust(&fingerprint).unwrap();
        let bundle = editor(60);
        let card = CourierCard::new(
            DiscoveryKey::from_bytes([3; 32]),
            CredentialHash::from_bytes(Sha256::digest([0xab; 32]).into()),
            bundle.editor_key(),
        );
        desk.add_courier(&card.sign(&bundle).unwrap()).unwrap();
        let now = UnixSeconds::new(DAY);
        let mut settings = Settings::default();
        // A large pool takes a while to make.
        settings.pool_uploads = 4;
        settings.pool_segments = 4;
        settings.pool_staying = 4;
        let intake = Intake::open(folder.path(), settings, now).unwrap();
        let house = Self {
            folder,
            intake,
            founding: chain.verify(&fingerprint).unwrap(),
        };
        assert_eq!(house.put_charter(&house.founding).await.status, 204);
        house
    }

    pub async fn ask(&self, line: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", "ab".repeat(32));
        let headers = [("Authorization", bearer.as_str())];
        Wire::collection(&self.intake)
            .ask(line, &headers, body)
            .await
    }

    pub async fn put_charter(&self, chain: &VerifiedChain) -> Answer {
        self.ask("PUT /charter", &chain.chain().encode()).await
    }

    pub async fn put_sheet(&self, sheet: Signed<Sheet>) -> Answer {
        self.ask("PUT /sheets", &Signed::encode_list(&[sheet]))
            .await
    }

    /// The third editor has left, which the other two have signed.
    pub fn without_the_third(&self) -> VerifiedChain {
        let next = self.founding.current().next(keys(&[1, 2]), two(), None);
        self.after(&self.founding, next.unwrap(), &[1, 2])
    }

    pub fn after(&self, chain: &VerifiedChain, next: Charter, by: &[u8]) -> VerifiedChain {
        let mut next = Signed::new(next);
        for number in by {
            next.sign(self.founding.fingerprint(), &editor(*number));
        }
        chain.append(next).unwrap()
    }

    /// A sheet of this epoch for this week, under the newest charter of a chain.
    pub fn sheet(&self, epoch: u32, chain: &VerifiedChain, by: &[u8]) -> Signed<Sheet> {
        self.sheet_from(epoch, Day::from_unix_seconds(DAY).unwrap(), chain, by)
    }

    /// As [`Self::sheet`], for the week that begins on this day.
    pub fn sheet_from(
        &self,
        epoch: u32,
        first: Day,
        chain: &VerifiedChain,
        by: &[u8],
    ) -> Signed<Sheet> {
        let last = first.checked_add(6).unwrap();
        let number = u8::try_from(epoch).unwrap();
        let keys = (1..).take(chain.current().editors().len()).map(|place| {
            let mut seed = [number; 32];
            seed[0] = place;
            EpochSecret::from_bytes(seed).recipient_key()
        });
        let epoch = EpochNumber::new(epoch).unwrap();
        let hash = chain.current_hash();
        let sheet = Sheet::new(epoch, first, last, keys.collect(), hash).unwrap();
        let mut sheet = Signed::new(sheet);
        for editor_number in by {
            sheet.sign(self.founding.fingerprint(), &editor(*editor_number));
        }
        sheet
    }

    pub async fn post(&self, by: &[u8]) -> Answer {
        let mut receipt = Signed::new(Receipt::Refused {
            drop: DropId::from_bytes([1; 32]),
            tree: TreeHash::from_bytes([2; 32]),
            length: 12_288 + 16 * 65_536,
        });
        for number in by {
            receipt.sign(self.founding.fingerprint(), &editor(*number));
        }
        self.ask("POST /receipts", &Signed::encode_list(&[receipt]))
            .await
    }

    /// A chain that goes on with a charter of these editors and this quorum.
    pub fn with_editors(
        &self,
        chain: &VerifiedChain,
        to: &[u8],
        quorum: Quorum,
        by: &[u8],
    ) -> VerifiedChain {
        let next = chain.current().next(keys(to), quorum, None).unwrap();
        self.after(chain, next, by)
    }

    /// A chain that goes on with the charter of two new editors, signed by all recovery papers.
    pub fn recovered(&self) -> VerifiedChain {
        let papers = RecoveryKeys::new(keys(&[91, 92])).unwrap();
        let current = self.founding.current();
        let recovery = current.recovery().copied();
        let next = current.recovered(keys(&[4, 5]), two(), recovery, papers);
        self.after(&self.founding, next.unwrap(), &[91, 92])
    }

    pub async fn post_all(&self, receipts: &[Receipt], by: &[u8]) -> Answer {
        let signed = receipts.iter().map(|receipt| {
            let mut signed = Signed::new(*receipt);
            for number in by {
                signed.sign(self.founding.fingerprint(), &editor(*number));
            }
            signed
        });
        let signed: Vec<_> = signed.collect();
        self.ask("POST /receipts", &Signed::encode_list(&signed))
            .await
    }

    /// The epochs that were burned by these editors.
    pub async fn burn(&self, epochs: impl IntoIterator<Item = u32>, by: &[u8]) -> Answer {
        let epochs = epochs.into_iter().map(EpochNumber::new);
        let receipts = epochs.map(|epoch| Receipt::Burned {
            epoch: epoch.unwrap(),
        });
        self.post_all(&receipts.collect::<Vec<_>>(), by).await
    }

    /// Sends a drop of epoch 1, whose sheet must be there.
    pub async fn send(&self, chain: &VerifiedChain) -> Answer {
        let sheet = self.sheet(1, chain, &[1, 2]).verify(chain).unwrap();
        let file = FileEntry {
            name: FileName::new("film.mov").unwrap(),
            size: 10,
        };
        let words = Message::new("hear me").unwrap();
        let manifest = Manifest::new(sheet.hash(), two(), None, vec![file], words).unwrap();
        let mut sealed = Vec::new();
        seal_drop(
            &mut UnwrapErr(SysRng),
            Suite::ChaCha20Poly1305,
            sheet.epoch(),
            sheet.recipients(),
            &manifest,
            |_| Ok(&[7_u8; 10][..]),
            &mut sealed,
        )
        .unwrap();
        let length = sealed.len().to_string();
        let headers = [("Upload-Length", length.as_str()), PATCH];
        Wire::public(&self.intake)
            .tus("POST /drops", &headers, &sealed)
            .await
    }

    /// What a courier is shown.
    pub async fn listed(&self) -> Vec<ListedDrop> {
        let answer = self.ask("GET /listing", b"").await;
        ListedDrop::decode_list(unframe(&answer.body).unwrap()).unwrap()
    }

    /// The server lives through these days after the first.
    pub async fn live(&self, days: impl IntoIterator<Item = u64>) {
        for day in days {
            let now = UnixSeconds::new(DAY + day * 86_400);
            self.intake.tick(now).await.unwrap();
        }
    }

    /// How many files one of the store's folders holds.
    pub fn files(&self, name: &str) -> usize {
        let folder = self.folder.path().join(name);
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// The epochs whose sheets sources are shown.
    pub async fn shown(&self) -> Vec<u32> {
        let answer = Wire::public(&self.intake).ask("GET /sheet", &[], b"").await;
        let sheets = Signed::<Sheet>::decode_list(unframe(&answer.body).unwrap(), 16).unwrap();
        let epochs = sheets.iter().map(|sheet| sheet.unverified().epoch().get());
        epochs.collect()
    }
}
