//! A newsroom of two editors, a courier's sticks, and the program itself.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use getrandom::SysRng;
use knothole_envelope::{
    BundleIndex, BundlePart, CharterChain, CharterHash, CourierCard, CredentialHash, Day,
    DiscoveryKey, DropId, EpochNumber, FileEntry, FileName, IndexHash, ListedDrop, Manifest,
    Message, OnionAddress, PartHash, PartName, PushedReply, Receipt, ReplyBlock, ReplyHash, Sheet,
    Signed, SigningSecret, Suite, TreeHash, TreeHasher, VerifiedChain, seal_drop,
};
use rand_core::UnwrapErr;
use sha2::{Digest as _, Sha256};

pub(crate) const MESSAGE: &str = "这段录像是我在局里拍的。\n请不要说出我是谁。\n";

/// A newsroom of two editors who open together, in a folder in memory.
pub(crate) struct Newsroom {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) chain: VerifiedChain,
    /// The day on which the courier makes its next bundle.
    pub(crate) date: Day,
    sequence: u64,
    previous: Option<IndexHash>,
    /// What the next drops carry.
    pub(crate) way_back: Option<ReplyBlock>,
    /// The replies that the courier has pushed.
    pub(crate) pushed: BTreeSet<ReplyHash>,
}

pub(crate) struct Run {
    pub(crate) code: i32,
    out: String,
    err: String,
}

impl Run {
    pub(crate) fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    /// The first line that has these words.
    pub(crate) fn line(&self, words: &str) -> &str {
        let mut lines = self.out.lines().chain(self.err.lines());
        lines.find(|line| line.contains(words)).unwrap()
    }

    pub(crate) fn has(&self, words: &str) -> bool {
        self.out.contains(words) || self.err.contains(words)
    }

    pub(crate) fn count(&self, words: &str) -> usize {
        self.out.matches(words).count() + self.err.matches(words).count()
    }

    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(
            self.has(words),
            "{words:?} is not in\n{}\n{}",
            self.out,
            self.err
        );
        self
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) {
    File::create_new(path).unwrap().write_all(bytes).unwrap();
}

/// Runs the program in a folder, with these passphrases on standard input.
pub(crate) fn run(folder: &Path, passphrases: &[&str], arguments: &str) -> Run {
    run_with(folder, passphrases, passphrases.len(), arguments)
}

/// As [`run`]; of these lines only the first ones are passphrases.
pub(crate) fn run_with(folder: &Path, lines: &[&str], passphrases: usize, arguments: &str) -> Run {
    let command = Command::new(env!("CARGO_BIN_EXE_knothole"));
    finish(command, folder, lines, passphrases, arguments)
}

fn finish(
    mut command: Command,
    folder: &Path,
    lines: &[&str],
    passphrases: usize,
    arguments: &str,
) -> Run {
    let mut input = tempfile::tempfile().unwrap();
    for line in lines {
        writeln!(input, "{line}").unwrap();
    }
    std::io::Seek::rewind(&mut input).unwrap();
    command.current_dir(folder).stdin(input);
    command.args(arguments.split(' '));
    for _ in 0..passphrases {
        command.args(["--passphrase-fd", "0"]);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Run {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

/// As [`run`], on a disk that takes no file of more than so many bytes.
pub(crate) fn run_cramped(folder: &Path, passphrases: &[&str], bytes: u64, arguments: &str) -> Run {
    let shell = format!(
        "trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"",
        bytes.div_ceil(512)
    );
    let mut command = Command::new("sh");
    command.args(["-c", &shell, env!("CARGO_BIN_EXE_knothole")]);
    finish(command, folder, passphrases, passphrases.len(), arguments)
}

/// As [`run`], with no more than so many bytes of memory.
pub(crate) fn run_in_memory(folder: &Path, passphrases: &[&str], bytes: u64, line: &str) -> Run {
    let shell = format!("ulimit -v {}; exec \"$0\" \"$@\"", bytes / 1024);
    let mut command = Command::new("sh");
    command.args(["-c", &shell, env!("CARGO_BIN_EXE_knothole")]);
    finish(command, folder, passphrases, passphrases.len(), line)
}

/// As [`run`], on a machine that is cut off when the program first makes this system call: nothing is
/// told, and nothing is cleared away.
pub(crate) fn run_cut_at(call: &str, folder: &Path, passphrase: &str, arguments: &str) {
    let mut input = tempfile::tempfile().unwrap();
    writeln!(input, "{passphrase}").unwrap();
    std::io::Seek::rewind(&mut input).unwrap();
    let mut command = Command::new("strace");
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:signal=KILL"),
    );
    command.args(["-f", "-qq", "-e", &trace, "-e", &inject]);
    command.arg(env!("CARGO_BIN_EXE_knothole"));
    command.args(arguments.split(' '));
    command.args(["--passphrase-fd", "0"]);
    let ended = command.current_dir(folder).stdin(input).output().unwrap();
    // strace ends as what it traced did.
    let signal = std::os::unix::process::ExitStatusExt::signal(&ended.status);
    assert_eq!(signal, Some(9), "{call}: {ended:?}");
}

pub(crate) const ONE: &str = "one correct horse battery staple";
pub(crate) const TWO: &str = "two correct horse battery staple";

pub(crate) fn onion() -> OnionAddress {
    OnionAddress::from_identity(&[5; 32])
}

/// A Monday not long ago, so that the outbox carries the sheets of these weeks.
pub(crate) fn monday() -> Day {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let days = Day::from_unix_seconds(now).unwrap().get();
    Day::new(days - (days + 3) % 7).unwrap()
}

fn courier() -> SigningSecret {
    SigningSecret::from_bytes([60; 32])
}

impl Newsroom {
    pub(crate) fn new() -> Self {
        Self::with_options(|_| String::new())
    }

    /// Each editor's vault is made with these options more.
    pub(crate) fn with_options(more: impl Fn(&str) -> String) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let at = folder.path();
        for (vault, passphrase) in [("v1", ONE), ("v2", TWO)] {
            let more = more(vault);
            let new = format!(
                "vault new {vault} --epochs 3 --first-day {}{more}",
                monday()
            );
            run(at, &[passphrase], &new).ends_with(0);
            let card = format!("vault card {vault} --out {vault}.card");
            run(at, &[passphrase], &card).ends_with(0);
        }
        let found = format!(
            "newsroom found v1.card v2.card --quorum 2 --onion {} --archive archive --out . \
             --vault v1 --vault v2",
            onion()
        );
        run(at, &[ONE, TWO], &found)
            .ends_with(0)
            .says("drop address");
        let card = CourierCard::new(
            DiscoveryKey::from_bytes([1; 32]),
            CredentialHash::from_bytes([2; 32]),
            courier().editor_key(),
        );
        write(
            &at.join("courier.card"),
            &card.sign(&courier()).unwrap().encode(),
        );
        let chain = fs::read(at.join("knothole-outbox/charter")).unwrap();
        let chain = CharterChain::decode(&chain).unwrap();
        let fingerprint = chain.unverified_fingerprint().unwrap();
        let newsroom = Self {
            chain: chain.verify(&fingerprint).unwrap(),
            folder,
            date: monday(),
            sequence: 0,
            previous: None,
            way_back: None,
            pushed: BTreeSet::new(),
        };
        newsroom.run("newsroom courier courier.card").ends_with(0);
        newsroom
    }

    /// The same newsroom in another folder, which goes its own way from now on.
    #[allow(dead_code, reason = "the tests that cut commands off use it")]
    pub(crate) fn another(&self) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(self.path(".")).arg(folder.path());
        assert!(copy.status().unwrap().success());
        Self {
            folder,
            chain: self.chain.clone(),
            date: self.date,
            sequence: self.sequence,
            previous: self.previous,
            way_back: self.way_back.clone(),
            pushed: self.pushed.clone(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command with archive and both vaults.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        let all = format!("{arguments} --archive archive --vault v1 --vault v2");
        run(self.folder.path(), &[ONE, TWO], &all)
    }

    pub(crate) fn seal(&self, number: u8, body: &[u8]) -> (ListedDrop, Vec<u8>) {
        let mut bytes = Vec::new();
        let size = u64::try_from(body.len()).unwrap();
        let listed = self.seal_to(number, size, body, &mut bytes);
        (listed, bytes)
    }

    pub(crate) fn seal_to(
        &self,
        number: u8,
        size: u64,
        body: impl Read,
        out: impl Write,
    ) -> ListedDrop {
        let sheet = fs::read(self.path("knothole-outbox/sheets/2")).unwrap();
        let sheet = Signed::<Sheet>::decode(&sheet).unwrap();
        let sheet = sheet.verify(&self.chain).unwrap();
        let manifest = Manifest::new(
            sheet.hash(),
            sheet.recipients().quorum(),
            self.way_back.clone(),
            vec![FileEntry {
                name: FileName::new("IMG_0412.MOV").unwrap(),
                size,
            }],
            Message::new(MESSAGE).unwrap(),
        )
        .unwrap();
        let mut body = Some(body);
        let tree = seal_drop(
            &mut UnwrapErr(SysRng),
            Suite::Aes256Gcm,
            EpochNumber::new(2).unwrap(),
            sheet.recipients(),
            &manifest,
            |_| Ok(body.take().unwrap()),
            out,
        )
        .unwrap();
        ListedDrop {
            id: DropId::from_bytes([number; 32]),
            tree,
            chunks: manifest.chunks(),
            epoch: sheet.epoch(),
        }
    }

    /// The folder of the next bundle on a stick of this name.
    pub(crate) fn bundle(&mut self, stick: &str) -> PathBuf {
        self.sequence += 1;
        let name = format!("bundle-{:016x}-00000000", self.sequence);
        let folder = self.path(stick).join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Lays a bundle on a stick of this name.
    pub(crate) fn carry(&mut self, stick: &str, drops: &[(ListedDrop, Vec<u8>)]) {
        let folder = self.bundle(stick);
        let part = |(number, (listed, bytes)): (u8, &(ListedDrop, Vec<u8>))| {
            let part = part(
                number,
                listed,
                0,
                listed.length(),
                Sha256::digest(bytes).into(),
            );
            write(&folder.join(part.name.to_string()), bytes);
            part
        };
        let parts = (0..).zip(drops).map(part).collect();
        let drops = drops.iter().map(|(listed, _)| *listed).collect();
        self.finish(&folder, parts, drops);
    }

    pub(crate) fn finish(&mut self, folder: &Path, parts: Vec<BundlePart>, drops: Vec<ListedDrop>) {
        self.finish_under(self.chain.current_hash(), folder, parts, drops);
    }

    /// As [`Self::finish`]; the courier was shown this charter.
    pub(crate) fn finish_under(
        &mut self,
        charter: CharterHash,
        folder: &Path,
        parts: Vec<BundlePart>,
        drops: Vec<ListedDrop>,
    ) {
        let date = self.date;
        let index =
            BundleIndex::new(self.sequence, self.previous, date, parts, drops, charter).unwrap();
        let mut index = Signed::new(index.with_pushed(self.pushed.clone()).unwrap());
        index.sign(self.chain.fingerprint(), &courier());
        self.previous = Some(index.hash());
        write(&folder.join("index"), &index.encode());
    }

    pub(crate) fn replies(&self) -> Vec<PushedReply> {
        let bytes = fs::read(self.path("knothole-outbox/replies")).unwrap();
        PushedReply::decode_list(&bytes, 64).unwrap()
    }

    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let bytes = fs::read(self.path("knothole-outbox/receipts")).unwrap();
        let receipts = Signed::<Receipt>::decode_list(&bytes, 100).unwrap();
        let verified = receipts.iter().map(|receipt| receipt.verify(&self.chain));
        verified.map(Result::unwrap).collect()
    }
}

/// The tree hash of these bytes, as a server lists it.
pub(crate) fn tree(bytes: &[u8]) -> TreeHash {
    let mut hasher = TreeHasher::new();
    hasher.update(bytes);
    hasher.finish()
}

pub(crate) fn part(
    number: u8,
    listed: &ListedDrop,
    offset: u64,
    length: u64,
    hash: [u8; 32],
) -> BundlePart {
    BundlePart {
        name: PartName::from_bytes([number; 16]),
        length,
        hash: PartHash::from_bytes(hash),
        drop: listed.id,
        offset,
    }
}
