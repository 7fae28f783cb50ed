//! What stands at the beginning of a drop's plaintext: names, sizes and words.

use core::fmt;

use zeroize::Zeroizing;

use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::day::Quorum;
use crate::digest::{EraseHash, MailboxAddress, SheetHash};
use crate::key::RecipientKey;
use crate::pad::{ChunkCount, TooLarge};

/// A drop holds at most so many files.
pub const MOST_FILES: usize = 500;
/// A file's name has at most so many bytes.
pub const MOST_NAME_BYTES: usize = 255;
/// A message has at most so many bytes.
pub const MOST_MESSAGE_BYTES: usize = 32_768;
/// An encoded manifest has at most so many bytes.
pub const MOST_MANIFEST_BYTES: u32 = 196_608;

/// Why something cannot stand in a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ManifestError {
    /// A file's name is empty, too long, `.`, `..`, or holds `/` or U+0000.
    Name,
    /// The message is too long.
    Message,
    /// There are too many files.
    Files,
    /// All together is more than one drop can hold.
    TooLarge,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => {
                "a file's name is neither . nor .. and has 1 to 255 bytes, without a slash or a zero byte"
            }
            Self::Message => "the message is longer than 32,768 bytes: send the rest as a file",
            Self::Files => "a drop holds at most 500 files: send the others as another drop",
            Self::TooLarge => "this is more than one drop can hold (1 TiB): send it as several",
        })
    }
}

impl core::error::Error for ManifestError {}

impl From<TooLarge> for ManifestError {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

/// The name of a file as its source gave it. Hostile: never a path, escaped when shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(Zeroizing<String>);

impl FileName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`ManifestError::Name`].
    pub fn new(name: &str) -> Result<Self, ManifestError> {
        let legal = (1..=MOST_NAME_BYTES).contains(&name.len())
            && !matches!(name, "." | "..")
            && !name.contains(['/', '\0']);
        if legal {
            Ok(Self(Zeroizing::new(name.to_owned())))
        } else {
            Err(ManifestError::Name)
        }
    }

    /// Shortens a name that is too long, between two characters, keeping a short ending.
    ///
    /// # Errors
    /// [`ManifestError::Name`] when it is refused for another reason than its length.
    pub fn shortened(name: &str) -> Result<Self, ManifestError> {
        if name.len() <= MOST_NAME_BYTES {
            return Self::new(name);
        }
        let ending = name
            .rsplit_once('.')
            .map(|(_, ending)| ending)
            .filter(|ending| (1..=16).contains(&ending.len()));
        let room = ending.map_or(Some(MOST_NAME_BYTES), |ending| {
            MOST_NAME_BYTES.checked_sub(ending.len())?.checked_sub(1)
        });
        let mut short = Zeroizing::new(String::with_capacity(MOST_NAME_BYTES));
        for letter in name.chars() {
            let longer = short.len().checked_add(letter.len_utf8());
            if longer.is_none_or(|longer| room.is_none_or(|room| longer > room)) {
                break;
            }
            short.push(letter);
        }
        if let Some(ending) = ending {
            short.push('.');
            short.push_str(ending);
        }
        Self::new(&short)
    }

    /// The name. Whoever shows it must escape it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileName(..)")
    }
}

/// A file of a drop: its name and its size in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// The name as the source gave it.
    pub name: FileName,
    /// The size in bytes; 0 is legal.
    pub size: u64,
}

impl Cbor for FileEntry {
    fn write(&self, out: &mut Writer) {
        out.map(2)
            .unsigned(1)
            .text(self.name.as_str())
            .unsigned(2)
            .unsigned(self.size);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        let name = fields.required(1, |input| {
            FileName::new(input.text()?).map_err(|_| DecodeError::Value("a file's name"))
        })?;
        let size = fields.required(2, Reader::unsigned)?;
        fields.end()?;
        Ok(Self { name, size })
    }
}

/// A way back to the source.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyBlock {
    /// The key to seal replies to.
    pub key: RecipientKey,
    /// Where to leave them.
    pub mailbox: MailboxAddress,
    /// The hash of the secret with which the source erases them.
    pub erase: EraseHash,
}

impl fmt::Debug for ReplyBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyBlock(..)")
    }
}

impl Cbor for ReplyBlock {
    fn write(&self, out: &mut Writer) {
        out.map(3).unsigned(1).bytes(self.key.as_bytes());
        out.unsigned(2).bytes(self.mailbox.as_bytes());
        out.unsigned(3).bytes(self.erase.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        let key = fields.required(1, RecipientKey::read)?;
        let mailbox = fields.required(2, MailboxAddress::read)?;
        let erase = fields.required(3, EraseHash::read)?;
        fields.end()?;
        Ok(Self {
            key,
            mailbox,
            erase,
        })
    }
}

/// Words of a source or of an editor; may be empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Message(Zeroizing<String>);

impl Message {
    /// Checks the length of a message.
    ///
    /// # Errors
    /// [`ManifestError::Message`].
    pub fn new(text: &str) -> Result<Self, ManifestError> {
        if text.len() > MOST_MESSAGE_BYTES {
            return Err(ManifestError::Message);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The words. Whoever shows them must escape them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(input.text()?).map_err(|_| DecodeError::Value("the message"))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message(..)")
    }
}

/// What a drop holds, and under which sheet it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    sheet: SheetHash,
    quorum: Quorum,
    reply: Option<ReplyBlock>,
    files: Vec<FileEntry>,
    message: Message,
    content: u64,
    chunks: ChunkCount,
}

impl Manifest {
    /// The manifest of a drop under this sheet.
    ///
    /// # Errors
    /// [`ManifestError`] when there are too many files or too many bytes.
    pub fn new(
        sheet: SheetHash,
        quorum: Quorum,
        reply: Option<ReplyBlock>,
        files: Vec<FileEntry>,
        message: Message,
    ) -> Result<Self, ManifestError> {
        if files.len() > MOST_FILES {
            return Err(ManifestError::Files);
        }
        let chunks = ChunkCount::REPLY;
        let mut manifest = Self {
            sheet,
            quorum,
            reply,
            files,
            message,
            content: 0,
            chunks,
        };
        let encoded =
            u64::try_from(manifest.encode().len()).map_err(|_| ManifestError::TooLarge)?;
        // 500 names of 255 bytes and the longest message stay below the bound; this holds it.
        if encoded > u64::from(MOST_MANIFEST_BYTES) {
            return Err(ManifestError::TooLarge);
        }
        let bodies = manifest
            .files
            .iter()
            .try_fold(0_u64, |sum, file| sum.checked_add(file.size));
        manifest.content = bodies
            .and_then(|bodies| bodies.checked_add(encoded)?.checked_add(4))
            .ok_or(ManifestError::TooLarge)?;
        manifest.chunks = ChunkCount::for_content(manifest.content)?;
        Ok(manifest)
    }

    /// The hash of the epoch sheet.
    #[must_use]
    pub const fn sheet(&self) -> &SheetHash {
        &self.sheet
    }

    /// How many editors it takes.
    #[must_use]
    pub const fn quorum(&self) -> Quorum {
        self.quorum
    }

    /// The way back, if the source wants one.
    #[must_use]
    pub const fn reply(&self) -> Option<&ReplyBlock> {
        self.reply.as_ref()
    }

    /// The files in the order of their bodies.
    #[must_use]
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    /// The words.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// Bytes of content: the length before the manifest, the manifest, and all bodies.
    #[must_use]
    pub const fn content_len(&self) -> u64 {
        self.content
    }

    /// The number of chunks of the drop.
    #[must_use]
    pub const fn chunks(&self) -> ChunkCount {
        self.chunks
    }

    /// The canonical CBOR.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        // Reserved at once, so that growing leaves no copies behind in freed memory.
        let names: usize = self.files.iter().map(|file| file.name.0.len()).sum();
        let room = names
            .saturating_add(self.message.0.len())
            .saturating_add(self.files.len().saturating_mul(24))
            .saturating_add(2_048);
        let mut out = Writer::with_capacity(room);
        self.write(&mut out);
        Zeroizing::new(out.finish())
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are exactly one canonical manifest.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let manifest = Self::read(&mut Reader::new(bytes))?;
        if manifest.encode().as_slice() == bytes {
            Ok(manifest)
        } else {
            Err(DecodeError::NotCanonical)
        }
    }
}

impl Cbor for Manifest {
    fn write(&self, out: &mut Writer) {
        let fields = if self.reply.is_some() { 6 } else { 5 };
        out.map(fields).unsigned(1).unsigned(1);
        out.unsigned(2).bytes(self.sheet.as_bytes()).unsigned(3);
        self.quorum.write(out);
        if let Some(reply) = &self.reply {
            out.unsigned(4);
            reply.write(out);
        }
        out.unsigned(5).list(&self.files);
        out.unsigned(6).text(self.message.as_str());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        let sheet = fields.required(2, SheetHash::read)?;
        let quorum = fields.required(3, Quorum::read)?;
        let reply = fields.optional(4, ReplyBlock::read)?;
        let files = fields.required(5, |input| input.list(cbor::count(&[(); MOST_FILES])))?;
        let message = fields.required(6, Message::read)?;
        fields.end()?;
        Self::new(sheet, quorum, reply, files, message)
            .map_err(|_| DecodeError::Value("the sum of the sizes"))
    }
}

#[cfg(test)]
mod tests;
