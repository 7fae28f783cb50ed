//! Replies: words from an editor to a source, in an envelope of one chunk.

use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::address::Fingerprint;
use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::chain::VerifiedChain;
use crate::day::Quorum;
use crate::digest::sha256;
use crate::head::Kind;
use crate::key::{EpochSecret, RecipientKey};
use crate::manifest::Message;
use crate::pad::{CHUNK_LEN, CHUNK_TEXT, ChunkCount, HEADER_LEN, REPLY_LEN};
use crate::payload::{ChunkSealer, Suite};
use crate::recipients::Recipients;
use crate::seal::{Header, SealError, seal_any_header};
use crate::signing::{Domain, EditorKey, SigningSecret};
use crate::slot::nobody;
use crate::unlock::{Opener, UnlockError, unlock_kind};

/// A reply is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplyError {
    /// It does not have the length of a reply.
    Length,
    /// Its header does not open; a mailbox's decoys end here.
    Unlock(UnlockError),
    /// The chunk does not verify.
    Damaged,
    /// What is in it does not follow the format.
    Manifest(DecodeError),
    /// Something other than zeros follows the words.
    Trailing,
    /// It was written to another source.
    OtherSource,
    /// It is signed by nobody in the newsroom's charters.
    ForeignEditor,
    /// The signature does not fit.
    BadSignature,
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unlock(error) => return error.fmt(f),
            Self::Length => "this does not have the length of a reply",
            Self::Damaged => "this reply is damaged",
            Self::Manifest(_) => "this reply does not follow the format",
            Self::Trailing => "this reply does not follow the format: something is hidden in it",
            Self::OtherSource => "this reply was written to somebody else: do not trust it",
            Self::ForeignEditor => {
                "this reply is signed by nobody of this newsroom: do not trust it"
            }
            Self::BadSignature => "the signature of this reply does not fit: do not trust it",
        })
    }
}

impl core::error::Error for ReplyError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Manifest(error) => Some(error),
            _ => None,
        }
    }
}

/// What stands in a reply.
struct ReplyText {
    key_hash: [u8; 32],
    number: u64,
    message: Message,
    editor: EditorKey,
    signature: Option<[u8; 64]>,
}

impl ReplyText {
    /// The canonical CBOR without the signature: what is signed.
    fn unsigned(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::with_capacity(self.message.as_str().len().saturating_add(256));
        self.write_fields(&mut out, 5);
        Zeroizing::new(out.finish())
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Writer::with_capacity(self.message.as_str().len().saturating_add(256));
        self.write(&mut out);
        Zeroizing::new(out.finish())
    }

    fn write_fields(&self, out: &mut Writer, fields: u64) {
        out.map(fields)
            .unsigned(1)
            .unsigned(1)
            .unsigned(2)
            .bytes(&self.key_hash);
        out.unsigned(3)
            .unsigned(self.number)
            .unsigned(6)
            .text(self.message.as_str());
        out.unsigned(7).bytes(self.editor.as_bytes());
    }
}

impl Cbor for ReplyText {
    fn write(&self, out: &mut Writer) {
        let Some(signature) = &self.signature else {
            return self.write_fields(out, 5);
        };
        self.write_fields(out, 6);
        out.unsigned(8).bytes(signature);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        let key_hash = fields.required(2, Reader::fixed)?;
        let number = fields.required(3, Reader::unsigned)?;
        let message = fields.required(6, Message::read)?;
        let editor = fields.required(7, EditorKey::read)?;
        let signature = Some(fields.required(8, Reader::fixed)?);
        fields.end()?;
        Ok(Self {
            key_hash,
            number,
            message,
            editor,
            signature,
        })
    }
}

/// Seals a reply to a source's key, signed by an editor.
///
/// `number` rises with each reply of a conversation, so that the source sees gaps.
///
/// # Errors
/// [`SealError`] when the key cannot be sealed to.
pub fn seal_reply(
    rng: &mut impl CryptoRng,
    suite: Suite,
    key: &RecipientKey,
    newsroom: &Fingerprint,
    editor: &SigningSecret,
    number: u64,
    message: &Message,
) -> Result<Box<[u8; REPLY_LEN]>, SealError> {
    let mut text = ReplyText {
        key_hash: sha256(&[key.as_bytes()]),
        number,
        message: message.clone(),
        editor: editor.editor_key(),
        signature: None,
    };
    let signed = Domain::Reply.message(newsroom, &text.unsigned());
    text.signature = Some(editor.sign(&signed));
    let encoded = text.encode();
    let length = u32::try_from(encoded.len())
        .map_err(|_| SealError::Chunks)?
        .to_be_bytes();
    let mut chunk = Zeroizing::new([0; CHUNK_LEN]);
    for (to, from) in chunk.iter_mut().zip(length.iter().chain(encoded.iter())) {
        *to = *from;
    }
    seal_chunk(rng, suite, key, &mut chunk)
}

/// Seals nothing to nobody, so that an empty mailbox looks like a full one.
///
/// With the same random bytes it gives the same decoy.
///
/// # Errors
/// [`SealError`] never in practice: the key is made here.
pub fn seal_decoy(rng: &mut impl CryptoRng) -> Result<Box<[u8; REPLY_LEN]>, SealError> {
    let key = nobody(rng);
    seal_chunk(
        rng,
        Suite::ChaCha20Poly1305,
        &key,
        &mut Zeroizing::new([0; CHUNK_LEN]),
    )
}

fn seal_chunk(
    rng: &mut impl CryptoRng,
    suite: Suite,
    key: &RecipientKey,
    chunk: &mut [u8; CHUNK_LEN],
) -> Result<Box<[u8; REPLY_LEN]>, SealError> {
    let recipients = Recipients::new(vec![key.clone()], Quorum::ONE).map_err(|_| SealError::Key)?;
    let (header, sealer): (Header, ChunkSealer) = seal_any_header(
        rng,
        Kind::Reply,
        None,
        suite,
        &recipients,
        ChunkCount::REPLY,
    )?;
    sealer.seal_in_place(0, chunk)?;
    let mut reply = Box::new([0; REPLY_LEN]);
    let bytes = header.as_bytes().iter().chain(chunk.iter());
    for (to, from) in reply.iter_mut().zip(bytes) {
        *to = *from;
    }
    Ok(reply)
}

/// A reply whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedReply {
    number: u64,
    message: Message,
    editor: EditorKey,
    current: bool,
}

impl OpenedReply {
    /// The number of the reply; a gap means that one is missing.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The words.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// Who wrote it.
    #[must_use]
    pub const fn editor(&self) -> &EditorKey {
        &self.editor
    }

    /// Whether the editor is in the current charter; if not, say so beside the words.
    #[must_use]
    pub const fn by_current_editor(&self) -> bool {
        self.current
    }
}

/// Opens a reply with the source's own secret, and verifies who wrote it.
///
/// # Errors
/// [`ReplyError`]; a decoy gives [`UnlockError::NotForTheseKeys`].
pub fn open_reply(
    sealed: &[u8],
    secret: &EpochSecret,
    chain: &VerifiedChain,
) -> Result<OpenedReply, ReplyError> {
    let (header, chunk) = sealed
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(ReplyError::Length)?;
    let mut chunk: Zeroizing<[u8; CHUNK_LEN]> =
        Zeroizing::new(chunk.try_into().map_err(|_| ReplyError::Length)?);
    let unlocked = unlock_kind(Kind::Reply, header, 1, &[Opener::new(secret, 0)])
        .map_err(ReplyError::Unlock)?;
    unlocked
        .into_payload()
        .open(0, &mut chunk)
        .map_err(|_| ReplyError::Damaged)?;

    let malformed = ReplyError::Manifest(DecodeError::Malformed);
    let text = chunk.get(..CHUNK_TEXT).ok_or(malformed)?;
    let (length, rest) = text.split_first_chunk::<4>().ok_or(malformed)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| malformed)?;
    if length == 0 {
        return Err(malformed);
    }
    let (encoded, padding) = rest.split_at_checked(length).ok_or(malformed)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(ReplyError::Trailing);
    }
    let text: ReplyText = cbor::decode(encoded).map_err(ReplyError::Manifest)?;
    if text.key_hash != sha256(&[secret.recipient_key().as_bytes()]) {
        return Err(ReplyError::OtherSource);
    }
    if !chain.has_editor(&text.editor) {
        return Err(ReplyError::ForeignEditor);
    }
    let signed = Domain::Reply.message(chain.fingerprint(), &text.unsigned());
    let signature = text.signature.ok_or(ReplyError::BadSignature)?;
    if !text.editor.verifies(&signed, &signature) {
        return Err(ReplyError::BadSignature);
    }
    let current = chain.current().place_of(&text.editor).is_some();
    Ok(OpenedReply {
        number: text.number,
        message: text.message,
        editor: text.editor,
        current,
    })
}

#[cfg(test)]
mod tests;
