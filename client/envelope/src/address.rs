//! Where a drop-box is and whom it belongs to, as text for people.

use core::fmt;
use core::str::FromStr;

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use sha3::{Digest, Sha3_256};

/// Why an address or a fingerprint was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// Not 56 base32 characters followed by `.onion`.
    NotAnOnion,
    /// An onion address of another version than 3.
    OnionVersion,
    /// The checksum inside the onion address does not fit.
    OnionChecksum,
    /// Not 52 base32 characters.
    NotAFingerprint,
    /// Not `knothole:`, an onion address, `#` and a fingerprint.
    NotADropAddress,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnOnion => {
                "this is not an onion address: expected 56 letters and digits from a-z and 2-7, \
                 then .onion"
            }
            Self::OnionVersion => "this onion address is not of version 3",
            Self::OnionChecksum => {
                "this onion address has a typing error in it: its checksum does not fit"
            }
            Self::NotAFingerprint => {
                "this is not a fingerprint: expected 52 letters and digits from a-z and 2-7"
            }
            Self::NotADropAddress => {
                "this is not a drop address: expected knothole:<onion address>#<fingerprint>"
            }
        })
    }
}

impl core::error::Error for AddressError {}

/// The fingerprint of a newsroom: SHA-256 of its founding charter.
///
/// As text it is 52 base32 characters (RFC 4648, lower case, no padding).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// What stands in place of a fingerprint where there is none yet.
    pub(crate) const NONE: Self = Self([0; 32]);

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

    /// The text in groups of four, to be compared by eye.
    #[must_use]
    pub fn grouped(&self) -> String {
        let mut text = String::new();
        for (place, letter) in self.to_string().chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push(' ');
            }
            text.push(letter);
        }
        text
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32_NOPAD.encode(&self.0).to_ascii_lowercase())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = AddressError;

    /// Spaces, dashes and upper case are forgiven: people copy this by hand.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let letters: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        base32(&letters)
            .map(Self)
            .ok_or(AddressError::NotAFingerprint)
    }
}

/// Exactly `N` bytes of base32, spare bits zero.
fn base32<const N: usize>(letters: &str) -> Option<[u8; N]> {
    let bytes = BASE32_NOPAD_NOCASE.decode(letters.as_bytes()).ok()?;
    bytes.try_into().ok()
}

/// A version 3 onion address (rend-spec-v3 §6), its checksum verified.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OnionAddress([u8; 35]);

impl OnionAddress {
    /// The address of the service with this Ed25519 identity key.
    #[must_use]
    pub fn from_identity(key: &[u8; 32]) -> Self {
        let mut bytes = [3; 35];
        let checksum = checksum(key);
        for (to, from) in bytes.iter_mut().zip(key.iter().chain(&checksum)) {
            *to = *from;
        }
        Self(bytes)
    }

    /// The Ed25519 identity key inside the address.
    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(&self.0) {
            *to = *from;
        }
        key
    }
}

fn checksum(key: &[u8; 32]) -> [u8; 2] {
    let mut hasher = Sha3_256::new();
    hasher.update(b".onion checksum");
    hasher.update(key);
    hasher.update([3]);
    let [first, second, ..]: [u8; 32] = hasher.finalize().into();
    [first, second]
}

impl fmt::Display for OnionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.onion",
            BASE32_NOPAD.encode(&self.0).to_ascii_lowercase()
        )
    }
}

impl fmt::Debug for OnionAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnionAddress({self})")
    }
}

impl FromStr for OnionAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim().to_ascii_lowercase();
        let letters = text
            .strip_suffix(".onion")
            .ok_or(AddressError::NotAnOnion)?;
        let bytes: [u8; 35] = base32(letters).ok_or(AddressError::NotAnOnion)?;
        let Some((key, [first, second, version])) = bytes.split_first_chunk::<32>() else {
            return Err(AddressError::NotAnOnion);
        };
        if *version != 3 {
            return Err(AddressError::OnionVersion);
        }
        if checksum(key) != [*first, *second] {
            return Err(AddressError::OnionChecksum);
        }
        Ok(Self(bytes))
    }
}

/// All that a source needs: where the drop-box is, and whom it must belong to.
///
/// ```
/// use knothole_envelope::DropAddress;
/// let text = "knothole:aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypsaijc.onion\
///             #aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// assert!(text.parse::<DropAddress>().is_err(), "a typing error in the onion shows");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DropAddress {
    onion: OnionAddress,
    fingerprint: Fingerprint,
}

impl DropAddress {
    /// The drop-box at this onion, of the newsroom with this fingerprint.
    #[must_use]
    pub const fn new(onion: OnionAddress, fingerprint: Fingerprint) -> Self {
        Self { onion, fingerprint }
    }

    /// Where the drop-box is.
    #[must_use]
    pub const fn onion(&self) -> &OnionAddress {
        &self.onion
    }

    /// Whom it must belong to.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl fmt::Display for DropAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "knothole:{}#{}", self.onion, self.fingerprint)
    }
}

impl FromStr for DropAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or(AddressError::NotADropAddress)?;
        if !scheme.eq_ignore_ascii_case("knothole") {
            return Err(AddressError::NotADropAddress);
        }
        let (onion, fingerprint) = rest.split_once('#').ok_or(AddressError::NotADropAddress)?;
        Ok(Self {
            onion: onion.parse()?,
            fingerprint: fingerprint.parse()?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "addresses are ASCII")]
mod tests;
