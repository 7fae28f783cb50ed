//! The key that lets a client find a restricted service.

use std::fmt;

use tor_hscrypto::pk::{HsClientDescEncKey, HsClientDescEncSecretKey};
use tor_llcrypto::pk::curve25519::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// The secret X25519 key with which a client decrypts the descriptor of a service in restricted
/// discovery (rend-spec-v3, client authorization).
pub struct DiscoverySecret(Zeroizing<[u8; 32]>);

impl DiscoverySecret {
    /// Takes 32 random bytes as the key.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public key, which the service keeps.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        PublicKey::from(&StaticSecret::from(*self.0)).to_bytes()
    }

    pub(crate) fn for_arti(&self) -> HsClientDescEncSecretKey {
        StaticSecret::from(*self.0).into()
    }
}

impl fmt::Debug for DiscoverySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DiscoverySecret([secret])")
    }
}

/// A client's public discovery key as the text that tor and arti configurations take:
/// `descriptor:x25519:` and 52 characters of base32.
#[must_use]
pub fn discovery_key_text(public_key: [u8; 32]) -> String {
    HsClientDescEncKey::from(PublicKey::from(public_key)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_in_debug_output() {
        let secret = DiscoverySecret::from_bytes([0x41; 32]);
        assert_eq!(format!("{secret:?}"), "DiscoverySecret([secret])");
    }

    #[test]
    fn the_public_key_is_that_of_rfc_7748() {
        // Section 5.2: the first iteration, with 9 as scalar and as coordinate.
        let mut nine = [0; 32];
        nine[0] = 9;
        let public = DiscoverySecret::from_bytes(nine).public_key();
        assert_eq!(
            data_encoding::HEXLOWER.encode(&public),
            "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
        );
    }

    #[test]
    fn a_public_key_is_written_as_tor_reads_it() {
        let text = discovery_key_text([0; 32]);
        assert_eq!(text, format!("descriptor:x25519:{}", "A".repeat(52)));
    }
}
