//! A manifest that is taken has one encoding, and its layout covers the padded plaintext exactly
//! once, piece by piece, whichever chunk is asked for.

use knothole_envelope::{CHUNK_TEXT, Codename, Layout, Manifest, Message, Piece};

use crate::newsroom::{NEWSROOM, quorum};

pub(crate) fn run(bytes: &[u8]) {
    let Ok(manifest) = Manifest::decode(bytes) else {
        return;
    };
    assert_eq!(*manifest.encode(), bytes);
    let layout = Layout::new(&manifest);
    let chunks = layout.chunks().get();
    let text = u64::try_from(CHUNK_TEXT).unwrap();
    // A layout of 2^24 chunks takes too long: both ends are looked at.
    let (first, last) = (0..chunks.min(40), chunks.saturating_sub(40).max(40)..chunks);
    for index in first.chain(last) {
        let pieces = layout.chunk(index);
        assert_eq!(pieces.iter().map(length).sum::<u64>(), text);
        for piece in &pieces {
            if let Piece::Body { file, offset, len } = piece {
                assert!(*len > 0 && offset + len <= manifest.files()[*file].size);
            }
        }
    }
    let mut next: Vec<u64> = manifest.files().iter().map(|_| 0).collect();
    for piece in layout.pieces(0..u64::MAX) {
        if let Piece::Body { file, offset, len } = piece {
            assert_eq!(next[file], offset);
            next[file] += len;
        }
    }
    let sizes = manifest.files().iter().map(|entry| entry.size);
    assert!(next.into_iter().eq(sizes));
}

fn length(piece: &Piece) -> u64 {
    match piece {
        Piece::Manifest(range) => u64::try_from(range.len()).unwrap(),
        Piece::Body { len, .. } | Piece::Zeros(len) => *len,
    }
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let newsroom = &*NEWSROOM;
    let words = Message::new("words").unwrap();
    let codename = Codename::from_bytes([5; 16]);
    let block = codename.way_back(newsroom.chain.fingerprint()).block();
    let reply = Manifest::new(newsroom.sheet.hash(), quorum(2), Some(block), vec![], words);
    let files: Vec<_> = (0..40).map(|size| ("a.txt", size * 10_000)).collect();
    let whole = [
        ("words", newsroom.manifest(&[], "words alone")),
        (
            "files",
            newsroom.manifest(&[("a", 0), ("视频.mp4", 1_050_000), ("a", 2)], ""),
        ),
        ("many", newsroom.manifest(&files, "")),
        (
            "large",
            newsroom.manifest(&[("film.mov", 1 << 39), ("b", 1)], ""),
        ),
        ("reply", reply.unwrap()),
    ];
    whole
        .map(|(name, manifest)| (name, manifest.encode().to_vec()))
        .into()
}
