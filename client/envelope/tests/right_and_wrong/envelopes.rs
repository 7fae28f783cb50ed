//! An envelope from its vector file, and what this crate says of it.

use aes_gcm::Aes256Gcm;
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::consts::U12;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use knothole_envelope::{
    CHUNK_TEXT, DecodeError, EnvelopeHead, EpochSecret, HEADER_LEN, HeadError, Manifest, OpenError,
    Opener, ReplyError, UnlockError, VerifiedChain, open_reply, unlock,
};

use crate::cast::body;
use crate::text::{Vector, joined, number};

/// The files' bytes, one after the other.
pub(crate) fn bodies(manifest: &Manifest) -> Vec<u8> {
    let files = manifest.files().iter();
    files.flat_map(|file| body(file.size)).collect()
}

/// What is sealed in the chunks, without the zeros at its end.
fn plaintext(vector: &Vector) -> Vec<u8> {
    if vector.find("plaintext").is_some() {
        return vector.get_bytes("plaintext");
    }
    let encoded = vector.get_bytes("manifest");
    let length = u32::try_from(encoded.len()).unwrap().to_be_bytes();
    let mut text = [length.as_slice(), &encoded].concat();
    if vector.get("as") == "drop" {
        text.extend(bodies(&Manifest::decode(&encoded).unwrap()));
    }
    text
}

/// The chunks' cipher and plaintext.
struct Chunks {
    suite: u8,
    key: [u8; 32],
    text: Vec<u8>,
}

impl Chunks {
    fn seal(&self, index: usize, counter: u64, last: u8) -> Vec<u8> {
        let nonce = [[0; 3].as_slice(), &counter.to_be_bytes(), &[last]].concat();
        let nonce = nonce.try_into().unwrap();
        let text = &self.text[index * CHUNK_TEXT..(index + 1) * CHUNK_TEXT];
        match self.suite {
            1 => seal(&ChaCha20Poly1305::new(&self.key.into()), nonce, text),
            2 => seal(&Aes256Gcm::new(&self.key.into()), nonce, text),
            suite => panic!("no cipher has the number {suite}"),
        }
    }
}

fn seal(cipher: &impl AeadInOut<NonceSize = U12>, nonce: [u8; 12], text: &[u8]) -> Vec<u8> {
    let mut sealed = text.to_vec();
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), &[], sealed.as_mut_slice().into())
        .unwrap();
    sealed.extend_from_slice(&tag);
    sealed
}

/// The envelope: header, the plaintext sealed under K, and the edits done to it in their order.
pub(crate) fn sealed(vector: &Vector, header: &[u8]) -> Vec<u8> {
    let count: usize = vector.get_number("n");
    let mut text = plaintext(vector);
    assert!(text.len() <= count * CHUNK_TEXT, "{}", vector.name);
    text.resize(count * CHUNK_TEXT, 0);
    let chunks = Chunks {
        suite: vector.get_number("suite"),
        key: vector.get_bytes("K").try_into().unwrap(),
        text,
    };
    let mut sealed = header.to_vec();
    for (index, counter) in (0..count).zip(0..) {
        sealed.extend(chunks.seal(index, counter, u8::from(index + 1 == count)));
    }
    for edit in vector.all("edit") {
        apply(edit, &mut sealed, &chunks);
    }
    sealed
}

fn apply(edit: &str, sealed: &mut Vec<u8>, chunks: &Chunks) {
    let words: Vec<&str> = edit.splitn(3, ' ').collect();
    let at = |place: usize| number::<usize>(words[place]);
    match words[0] {
        "set" => {
            let bytes = joined(words[2]);
            sealed[at(1)..][..bytes.len()].copy_from_slice(&bytes);
        }
        "xor" => {
            for (to, from) in sealed[at(1)..].iter_mut().zip(joined(words[2])) {
                *to ^= from;
            }
        }
        "cut" => sealed.truncate(at(1)),
        "append" => sealed.extend(joined(&words[1..].join(" "))),
        "remove" => drop(sealed.drain(at(1)..at(1) + at(2))),
        "double" => {
            let part = sealed[at(1)..][..at(2)].to_vec();
            let behind = at(1) + at(2);
            sealed.splice(behind..behind, part);
        }
        "copy" | "swap" => {
            let (other, length) = words[2].split_once(' ').unwrap();
            let (one, other, length) = (at(1), number::<usize>(other), number::<usize>(length));
            let parts = [one, other].map(|start| sealed[start..][..length].to_vec());
            sealed[other..][..length].copy_from_slice(&parts[0]);
            if words[0] == "swap" {
                sealed[one..][..length].copy_from_slice(&parts[1]);
            }
        }
        "reseal" => {
            let (counter, last) = words[2].split_once(' ').unwrap();
            let chunk = chunks.seal(at(1), number(counter), number(last));
            sealed[HEADER_LEN + chunk.len() * at(1)..][..chunk.len()].copy_from_slice(&chunk);
        }
        other => panic!("no edit is called {other}"),
    }
}

/// The seeds of those who open it: each is 32 times this byte.
pub(crate) fn seeds(vector: &Vector) -> Vec<u8> {
    let openers = vector.get("openers").split(' ');
    openers.map(|byte| joined(byte)[0]).collect()
}

/// What an opened drop shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OpenedDrop {
    pub(crate) manifest: Vec<u8>,
    pub(crate) bodies: Vec<u8>,
    pub(crate) tree: String,
    /// The x of shares that do not fit.
    pub(crate) wrong: Vec<u8>,
}

/// Opens a drop with these seeds, or gives the word of README.md for the refusal.
pub(crate) fn open_drop(
    sealed: &[u8],
    editors: u8,
    seeds: &[u8],
) -> Result<OpenedDrop, &'static str> {
    let Some((header, chunks)) = sealed.split_first_chunk::<HEADER_LEN>() else {
        return Err(EnvelopeHead::parse(sealed).map_or_else(head, |_| "short"));
    };
    let secrets: Vec<_> = seeds
        .iter()
        .map(|seed| EpochSecret::from_bytes([*seed; 32]))
        .collect();
    let openers: Vec<_> = secrets
        .iter()
        .zip(seeds)
        .map(|(secret, seed)| Opener::new(secret, seed.wrapping_sub(0x11)))
        .collect();
    let unlocked = unlock(header, usize::from(editors), &openers).map_err(locked)?;
    let wrong = unlocked.wrong_shares().iter().map(|place| place + 1);
    let wrong = wrong.collect();
    let mut drop = unlocked.into_drop(chunks).map_err(open)?;
    let manifest = drop.manifest().encode().to_vec();
    let mut bodies = Vec::new();
    while let Some(mut file) = drop.next_file().map_err(open)? {
        file.copy_to(&mut bodies).map_err(open)?;
    }
    let tree = drop.finish().map_err(open)?.to_string();
    Ok(OpenedDrop {
        manifest,
        bodies,
        tree,
        wrong,
    })
}

/// What an opened reply shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ShownReply {
    number: u64,
    words: String,
    editor: Vec<u8>,
    current: bool,
}

/// What the file of a right reply says: its words stand in field 6 of the manifest.
pub(crate) fn said_reply(vector: &Vector) -> ShownReply {
    let manifest = vector.get_bytes("manifest");
    let mut fields = minicbor::Decoder::new(&manifest);
    let mut words = String::new();
    for _ in 0..fields.map().unwrap().unwrap() {
        if fields.u64().unwrap() == 6 {
            fields.str().unwrap().clone_into(&mut words);
        } else {
            fields.skip().unwrap();
        }
    }
    ShownReply {
        number: vector.get_number("number"),
        words,
        editor: vector.get_bytes("editor"),
        current: vector.get("current editor") == "yes",
    }
}

/// Opens a reply with this seed, or gives the word of README.md for the refusal.
pub(crate) fn opened_reply(
    sealed: &[u8],
    seed: u8,
    chain: &VerifiedChain,
) -> Result<ShownReply, &'static str> {
    let secret = EpochSecret::from_bytes([seed; 32]);
    let opened = open_reply(sealed, &secret, chain).map_err(|error| match error {
        ReplyError::Length => "reply length",
        ReplyError::Unlock(error) => locked(error),
        ReplyError::Damaged => "damaged",
        ReplyError::Manifest(error) => decode(error),
        ReplyError::Trailing => "trailing",
        ReplyError::OtherSource => "other source",
        ReplyError::ForeignEditor => "foreign editor",
        ReplyError::BadSignature => "bad signature",
        _ => "?",
    })?;
    Ok(ShownReply {
        number: opened.number(),
        words: opened.message().as_str().to_owned(),
        editor: opened.editor().as_bytes().to_vec(),
        current: opened.by_current_editor(),
    })
}

fn head(error: HeadError) -> &'static str {
    match error {
        HeadError::Short => "short",
        HeadError::Magic => "magic",
        HeadError::Version => "version",
        HeadError::Kind => "kind",
        HeadError::Reserved => "reserved",
        HeadError::Epoch => "epoch",
        HeadError::Chunks => "chunks",
        _ => "?",
    }
}

fn locked(error: UnlockError) -> &'static str {
    match error {
        UnlockError::Head(error) => head(error),
        UnlockError::Kind => "other kind",
        UnlockError::NotForTheseKeys => "not for these keys",
        UnlockError::MoreNeeded { .. } => "more needed",
        UnlockError::TwoSlots => "two slots",
        UnlockError::Share => "share",
        UnlockError::Suite => "suite",
        UnlockError::Quorum => "quorum",
        UnlockError::Disagree => "disagree",
        UnlockError::Commitment => "commitment",
        _ => "?",
    }
}

fn open(error: OpenError) -> &'static str {
    match error {
        OpenError::Damaged => "damaged",
        OpenError::ManifestLength => "manifest length",
        OpenError::Manifest(error) => decode(error),
        OpenError::Quorum => "two quorums",
        OpenError::Padding => "padding",
        OpenError::Trailing => "trailing",
        _ => "?",
    }
}

pub(crate) fn decode(error: DecodeError) -> &'static str {
    match error {
        DecodeError::Malformed => "malformed",
        DecodeError::Missing(_) => "missing field",
        DecodeError::Unknown(_) => "unknown field",
        DecodeError::TooMany => "too many",
        DecodeError::Value(_) => "value",
        DecodeError::NotCanonical => "not canonical",
        _ => "?",
    }
}
