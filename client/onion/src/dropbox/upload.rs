//! An upload's address and state.

use std::fmt;

use data_encoding::HEXLOWER;
use knothole_envelope::TreeHash;
use zeroize::Zeroizing;

const FOLDER: &str = "/drops/";

/// The address of an upload: 256 secret bits. Who has it can add to the upload or end it.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadUrl(Zeroizing<[u8; 32]>);

impl UploadUrl {
    /// Takes the secret bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a `Location`. Only a path on the same drop-box will do: `/drops/` and 64 digits.
    pub(super) fn from_location(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(FOLDER)?;
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = Zeroizing::new([0; 32]);
        let written = HEXLOWER
            .decode_mut(digits.as_bytes(), bytes.as_mut())
            .ok()?;
        (written == bytes.len()).then_some(Self(bytes))
    }

    /// The path of its requests.
    pub(super) fn path(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{FOLDER}{}", self.digits().as_str()))
    }

    /// The secret bytes in 64 digits.
    pub(super) fn digits(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER.encode(self.expose()))
    }
}

impl fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadUrl([secret])")
    }
}

/// What an upload is of an envelope (FORMAT, "Lanes").
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// All of it.
    Whole,
    /// The lane that begins with the header. It passes the gate for the others.
    First,
    /// Another lane of the upload at this address.
    Later(&'a UploadUrl),
}

/// How far an upload has come, by the drop-box's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadState {
    /// Bytes that are on the drop-box's disk.
    pub offset: u64,
    /// The declared length, where the answer has it.
    pub length: Option<u64>,
    /// The tree hash, once the drop is committed.
    pub tree: Option<TreeHash>,
    /// Whether lanes were put together here.
    pub joined: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_address_lies_on_the_same_drop_box() {
        let digits = "0f".repeat(32);
        let good = UploadUrl::from_location(&format!("/drops/{digits}")).unwrap();
        assert_eq!(good.path().as_str(), format!("/drops/{digits}"));
        for wrong in [
            format!("http://elsewhere.onion/drops/{digits}"),
            format!("//elsewhere/drops/{digits}"),
            format!("/drops/{digits}/"),
            format!("/drops/{digits}0"),
            format!("/drops/{}", digits.to_uppercase()),
            format!("/drops/../{digits}"),
            "/drops/".to_owned(),
            String::new(),
        ] {
            assert!(UploadUrl::from_location(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_upload_address_never_shows_in_debug_output() {
        let url = UploadUrl::from_bytes([0x41; 32]);
        assert_eq!(format!("{url:?}"), "UploadUrl([secret])");
    }
}
