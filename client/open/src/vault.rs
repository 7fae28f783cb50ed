//! Vaults: an editor's keys in one file on a stick, under a passphrase.
//!
//! ```text
//!   0   8  KNHVAULT
//!   8   1  version, 1
//!   9   3  zero
//!  12   4  Argon2id (RFC 9106): KiB of memory
//!  16   4  passes
//!  20   4  lanes, 1
//!  24  16  salt
//!  40   4  n, the number of epochs
//!  44  20  zero
//!  64  48  the vault key (32 random bytes) under the passphrase's key
//! 112 156  nonce (12), body (128), tag (16), under HKDF-Expand(vault key, "knothole/v1 vault body")
//! 268  64  n times: state (1), zeros (3), nonce (12), epoch's seed (32), tag (16), under
//!          HKDF-Expand(vault key, "knothole/v1 vault epoch" ‖ u32 number of the epoch)
//!      28 + 1216 n: nonce (12), the epochs' X-Wing public keys (n times 1216), tag (16), under
//!          HKDF-Expand(vault key, "knothole/v1 vault keys")
//! body: Ed25519 seed (32), X-Wing seed of the archive (32), number of the first epoch (4), its
//!       first day since 1970-01-01 (4), days per epoch (4), n (4), zero (1),
//!       fingerprint of the editor's newsroom (32, zero before it is known), zeros (15)
//! ```
//!
//! Integers are big-endian; everything is sealed with ChaCha20-Poly1305 (RFC 8439). The vault key's
//! nonce is zero, for its key is made from a salt that is never used twice, and its associated data
//! are bytes 0 to 63. The body's and the public keys' are bytes 0 to 8, a record's its first 4. A
//! record of state 0 is an erased epoch, all of its bytes are zero; state 1 is as above; a record of
//! state 2 is under a slip as well: 16 random bytes that are on paper alone, written as twelve words
//! of BIP 39. Its key is HKDF-Expand(HKDF-Extract(salt = vault key, slip), "knothole/v1 vault slip" ‖
//! u32 number of the epoch). The public keys stay when an epoch is erased: a card needs them.

mod body;
mod epoch;
mod erase;
mod error;
mod extend;
mod file;
mod head;
mod keys;
mod newsroom;
mod plan;
mod record;
mod slip;
mod stretch;
mod wrap;

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use knothole_envelope::{EditorKey, EpochSecret, MOST_CARD_EPOCHS, SigningSecret};
use rand_core::CryptoRng;

use self::body::{Body, BodyFault};
use self::file::{read, real};
use self::head::{Head, HeadFault};
use self::keys::Keys;
use self::record::Record;
use self::stretch::Stretch;
use self::wrap::Key;
use crate::folder::{Folder, Step};
use crate::passphrase::Passphrase;

pub use self::epoch::{EpochState, VaultEpoch};
pub use self::error::VaultError;
pub use self::plan::{Plan, PlanError};
pub use self::slip::{Slip, SlipError, Slips};

/// No vault is longer.
const MOST_BYTES: usize =
    Head::LEN + Body::LEN + MOST_CARD_EPOCHS * Record::LEN + Keys::len_of(MOST_CARD_EPOCHS);

/// What a new vault is made of.
struct Make<'m> {
    passphrase: &'m Passphrase,
    signing: SigningSecret,
    plan: Plan,
    slips: Slips,
    stretch: Stretch,
}

impl Make<'_> {
    fn create(
        self,
        path: &Path,
        rng: &mut impl CryptoRng,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<Vault, VaultError> {
        let (key, plan) = (Key::generate(rng), self.plan);
        let body = Body::generate(self.signing, plan, rng);
        let (records, keys) = extend::epochs(plan.numbers(), &key, &self.slips, rng);
        let vault = Vault {
            path: path.to_owned(),
            file: path.to_owned(),
            head: Head::new(&key, self.passphrase, plan.epochs(), self.stretch)
                .map_err(|_| VaultError::Memory)?,
            sealed_body: body.seal(&key, rng),
            records,
            keys: Keys::seal(&keys, &key, rng),
            slips: self.slips,
            body,
            key,
        };
        vault.put_new(path, watch)?;
        Ok(vault)
    }
}

/// An open vault. Its secrets are erased from memory when it goes.
pub struct Vault {
    /// As the person named it, for messages alone.
    path: PathBuf,
    /// Where it lies, behind all links.
    file: PathBuf,
    head: Head,
    key: Key,
    sealed_body: [u8; Body::LEN],
    body: Body,
    records: Vec<Record>,
    keys: Keys,
    /// The slips that are at hand; none of them is written.
    slips: Slips,
}

impl Vault {
    /// Makes the vault of the editor who signs with this, and the file for it, which nobody but its
    /// owner may read.
    ///
    /// # Errors
    /// [`VaultError::Exists`], [`VaultError::File`] or [`VaultError::Memory`]; then there is no
    /// new file.
    pub fn create(
        path: &Path,
        passphrase: &Passphrase,
        signing: SigningSecret,
        plan: Plan,
        slips: Slips,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, VaultError> {
        let made = Make {
            passphrase,
            signing,
            plan,
            slips,
            stretch: Stretch::new(rng),
        };
        made.create(path, rng, &mut |_| Ok(()))
    }

    /// A vault whose passphrase is stretched as little as may be, so that tests take less time.
    #[cfg(test)]
    pub(crate) fn create_light(
        path: &Path,
        passphrase: &Passphrase,
        plan: Plan,
        slips: Slips,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, VaultError> {
        let made = Make {
            passphrase,
            signing: SigningSecret::generate(rng),
            plan,
            slips,
            stretch: Stretch::light(rng),
        };
        made.create(path, rng, &mut |_| Ok(()))
    }

    /// Says early that there is something where a vault is to be.
    ///
    /// # Errors
    /// [`VaultError::Exists`], or [`VaultError::File`] when the folder cannot be looked into.
    pub fn refuse_existing(path: &Path) -> Result<(), VaultError> {
        let (folder, name) = Folder::of_file(path).map_err(VaultError::File)?;
        if folder.has(&name).map_err(VaultError::File)? {
            return Err(VaultError::Exists(path.to_owned()));
        }
        Ok(())
    }

    /// Opens a vault.
    ///
    /// # Errors
    /// [`VaultError`] says why it does not open, and what to do.
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, VaultError> {
        let file = real(path)?;
        let bytes = read(&file)?;
        let damaged = || VaultError::Damaged(path.to_owned());
        let (head, rest) = Head::parse(&bytes).map_err(|fault| match fault {
            HeadFault::Magic => VaultError::NotAVault(path.to_owned()),
            HeadFault::Version(version) => VaultError::Version(path.to_owned(), version),
            HeadFault::Damaged => damaged(),
        })?;
        let (sealed_body, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (records, keys) = parts(rest, head.records()).ok_or_else(damaged)?;
        let key = head
            .unwrap(passphrase)
            .map_err(|_| VaultError::Memory)?
            .ok_or_else(|| VaultError::Passphrase(path.to_owned()))?;
        let body = Body::open(sealed_body, &key).map_err(|fault| match fault {
            BodyFault::Damaged => damaged(),
            BodyFault::Later => VaultError::Later(path.to_owned()),
        })?;
        if body.plan.epochs() != head.records() {
            return Err(damaged());
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            head,
            key,
            sealed_body: *sealed_body,
            body,
            records,
            keys,
            slips: Slips::none(),
        })
    }

    /// Where the vault lies, as the person named it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the editor signs with.
    #[must_use]
    pub const fn signing(&self) -> &SigningSecret {
        &self.body.signing
    }

    /// What opens the newsroom's archive.
    #[must_use]
    pub const fn archive_secret(&self) -> &EpochSecret {
        &self.body.archive
    }

    /// The key by which a charter names the editor.
    #[must_use]
    pub fn editor_key(&self) -> EditorKey {
        self.body.signing.editor_key()
    }

    /// For which epochs the vault was made.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.body.plan
    }

    /// Puts the vault under another passphrase. Copies made before keep the old one.
    ///
    /// # Errors
    /// [`VaultError`]; the file has its old bytes then, unless it is [`VaultError::Rest`].
    pub fn change_passphrase(
        &mut self,
        passphrase: &Passphrase,
        rng: &mut impl CryptoRng,
    ) -> Result<(), VaultError> {
        self.unchanged()?;
        let head = Head::new(
            &self.key,
            passphrase,
            self.head.records(),
            Stretch::new(rng),
        )
        .map_err(|_| VaultError::Memory)?;
        let old = core::mem::replace(&mut self.head, head);
        let written = self.replace(&mut |_| Ok(()));
        if written.as_ref().is_err_and(VaultError::is_unwritten) {
            self.head = old;
        }
        written
    }

    /// The bytes of the file: nothing in them is readable without the passphrase.
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MOST_BYTES);
        self.head.write(&mut out);
        out.extend_from_slice(&self.sealed_body);
        for record in &self.records {
            out.extend_from_slice(record.as_bytes());
        }
        out.extend_from_slice(self.keys.as_bytes());
        out
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

/// Records and public keys, as many as there must be.
fn parts(bytes: &[u8], epochs: u32) -> Option<(Vec<Record>, Keys)> {
    let epochs = usize::try_from(epochs).ok()?;
    let (records, keys) = bytes.split_at_checked(epochs.checked_mul(Record::LEN)?)?;
    let (records, []) = records.as_chunks() else {
        return None;
    };
    let records = records.iter().copied().map(Record::from_bytes).collect();
    Some((records, Keys::from_bytes(keys, epochs)?))
}

#[cfg(test)]
mod tests;
