#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use std::io::Cursor;

use super::*;
use crate::forge::{Forge, editors, plaintext};
use crate::unlock::{Opener, unlock};

/// Opens a forged drop with this plaintext from its first to its last byte.
fn opened(count: u64, text: &[u8]) -> Result<TreeHash, OpenError> {
    let (header, chunks) = forged(count, text);
    read_whole(&header, &chunks)
}

fn forged(count: u64, text: &[u8]) -> (Box<[u8; HEADER_LEN]>, Vec<u8>) {
    let mut forge = Forge::drop(&editors(1), 1);
    forge.head[23] = u8::try_from(count).unwrap();
    let header = Box::new(forge.header());
    let chunks = forge.chunks(&header, count, text);
    (header, chunks)
}

fn reader<R: Read>(header: &[u8; HEADER_LEN], chunks: R) -> Result<DropReader<R>, OpenError> {
    let secrets = editors(1);
    unlock(header, 1, &[Opener::new(&secrets[0], 0)])
        .unwrap()
        .into_drop(chunks)
}

fn read_whole(header: &[u8; HEADER_LEN], chunks: &[u8]) -> Result<TreeHash, OpenError> {
    let mut drop = reader(header, Cursor::new(chunks))?;
    while let Some(mut body) = drop.next_file()? {
        body.copy_to(io::sink())?;
    }
    drop.finish()
}

#[test]
fn a_drop_with_neither_files_nor_words_is_legal() {
    let (manifest, _) = plaintext(1, &[]);
    let empty = crate::manifest::Manifest::new(
        *manifest.sheet(),
        manifest.quorum(),
        None,
        Vec::new(),
        crate::manifest::Message::new("").unwrap(),
    )
    .unwrap();
    let text = crate::layout::Layout::new(&empty).prefix().to_vec();
    assert!(opened(16, &text).is_ok());
}

#[test]
fn a_byte_hidden_behind_the_last_file_is_refused() {
    let (_, mut text) = plaintext(1, &[10]);
    for place in [text.len(), CHUNK_TEXT, 16 * CHUNK_TEXT - 1] {
        let mut hidden = text.clone();
        hidden.resize(16 * CHUNK_TEXT, 0);
        hidden[place] = 1;
        assert!(
            matches!(opened(16, &hidden), Err(OpenError::Trailing)),
            "byte {place}"
        );
    }
    text.resize(16 * CHUNK_TEXT, 0);
    assert!(opened(16, &text).is_ok());
}

#[test]
fn an_impossible_length_of_the_manifest_is_refused_before_it_is_read() {
    for length in [0_u32, MOST_MANIFEST_BYTES + 1, u32::MAX] {
        let result = opened(16, &length.to_be_bytes());
        assert!(
            matches!(result, Err(OpenError::ManifestLength)),
            "length {length}"
        );
    }
    // At the bound the manifest is read, over several chunks, and found not to be one.
    let result = opened(16, &MOST_MANIFEST_BYTES.to_be_bytes());
    assert!(matches!(result, Err(OpenError::Manifest(_))));
}

#[test]
fn a_manifest_over_several_chunks_opens() {
    let name = "n".repeat(255);
    let files = (0..500)
        .map(|_| FileEntry {
            name: crate::manifest::FileName::new(&name).unwrap(),
            size: 1,
        })
        .collect();
    let (small, _) = plaintext(1, &[]);
    let message = crate::manifest::Message::new(&"m".repeat(32_768)).unwrap();
    let manifest = Manifest::new(*small.sheet(), small.quorum(), None, files, message).unwrap();
    let mut text = crate::layout::Layout::new(&manifest).prefix().to_vec();
    assert!(text.len() > 2 * CHUNK_TEXT);
    text.resize(text.len() + 500, 8);
    assert!(opened(16, &text).is_ok());
}

#[test]
fn a_quorum_that_differs_from_the_slots_is_refused() {
    let (_, text) = plaintext(2, &[]);
    assert!(matches!(opened(16, &text), Err(OpenError::Quorum)));
}

#[test]
fn another_number_of_chunks_than_the_content_needs_is_refused() {
    let (_, text) = plaintext(1, &[10]);
    assert!(matches!(opened(18, &text), Err(OpenError::Padding)));
    let (_, text) = plaintext(1, &[20 * 65_520]);
    assert!(matches!(opened(16, &text), Err(OpenError::Padding)));
}

#[test]
fn a_drop_cut_off_anywhere_is_refused() {
    let (_, text) = plaintext(1, &[200_000]);
    let (header, chunks) = forged(16, &text);
    for length in [
        0,
        1,
        CHUNK_LEN - 1,
        CHUNK_LEN,
        CHUNK_LEN + 1,
        15 * CHUNK_LEN,
    ]
    .into_iter()
    .chain([16 * CHUNK_LEN - 17, 16 * CHUNK_LEN - 1])
    {
        let result = read_whole(&header, &chunks[..length]);
        assert!(matches!(result, Err(OpenError::Damaged)), "{length} bytes");
    }
    assert!(read_whole(&header, &chunks).is_ok());
}

#[test]
fn a_byte_after_the_last_chunk_is_refused() {
    let (_, text) = plaintext(1, &[10]);
    let (header, mut chunks) = forged(16, &text);
    chunks.push(0);
    assert!(matches!(
        read_whole(&header, &chunks),
        Err(OpenError::Damaged)
    ));
}

#[test]
fn chunks_in_another_order_doubled_or_left_out_are_refused() {
    let (_, text) = plaintext(1, &[10]);
    let (header, chunks) = forged(16, &text);
    let each: Vec<&[u8]> = chunks.chunks(CHUNK_LEN).collect();
    let mut swapped = each.clone();
    swapped.swap(3, 4);
    let mut doubled = each.clone();
    doubled.insert(5, each[5]);
    let mut left_out = each.clone();
    left_out.remove(7);
    let mut ended_twice = each.clone();
    ended_twice.push(each[15]);
    for wrong in [swapped, doubled, left_out, ended_twice] {
        assert!(matches!(
            read_whole(&header, &wrong.concat()),
            Err(OpenError::Damaged)
        ));
    }
}

#[test]
fn a_flipped_bit_in_text_or_tag_of_any_chunk_is_refused() {
    let (_, text) = plaintext(1, &[200_000]);
    let (header, chunks) = forged(16, &text);
    for offset in [
        0,
        65_519,
        65_520,
        65_535,
        15 * CHUNK_LEN,
        16 * CHUNK_LEN - 1,
    ] {
        let mut spoiled = chunks.clone();
        spoiled[offset] ^= 0x80;
        let result = read_whole(&header, &spoiled);
        assert!(matches!(result, Err(OpenError::Damaged)), "offset {offset}");
    }
}

#[test]
fn files_that_are_not_read_are_verified_all_the_same() {
    let (_, text) = plaintext(1, &[100_000, 100_000]);
    let (header, mut chunks) = forged(16, &text);
    let drop = reader(&header, Cursor::new(&chunks)).unwrap();
    assert!(drop.finish().is_ok());
    chunks[CHUNK_LEN] ^= 1;
    let drop = reader(&header, Cursor::new(&chunks)).unwrap();
    assert!(matches!(drop.finish(), Err(OpenError::Damaged)));
}

#[test]
fn after_a_failure_nothing_more_is_given_out() {
    let (_, text) = plaintext(1, &[400_000]);
    let (header, mut chunks) = forged(16, &text);
    chunks[2 * CHUNK_LEN] ^= 1;
    let mut drop = reader(&header, Cursor::new(&chunks)).unwrap();
    let mut body = drop.next_file().unwrap().unwrap();
    let mut given = 0;
    while let Ok(Some(piece)) = body.next_piece() {
        given += piece.len();
    }
    assert!(given < 2 * CHUNK_TEXT);
    assert!(body.next_piece().is_err());
    assert!(body.read(&mut [0; 10]).is_err());
    assert!(drop.next_file().is_err());
    let salvage = drop.salvage();
    assert_eq!(salvage.whole_files(), 0);
    let cut = salvage.cut_file().unwrap();
    assert_eq!((cut.place, cut.bytes), (0, u64::try_from(given).unwrap()));
    assert_eq!(
        salvage.to_string(),
        "salvaged from an incomplete drop: 2 of 16 chunks, 0 of 1 files whole, file 1 cut off"
    );
}

#[test]
fn salvage_counts_files_that_were_given_out_whole() {
    let (_, text) = plaintext(1, &[10, 20, 300_000]);
    let (header, chunks) = forged(16, &text);
    let mut drop = reader(&header, Cursor::new(&chunks[..2 * CHUNK_LEN])).unwrap();
    loop {
        let Some(mut body) = drop.next_file().unwrap() else {
            panic!("the last is cut off")
        };
        if body.copy_to(io::sink()).is_err() {
            break;
        }
    }
    let salvage = drop.salvage();
    assert_eq!(salvage.whole_files(), 2);
    assert_eq!(salvage.cut_file().unwrap().place, 2);
}

#[test]
fn an_error_of_the_disk_is_not_called_damage() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("disk"))
        }
    }
    let (_, text) = plaintext(1, &[10]);
    let (header, _) = forged(16, &text);
    assert!(matches!(reader(&header, Broken), Err(OpenError::Read(_))));
}

#[test]
fn reading_in_small_steps_gives_the_same_bytes() {
    let (_, text) = plaintext(1, &[70_000, 0, 3]);
    let (header, chunks) = forged(16, &text);
    let mut drop = reader(&header, Cursor::new(&chunks)).unwrap();
    let mut lengths = Vec::new();
    while let Some(mut body) = drop.next_file().unwrap() {
        let value = u8::try_from(body.place() + 1).unwrap();
        let size = body.entry().unwrap().size;
        let mut step = [0; 999];
        let mut all = 0;
        loop {
            let read = body.read(&mut step).unwrap();
            if read == 0 {
                break;
            }
            assert!(step[..read].iter().all(|byte| *byte == value));
            all += read;
        }
        assert_eq!(u64::try_from(all).unwrap(), size);
        lengths.push(all);
    }
    assert_eq!(lengths, [70_000, 0, 3]);
    assert!(drop.finish().is_ok());
}
