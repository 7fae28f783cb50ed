//! Cards: what an editor or a courier hands over when a newsroom is set up.

use core::fmt;

use crate::address::Fingerprint;
use crate::cbor::{Cbor, DecodeError, Reader, Writer};
use crate::day::{Day, EpochNumber};
use crate::digest::{CredentialHash, DiscoveryKey};
use crate::key::RecipientKey;
use crate::sheet::{MOST_EPOCH_DAYS, has_doubles};
use crate::signed::{Signed, sealed};
use crate::signing::{Domain, EditorKey, SigningSecret};

/// A card holds the keys of at most so many epochs: ten years of weeks.
pub const MOST_CARD_EPOCHS: usize = 520;

/// A card was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardError {
    /// No keys, too many, or one of them twice.
    Keys,
    /// The epochs are empty, too long, or end after the end of all days.
    Days,
    /// The card is not signed by its own key alone.
    BadSignature,
}

impl fmt::Display for CardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys => "a card needs the keys of 1 to 520 epochs, each key once",
            Self::Days => "the days on the card do not fit: an epoch runs for 1 to 92 days",
            Self::BadSignature => "the card is damaged or forged: its signature does not fit",
        })
    }
}

impl core::error::Error for CardError {}

/// An editor's signing key, the X-Wing key to which the newsroom's own papers are sealed, and the
/// X-Wing keys of the epochs made ahead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditorCard {
    signing: EditorKey,
    archive: RecipientKey,
    first_epoch: EpochNumber,
    first_day: Day,
    days_per_epoch: u32,
    keys: Vec<RecipientKey>,
}

impl EditorCard {
    /// A card whose first key is for `first_epoch`, which begins on `first_day`.
    ///
    /// # Errors
    /// [`CardError::Keys`] or [`CardError::Days`].
    pub fn new(
        signing: EditorKey,
        archive: RecipientKey,
        first_epoch: EpochNumber,
        first_day: Day,
        days_per_epoch: u32,
        keys: Vec<RecipientKey>,
    ) -> Result<Self, CardError> {
        if keys.is_empty()
            || keys.len() > MOST_CARD_EPOCHS
            || has_doubles(&keys)
            || keys.contains(&archive)
        {
            return Err(CardError::Keys);
        }
        if !(1..=MOST_EPOCH_DAYS).contains(&days_per_epoch) {
            return Err(CardError::Days);
        }
        let card = Self {
            signing,
            archive,
            first_epoch,
            first_day,
            days_per_epoch,
            keys,
        };
        let last = u32::try_from(card.keys.len())
            .ok()
            .and_then(|keys| keys.checked_sub(1));
        if last.and_then(|last| card.days_of(last)).is_none() {
            return Err(CardError::Days);
        }
        Ok(card)
    }

    /// The card, signed by its own key.
    ///
    /// # Errors
    /// [`CardError::BadSignature`] when the secret is not that of the card's key.
    pub fn sign(self, secret: &SigningSecret) -> Result<Signed<Self>, CardError> {
        let mut signed = Signed::new(self);
        signed.sign(&Fingerprint::NONE, secret);
        signed.verify()?;
        Ok(signed)
    }

    /// The editor's signing key.
    #[must_use]
    pub const fn signing_key(&self) -> &EditorKey {
        &self.signing
    }

    /// The key to which the newsroom's archive is sealed: it outlives every epoch.
    #[must_use]
    pub const fn archive_key(&self) -> &RecipientKey {
        &self.archive
    }

    /// The number of the first epoch on the card.
    #[must_use]
    pub const fn first_epoch(&self) -> EpochNumber {
        self.first_epoch
    }

    /// The first day of the first epoch.
    #[must_use]
    pub const fn first_day(&self) -> Day {
        self.first_day
    }

    /// How many days an epoch runs.
    #[must_use]
    pub const fn days_per_epoch(&self) -> u32 {
        self.days_per_epoch
    }

    /// The keys of the epochs, one after the other.
    #[must_use]
    pub fn keys(&self) -> &[RecipientKey] {
        &self.keys
    }

    /// The number, first and last day, and key of each epoch.
    pub fn epochs(&self) -> impl Iterator<Item = CardEpoch<'_>> {
        (0..).zip(&self.keys).filter_map(|(place, key)| {
            let (epoch, first, last) = self.days_of(place)?;
            Some(CardEpoch {
                epoch,
                first,
                last,
                key,
            })
        })
    }

    fn days_of(&self, place: u32) -> Option<(EpochNumber, Day, Day)> {
        let epoch = self.first_epoch.checked_add(place)?;
        let first = self
            .first_day
            .checked_add(place.checked_mul(self.days_per_epoch)?)?;
        let last = first.checked_add(self.days_per_epoch.checked_sub(1)?)?;
        Some((epoch, first, last))
    }
}

/// One epoch of an editor's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CardEpoch<'a> {
    /// The number of the epoch.
    pub epoch: EpochNumber,
    /// Its first day.
    pub first: Day,
    /// Its last day.
    pub last: Day,
    /// The editor's key for it.
    pub key: &'a RecipientKey,
}

impl sealed::Body for EditorCard {
    fn domain(&self) -> Domain {
        Domain::Card
    }
}

impl Cbor for EditorCard {
    fn write(&self, out: &mut Writer) {
        out.map(8).unsigned(1).unsigned(1).unsigned(2).unsigned(1);
        out.unsigned(3).bytes(self.signing.as_bytes()).unsigned(4);
        self.first_epoch.write(out);
        out.unsigned(5);
        self.first_day.write(out);
        out.unsigned(6).unsigned(u64::from(self.days_per_epoch));
        out.unsigned(7).list(&self.keys).unsigned(8);
        self.archive.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        if fields.required(2, Reader::unsigned)? != 1 {
            return Err(DecodeError::Value("the kind of card"));
        }
        let signing = fields.required(3, EditorKey::read)?;
        let first_epoch = fields.required(4, EpochNumber::read)?;
        let first_day = fields.required(5, Day::read)?;
        let days_per_epoch = u32::try_from(fields.required(6, Reader::unsigned)?)
            .map_err(|_| DecodeError::Value("the length of an epoch"))?;
        let limit = crate::cbor::count(&[(); MOST_CARD_EPOCHS]);
        let keys = fields.required(7, |input| input.list(limit))?;
        let archive = fields.required(8, RecipientKey::read)?;
        fields.end()?;
        Self::new(
            signing,
            archive,
            first_epoch,
            first_day,
            days_per_epoch,
            keys,
        )
        .map_err(|error| {
            DecodeError::Value(match error {
                CardError::Days => "the length of an epoch",
                _ => "the list of keys",
            })
        })
    }
}

impl Signed<EditorCard> {
    /// Verifies that the card is signed by its own key and by no other.
    ///
    /// # Errors
    /// [`CardError::BadSignature`].
    pub fn verify(&self) -> Result<&EditorCard, CardError> {
        let card = self.unverified();
        self.check(&Fingerprint::NONE, &[card.signing], 1)
            .map_err(|_| CardError::BadSignature)?;
        Ok(card)
    }
}

/// What server and newsroom must know of a courier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CourierCard {
    discovery: DiscoveryKey,
    credential: CredentialHash,
    bundle: EditorKey,
}

impl CourierCard {
    /// The card of a courier.
    #[must_use]
    pub const fn new(
        discovery: DiscoveryKey,
        credential: CredentialHash,
        bundle: EditorKey,
    ) -> Self {
        Self {
            discovery,
            credential,
            bundle,
        }
    }

    /// The card, signed by its bundle-signing key.
    ///
    /// # Errors
    /// [`CardError::BadSignature`] when the secret is not that of the card's key.
    pub fn sign(self, secret: &SigningSecret) -> Result<Signed<Self>, CardError> {
        let mut signed = Signed::new(self);
        signed.sign(&Fingerprint::NONE, secret);
        signed.verify()?;
        Ok(signed)
    }

    /// The X25519 key with which the courier finds the collection service.
    #[must_use]
    pub const fn discovery_key(&self) -> &DiscoveryKey {
        &self.discovery
    }

    /// SHA-256 of the credential that the courier shows there.
    #[must_use]
    pub const fn credential_hash(&self) -> &CredentialHash {
        &self.credential
    }

    /// The key that signs the courier's bundles.
    #[must_use]
    pub const fn bundle_key(&self) -> &EditorKey {
        &self.bundle
    }
}

impl sealed::Body for CourierCard {
    fn domain(&self) -> Domain {
        Domain::Card
    }
}

impl Cbor for CourierCard {
    fn write(&self, out: &mut Writer) {
        out.map(5).unsigned(1).unsigned(1).unsigned(2).unsigned(2);
        out.unsigned(3).bytes(self.discovery.as_bytes());
        out.unsigned(4).bytes(self.credential.as_bytes());
        out.unsigned(5).bytes(self.bundle.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        if fields.required(2, Reader::unsigned)? != 2 {
            return Err(DecodeError::Value("the kind of card"));
        }
        let discovery = fields.required(3, DiscoveryKey::read)?;
        let credential = fields.required(4, CredentialHash::read)?;
        let bundle = fields.required(5, EditorKey::read)?;
        fields.end()?;
        Ok(Self {
            discovery,
            credential,
            bundle,
        })
    }
}

impl Signed<CourierCard> {
    /// Verifies that the card is signed by its bundle-signing key and by no other.
    ///
    /// # Errors
    /// [`CardError::BadSignature`].
    pub fn verify(&self) -> Result<&CourierCard, CardError> {
        let card = self.unverified();
        self.check(&Fingerprint::NONE, &[card.bundle], 1)
            .map_err(|_| CardError::BadSignature)?;
        Ok(card)
    }
}

#[cfg(test)]
mod tests;
