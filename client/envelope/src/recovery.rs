//! The keys kept on paper, all of which together may appoint new editors.

use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::chain::ChainError;
use crate::digest::{RecoveryHash, sha256};
use crate::signing::EditorKey;

/// A newsroom has at most so many papers: a charter has no room for more signatures.
pub const MOST_RECOVERY_KEYS: usize = 8;

/// The public keys of a newsroom's recovery papers, in ascending order, each of them once.
///
/// A charter names them by their hash alone, so that nobody can tell how many papers there are
/// before they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryKeys(Vec<EditorKey>);

impl RecoveryKeys {
    /// These keys, in whatever order they come.
    ///
    /// # Errors
    /// [`ChainError::RecoveryKeys`] unless there are 1 to 8 of them and none stands there twice.
    pub fn new(mut keys: Vec<EditorKey>) -> Result<Self, ChainError> {
        keys.sort_unstable();
        Self::ascending(keys).ok_or(ChainError::RecoveryKeys)
    }

    fn ascending(keys: Vec<EditorKey>) -> Option<Self> {
        let right = (1..=MOST_RECOVERY_KEYS).contains(&keys.len())
            && keys.is_sorted_by(|one, next| one < next);
        right.then_some(Self(keys))
    }

    /// The keys in ascending order.
    #[must_use]
    pub fn keys(&self) -> &[EditorKey] {
        &self.0
    }

    /// What a charter says of them: SHA-256 of their canonical CBOR.
    #[must_use]
    pub fn hash(&self) -> RecoveryHash {
        RecoveryHash::from_bytes(sha256(&[&cbor::encode(self)]))
    }
}

impl Cbor for RecoveryKeys {
    fn write(&self, out: &mut Writer) {
        out.list(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let keys = input.list(cbor::count(&[(); MOST_RECOVERY_KEYS]))?;
        Self::ascending(keys).ok_or(DecodeError::Value("the list of recovery keys"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::{public, signers};

    #[test]
    fn the_order_in_which_papers_are_read_does_not_matter() {
        let mut keys = public(&signers(3));
        let one = RecoveryKeys::new(keys.clone()).unwrap();
        keys.reverse();
        let other = RecoveryKeys::new(keys.clone()).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.hash(), other.hash());
        keys.pop();
        assert_ne!(RecoveryKeys::new(keys).unwrap().hash(), one.hash());
    }

    #[test]
    fn there_are_one_to_eight_papers_each_of_them_once() {
        let nine = public(&signers(9));
        assert!(RecoveryKeys::new(nine[..8].to_vec()).is_ok());
        assert!(RecoveryKeys::new(nine[..1].to_vec()).is_ok());
        let refused = Err(ChainError::RecoveryKeys);
        assert_eq!(RecoveryKeys::new(nine.clone()), refused);
        assert_eq!(RecoveryKeys::new(Vec::new()), refused);
        assert_eq!(RecoveryKeys::new(vec![nine[0], nine[0]]), refused);
    }

    #[test]
    fn keys_that_do_not_ascend_are_refused_when_they_are_read() {
        let keys = RecoveryKeys::new(public(&signers(2))).unwrap();
        let encoded = cbor::encode(&keys);
        assert_eq!(cbor::decode::<RecoveryKeys>(&encoded), Ok(keys.clone()));
        let mut swapped = keys.0.clone();
        swapped.reverse();
        for wrong in [swapped, vec![keys.0[0]; 2], Vec::new()] {
            let encoded = cbor::encode(&RecoveryKeys(wrong));
            let refused = Err(DecodeError::Value("the list of recovery keys"));
            assert_eq!(cbor::decode::<RecoveryKeys>(&encoded), refused);
        }
    }
}
