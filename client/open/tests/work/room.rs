//! Little memory, and little room on the disk.

use std::fs::{self, File};
use std::io::{BufRead as _, Read, Write as _};

use knothole_envelope::PartName;
use sha2::{Digest as _, Sha256};

use crate::newsroom::{Newsroom, ONE, TWO, part, run_cramped};

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
