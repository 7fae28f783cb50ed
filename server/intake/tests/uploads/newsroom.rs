//! A newsroom with one editor and one courier, and a store that trusts it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "several tests share it, and a test that cannot go on ends"
)]

use std::sync::Arc;
use std::time::Duration;

use getrandom::SysRng;
use knothole_envelope::{
    Charter, CharterChain, CharterHash, CourierCard, CredentialHash, Day, DiscoveryKey,
    EpochNumber, EpochSecret, FileEntry, FileName, Fingerprint, Manifest, Message, Quorum, Receipt,
    Sheet, Signed, SigningSecret, Suite, TreeHash, VerifiedChain, seal_drop,
};
use knothole_intake::{Batch, Desk, Intake, Settings, UnixSeconds};
use rand_core::UnwrapErr;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::wire::{Answer, Wire};

/// The day on which the tests play.
pub const DAY: u64 = 20_000 * 86_400;
/// The length of a batch in the tests.
pub const BATCH: u64 = 3_600;

pub struct House {
    pub folder: TempDir,
    pub intake: Arc<Intake>,
    settings: Settings,
    signing: SigningSecret,
    secret: EpochSecret,
    chain: CharterChain,
    sheet: Signed<Sheet>,
}

pub fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.batch = Batch::at_least_an_hour(Duration::from_secs(BATCH)).unwrap();
    // What is not about time does not wait for it.
    settings.grace = Duration::ZERO;
    settings.mailbox_time = Duration::ZERO;
    // A large pool takes a while to make.
    settings.pool_uploads = 4;
    settings.pool_messages = 2;
    settings.pool_segments = 4;
    settings.pool_staying = 4;
    settings
}

pub fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// A sheet for the seven days from this time on.
fn week(epoch: EpochNumber, now: u64, secret: &EpochSecret, charter: CharterHash) -> Sheet {
    let first = Day::from_unix_seconds(now).unwrap();
    let last = first.checked_add(6).unwrap();
    Sheet::new(epoch, first, last, vec![secret.recipient_key()], charter).unwrap()
}

/// What an editor has.
pub struct Keys {
    pub signing: SigningSecret,
    pub secret: EpochSecret,
}

impl Keys {
    /// The founding charter, and the sheet of the first epoch, from this time on.
    fn papers(&self, now: u64) -> (CharterChain, Signed<Sheet>) {
        let quorum = Quorum::new(1).unwrap();
        let charter = Charter::founding(vec![self.signing.editor_key()], quorum, None).unwrap();
        let chain = CharterChain::found(charter.clone(), &[&self.signing]).unwrap();
        let fingerprint = chain.unverified_fingerprint().unwrap();
        let number = EpochNumber::new(1).unwrap();
        let mut sheet = Signed::new(week(number, now, &self.secret, charter.hash()));
        sheet.sign(&fingerprint, &self.signing);
        (chain, sheet)
    }
}

fn token() -> String {
    "ab".repeat(32)
}

/// What a courier says of itself to the collection side.
pub fn bearer() -> String {
    format!("Bearer {}", token())
}

impl House {
    /// A store with charter and sheet.
    pub async fn new() -> Self {
        Self::with(settings()).await
    }

    /// The same with other settings.
    pub async fn with(settings: Settings) -> Self {
        Self::at(settings, DAY).await
    }

    /// The same, at another time.
    pub async fn at(settings: Settings, now: u64) -> Self {
        let keys = Keys {
            signing: SigningSecret::generate(&mut rng()),
            secret: EpochSecret::generate(&mut rng()),
        };
        Self::of(keys, settings, now).await
    }

    /// The same, of an editor with these keys.
    pub async fn of(keys: Keys, settings: Settings, now: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fingerprint = keys.papers(now).0.unverified_fingerprint().unwrap();
        let desk = Desk::open(folder.path()).unwrap();
        desk.trust(&fingerprint).unwrap();
        let bundle = SigningSecret::generate(&mut rng());
        let card = CourierCard::new(
            DiscoveryKey::from_bytes([3; 32]),
            CredentialHash::from_bytes(Sha256::digest([0xab; 32]).into()),
            bundle.editor_key(),
        );
        desk.add_courier(&card.sign(&bundle).unwrap()).unwrap();
        let house = Self::in_folder(folder, keys, settings, (now, now));
        house.publish_charter().await;
        house.publish_sheet().await;
        house
    }

    /// A store that is there already, of an editor with these keys, which began and is opened at these
    /// times.
    pub fn in_folder(
        folder: TempDir,
        keys: Keys,
        settings: Settings,
        (began, now): (u64, u64),
    ) -> Self {
        let (chain, sheet) = keys.papers(began);
        let intake = Intake::open(folder.path(), settings.clone(), UnixSeconds::new(now)).unwrap();
        Self {
            folder,
            intake,
            settings,
            signing: keys.signing,
            secret: keys.secret,
            chain,
            sheet,
        }
    }

    /// A charter after the newest one, of the same editor. Nobody seals to the old sheet then.
    pub async fn follow_charter(&mut self) {
        let chain = self.chain();
        let newest = chain.charters().last().unwrap();
        let editors = newest.editors().to_vec();
        let mut signed = Signed::new(newest.next(editors, newest.quorum(), None).unwrap());
        signed.sign(&self.fingerprint(), &self.signing);
        self.chain = chain.append(signed).unwrap().chain().clone();
        self.publish_charter().await;
    }

    /// The keys of the next epoch, for a week from this time on.
    pub async fn follow_sheet(&mut self, now: u64) {
        let number = self.sheet.unverified().epoch().checked_add(1).unwrap();
        self.secret = EpochSecret::generate(&mut rng());
        let charter = self.chain().current_hash();
        self.sheet = Signed::new(week(number, now, &self.secret, charter));
        let fingerprint = self.fingerprint();
        self.sheet.sign(&fingerprint, &self.signing);
        self.publish_sheet().await;
    }

    async fn publish_charter(&self) {
        let charter = self.chain.encode();
        let answer = self.collect("PUT /charter", &[], &charter).await;
        assert_eq!(answer.status, 204);
    }

    async fn publish_sheet(&self) {
        let sheets = self.sheets();
        let answer = self.collect("PUT /sheets", &[], &sheets).await;
        assert_eq!(answer.status, 204);
    }

    /// The same store, as the next start finds it.
    pub fn restart(self) -> Self {
        self.restart_at(DAY)
    }

    /// The same store at a later time.
    pub fn restart_at(mut self, now: u64) -> Self {
        // Any of its tasks may still hold the old one; its lock goes with the last of them.
        let old = Arc::downgrade(&self.intake);
        let nothing = tempfile::tempdir().unwrap();
        self.intake = Intake::open(nothing.path(), settings(), UnixSeconds::new(DAY)).unwrap();
        assert!(old.upgrade().is_none(), "the test ended every connection");
        let settings = self.settings.clone();
        self.intake = Intake::open(self.folder.path(), settings, UnixSeconds::new(now)).unwrap();
        self
    }

    /// The same store at a later time, once its connections are over.
    pub async fn restarted(self, now: u64) -> Self {
        while Arc::strong_count(&self.intake) > 1 {
            tokio::task::yield_now().await;
        }
        self.restart_at(now)
    }

    /// The server lives on until then, and ticks once a day at least.
    pub async fn live_until(&self, end: u64) {
        for now in (DAY..end).step_by(86_400).chain([end]) {
            self.intake.tick(UnixSeconds::new(now)).await.unwrap();
        }
    }

    /// Asks the collection side as the courier.
    pub async fn collect(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = bearer();
        let mut all = vec![("Authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        Wire::collection(&self.intake).ask(line, &all, body).await
    }

    /// A sealed drop with one file of so many bytes, and its tree hash.
    pub fn drop(&self, size: usize) -> (Vec<u8>, TreeHash) {
        let fingerprint = self.chain.unverified_fingerprint().unwrap();
        let chain = self.chain.verify(&fingerprint).unwrap();
        let sheet = self.sheet.verify(&chain).unwrap();
        let file = FileEntry {
            name: FileName::new("film.mov").unwrap(),
            size: u64::try_from(size).unwrap(),
        };
        let manifest = Manifest::new(
            sheet.hash(),
            Quorum::new(1).unwrap(),
            None,
            vec![file],
            Message::new("hear me").unwrap(),
        )
        .unwrap();
        let body = vec![7; size];
        let mut sealed = Vec::new();
        let tree = seal_drop(
            &mut rng(),
            Suite::ChaCha20Poly1305,
            sheet.epoch(),
            sheet.recipients(),
            &manifest,
            |_| Ok(body.as_slice()),
            &mut sealed,
        )
        .unwrap();
        (sealed, tree)
    }

    /// A signed receipt, in a list of one.
    pub fn receipt(&self, receipt: Receipt) -> Vec<u8> {
        let mut signed = Signed::new(receipt);
        signed.sign(&self.chain.unverified_fingerprint().unwrap(), &self.signing);
        Signed::encode_list(&[signed])
    }

    /// The one sheet, in a list.
    pub fn sheets(&self) -> Vec<u8> {
        Signed::encode_list(core::slice::from_ref(&self.sheet))
    }

    /// The editor's secret.
    pub fn signing(&self) -> &SigningSecret {
        &self.signing
    }

    /// The verified chain of charters.
    pub fn chain(&self) -> VerifiedChain {
        self.chain.verify(&self.fingerprint()).unwrap()
    }

    /// The newsroom's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        self.chain.unverified_fingerprint().unwrap()
    }

    /// The secret of the one epoch.
    pub fn epoch_secret(&self) -> &EpochSecret {
        &self.secret
    }
}
