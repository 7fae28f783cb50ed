//! How sealed drops lie on a stick.
//!
//! ```text
//! STICK/
//!   bundle-0000000000000007-9f3ac2d1/   one bundle: its sequence number, and a random mark
//!     index                             a signed bundle index, canonical CBOR, written last
//!     3d0f…(32 hexadecimal digits)      a part: a stretch of one sealed drop, as it is
//!     77a1….partial                     a part that is not finished
//! ```
//!
//! - A folder without `index` is a bundle that was never finished. Readers skip it and say so.
//! - Every finished folder is a bundle of its own: `index` is `Signed<BundleIndex>` under the
//!   courier's bundle-signing key and the newsroom's fingerprint. It names the index before it,
//!   by hash, whichever stick that one lies on. A stick may hold several bundles, older ones too.
//! - A part has 1 byte to 1 GiB. Parts of one drop begin at multiples of 4 MiB.
//! - `drops` of the index is the whole listing of the server at that time; a drop that stands
//!   there without parts came before, comes later, or was declined. Where the server went away
//!   before it gave a listing, only the drops that have parts stand there, and the bundle has the
//!   day of the listing before.
//! - A listing with nothing new is a bundle without parts, where the last one is some days old.
//! - A drop that does not fit on one stick goes on on the next, in the next bundle. The index of
//!   that later bundle lists the earlier parts of this drop once more, so that **one index, the
//!   last one, lists a drop as a whole**, and the files lie in the folders of several sticks. A
//!   reader therefore looks for the file of a part, by its name, in every bundle folder that it
//!   was given, and then checks length and SHA-256.
//! - The courier has checked the tree hash of every drop that its index lists as a whole.
//! - A drop whose only part is `0 … 77,823` (header and chunk 0) was too large to be fetched
//!   unasked: its manifest can be read, its files cannot.
//! - File systems may show names in upper case (FAT32): readers compare without case.

use knothole_envelope::PartName;

/// Parts of one drop begin at multiples of so many bytes: a segment of the tree hash.
pub const SEGMENT_BYTES: u64 = 4 << 20;
/// The header of a drop and its first chunk.
pub const HEAD_BYTES: u64 = 77_824;
/// The file that makes a folder a bundle.
pub const INDEX_NAME: &str = "index";
/// What the names of bundle folders begin with.
pub const FOLDER_PREFIX: &str = "bundle-";
/// What is appended to a name while its file is being written.
pub const PARTIAL_SUFFIX: &str = ".partial";

/// The name of a bundle's folder: `bundle-`, 16 digits, `-`, 8 digits, all hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleName {
    sequence: u64,
    mark: u32,
}

impl BundleName {
    /// The folder of the bundle with this sequence number. The mark is random: it keeps apart
    /// two attempts at one bundle.
    #[must_use]
    pub const fn new(sequence: u64, mark: u32) -> Self {
        Self { sequence, mark }
    }

    /// Reads a folder's name; nothing when it is not a bundle's.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (sequence, mark) = name.strip_prefix(FOLDER_PREFIX)?.split_once('-')?;
        let sequence = u64::from_str_radix(sequence, 16).ok()?;
        let mark = u32::from_str_radix(mark, 16).ok()?;
        let parsed = Self { sequence, mark };
        (parsed.to_string() == name).then_some(parsed)
    }

    /// The sequence number.
    #[must_use]
    pub const fn sequence(self) -> u64 {
        self.sequence
    }
}

impl core::fmt::Display for BundleName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{FOLDER_PREFIX}{:016x}-{:08x}", self.sequence, self.mark)
    }
}

/// The name of a part's file while it is being written.
#[must_use]
pub fn partial_name(part: &PartName) -> String {
    format!("{part}{PARTIAL_SUFFIX}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_folder_is_known_by_its_name() {
        let name = BundleName::new(7, 0x9f3a_c2d1);
        assert_eq!(name.to_string(), "bundle-0000000000000007-9f3ac2d1");
        assert_eq!(
            BundleName::parse("bundle-0000000000000007-9f3ac2d1"),
            Some(name)
        );
        assert_eq!(
            BundleName::parse("BUNDLE-0000000000000007-9F3AC2D1"),
            Some(name)
        );
    }

    #[test]
    fn other_folders_are_no_bundles() {
        for other in [
            "bundle-7-9f3ac2d1",
            "bundle-0000000000000007",
            "bundle-0000000000000007-9f3ac2d1-",
            "bundle-+000000000000007-9f3ac2d1",
            "bundle-0000000000000007-9f3ac2d1.partial",
            "outbox",
            "",
        ] {
            assert_eq!(BundleName::parse(other), None, "{other}");
        }
    }
}
