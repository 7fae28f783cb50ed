//! Mailboxes: what a courier pushes, what a source is answered, and how a reply is named.

use core::fmt;

use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::digest::{EraseHash, MailboxAddress, ReplyHash, sha256};
use crate::head::{EnvelopeHead, Kind};
use crate::pad::{HEADER_LEN, REPLY_LEN};

/// Every answer of a mailbox holds so many envelopes, decoys among them.
pub const MAILBOX_ENVELOPES: usize = 4;
/// The length of every answer of a mailbox.
pub const MAILBOX_LEN: usize = 311_296;
/// The length of a request to erase: the secret, and the hashes of four envelopes.
pub const ERASURE_LEN: usize = 160;
/// A courier pushes at most so many replies in one request.
pub const MOST_PUSHED_REPLIES: u64 = 16;

impl ReplyHash {
    /// The name of this envelope.
    #[must_use]
    pub fn of(envelope: &[u8]) -> Self {
        Self::from_bytes(sha256(&[envelope]))
    }
}

/// A sealed reply on its way to the server, or a decoy that looks like one.
#[derive(Clone, PartialEq, Eq)]
pub struct PushedReply {
    /// Where the source looks for it.
    pub mailbox: MailboxAddress,
    /// SHA-256 of the secret that erases it.
    pub erase: EraseHash,
    /// The sealed reply.
    pub envelope: Box<[u8; REPLY_LEN]>,
}

impl PushedReply {
    /// The name of the envelope.
    #[must_use]
    pub fn hash(&self) -> ReplyHash {
        ReplyHash::of(self.envelope.as_slice())
    }

    /// The canonical encoding of a list.
    #[must_use]
    pub fn encode_list(replies: &[Self]) -> Vec<u8> {
        cbor::encode_list(replies)
    }

    /// Reads a list of at most `limit` replies. Each must be a sealed reply by its header; only its
    /// source can tell whether it is a decoy.
    ///
    /// # Errors
    /// [`DecodeError`] says what does not fit.
    pub fn decode_list(bytes: &[u8], limit: u64) -> Result<Vec<Self>, DecodeError> {
        cbor::decode_list(bytes, limit)
    }
}

impl fmt::Debug for PushedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushedReply(..)")
    }
}

impl Cbor for PushedReply {
    fn write(&self, out: &mut Writer) {
        out.map(3).unsigned(1).bytes(self.mailbox.as_bytes());
        out.unsigned(2).bytes(self.erase.as_bytes());
        out.unsigned(3).bytes(self.envelope.as_slice());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        let mailbox = fields.required(1, MailboxAddress::read)?;
        let erase = fields.required(2, EraseHash::read)?;
        let envelope = fields.required(3, sealed_reply)?;
        fields.end()?;
        Ok(Self {
            mailbox,
            erase,
            envelope,
        })
    }
}

fn sealed_reply(input: &mut Reader<'_>) -> Result<Box<[u8; REPLY_LEN]>, DecodeError> {
    let refused = DecodeError::Value("the sealed reply");
    let bytes = input.bytes()?;
    let header = bytes.first_chunk::<HEADER_LEN>().ok_or(refused)?;
    let head = EnvelopeHead::gate(header).map_err(|_| refused)?;
    if head.kind() != Kind::Reply {
        return Err(refused);
    }
    Box::<[u8]>::from(bytes).try_into().map_err(|_| refused)
}

#[cfg(test)]
mod tests;
