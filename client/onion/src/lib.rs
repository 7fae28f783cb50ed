//! Reaches an onion service, through embedded arti or a SOCKS port, and speaks plain HTTP over it.
//!
//! It refuses to know what it carries: nothing here seals, opens or signs, and nothing here
//! names a drop but by the address it was given.

mod collection;
mod dial;
mod dropbox;
mod isolation;
mod socks;
mod stream;
mod tor;

pub mod http;

pub use collection::{Collection, CollectionError, Credential, Oddity, Stretch, Visit};
pub use dial::{DIAL_PATIENCE, DialError, Dialer, Direct};
pub use dropbox::{
    ANSWER_PATIENCE, DropBox, DropBoxError, Line, Mailbox, Nonsense, Part, UploadState, UploadUrl,
};
pub use isolation::Isolation;
pub use socks::Socks;
pub use stream::Stream;
pub use tor::{
    BOOTSTRAP_PATIENCE, ByConsensus, DiscoverySecret, KeyKeeping, StateFolder, Tor, TorError,
    TorSettings, discovery_key_text,
};
