//! A newsroom with one editor, and its drop-box on a port of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use getrandom::SysRng;
use knothole_envelope::{
    Charter, CharterChain, CourierCard, CredentialHash, Day, DiscoveryKey, DropAddress,
    EpochNumber, EpochSecret, FileEntry, FileName, HEADER_LEN, Manifest, Message, OnionAddress,
    Opener, PushedReply, Quorum, ReplyBlock, Sheet, Signed, SigningSecret, Suite, TreeHash,
    TreeHasher, seal_drop, unlock,
};
use knothole_intake::{Desk, Intake, OpenError, Settings, UnixSeconds};
use rand_core::UnwrapErr;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinSet;

use crate::road::Papers;

pub struct House {
    folder: TempDir,
    pub newsroom: Newsroom,
    server: AsyncMutex<Server>,
}

/// What the newsroom has on its own side.
pub struct Newsroom {
    pub signing: SigningSecret,
    pub secret: EpochSecret,
    pub chain: CharterChain,
    pub sheet: Signed<Sheet>,
}

struct Server {
    port: u16,
    intake: Arc<Mutex<Option<Arc<Intake>>>>,
    _accepting: JoinSet<()>,
    connections: Arc<Mutex<JoinSet<()>>>,
}

/// A drop as the newsroom opens it.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    pub message: String,
    pub files: Vec<(String, Vec<u8>)>,
    pub tree: TreeHash,
    pub reply: Option<ReplyBlock>,
}

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub fn today() -> Day {
    Day::from_unix_seconds(UnixSeconds::from_system().get()).unwrap()
}

fn day(shift: i64) -> Day {
    let day = i64::from(today().get()) + shift;
    Day::new(u32::try_from(day).unwrap()).unwrap()
}

impl Newsroom {
    /// A newsroom whose keys are for these days, counted from today.
    pub fn new(first: i64, last: i64) -> Self {
        let signing = SigningSecret::generate(&mut rng());
        let secret = EpochSecret::generate(&mut rng());
        let charter = Charter::founding(vec![signing.editor_key()], Quorum::ONE, None).unwrap();
        let chain = CharterChain::found(charter.clone(), &[&signing]).unwrap();
        let number = EpochNumber::new(1).unwrap();
        let keys = vec![secret.recipient_key()];
        let sheet = Sheet::new(number, day(first), day(last), keys, charter.hash()).unwrap();
        let mut sheet = Signed::new(sheet);
        sheet.sign(&chain.unverified_fingerprint().unwrap(), &signing);
        Self {
            signing,
            secret,
            chain,
            sheet,
        }
    }

    /// The address that it prints.
    pub fn address(&self) -> DropAddress {
        let onion = OnionAddress::from_identity(&[7; 32]);
        DropAddress::new(onion, self.chain.unverified_fingerprint().unwrap())
    }

    /// Its charters after it has signed another one with the same editor.
    pub fn renewed(&self) -> CharterChain {
        let fingerprint = self.chain.unverified_fingerprint().unwrap();
        let chain = self.chain.verify(&fingerprint).unwrap();
        let editors = vec![self.signing.editor_key()];
        let next = chain.current().next(editors, Quorum::ONE, None).unwrap();
        let mut next = Signed::new(next);
        next.sign(&fingerprint, &self.signing);
        chain.append(next).unwrap().chain().clone()
    }

    /// What its drop-box shows.
    pub fn papers(&self) -> Papers {
        Papers {
            charter: self.chain.encode(),
            sheets: Signed::encode_list(core::slice::from_ref(&self.sheet)),
        }
    }

    /// A drop with one file, sealed for the newsroom under this number of an epoch.
    pub fn sealed(&self, epoch: u32, body: &[u8]) -> Vec<u8> {
        let chain = self.chain.verify(self.address().fingerprint()).unwrap();
        let sheet = self.sheet.verify(&chain).unwrap();
        let file = FileEntry {
            name: FileName::new("film.mov").unwrap(),
            size: u64::try_from(body.len()).unwrap(),
        };
        let words = Message::new("").unwrap();
        let manifest = Manifest::new(sheet.hash(), Quorum::ONE, None, vec![file], words).unwrap();
        let mut sealed = Vec::new();
        seal_drop(
            &mut rng(),
            Suite::ChaCha20Poly1305,
            EpochNumber::new(epoch).unwrap(),
            sheet.recipients(),
            &manifest,
            |_| Ok(body),
            &mut sealed,
        )
        .unwrap();
        sealed
    }

    /// Opens what was stored.
    pub fn open(&self, sealed: &[u8]) -> Opened {
        let header = sealed.first_chunk::<HEADER_LEN>().unwrap();
        let opener = Opener::new(&self.secret, 0);
        let unlocked = unlock(header, 1, &[opener]).unwrap();
        let mut drop = unlocked.into_drop(&sealed[HEADER_LEN..]).unwrap();
        let message = drop.manifest().message().as_str().to_owned();
        let reply = drop.manifest().reply().cloned();
        let mut files = Vec::new();
        while let Some(mut file) = drop.next_file().unwrap() {
            let name = file.entry().unwrap().name.as_str().to_owned();
            let mut body = Vec::new();
            file.copy_to(&mut body).unwrap();
            files.push((name, body));
        }
        let tree = drop.finish().unwrap();
        Opened {
            message,
            files,
            tree,
            reply,
        }
    }
}

/// A store with the newsroom's charter and sheet.
async fn set_up(folder: &Path, newsroom: &Newsroom, settings: &Settings) -> Arc<Intake> {
    let desk = Desk::open(folder).unwrap();
    desk.trust(&newsroom.chain.unverified_fingerprint().unwrap())
        .unwrap();
    let bundle = SigningSecret::generate(&mut rng());
    let card = CourierCard::new(
        DiscoveryKey::from_bytes([3; 32]),
        CredentialHash::from_bytes(Sha256::digest([0xab; 32]).into()),
        bundle.editor_key(),
    );
    desk.add_courier(&card.sign(&bundle).unwrap()).unwrap();
    let intake = reopen(folder, settings).await;
    let sheets = Signed::encode_list(core::slice::from_ref(&newsroom.sheet));
    push(&intake, "PUT /charter", &newsroom.chain.encode()).await;
    push(&intake, "PUT /sheets", &sheets).await;
    intake
}

async fn reopen(folder: &Path, settings: &Settings) -> Arc<Intake> {
    loop {
        match Intake::open(folder, settings.clone(), UnixSeconds::from_system()) {
            Ok(intake) => return intake,
            // What the old server wrote to the disk last still holds the lock.
            Err(OpenError::InUse) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn push(intake: &Arc<Intake>, line: &str, body: &[u8]) {
    let (mut near, far) = tokio::io::duplex(65_536);
    let serving = Arc::clone(intake);
    let task = tokio::spawn(async move { serving.serve_collection(far).await });
    let head = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Length: {}\r\n\r\n",
        "ab".repeat(32),
        body.len()
    );
    near.write_all(head.as_bytes()).await.unwrap();
    near.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 204"), "{line}");
    task.await.unwrap();
}

impl House {
    /// A drop-box whose newsroom's keys are good today.
    pub async fn new() -> Self {
        Self::of(Newsroom::new(-1, 5), Settings::default()).await
    }

    pub async fn of(newsroom: Newsroom, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let intake = set_up(folder.path(), &newsroom, &settings).await;
        let server = Server::start(intake).await;
        Self {
            folder,
            newsroom,
            server: AsyncMutex::new(server),
        }
    }

    pub async fn port(&self) -> u16 {
        self.server.lock().await.port
    }

    /// Ends the server without a word, and starts it again on the same store and port.
    pub async fn restart(&self) {
        let settings = &Settings::default();
        let server = self.server.lock().await;
        server.stop().await;
        server.go_on(reopen(self.folder.path(), settings).await);
    }

    /// The newsroom's courier brings these replies.
    pub async fn push_replies(&self, replies: &[PushedReply]) {
        let server = self.server.lock().await;
        let intake = server.intake.lock().unwrap().clone();
        let replies = PushedReply::encode_list(replies);
        push(&intake.unwrap(), "POST /replies", &replies).await;
    }

    /// The server comes back with a store that holds nothing but the newsroom's keys.
    pub async fn lose_everything(&self) {
        let server = self.server.lock().await;
        server.stop().await;
        for room in ["incoming", "drops", "shelf"] {
            for entry in fs::read_dir(self.folder.path().join(room))
                .into_iter()
                .flatten()
            {
                let path = entry.unwrap().path();
                // The old server may still be writing into it.
                while let Err(error) = fs::remove_dir_all(&path) {
                    assert_eq!(error.kind(), std::io::ErrorKind::DirectoryNotEmpty);
                }
            }
        }
        server.go_on(reopen(self.folder.path(), &Settings::default()).await);
    }

    /// The folders of what has arrived.
    fn arrived(&self) -> Vec<PathBuf> {
        fs::read_dir(self.folder.path().join("drops"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    /// Everything that has arrived, as the newsroom opens it.
    pub fn opened(&self) -> Vec<Opened> {
        self.arrived()
            .iter()
            .map(|folder| {
                let sealed = sealed_in(folder);
                let opened = self.newsroom.open(&sealed);
                let mut hasher = TreeHasher::new();
                hasher.update(&sealed);
                assert_eq!(hasher.finish(), opened.tree);
                opened
            })
            .collect()
    }

    /// The one drop that has arrived.
    pub fn the_drop(&self) -> Opened {
        let mut all = self.opened();
        assert_eq!(all.len(), 1, "drops that arrived");
        all.remove(0)
    }
}

/// The bytes of a stored drop: its segments in their order, lane by lane.
fn sealed_in(folder: &Path) -> Vec<u8> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    let mut sealed = Vec::new();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.len() == 9 && name.starts_with('s') {
            sealed.extend(fs::read(path).unwrap());
        } else if name.len() == 9 && name.starts_with('l') {
            sealed.extend(sealed_in(&path));
        }
    }
    sealed
}

impl Server {
    async fn start(intake: Arc<Intake>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let intake = Arc::new(Mutex::new(Some(intake)));
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let mut accepting = JoinSet::new();
        let (serving, held) = (Arc::clone(&connections), Arc::clone(&intake));
        accepting.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // While it is down, it hangs up.
                let Some(intake) = held.lock().unwrap().clone() else {
                    continue;
                };
                let mut serving = serving.lock().unwrap();
                while serving.try_join_next().is_some() {}
                serving.spawn(async move { intake.serve_public(stream).await });
            }
        });
        Self {
            port,
            intake,
            _accepting: accepting,
            connections,
        }
    }

    /// Cuts every connection and waits until nothing holds the store any more.
    async fn stop(&self) {
        let intake = self.intake.lock().unwrap().take();
        let held = Arc::downgrade(&intake.unwrap());
        let mut connections = std::mem::take(&mut *self.connections.lock().unwrap());
        connections.shutdown().await;
        while held.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    }

    fn go_on(&self, intake: Arc<Intake>) {
        *self.intake.lock().unwrap() = Some(intake);
    }
}
