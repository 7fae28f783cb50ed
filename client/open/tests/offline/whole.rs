//! The whole way offline, as the staff goes it: vaults, a newsroom, a bundle, opened files.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use getrandom::SysRng;
use knothole_envelope::{
    BundleIndex, BundlePart, CharterChain, CourierCard, CredentialHash, Day, DiscoveryKey, DropId,
    EpochNumber, FileEntry, FileName, ListedDrop, Manifest, Message, PartHash, PartName, Sheet,
    Signed, SigningSecret, Suite, VerifiedChain, seal_drop,
};
use rand_core::UnwrapErr;
use sha2::{Digest as _, Sha256};

use crate::program::{Desk, Ran};
use crate::walls::traced;

const WORDS: &str = "我是在局里拍的。\n";
const ONION: &str = "lbtgmztgmztgmztgmztgmztgmztgmztgmztgmztgmztgmztgmztmn5ad.onion";

/// Three editors, two of whom open a drop, and a courier with one bundle.
struct Newsroom {
    desk: Desk,
    video: Vec<u8>,
}

fn done(ran: &Ran) {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

fn put(path: &Path, bytes: &[u8]) {
    let mut file = fs::File::create_new(path).unwrap();
    file.write_all(bytes).unwrap();
}

impl Newsroom {
    fn new() -> Self {
        let desk = Desk::in_memory();
        for editor in ["a", "b", "c"] {
            let line = format!("vault new {editor}.vault --epochs 2 --passphrase-fd 0");
            done(&desk.knothole(&line, &format!("{editor}\n")));
            let line = format!("vault card {editor}.vault --out {editor}.card --passphrase-fd 0");
            done(&desk.knothole(&line, &format!("{editor}\n")));
        }
        fs::create_dir(desk.file("stick")).unwrap();
        let found = format!(
            "newsroom found a.card b.card c.card --quorum 2 --onion {ONION} --out stick{}",
            keys("abc")
        );
        done(&desk.knothole(&found, "a\nb\nc\n"));
        let video = (0..400_000_u32).flat_map(u32::to_be_bytes).collect();
        let newsroom = Self { desk, video };
        newsroom.carry();
        newsroom
    }

    /// Seals a drop to the newsroom's first sheet, and lays it on the stick as a courier does.
    fn carry(&self) {
        let mut rng = UnwrapErr(SysRng);
        let bundle = SigningSecret::generate(&mut rng);
        let card = CourierCard::new(
            DiscoveryKey::from_bytes([1; 32]),
            CredentialHash::from_bytes([2; 32]),
            bundle.editor_key(),
        );
        put(
            &self.desk.file("courier"),
            &card.sign(&bundle).unwrap().encode(),
        );
        let line = format!("newsroom courier courier{}", keys("ab"));
        done(&self.desk.knothole(&line, "a\nb\n"));

        let (chain, sheet, day) = self.outbox();
        let (listed, bytes) = self.seal(&chain, &sheet);
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        let part = BundlePart {
            name: PartName::from_bytes([7; 16]),
            length: u64::try_from(bytes.len()).unwrap(),
            hash: PartHash::from_bytes(hash),
            drop: listed.id,
            offset: 0,
        };
        let (parts, drops) = (vec![part], vec![listed]);
        let index = BundleIndex::new(1, None, day, parts, drops, chain.current_hash()).unwrap();
        let mut index = Signed::new(index);
        index.sign(chain.fingerprint(), &bundle);
        let folder = self.desk.file("stick/bundle-0000000000000001-0a0b0c0d");
        fs::create_dir(&folder).unwrap();
        put(&folder.join("07".repeat(16)), &bytes);
        put(&folder.join("index"), &index.encode());
    }

    /// The charter chain and the first sheet of the outbox, and the sheet's first day.
    fn outbox(&self) -> (VerifiedChain, Signed<Sheet>, Day) {
        let read =
            |name: &str| fs::read(self.desk.file("stick/knothole-outbox").join(name)).unwrap();
        let chain = CharterChain::decode(&read("charter")).unwrap();
        let chain = chain
            .verify(&chain.unverified_fingerprint().unwrap())
            .unwrap();
        let sheet = Signed::<Sheet>::decode(&read("sheets/1")).unwrap();
        let day = sheet.unverified().first();
        (chain, sheet, day)
    }

    fn seal(&self, chain: &VerifiedChain, sheet: &Signed<Sheet>) -> (ListedDrop, Vec<u8>) {
        let sheet = sheet.verify(chain).unwrap();
        let file = FileEntry {
            name: FileName::new("录像 \u{1b}[2J.MOV").unwrap(),
            size: u64::try_from(self.video.len()).unwrap(),
        };
        let manifest = Manifest::new(
            sheet.hash(),
            sheet.recipients().quorum(),
            None,
            vec![file],
            Message::new(WORDS).unwrap(),
        )
        .unwrap();
        let epoch = EpochNumber::new(1).unwrap();
        let mut bytes = Vec::new();
        let tree = seal_drop(
            &mut UnwrapErr(SysRng),
            Suite::ChaCha20Poly1305,
            epoch,
            sheet.recipients(),
            &manifest,
            |_| Ok(self.video.as_slice()),
            &mut bytes,
        )
        .unwrap();
        let id = DropId::from_bytes([0xab; 32]);
        let chunks = manifest.chunks();
        (
            ListedDrop {
                id,
                tree,
                chunks,
                epoch,
            },
            bytes,
        )
    }
}

/// The archive, and the vaults with their passphrases on standard input.
fn keys(editors: &str) -> String {
    let mut line = " --archive archive".to_owned();
    for editor in editors.chars() {
        line.push_str(&format!(" --vault {editor}.vault --passphrase-fd 0"));
    }
    line
}

#[test]
fn a_whole_open_makes_no_network_call_and_gives_back_what_was_sealed() {
    let newsroom = Newsroom::new();
    let desk = &newsroom.desk;
    let line = format!("open stick --files files{}", keys("ca"));
    let (ran, calls) = traced(desk, "%network,io_uring_setup,ptrace", &line, "c\na\n");
    done(&ran);
    assert!(calls.is_empty(), "{calls:?}");
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'));
    let folder = desk.file("files/abababab");
    assert_eq!(fs::read(folder.join("1.mov")).unwrap(), newsroom.video);
    assert_eq!(
        fs::read_to_string(folder.join("message.txt")).unwrap(),
        WORDS
    );
}

#[test]
fn one_vault_of_two_that_it_takes_opens_nothing_and_exits_with_6() {
    let newsroom = Newsroom::new();
    let line = format!("open stick --files files{}", keys("b"));
    let ran = newsroom.desk.knothole(&line, "b\n");
    assert_eq!(ran.code, 6, "{}{}", ran.out, ran.err);
    assert_eq!(
        fs::read_dir(newsroom.desk.file("files")).unwrap().count(),
        0
    );
}

#[test]
fn a_vault_that_was_not_there_when_an_epoch_was_burned_is_named_until_it_is_burned_too() {
    let newsroom = Newsroom::new();
    let desk = &newsroom.desk;
    let burn = |editors: &str| {
        let line = format!("epochs burn 1 --lose-undelivered --yes{}", keys(editors));
        let lines: Vec<_> = editors.chars().map(String::from).collect();
        let ran = desk.knothole(&line, &format!("{}\n", lines.join("\n")));
        done(&ran);
        ran.err
    };
    let warning = "was not there when epochs were burned";
    assert!(burn("ab").contains(warning));
    let outbox = format!("outbox stick{}", keys("ab"));
    let laid = desk.knothole(&outbox, "a\nb\n");
    done(&laid);
    assert!(laid.out.contains("1 receipt"), "{}", laid.out);
    assert!(laid.err.contains(warning), "{}", laid.err);
    // It needs no second proof, and then there is nothing left to warn of.
    assert!(!burn("ca").contains(warning));
    let list = format!("epochs list{}", keys("abc"));
    let list = desk.knothole(&list, "a\nb\nc\n");
    done(&list);
    assert!(
        list.out
            .lines()
            .any(|row| row.matches(" erased").count() == 3),
        "{}",
        list.out
    );
    assert!(!list.err.contains(warning));
}
