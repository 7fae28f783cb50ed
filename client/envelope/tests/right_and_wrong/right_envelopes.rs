//! Envelopes that must open: what the first six do not show.

use knothole_envelope::{
    EraseHash, FileEntry, FileName, HEADER_LEN, Layout, MailboxAddress, Manifest, Message,
    ReplyBlock, Suite, TreeHasher, seal_header,
};

use crate::cast::{Stream, epoch, hex, quorum, recipients, sha256, sheet, source};
use crate::envelopes;
use crate::forge::{Forge, Forged};
use crate::set::{Set, seeds_of};
use crate::text::Vector;

pub(crate) fn all(set: &mut Set) {
    for drop in drops().into_iter().chain(full_drops()) {
        drop.add(set);
    }
    with_wrong_shares(set);
}

/// How a drop is made.
struct Drop {
    name: &'static str,
    what: &'static str,
    suite: Suite,
    editors: u8,
    quorum: u8,
    files: Vec<(String, u64)>,
    message: String,
    reply: bool,
}

impl Drop {
    const fn new(name: &'static str, what: &'static str, suite: Suite) -> Self {
        Self {
            name,
            what,
            suite,
            editors: 1,
            quorum: 1,
            files: Vec::new(),
            message: String::new(),
            reply: false,
        }
    }

    const fn of(mut self, quorum: u8, editors: u8) -> Self {
        self.quorum = quorum;
        self.editors = editors;
        self
    }

    fn file(mut self, name: &str, size: u64) -> Self {
        self.files.push((name.to_owned(), size));
        self
    }

    fn manifest(&self) -> Manifest {
        let entry = |(name, size): &(String, u64)| FileEntry {
            name: FileName::new(name).unwrap(),
            size: *size,
        };
        let block = ReplyBlock {
            key: source().recipient_key(),
            mailbox: MailboxAddress::from_bytes([0xb0; 32]),
            erase: EraseHash::from_bytes(sha256(&[0xe0; 32])),
        };
        Manifest::new(
            sheet(self.editors, self.quorum).1.hash(),
            quorum(self.quorum),
            Some(block).filter(|_| self.reply),
            self.files.iter().map(entry).collect(),
            Message::new(&self.message).unwrap(),
        )
        .unwrap()
    }

    fn add(&self, set: &mut Set) {
        let manifest = self.manifest();
        let (header, sealer) = seal_header(
            &mut Stream::new(self.name),
            self.suite,
            epoch(),
            &recipients(self.editors, self.quorum),
            manifest.chunks(),
        )
        .unwrap();
        let forged = Forged {
            header: header.as_bytes().to_vec(),
            key: sealer.resume_secret().expose()[9..].try_into().unwrap(),
            suite: self.suite.byte(),
        };
        let vector = Vector::new(format!("right/{}", self.name), self.what);
        let vector = described(vector, self.editors, &manifest, &forged);
        set.add_with_header(vector, forged.header);
    }
}

/// All that the file of a drop says.
fn described(vector: Vector, editors: u8, manifest: &Manifest, forged: &Forged) -> Vector {
    let vector = vector
        .say("as", "drop")
        .say("suite", forged.suite)
        .say("editors", editors)
        .say("openers", seeds_of(editors))
        .say("k", manifest.quorum())
        .say("epoch", epoch())
        .say("n", manifest.chunks().get())
        .say("length", manifest.chunks().envelope_len())
        .say("K", hex(&forged.key))
        .bytes("manifest", &manifest.encode());
    let sealed = envelopes::sealed(&vector, &forged.header);
    let mut tree = TreeHasher::new();
    tree.update(&sealed);
    vector
        .say("SHA-256(header)", hex(&sha256(&sealed[..HEADER_LEN])))
        .say("SHA-256(envelope)", hex(&sha256(&sealed)))
        .say("tree hash", tree.finish())
}

fn drops() -> Vec<Drop> {
    use Suite::{Aes256Gcm as Aes, ChaCha20Poly1305 as ChaCha};
    vec![
        Drop::new("drop-3-of-8", "three of eight editors open it", ChaCha)
            .of(3, 8)
            .file("a", 1),
        Drop::new(
            "drop-1-of-8-aes",
            "any of eight editors opens it alone",
            Aes,
        )
        .of(1, 8),
        Drop::new("drop-18-chunks-chacha", "n = 18 in suite 1", ChaCha)
            .of(1, 2)
            .file("a", 1_048_320),
        Drop::new(
            "drop-36-chunks",
            "content of 33 chunks, padded to 36",
            ChaCha,
        )
        .of(3, 3)
        .file("a", 32 * 65_520),
        Drop::new(
            "drop-72-chunks-aes",
            "content of 66 chunks, padded to 72; two segments in the tree hash",
            Aes,
        )
        .of(2, 3)
        .file("a", 65 * 65_520),
    ]
}

/// Drops at the limits of what one may hold.
fn full_drops() -> Vec<Drop> {
    use Suite::{Aes256Gcm as Aes, ChaCha20Poly1305 as ChaCha};
    let mut full = Drop::new(
        "drop-no-padding",
        "the content fills all 16 chunks to the last byte",
        Aes,
    )
    .file("full", 1_000_000);
    let without = u64::try_from(Layout::new(&full.manifest()).prefix().len()).unwrap();
    full.files[0].1 = 16 * 65_520 - without;
    let mut names = Drop::new(
        "drop-names",
        "names that are legal, however they look; one of 255 bytes",
        ChaCha,
    );
    for name in [
        "...",
        " ",
        "-rf",
        "CON",
        "a\\b",
        "~",
        "*",
        "%2e%2e",
        "line\nbreak",
        "\u{1b}[2J",
        "\u{feff}",
        "\u{202e}cod.exe",
        "\u{e9}",
        "e\u{301}",
        "C:",
        "\u{1f5dd}",
        "\u{7f}",
        "\u{ff0f}",
        "..\u{200b}",
        "name",
        "name",
    ] {
        names = names.file(name, 3);
    }
    names = names
        .file(&"\u{fe}".repeat(127), 0)
        .file(&"n".repeat(255), 1);
    let mut many = Drop::new(
        "drop-500-files",
        "as many files as there may be, names as long as they may be: the manifest spans 3 chunks",
        ChaCha,
    )
    .of(2, 2);
    many.files = vec![("m".repeat(255), 0); 500];
    let mut message = Drop::new("drop-longest-message", "a message of 32,768 bytes", ChaCha);
    message.message = "w".repeat(32_768);
    let mut reply = Drop::new(
        "drop-reply-block",
        "with a way back to the source whose X-Wing seed is 32 bytes 77",
        Aes,
    )
    .of(2, 3);
    reply.reply = true;
    reply.message = "answer me".to_owned();
    vec![full, names, many, message, reply]
}

/// Drops that open although some shares are wrong.
#[rustfmt::skip]
fn with_wrong_shares(set: &mut Set) {
    for (name, what, editors, k, wrong) in [
        ("drop-wrong-share", "the share of x = 3 is wrong: the drop opens, and the reader names that share", 3_u8, 2, [3].as_slice()),
        ("drop-first-share-wrong", "the share of x = 1 is wrong: the first combinations of three do not fit", 5, 3, &[1]),
        ("drop-two-wrong-shares", "the shares of x = 1 and x = 4 are wrong", 6, 3, &[1, 4]),
    ] {
        let mut forge = Forge::drop(name, 1, editors, k);
        for x in wrong {
            forge.slot(x - 1).text[3 + usize::from(*x)] ^= 0x55;
        }
        let forged = forge.build();
        let manifest = Drop::new(name, what, Suite::ChaCha20Poly1305)
            .of(k, editors)
            .manifest();
        let xs: Vec<String> = wrong.iter().map(u8::to_string).collect();
        let vector = described(
            Vector::new(format!("right/{name}"), what),
            editors,
            &manifest,
            &forged,
        )
        .say("wrong shares", xs.join(" "));
        set.add_with_header(vector, forged.header);
    }
    let copied = Vector::new(
        "right/drop-copied-vault",
        "one secret is there twice: its slot counts once, and the others suffice",
    );
    set.add(
        copied
            .say("as", "drop")
            .say("base", "drop-2-of-3")
            .say("openers", "11 12 11"),
    );
}
