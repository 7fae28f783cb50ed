//! The courier at work, against a service that speaks the collection protocol on a loopback port.

mod bundles;
mod fetching;
mod hands;
mod pushing;
mod replies;
mod service;
mod shown;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use knothole_envelope::{
    Charter, CharterChain, CharterHash, ChunkCount, Day, DropId, EpochNumber, EpochSecret,
    Fingerprint, HEADER_LEN, ListedDrop, OnionAddress, Quorum, Recipients, Sheet, Signed,
    SigningSecret, Suite, TreeHasher, VerifiedChain, seal_header,
};
use knothole_onion::{Dialer, Direct};
use rand_core::Rng as _;

use super::{Courier, Idle};
use crate::caller::Patience;
use crate::keys::Keys;
use crate::random;
use crate::set_up;
use crate::state::Held;
use crate::stick::{Hand, SteadyHand};
use service::Service;

/// A newsroom with one editor.
struct Newsroom {
    editor: SigningSecret,
    chain: CharterChain,
}

impl Newsroom {
    fn new() -> Self {
        let editor = SigningSecret::generate(&mut random::system());
        let charter = Charter::founding(vec![editor.editor_key()], Quorum::ONE, None).unwrap();
        let chain = CharterChain::found(charter, &[&editor]).unwrap();
        Self { editor, chain }
    }

    fn fingerprint(&self) -> Fingerprint {
        self.chain.unverified_fingerprint().unwrap()
    }

    fn verified(&self) -> VerifiedChain {
        self.chain.verify(&self.fingerprint()).unwrap()
    }

    fn charter_hash(&self) -> CharterHash {
        self.verified().current_hash()
    }

    /// The same newsroom with one more charter.
    fn next(&self) -> Self {
        let next =
            self.verified()
                .current()
                .next(vec![self.editor.editor_key()], Quorum::ONE, None);
        let mut signed = Signed::new(next.unwrap());
        signed.sign(&self.fingerprint(), &self.editor);
        let chain = self.verified().append(signed).unwrap().chain().clone();
        let editor = SigningSecret::from_bytes(*self.editor.expose());
        Self { editor, chain }
    }

    fn sheet(&self, epoch: u32, first: Day, last: Day) -> Signed<Sheet> {
        let keys = vec![EpochSecret::generate(&mut random::system()).recipient_key()];
        let epoch = EpochNumber::new(epoch).unwrap();
        let sheet = Sheet::new(epoch, first, last, keys, self.charter_hash()).unwrap();
        let mut signed = Signed::new(sheet);
        signed.sign(&self.fingerprint(), &self.editor);
        signed
    }
}

/// A drop as a server lists it, and its bytes.
#[derive(Clone)]
struct Sent {
    listed: ListedDrop,
    bytes: Vec<u8>,
}

/// A header as a sender makes it, and so many random chunks.
fn sent(chunks: u64) -> Sent {
    let mut rng = random::system();
    let keys = vec![EpochSecret::generate(&mut rng).recipient_key()];
    let recipients = Recipients::new(keys, Quorum::ONE).unwrap();
    let epoch = EpochNumber::new(1).unwrap();
    let chunks = ChunkCount::for_content(chunks * 65_520).unwrap();
    let suite = Suite::ChaCha20Poly1305;
    let (header, _) = seal_header(&mut rng, suite, epoch, &recipients, chunks).unwrap();
    let mut bytes = header.as_bytes().to_vec();
    bytes.resize(usize::try_from(chunks.envelope_len()).unwrap(), 0);
    rng.fill_bytes(&mut bytes[HEADER_LEN..]);
    let mut tree = TreeHasher::new();
    tree.update(&bytes);
    let mut id = [0; 32];
    rng.fill_bytes(&mut id);
    let listed = ListedDrop {
        id: DropId::from_bytes(id),
        tree: tree.finish(),
        chunks,
        epoch,
    };
    Sent { listed, bytes }
}

/// A courier's folder, its newsroom, a service, and sticks.
struct Place {
    folder: tempfile::TempDir,
    newsroom: Newsroom,
    service: Service,
}

impl Place {
    async fn new(drops: &[Sent]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let newsroom = Newsroom::new();
        let state = folder.path().join("state");
        set_up::init(&state, &folder.path().join("card")).unwrap();
        set_up::pair(&state, onion(), newsroom.fingerprint()).unwrap();
        let card = Keys::load(&state).unwrap().card().unwrap();
        let hash = *card.verify().unwrap().credential_hash();
        let service = Service::start(hash, drops).await;
        Self {
            folder,
            newsroom,
            service,
        }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn stick(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        drop(std::fs::create_dir(&path));
        path
    }

    fn courier(&self) -> Courier {
        self.courier_with(Arc::new(SteadyHand))
    }

    fn courier_with(&self, hand: Arc<dyn Hand>) -> Courier {
        let idle = Idle::open_with(&self.state(), hand).unwrap();
        idle.online(self.dialer(), patience())
    }

    /// As if the last bundle had been made so many days before.
    fn last_bundle_is_older_by(&self, days: u32) {
        let mut held = Held::open(&self.state(), Arc::new(SteadyHand)).unwrap();
        let last = held.state.last.as_mut().unwrap();
        last.date = last.date.checked_sub(days).unwrap();
        held.save().unwrap();
    }

    fn dialer(&self) -> Dialer {
        Dialer::Direct(Direct::new(self.service.address()).unwrap())
    }

    fn today(&self) -> Day {
        let time = self.dialer().time();
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap();
        Day::from_unix_seconds(since.as_secs()).unwrap()
    }
}

fn onion() -> OnionAddress {
    OnionAddress::from_identity(&[7; 32])
}

/// Five attempts without a wait.
fn patience() -> Patience {
    Patience {
        attempts: 5,
        pause: Duration::ZERO,
        longest_pause: Duration::ZERO,
        silence: Duration::from_secs(5),
    }
}

/// The names in a folder, and in its folders.
fn names(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(
                names(&entry.path())
                    .iter()
                    .map(|inner| format!("{name}/{inner}")),
            );
        }
        found.push(name);
    }
    found.sort();
    found
}
