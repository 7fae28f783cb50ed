//! A store that trusts the newsroom, new for every input, and its two sides over a pipe.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use knothole_envelope::{
    CourierCard, CredentialHash, DiscoveryKey, Signed, Suite, TreeHash, TreeHasher, seal_drop,
};
use knothole_intake::{Desk, Intake, Settings, UnixSeconds};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::newsroom::{NEWSROOM, day, epoch, rng};

/// The courier's credential, as its requests show it.
pub(crate) const BEARER: &str = "abababababababababababababababababababababababababababababababab";

/// No answer takes as long as this, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(600);

/// A moment in which an answer may still come.
const QUIET: Duration = Duration::from_millis(25);

/// One drop of the smallest size, and its tree hash.
pub(crate) static DROP: LazyLock<(Vec<u8>, TreeHash)> = LazyLock::new(|| {
    let mut sealed = Vec::new();
    let tree = seal_drop(
        &mut rng(5),
        Suite::ChaCha20Poly1305,
        epoch(),
        NEWSROOM.sheet.recipients(),
        &NEWSROOM.manifest(&[], "words"),
        |_| Ok(std::io::empty()),
        &mut sealed,
    );
    (sealed, tree.unwrap())
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().unwrap());

/// A store with charter, sheet and courier: it is copied for every input.
static FOUNDED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = temporary();
    let desk = Desk::open(folder.path()).unwrap();
    desk.trust(NEWSROOM.chain.fingerprint()).unwrap();
    let courier = &NEWSROOM.editors[2];
    let card = CourierCard::new(
        DiscoveryKey::from_bytes([3; 32]),
        CredentialHash::from_bytes(Sha256::digest([0xab; 32]).into()),
        courier.editor_key(),
    );
    desk.add_courier(&card.sign(courier).unwrap()).unwrap();
    let charter = NEWSROOM.chain.chain().encode();
    let sheets = Signed::encode_list(core::slice::from_ref(&NEWSROOM.signed_sheet));
    let house = House::open(folder);
    for (line, body) in [("PUT /charter", charter), ("PUT /sheets", sheets)] {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {BEARER}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let said = [head.as_bytes(), &body].concat();
        let answer = house.say(Side::Collection, &said, Ending::Theirs);
        assert!(answer.starts_with(b"HTTP/1.1 204"));
    }
    house.close()
});

/// A folder in memory, where there is one.
pub(crate) fn temporary() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = tempfile::Builder::new()
        .prefix("knothole-fuzz.")
        .tempdir_in(memory);
    made.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The other side ends it, when it has answered.
    Theirs,
    /// It is cut after the last byte.
    Cut,
    /// It is cut when nothing has come back for a moment.
    Quiet,
}

/// Which of the two services is spoken to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Public,
    Collection,
}

pub(crate) struct House {
    folder: TempDir,
    intake: Arc<Intake>,
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = temporary();
        copy(FOUNDED.path(), folder.path());
        Self::open(folder)
    }

    fn open(folder: TempDir) -> Self {
        let noon = u64::from(day("2026-11-24").get()) * 86_400 + 43_200;
        let mut settings = Settings::default();
        // A large pool takes a while to make, each time.
        (settings.pool_uploads, settings.pool_messages) = (2, 1);
        (settings.pool_segments, settings.pool_staying) = (2, 1);
        let intake = Intake::open(folder.path(), settings, UnixSeconds::new(noon));
        Self {
            folder,
            intake: intake.unwrap(),
        }
    }

    fn close(self) -> TempDir {
        let Self { folder, intake } = self;
        let last = Arc::downgrade(&intake);
        drop(intake);
        // Tasks that a connection left behind hold the store for a moment.
        RUNTIME.block_on(async {
            while last.strong_count() > 0 {
                tokio::task::yield_now().await;
            }
        });
        folder
    }

    /// The same store, as the next start finds it.
    pub(crate) fn restart(self) -> Self {
        Self::open(self.close())
    }

    /// Says all this on one connection, and gives everything that comes back until its end.
    pub(crate) fn say(&self, side: Side, bytes: &[u8], ending: Ending) -> Vec<u8> {
        let intake = Arc::clone(&self.intake);
        RUNTIME.block_on(async move {
            let (near, far) = tokio::io::duplex(262_144);
            let serving = tokio::spawn(async move {
                match side {
                    Side::Public => intake.serve_public(far).await,
                    Side::Collection => intake.serve_collection(far).await,
                }
            });
            let (mut read, mut write) = tokio::io::split(near);
            let mut answer = Vec::new();
            let heard_last = Notify::new();
            let said = async {
                // The other side may have heard enough, and closed.
                let _said = write.write_all(bytes).await;
                match ending {
                    Ending::Theirs => heard_last.notified().await,
                    Ending::Cut => {}
                    Ending::Quiet => {
                        let _ended = tokio::time::timeout(QUIET, heard_last.notified()).await;
                    }
                }
                let _ended = write.shutdown().await;
            };
            let heard = async {
                let _heard = read.read_to_end(&mut answer).await;
                heard_last.notify_one();
            };
            let both = async { tokio::join!(said, heard) };
            let ((), ()) = tokio::time::timeout(PATIENCE, both).await.unwrap();
            serving.await.unwrap();
            answer
        })
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(crate) fn tree(bytes: &[u8]) -> TreeHash {
    let mut hasher = TreeHasher::new();
    hasher.update(bytes);
    hasher.finish()
}
