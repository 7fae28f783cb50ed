//! The sealed format of Knothole: seal, open, keys, charter, sheets and signatures.
//!
//! It reads and writes through `Read` and `Write` only. It refuses to know a socket, a clock, a
//! file's path or an async runtime: randomness and time are arguments.

mod address;
mod archive;
mod bundle;
mod card;
mod cbor;
mod chain;
mod charter;
mod codename;
mod day;
mod digest;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "forged envelopes for tests")]
mod forge;
mod frame;
mod head;
mod key;
mod layout;
mod mailbox;
mod manifest;
mod open;
mod pad;
mod payload;
mod receipt;
mod recipients;
mod recovery;
mod reply;
mod salvage;
mod schedule;
mod seal;
mod share;
mod sheet;
mod signed;
mod signing;
mod slot;
mod tree;
mod unlock;

pub use address::{AddressError, DropAddress, Fingerprint, OnionAddress};
pub use archive::{ArchiveSeal, ArchiveSealError};
pub use bundle::{
    BundleError, BundleIndex, BundlePart, ListedDrop, MOST_LISTED_DROPS, MOST_NAMED_REPLIES,
    MOST_PART_BYTES, MOST_PARTS, PartName,
};
pub use card::{CardEpoch, CardError, CourierCard, EditorCard, MOST_CARD_EPOCHS};
pub use cbor::DecodeError;
pub use chain::{ChainError, CharterChain, VerifiedChain};
pub use charter::{Charter, MOST_EDITORS};
pub use codename::{CODENAME_LEN, Codename, EraseSecret, WayBack};
pub use day::{Day, DayError, EpochNumber, Quorum};
pub use digest::{
    CharterHash, CredentialHash, DiscoveryKey, DropId, EraseHash, HexError, IndexHash,
    MailboxAddress, PartHash, RecoveryHash, ReplyHash, SheetHash, StateHash, TreeHash,
};
pub use frame::{FRAME_UNIT, FrameError, MOST_FRAME_BYTES, frame, unframe};
pub use head::{EnvelopeHead, HEAD_LEN, HeadError, Kind, MAGIC};
pub use key::{EpochSecret, KeyError, RECIPIENT_KEY_LEN, RecipientKey};
pub use layout::{Layout, Piece};
pub use mailbox::{ERASURE_LEN, MAILBOX_ENVELOPES, MAILBOX_LEN, MOST_PUSHED_REPLIES, PushedReply};
pub use manifest::{
    FileEntry, FileName, MOST_FILES, MOST_MANIFEST_BYTES, MOST_MESSAGE_BYTES, MOST_NAME_BYTES,
    Manifest, ManifestError, Message, ReplyBlock,
};
pub use open::{BodyReader, DropReader, OpenError};
pub use pad::{
    CHUNK_LEN, CHUNK_TEXT, ChunkCount, FEWEST_CHUNKS, HEADER_LEN, MOST_CHUNKS, REPLY_LEN, TooLarge,
};
pub use payload::{ChunkSealer, ResumeSecret, Suite};
pub use receipt::{Receipt, ReceiptError};
pub use recipients::{Recipients, RecipientsError};
pub use recovery::{MOST_RECOVERY_KEYS, RecoveryKeys};
pub use reply::{OpenedReply, ReplyError, open_reply, seal_decoy, seal_reply};
pub use salvage::{CutFile, Salvage};
pub use seal::{Header, SealError, seal_drop, seal_header};
pub use sheet::{MOST_EPOCH_DAYS, Sheet, SheetError, VerifiedSheet};
pub use signed::{Signed, SignedBody};
pub use signing::{EditorKey, SigningSecret};
pub use tree::{SEGMENT_LEN, TreeHasher};
pub use unlock::{Opener, UnlockError, Unlocked, unlock};
