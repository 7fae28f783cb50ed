//! The offline client as a person runs it, from the vaults to the receipts.

#![allow(
    clippy::disallowed_types,
    reason = "the tests run the program; the program runs nothing"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::fs::{self, File};
use std::io::{BufRead as _, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use getrandom::SysRng;
use knothole_envelope::{
    BundleIndex, BundlePart, CharterChain, CourierCard, CredentialHash, Day, DiscoveryKey,
    DropAddress, DropId, EpochNumber, FileEntry, FileName, IndexHash, ListedDrop, Manifest,
    Message, OnionAddress, PartHash, PartName, Receipt, Sheet, Signed, SigningSecret, Suite,
    VerifiedChain, seal_drop,
};
use rand_core::UnwrapErr;
use sha2::{Digest as _, Sha256};

const MESSAGE: &str = "这段录像是我在局里拍的。\n请不要说出我是谁。\n";

/// A newsroom of two editors who open together, in a folder in memory.
struct Newsroom {
    folder: tempfile::TempDir,
    chain: VerifiedChain,
    sequence: u64,
    previous: Option<IndexHash>,
}

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn ends_with(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }

    fn says(&self, words: &str) -> &Self {
        let said = self.out.contains(words) || self.err.contains(words);
        assert!(said, "{words:?} is not in\n{}\n{}", self.out, self.err);
        self
    }
}

fn write(path: &Path, bytes: &[u8]) {
    File::create_new(path).unwrap().write_all(bytes).unwrap();
}

/// Runs the program in a folder, with these passphrases on standard input.
fn run(folder: &Path, passphrases: &[&str], arguments: &str) -> Run {
    let command = Command::new(env!("CARGO_BIN_EXE_knothole"));
    finish(command, folder, passphrases, arguments)
}

fn finish(mut command: Command, folder: &Path, passphrases: &[&str], arguments: &str) -> Run {
    let mut input = tempfile::tempfile().unwrap();
    for passphrase in passphrases {
        writeln!(input, "{passphrase}").unwrap();
    }
    std::io::Seek::rewind(&mut input).unwrap();
    command.current_dir(folder).stdin(input);
    command.args(arguments.split(' '));
    for _ in passphrases {
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
fn run_cramped(folder: &Path, passphrases: &[&str], bytes: u64, arguments: &str) -> Run {
    let shell = format!(
        "trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"",
        bytes.div_ceil(512)
    );
    let mut command = Command::new("sh");
    command.args(["-c", &shell, env!("CARGO_BIN_EXE_knothole")]);
    finish(command, folder, passphrases, arguments)
}

const ONE: &str = "one correct horse battery staple";
const TWO: &str = "two correct horse battery staple";

fn onion() -> OnionAddress {
    OnionAddress::from_identity(&[5; 32])
}

/// A Monday not long ago, so that the outbox carries the sheets of these weeks.
fn monday() -> Day {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let days = Day::from_unix_seconds(now).unwrap().get();
    Day::new(days - (days + 3) % 7).unwrap()
}

fn courier() -> SigningSecret {
    SigningSecret::from_bytes([60; 32])
}

impl Newsroom {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let at = folder.path();
        for (vault, passphrase) in [("v1", ONE), ("v2", TWO)] {
            let new = format!("vault new {vault} --epochs 3 --first-day {}", monday());
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
            sequence: 0,
            previous: None,
        };
        newsroom.run("newsroom courier courier.card").ends_with(0);
        newsroom
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command with archive and both vaults.
    fn run(&self, arguments: &str) -> Run {
        let all = format!("{arguments} --archive archive --vault v1 --vault v2");
        run(self.folder.path(), &[ONE, TWO], &all)
    }

    fn seal(&self, number: u8, body: &[u8]) -> (ListedDrop, Vec<u8>) {
        let mut bytes = Vec::new();
        let size = u64::try_from(body.len()).unwrap();
        let listed = self.seal_to(number, size, body, &mut bytes);
        (listed, bytes)
    }

    fn seal_to(&self, number: u8, size: u64, body: impl Read, out: impl Write) -> ListedDrop {
        let sheet = fs::read(self.path("knothole-outbox/sheets/2")).unwrap();
        let sheet = Signed::<Sheet>::decode(&sheet).unwrap();
        let sheet = sheet.verify(&self.chain).unwrap();
        let manifest = Manifest::new(
            sheet.hash(),
            sheet.recipients().quorum(),
            None,
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
    fn bundle(&mut self, stick: &str) -> PathBuf {
        self.sequence += 1;
        let name = format!("bundle-{:016x}-00000000", self.sequence);
        let folder = self.path(stick).join(name);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Lays a bundle on a stick of this name.
    fn carry(&mut self, stick: &str, drops: &[(ListedDrop, Vec<u8>)]) {
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

    fn finish(&mut self, folder: &Path, parts: Vec<BundlePart>, drops: Vec<ListedDrop>) {
        let charter = self.chain.current_hash();
        let date = monday();
        let index =
            BundleIndex::new(self.sequence, self.previous, date, parts, drops, charter).unwrap();
        let mut index = Signed::new(index);
        index.sign(self.chain.fingerprint(), &courier());
        self.previous = Some(index.hash());
        write(&folder.join("index"), &index.encode());
    }

    fn receipts(&self) -> Vec<Receipt> {
        let bytes = fs::read(self.path("knothole-outbox/receipts")).unwrap();
        let receipts = Signed::<Receipt>::decode_list(&bytes, 100).unwrap();
        let verified = receipts.iter().map(|receipt| receipt.verify(&self.chain));
        verified.map(Result::unwrap).collect()
    }
}

fn part(number: u8, listed: &ListedDrop, offset: u64, length: u64, hash: [u8; 32]) -> BundlePart {
    BundlePart {
        name: PartName::from_bytes([number; 16]),
        length,
        hash: PartHash::from_bytes(hash),
        drop: listed.id,
        offset,
    }
}

#[test]
fn a_drop_goes_from_the_stick_to_files_and_its_receipt_back() {
    let mut newsroom = Newsroom::new();
    let video: Vec<u8> = (0..2_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let wanted = newsroom.seal(0xaa, &video);
    let unwanted = newsroom.seal(0xbb, b"junk");
    let mut broken = newsroom.seal(0xcc, b"x");
    // In the commitment: no slot opens.
    broken.1[60] ^= 1;
    newsroom.carry("stick", &[wanted.clone(), unwanted, broken]);
    // Without --files nothing is opened.
    newsroom
        .run("open stick")
        .ends_with(0)
        .says("is in the archive, sealed");
    fs::remove_dir_all(newsroom.path("stick")).unwrap();
    newsroom.run("list").ends_with(0).says("waiting");
    newsroom.run("refuse bb").ends_with(0).says("is refused");
    let opened = newsroom.run("open --files files");
    opened
        .ends_with(4)
        .says("aaaaaaaa is open in")
        .says("cccccccc did not open");
    let folder = newsroom.path("files/aaaaaaaa");
    assert_eq!(fs::read(folder.join("1.mov")).unwrap(), video);
    let words = fs::read_to_string(folder.join("message.txt")).unwrap();
    assert_eq!(words, MESSAGE);
    newsroom
        .run("open --files files")
        .ends_with(0)
        .says("no drop that waits");
    newsroom
        .run("show aa")
        .ends_with(0)
        .says("IMG_0412.MOV")
        .says("  | 请不要说出我是谁。");
    newsroom
        .run("export aa --to files")
        .ends_with(0)
        .says("files/aaaaaaaa-2");
    newsroom.run("export cc --to files").ends_with(5);
    newsroom.run("outbox .").ends_with(0).says("2 receipts");
    let receipts = newsroom.receipts();
    let opened = |receipt: &Receipt| matches!(receipt, Receipt::Opened { drop, tree, .. } if (*drop, *tree) == (wanted.0.id, wanted.0.tree));
    assert_eq!(receipts.iter().filter(|receipt| opened(receipt)).count(), 1);
    let refused = |receipt: &&Receipt| matches!(receipt, Receipt::Refused { drop, .. } if *drop == DropId::from_bytes([0xbb; 32]));
    assert_eq!(receipts.iter().filter(refused).count(), 1);
}

#[test]
fn every_refusal_has_its_exit_code_and_says_what_to_do() {
    let mut newsroom = Newsroom::new();
    let drop = newsroom.seal(0xaa, b"body");
    newsroom.carry("stick", &[]);
    newsroom.carry("second", &[drop]);
    let at = newsroom.folder.path();
    let one = "open stick --files files --archive archive --vault v1";
    run(at, &[ONE], one)
        .ends_with(6)
        .says("name the others' vaults");
    run(at, &[TWO], one).ends_with(1);
    run(
        at,
        &[ONE],
        &one.replace("archive archive", "archive nowhere"),
    )
    .ends_with(1)
    .says("cannot open this folder");
    newsroom
        .run("open second --files files")
        .ends_with(1)
        .says("bundle 1 is missing");
    newsroom
        .run("open files --files files")
        .ends_with(1)
        .says("there is no bundle here");
    newsroom
        .run("open v1 --files files")
        .ends_with(1)
        .says("cannot open this folder");
    newsroom
        .run("show aa")
        .ends_with(1)
        .says("no drop of the archive");
    newsroom.run("open stick second --files files").ends_with(0);
    newsroom
        .run("open second --files files")
        .ends_with(0)
        .says("was taken before");
    newsroom
        .run("newsroom courier courier.card")
        .ends_with(1)
        .says("known already");
    newsroom
        .run("newsroom courier v1.card")
        .ends_with(1)
        .says("not a courier's card");
    let found = "newsroom found v1.card --quorum 1 --onion abc.onion";
    newsroom
        .run(found)
        .ends_with(2)
        .says("not an onion address");
    let found = format!(
        "newsroom found v1.card v2.card --quorum 1 --onion {}",
        onion()
    );
    newsroom
        .run(&found)
        .ends_with(1)
        .says("there is an archive in this folder already");
    let found = format!("{found} --archive other --vault v1");
    run(at, &[ONE], &found)
        .ends_with(4)
        .says("1 of 2 editors have signed");
    run(at, &[ONE], &found.replace("quorum 1", "quorum 2"))
        .ends_with(1)
        .says("another founding has begun");
    run(at, &[TWO], &found.replace("vault v1", "vault v2"))
        .ends_with(0)
        .says("one editor who is arrested");
    assert!(!newsroom.path("other/founding").exists());
    run(at, &[ONE], "newsroom found").ends_with(2);
}

#[test]
fn on_a_full_disk_nothing_half_written_stays_and_the_next_try_succeeds() {
    let mut newsroom = Newsroom::new();
    let body = vec![7; 2_000_000];
    let drop = newsroom.seal(0xaa, &body);
    newsroom.carry("stick", &[drop]);
    let at = newsroom.folder.path();
    let keys = "--archive archive --vault v1 --vault v2";
    let cramped = |bytes, arguments: &str| {
        run_cramped(at, &[ONE, TWO], bytes, &format!("{arguments} {keys}"))
    };
    let before = fs::read(newsroom.path("archive/state")).unwrap();
    // The archive has no room for the drop.
    cramped(1_500_000, "open stick").ends_with(3);
    assert_eq!(fs::read(newsroom.path("archive/state")).unwrap(), before);
    let folder = newsroom.path("archive/drops").join("aa".repeat(32));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    newsroom.run("open stick").ends_with(0);
    // There is no room for the opened file, and then none for the account of it.
    cramped(1_500_000, "open --files files").ends_with(3);
    assert_eq!(fs::read_dir(newsroom.path("files")).unwrap().count(), 0);
    newsroom.run("list").ends_with(0).says("waiting");
    let before = fs::read(newsroom.path("archive/state")).unwrap();
    cramped(500_000, "newsroom courier courier.card --remove").ends_with(3);
    assert_eq!(fs::read(newsroom.path("archive/state")).unwrap(), before);
    assert!(!newsroom.path("archive/state.new").exists());
    // The stick has no room for the sheets.
    fs::create_dir(newsroom.path("carry")).unwrap();
    cramped(1024, "outbox carry").ends_with(3);
    let sheets = newsroom.path("carry/knothole-outbox/sheets");
    assert_eq!(fs::read_dir(sheets).unwrap().count(), 0);
    newsroom.run("open --files files").ends_with(0);
    assert_eq!(
        fs::read(newsroom.path("files/aaaaaaaa/1.mov")).unwrap(),
        body
    );
}

#[test]
fn opened_files_go_to_a_plain_disk_only_when_that_is_said_by_name() {
    let mut newsroom = Newsroom::new();
    let drop = newsroom.seal(0xaa, b"body");
    newsroom.carry("stick", &[drop]);
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let open = format!("open stick --files {}", disk.path().display());
    let refused = newsroom.run(&open);
    if refused.code == 0 {
        // This machine builds in memory or on an encrypted disk: there is nothing to refuse.
        return;
    }
    refused.ends_with(1).says("--danger-plain-disk");
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
    newsroom
        .run(&format!("{open} --danger-plain-disk"))
        .ends_with(0)
        .says("Warning: opened files are written to a disk");
    assert_eq!(
        fs::read(disk.path().join("aaaaaaaa/1.mov")).unwrap(),
        b"body"
    );
}

/// Bytes that do not repeat, and are the same each time.
struct Pattern {
    at: u64,
    left: u64,
}

impl Pattern {
    const fn new(length: u64) -> Self {
        Self {
            at: 0,
            left: length,
        }
    }
}

impl Read for Pattern {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        for byte in &mut buffer[..length] {
            *byte = self.at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[2];
            self.at += 1;
        }
        self.left -= u64::try_from(length).unwrap();
        Ok(length)
    }
}

/// `KNOTHOLE_LARGE_MIB=10240` makes it large in earnest.
#[test]
fn a_large_drop_in_several_parts_opens_in_less_than_64_mib_of_memory() {
    let size: u64 =
        std::env::var("KNOTHOLE_LARGE_MIB").map_or(160, |size| size.parse::<u64>().unwrap()) << 20;
    let mut newsroom = Newsroom::new();
    let folder = newsroom.bundle("stick");
    let sealed = newsroom.path("sealed");
    let out = std::io::BufWriter::new(File::create_new(&sealed).unwrap());
    let listed = newsroom.seal_to(0xaa, size, Pattern::new(size), out);
    let whole = File::open(&sealed).unwrap();
    let mut parts = Vec::new();
    let mut offset = 0;
    while offset < listed.length() {
        let length = (64 << 20).min(listed.length() - offset);
        let number = u8::try_from(parts.len()).unwrap();
        let mut hash = Sha256::new();
        let path = folder.join(PartName::from_bytes([number; 16]).to_string());
        let mut file = File::create_new(&path).unwrap();
        // In small blocks: what this process holds counts for those that it starts.
        let mut block = vec![0; 1 << 20];
        let mut part_of_it = Read::take(&whole, length);
        loop {
            let read = part_of_it.read(&mut block).unwrap();
            if read == 0 {
                break;
            }
            hash.update(&block[..read]);
            file.write_all(&block[..read]).unwrap();
        }
        let part = part(number, &listed, offset, length, hash.finalize().into());
        parts.push(part);
        offset += length;
    }
    fs::remove_file(&sealed).unwrap();
    newsroom.finish(&folder, parts, vec![listed]);
    newsroom.run("open stick --files files").ends_with(0);
    let peak = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    let peak = peak.unwrap().max_rss() / 1024;
    assert!(peak < 64, "{peak} MiB");
    let opened = File::open(newsroom.path("files/aaaaaaaa/1.mov")).unwrap();
    let mut opened = std::io::BufReader::with_capacity(1 << 20, opened);
    let mut expected = std::io::BufReader::with_capacity(1 << 20, Pattern::new(size));
    let mut compared = 0;
    loop {
        let (left, right) = (opened.fill_buf().unwrap(), expected.fill_buf().unwrap());
        let length = left.len().min(right.len());
        assert!(left[..length] == right[..length]);
        if length == 0 {
            break;
        }
        compared += u64::try_from(length).unwrap();
        opened.consume(length);
        expected.consume(length);
    }
    assert_eq!(compared, size);
}

#[test]
fn a_poster_carries_the_address_as_svg_or_text() {
    let newsroom = Newsroom::new();
    newsroom
        .run("newsroom poster --out poster.svg")
        .ends_with(0);
    newsroom
        .run("newsroom poster --out poster.txt")
        .ends_with(0);
    newsroom
        .run("newsroom poster --out poster.txt")
        .ends_with(1)
        .says("cannot create");
    let address = DropAddress::new(onion(), *newsroom.chain.fingerprint()).to_string();
    for poster in ["poster.svg", "poster.txt"] {
        let poster = fs::read_to_string(newsroom.path(poster)).unwrap();
        assert!(poster.contains(&address));
    }
}
