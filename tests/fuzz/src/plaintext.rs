//! A source can seal any plaintext: here the bytes are the plaintext of a well-sealed drop.
//!
//! What opens is what an honest sealer would have made of the same manifest and files.

use std::sync::LazyLock;

use knothole_envelope::{
    CHUNK_LEN, CHUNK_TEXT, ChunkCount, ChunkSealer, Header, Layout, Manifest, OpenError, Opener,
    Piece, Suite, seal_header, unlock,
};

use crate::newsroom::{NEWSROOM, epoch, rng};

static SEALER: LazyLock<(Header, ChunkSealer)> = LazyLock::new(|| {
    let chunks = ChunkCount::for_drop(16).unwrap();
    let recipients = NEWSROOM.sheet.recipients();
    seal_header(
        &mut rng(4),
        Suite::ChaCha20Poly1305,
        epoch(),
        recipients,
        chunks,
    )
    .unwrap()
});

/// Bytes that the plaintext ends with, in place of zeros, when the input asks for it.
const END: usize = 16;

pub(crate) fn run(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    let mut text = vec![0; 16 * CHUNK_TEXT];
    let len = bytes.len().min(text.len());
    if choice & 1 == 1 {
        // A part of it stands at the very end, behind whatever files there are.
        let (start, end) = bytes.split_at(len.saturating_sub(END));
        text[..start.len()].copy_from_slice(start);
        let place = text.len() - end.len();
        text[place..].copy_from_slice(end);
    } else {
        text[..len].copy_from_slice(&bytes[..len]);
    }
    let sealed = seal(&text);
    let newsroom = &*NEWSROOM;
    let openers = [0, 2].map(|place| Opener::new(&newsroom.secrets[usize::from(place)], place));
    let unlocked = unlock(SEALER.0.as_bytes(), 3, &openers).unwrap();
    let opened = (|| {
        let mut drop = unlocked.into_drop(sealed.as_slice())?;
        let manifest = drop.manifest().clone();
        let mut bodies = Vec::new();
        while let Some(mut file) = drop.next_file()? {
            let mut body = Vec::new();
            let written = file.copy_to(&mut body)?;
            assert_eq!(written, u64::try_from(body.len()).unwrap());
            bodies.push(body);
        }
        drop.finish()?;
        Ok::<_, OpenError>((manifest, bodies))
    })();
    match opened {
        Ok((manifest, bodies)) => assert!(laid_out(&manifest, &bodies) == text),
        Err(error) => assert!(!matches!(
            error,
            OpenError::Damaged | OpenError::Read(_) | OpenError::Write(_)
        )),
    }
}

fn seal(text: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(16 * CHUNK_LEN);
    for (index, text) in (0..).zip(text.chunks_exact(CHUNK_TEXT)) {
        let mut chunk = [0; CHUNK_LEN];
        chunk[..CHUNK_TEXT].copy_from_slice(text);
        SEALER.1.seal_in_place(index, &mut chunk).unwrap();
        sealed.extend_from_slice(&chunk);
    }
    sealed
}

fn laid_out(manifest: &Manifest, bodies: &[Vec<u8>]) -> Vec<u8> {
    let layout = Layout::new(manifest);
    let mut text = Vec::new();
    for piece in layout.pieces(0..layout.chunks().text_len()) {
        match piece {
            Piece::Manifest(range) => text.extend_from_slice(&layout.prefix()[range]),
            Piece::Body { file, offset, len } => {
                let (start, len) = (
                    usize::try_from(offset).unwrap(),
                    usize::try_from(len).unwrap(),
                );
                text.extend_from_slice(&bodies[file][start..][..len]);
            }
            Piece::Zeros(len) => text.resize(text.len() + usize::try_from(len).unwrap(), 0),
        }
    }
    text
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let seed = |choice: u8, files: &[(&str, u64)], message: &str, more: &[u8]| {
        let layout = Layout::new(&NEWSROOM.manifest(files, message));
        [[choice].as_slice(), layout.prefix(), more].concat()
    };
    vec![
        ("words", seed(0, &[], "words", &[])),
        (
            "files",
            seed(0, &[("a", 3), ("a", 0), ("b", 2)], "", b"abcde"),
        ),
        ("hidden", seed(1, &[("a", 16)], "", &[7; 16])),
        ("full", seed(1, &[("a", 1_048_000)], "", &[7; 16])),
        ("too-long", seed(0, &[("a", 1_048_576)], "", &[])),
    ]
}
