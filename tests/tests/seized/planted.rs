//! What must not be found: names, words, contents, true sizes, hours, and a source's keys.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use aho_corasick::AhoCorasick;
use knothole_envelope::WayBack;
use knothole_tests::Traces;

/// How much of a file is looked at at once, and how much of it again with what follows.
const READ: usize = 8 << 20;
const AGAIN: usize = 4_096;
/// In longer files, and in memory, chance alone writes any four bytes. A mark of five it writes in one of
/// 10,000 looks through 100 MB.
const SHORT_FILE: u64 = 4_096;

/// What one look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// The name of a file, a message, a source's words, what a photograph says.
    Words,
    /// A piece of a file, or the whole of a message.
    Content,
    /// A true size.
    Size,
    /// The second at which something was sent.
    Hour,
    /// What a source's words give: keys, mailbox, secrets.
    Keys,
}

/// All that was planted.
#[derive(Debug, Default)]
pub(crate) struct Planted {
    contents: Traces,
    marks: Vec<(What, Vec<u8>)>,
    /// Numbers in four bytes, and as protocol buffers write them.
    short_marks: Vec<(What, Vec<u8>)>,
}

impl Planted {
    /// A text that whoever sees it knows, as UTF-8 and as UTF-16.
    pub(crate) fn words(&mut self, text: &str) {
        self.text(What::Words, text);
    }

    /// Bytes that do not repeat.
    pub(crate) fn content(&mut self, bytes: &[u8]) {
        self.contents.content(bytes);
    }

    /// A true size in bytes.
    pub(crate) fn size(&mut self, size: usize) {
        let size = u64::try_from(size).unwrap();
        // A shorter number stands everywhere by chance.
        assert!(size > 1_000_000, "{size}");
        self.number(What::Size, size);
        let (millions, rest) = (size / 1_000_000, size % 1_000_000);
        for comma in [",", "_", "\u{202f}"] {
            let (thousands, ones) = (rest / 1_000, rest % 1_000);
            let text = format!("{millions}{comma}{thousands:03}{comma}{ones:03}");
            self.text(What::Size, &text);
        }
    }

    /// A second counted from 1970, and how a clock shows it.
    pub(crate) fn hour(&mut self, second: u64, shown: &str) {
        self.text(What::Hour, shown);
        self.number(What::Hour, second);
        self.number(What::Hour, second * 1_000);
        self.wide(What::Hour, second * 1_000_000_000);
    }

    /// The way back to a source, and the hashes of its parts.
    pub(crate) fn way_back(&mut self, way: &WayBack) {
        let block = way.block();
        let key = block.key.as_bytes().first_chunk::<32>().unwrap();
        for bytes in [
            way.key().expose(),
            key,
            block.mailbox.as_bytes(),
            block.erase.as_bytes(),
            way.erase().expose(),
        ] {
            self.marks.push((What::Keys, bytes.to_vec()));
            let digits = data_encoding::HEXLOWER.encode(bytes);
            self.text(What::Keys, &digits);
        }
    }

    fn text(&mut self, what: What, text: &str) {
        let wide = || text.encode_utf16();
        self.marks.push((what, text.as_bytes().to_vec()));
        let little = wide().flat_map(u16::to_le_bytes).collect();
        let big = wide().flat_map(u16::to_be_bytes).collect();
        self.marks.extend([(what, little), (what, big)]);
    }

    /// A number as text and in the usual encodings.
    fn number(&mut self, what: What, number: u64) {
        self.text(what, &number.to_string());
        self.wide(what, number);
        let Ok(four) = u32::try_from(number) else {
            return;
        };
        // CBOR's unsigned integer (RFC 8949 §3).
        let cbor = [&[0x1a], four.to_be_bytes().as_slice()].concat();
        self.marks.push((what, cbor));
        for bytes in [four.to_be_bytes(), four.to_le_bytes()] {
            self.short_marks.push((what, bytes.to_vec()));
        }
        // QUIC's (RFC 9000 §16) and that of protocol buffers.
        if four < 1 << 30 {
            let quic = (four | 0x8000_0000).to_be_bytes();
            self.short_marks.push((what, quic.to_vec()));
        }
        self.short_marks.push((what, leb128(number)));
    }

    /// A number in eight bytes.
    fn wide(&mut self, what: What, number: u64) {
        self.marks.push((what, number.to_be_bytes().to_vec()));
        self.marks.push((what, number.to_le_bytes().to_vec()));
    }

    /// Ready to look.
    pub(crate) fn look(self) -> Look {
        let patterns = |marks: &[(What, Vec<u8>)]| {
            AhoCorasick::new(marks.iter().map(|(_, bytes)| bytes)).unwrap()
        };
        Look {
            all: patterns(&self.marks),
            short: patterns(&self.short_marks),
            planted: self,
        }
    }
}

fn leb128(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A look for all that was planted.
#[derive(Debug)]
pub(crate) struct Look {
    planted: Planted,
    all: AhoCorasick,
    short: AhoCorasick,
}

/// What a look found, by file.
pub(crate) type Found = BTreeMap<String, Vec<What>>;

/// Where a look is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// In something short, as a record or what a program said: numbers of any width are meant.
    Short,
    /// In anything else.
    Long,
}

impl Look {
    /// What of these kinds stands in the files beneath a folder, or in their names.
    pub(crate) fn beneath(&self, folder: &Path, kinds: &[What]) -> Found {
        self.within(folder, kinds, Where::Short)
    }

    /// What of these kinds stands in memory that was taken into a folder.
    pub(crate) fn in_memory(&self, folder: &Path, kinds: &[What]) -> Found {
        self.within(folder, kinds, Where::Long)
    }

    /// Short files are looked at as `short` says.
    fn within(&self, folder: &Path, kinds: &[What], short: Where) -> Found {
        let mut found = Found::new();
        let looked = self.add(folder, kinds, short, &mut found).unwrap();
        assert!(looked > 0, "nothing lies in {}", folder.display());
        found
    }

    /// Looks, and gives how many files there were.
    fn add(
        &self,
        folder: &Path,
        kinds: &[What],
        short: Where,
        found: &mut Found,
    ) -> io::Result<usize> {
        let mut looked = 0;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let mut whats = self.in_bytes(entry.file_name().as_encoded_bytes(), short);
            if entry.file_type()?.is_dir() {
                looked += self.add(&path, kinds, short, found)?;
            } else if entry.file_type()?.is_file() {
                looked += 1;
                whats.extend(self.in_file(&path, short)?);
            }
            whats.retain(|what| kinds.contains(what));
            whats.sort();
            whats.dedup();
            if !whats.is_empty() {
                found.insert(path.display().to_string(), whats);
            }
        }
        Ok(looked)
    }

    fn in_file(&self, path: &Path, short: Where) -> io::Result<Vec<What>> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let place = if length <= SHORT_FILE {
            short
        } else {
            Where::Long
        };
        let mut whats = Vec::new();
        let mut at = 0;
        let most = usize::try_from(length).unwrap().saturating_add(1);
        let mut bytes = vec![0; READ.min(most)];
        loop {
            let read = file.read_at(&mut bytes, at)?;
            whats.extend(self.in_bytes(&bytes[..read], place));
            at += u64::try_from(read).unwrap();
            if read == 0 || at >= length {
                return Ok(whats);
            }
            at -= u64::try_from(AGAIN).unwrap();
        }
    }

    /// What stands in these bytes.
    pub(crate) fn in_bytes(&self, bytes: &[u8], place: Where) -> Vec<What> {
        let marks = &self.planted.marks;
        let mut whats: Vec<What> = self
            .all
            .find_iter(bytes)
            .map(|found| marks[found.pattern().as_usize()].0)
            .collect();
        if place == Where::Short {
            let found = self.short.find_iter(bytes);
            let marks = &self.planted.short_marks;
            whats.extend(found.map(|found| marks[found.pattern().as_usize()].0));
        }
        if self.planted.contents.stand_in(bytes) {
            whats.push(What::Content);
        }
        whats.sort();
        whats.dedup();
        whats
    }
}

#[test]
fn what_is_planted_is_found_in_every_form_and_at_any_place_of_a_file() {
    let mut planted = Planted::default();
    planted.words("局里.mov");
    let content: Vec<u8> = (0..=255).collect();
    planted.content(&content);
    planted.size(3_141_593);
    planted.hour(1_803_825_677, "14:41:17");
    let look = planted.look();
    let folder = tempfile::tempdir().unwrap();
    let size = 3_141_593_u32;
    let wide: Vec<u8> = "局里.mov"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (what, bytes) in [
        (What::Words, wide),
        (What::Words, "im 局里.mov".into()),
        (What::Content, content[64..128].to_vec()),
        (What::Size, "size: 3,141,593".into()),
        (What::Size, "3141593".into()),
        (What::Size, u64::from(size).to_be_bytes().to_vec()),
        (What::Size, u64::from(size).to_le_bytes().to_vec()),
        (What::Hour, "at 14:41:17".into()),
        (What::Hour, 1_803_825_677_u64.to_le_bytes().to_vec()),
        (What::Hour, "1803825677000".into()),
        (What::Size, [&[0x1a], &size.to_be_bytes()[..]].concat()),
    ] {
        // Across the place where one read ends and the next begins.
        let path = folder.path().join("file");
        let before = READ - bytes.len() / 2;
        std::fs::write(&path, [&vec![0; before], &bytes[..], &[0; 99]].concat()).unwrap();
        let all = [What::Words, What::Content, What::Size, What::Hour];
        let found = look.beneath(folder.path(), &all);
        assert_eq!(
            found.into_values().collect::<Vec<_>>(),
            [[what]],
            "{bytes:?}"
        );
    }
    for bytes in [&size.to_be_bytes()[..], &leb128(u64::from(size))] {
        assert_eq!(look.in_bytes(bytes, Where::Short), [What::Size]);
        assert_eq!(look.in_bytes(bytes, Where::Long), []);
    }
    let name = folder.path().join("局里.mov");
    std::fs::rename(folder.path().join("file"), &name).unwrap();
    std::fs::write(name, b"").unwrap();
    assert_eq!(look.beneath(folder.path(), &[What::Words]).len(), 1);
}
