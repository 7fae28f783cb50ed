//! Names of 32 bytes: hashes and random identifiers.

use core::fmt;
use core::str::FromStr;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::cbor::{Cbor, DecodeError, Reader, Writer};

/// SHA-256 over the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HexError;

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 64 lower-case hexadecimal digits")
    }
}

impl core::error::Error for HexError {}

fn from_hex(text: &str) -> Result<[u8; 32], HexError> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return Err(HexError);
    }
    let written = HEXLOWER
        .decode_mut(text.as_bytes(), &mut bytes)
        .map_err(|_| HexError)?;
    if written == bytes.len() {
        Ok(bytes)
    } else {
        Err(HexError)
    }
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the 32 bytes as they are.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl FromStr for $name {
            type Err = HexError;

            fn from_str(text: &str) -> Result<Self, HexError> {
                from_hex(text).map(Self)
            }
        }

        impl Cbor for $name {
            fn write(&self, out: &mut Writer) {
                out.bytes(&self.0);
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                input.fixed().map(Self)
            }
        }
    };
}

digest! {
    /// The tree hash of a sealed envelope: its name from server to receipt.
    TreeHash
}
digest! {
    /// SHA-256 of a charter's canonical CBOR, without signatures.
    CharterHash
}
digest! {
    /// SHA-256 of an epoch sheet's canonical CBOR, without signatures.
    SheetHash
}
digest! {
    /// The server's own random name for a drop.
    DropId
}
digest! {
    /// SHA-256 of the keys kept on paper for recovery.
    RecoveryHash
}
digest! {
    /// SHA-256 of a bundle index's canonical CBOR, without the signature.
    IndexHash
}
digest! {
    /// SHA-256 of the bearer credential with which a courier collects.
    CredentialHash
}
digest! {
    /// A courier's X25519 key for restricted discovery of the collection service.
    DiscoveryKey
}
digest! {
    /// SHA-256 of one file on a stick.
    PartHash
}
digest! {
    /// Where replies to a source are left.
    MailboxAddress
}
digest! {
    /// SHA-256 of a whole sealed reply: its name when it is erased.
    ReplyHash
}
digest! {
    /// SHA-256 of the secret with which a source erases a reply it has read.
    EraseHash
}

digest! {
    /// SHA-256 of the state of an archive, as it is before it is sealed.
    StateHash
}
