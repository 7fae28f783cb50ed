//! What the administrator has told the store: which newsroom it trusts, and its couriers.

use core::fmt;
use std::io;
use std::path::Path;

use knothole_envelope::{CourierCard, Fingerprint, Signed};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::clock::UnixSeconds;
use crate::closed;
use crate::disk::{self, Beneath, Disk, Name, Place};
use crate::lived;
use crate::newsroom::charter_place;
use crate::settings::MOST_COURIERS;
use crate::shelf::unless_unreadable;
use crate::version::{self, VersionError};

/// A courier's card is well below this.
const MOST_CARD_BYTES: usize = 4_096;
/// A fingerprint's text and a line's end.
const MOST_TRUST_BYTES: usize = 256;

/// The administrator's own decisions, kept in the store's folder beside a running server.
///
/// Nothing is cached: what one process writes, the other sees at its next request.
#[derive(Debug)]
pub struct Desk {
    disk: Box<dyn Disk>,
}

/// A step at the desk failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeskError {
    /// The store's folder cannot be read or written.
    Disk(io::Error),
    /// A file of the store is not what was written there.
    Damaged,
    /// Another newsroom is trusted already; a store belongs to one newsroom for good.
    AnotherNewsroom,
    /// A charter of the trusted newsroom is held: the store is that newsroom's.
    CharterHeld,
    /// The courier's card is not signed by its own key.
    BadCard,
    /// The courier is known already.
    KnownCourier,
    /// No courier has this name.
    UnknownCourier,
    /// [`MOST_COURIERS`] are known already.
    TooManyCouriers,
    /// A newer program wrote the store; nothing was changed.
    Newer,
}

impl fmt::Display for DeskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disk(_) => "the store's folder cannot be read or written",
            Self::Damaged => "a file in the store's folder is damaged",
            Self::AnotherNewsroom => {
                "this store trusts another newsroom already. If that was a slip, type the right \
                 fingerprint with --replace; if not, this newsroom needs a data folder of its own"
            }
            Self::CharterHeld => {
                "this store holds a newsroom's charter already; another newsroom needs a data \
                 folder of its own"
            }
            Self::BadCard => "the courier's card is damaged or forged; ask for a new one",
            Self::KnownCourier => "this courier is known already",
            Self::UnknownCourier => "no courier has this name; `courier list` shows them",
            Self::TooManyCouriers => "too many couriers; revoke one first",
            Self::Newer => VersionError::NEWER,
        })
    }
}

impl std::error::Error for DeskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(error) => Some(error),
            _ => None,
        }
    }
}

impl From<VersionError> for DeskError {
    fn from(error: VersionError) -> Self {
        match error {
            VersionError::Disk(error) => Self::Disk(error),
            VersionError::Newer => Self::Newer,
            VersionError::Damaged => Self::Damaged,
        }
    }
}

impl From<io::Error> for DeskError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// The store's name for a courier: 16 hexadecimal digits from the card's hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CourierName(Name);

impl CourierName {
    fn of(card: &[u8]) -> Self {
        let hash: [u8; 32] = Sha256::digest(card).into();
        let text: String = Name::hex(&hash).as_str().chars().take(16).collect();
        Self(Name::parse(&text).unwrap_or_else(|| Name::hex(&hash)))
    }
}

impl core::str::FromStr for CourierName {
    type Err = DeskError;

    fn from_str(text: &str) -> Result<Self, DeskError> {
        Name::parse(text).map(Self).ok_or(DeskError::UnknownCourier)
    }
}

impl fmt::Display for CourierName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

/// A courier that the administrator has admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Courier {
    /// The store's name for it.
    pub name: CourierName,
    /// Its card, with its discovery key and the hash of its credential.
    pub card: CourierCard,
}

impl Desk {
    /// Opens the store's folder, which must be there.
    ///
    /// # Errors
    /// [`DeskError::Newer`], [`DeskError::Damaged`] or [`DeskError::Disk`].
    pub fn open(folder: &Path) -> Result<Self, DeskError> {
        let disk = Beneath::open(folder)?;
        version::check(&disk)?;
        Ok(Self {
            disk: Box::new(disk),
        })
    }

    /// A desk on a disk of a test.
    #[cfg(test)]
    pub(crate) fn on(disk: Box<dyn Disk>) -> Self {
        Self { disk }
    }

    /// Takes no new drops; what was begun may be ended. A running server knows of it within a second.
    /// To say it again is harmless.
    ///
    /// # Errors
    /// [`DeskError::Disk`].
    pub fn close(&self) -> Result<(), DeskError> {
        Ok(closed::close(self.disk.as_ref())?)
    }

    /// Takes new drops again.
    ///
    /// # Errors
    /// [`DeskError::Disk`].
    pub fn reopen(&self) -> Result<(), DeskError> {
        Ok(closed::reopen(self.disk.as_ref())?)
    }

    /// What the clock showed when a server last noted it here, at most a day before it ended.
    ///
    /// # Errors
    /// [`DeskError::Disk`].
    pub fn clock_noted(&self) -> Result<Option<UnixSeconds>, DeskError> {
        Ok(lived::noted(self.disk.as_ref())?)
    }

    /// Trusts this newsroom from now on. To say the same again is harmless.
    ///
    /// # Errors
    /// [`DeskError::AnotherNewsroom`] when another one is trusted, or [`DeskError::Disk`].
    pub fn trust(&self, newsroom: &Fingerprint) -> Result<(), DeskError> {
        match self.trusted()? {
            // An earlier attempt may have failed before it was durable.
            Some(trusted) if trusted == *newsroom => Ok(self.disk.sync_folder(&Place::root())?),
            Some(_) => Err(DeskError::AnotherNewsroom),
            None => {
                let text = format!("{newsroom}\n");
                disk::replace_whole(self.disk.as_ref(), &trust_place(), text.as_bytes())?;
                Ok(())
            }
        }
    }

    /// Whether a newsroom's charter is held.
    ///
    /// # Errors
    /// [`DeskError::Disk`].
    pub fn holds_charter(&self) -> Result<bool, DeskError> {
        match self.disk.open(&charter_place()) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets a newsroom that was named by mistake, of which nothing has been taken yet.
    ///
    /// # Errors
    /// [`DeskError::CharterHeld`], or [`DeskError::Disk`].
    pub fn forget_newsroom(&self) -> Result<(), DeskError> {
        if self.holds_charter()? {
            return Err(DeskError::CharterHeld);
        }
        disk::remove_if_there(self.disk.as_ref(), &trust_place())?;
        self.disk.sync_folder(&Place::root())?;
        Ok(())
    }

    /// The newsroom that is trusted, if one is.
    ///
    /// # Errors
    /// [`DeskError::Disk`] or [`DeskError::Damaged`].
    pub fn trusted(&self) -> Result<Option<Fingerprint>, DeskError> {
        trusted(self.disk.as_ref())
    }

    /// Admits a courier by its card (canonical CBOR, signed by itself).
    ///
    /// # Errors
    /// [`DeskError`] says why not.
    pub fn add_courier(&self, card: &Signed<CourierCard>) -> Result<Courier, DeskError> {
        let bytes = card.encode();
        let checked = *card.verify().map_err(|_| DeskError::BadCard)?;
        let known = self.couriers()?;
        let doubled = known.iter().any(|courier| {
            courier.card.credential_hash() == checked.credential_hash()
                || courier.card.discovery_key() == checked.discovery_key()
        });
        if doubled {
            self.disk.sync_folder(&couriers_place())?;
            return Err(DeskError::KnownCourier);
        }
        if known.len() >= MOST_COURIERS {
            return Err(DeskError::TooManyCouriers);
        }
        let name = CourierName::of(&bytes);
        let disk = self.disk.as_ref();
        disk::ensure_folder(disk, &couriers_place())?;
        disk.sync_folder(&Place::root())?;
        disk::replace_whole(disk, &couriers_place().join(name.0.clone()), &bytes)?;
        Ok(Courier {
            name,
            card: checked,
        })
    }

    /// Shuts a courier out, at once.
    ///
    /// # Errors
    /// [`DeskError::UnknownCourier`] or [`DeskError::Disk`].
    pub fn revoke_courier(&self, name: &CourierName) -> Result<(), DeskError> {
        match self
            .disk
            .remove_file(&couriers_place().join(name.0.clone()))
        {
            Ok(()) => Ok(self.disk.sync_folder(&couriers_place())?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // An earlier attempt may have failed before it was durable.
                match self.disk.sync_folder(&couriers_place()) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                    _ => Err(DeskError::UnknownCourier),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The couriers that are admitted now.
    ///
    /// # Errors
    /// [`DeskError::Disk`].
    pub fn couriers(&self) -> Result<Vec<Courier>, DeskError> {
        couriers(self.disk.as_ref())
    }

    /// The names of the files that lie where couriers' cards do, and are none or cannot be read.
    ///
    /// # Errors
    /// [`DeskError::Disk`].
    pub fn spoiled_cards(&self) -> Result<Vec<CourierName>, DeskError> {
        Ok(cards(self.disk.as_ref())?.spoiled)
    }
}

fn trust_place() -> Place {
    Place::top("trust")
}

fn couriers_place() -> Place {
    Place::top("couriers")
}

pub(crate) fn trusted(disk: &dyn Disk) -> Result<Option<Fingerprint>, DeskError> {
    let Some(bytes) = disk::read_if_there(disk, &trust_place(), MOST_TRUST_BYTES)? else {
        return Ok(None);
    };
    let text = core::str::from_utf8(&bytes).map_err(|_| DeskError::Damaged)?;
    text.trim()
        .parse()
        .map(Some)
        .map_err(|_| DeskError::Damaged)
}

pub(crate) fn couriers(disk: &dyn Disk) -> Result<Vec<Courier>, DeskError> {
    Ok(cards(disk)?.found)
}

#[derive(Default)]
struct Cards {
    found: Vec<Courier>,
    /// Those that nobody can read or that are none. They let nobody in, and keep nobody else out.
    spoiled: Vec<CourierName>,
}

fn cards(disk: &dyn Disk) -> Result<Cards, DeskError> {
    let mut cards = Cards::default();
    let names = match disk.list(&couriers_place()) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(cards),
        Err(error) => return Err(error.into()),
    };
    // A half-written card has a name of its own, which is not a courier's.
    for name in names
        .into_iter()
        .filter(|name| !name.as_str().starts_with("new-"))
    {
        let place = couriers_place().join(name.clone());
        let read = disk::read_if_there(disk, &place, MOST_CARD_BYTES);
        let card = match unless_unreadable(read)? {
            // Revoked just now.
            Some(None) => continue,
            Some(Some(bytes)) => verified(&bytes),
            None => None,
        };
        match card {
            Some(card) => cards.found.push(Courier {
                name: CourierName(name),
                card,
            }),
            None => cards.spoiled.push(CourierName(name)),
        }
    }
    cards.found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(cards)
}

fn verified(card: &[u8]) -> Option<CourierCard> {
    let card = Signed::<CourierCard>::decode(card).ok()?;
    card.verify().ok().copied()
}

/// Whether this credential is an admitted courier's. Looks at every courier, whichever fits.
pub(crate) fn admits(couriers: &[Courier], credential: &[u8; 32]) -> bool {
    let shown: [u8; 32] = Sha256::digest(credential).into();
    let mut admitted = Choice::from(0);
    for courier in couriers {
        admitted |= courier.card.credential_hash().as_bytes().ct_eq(&shown);
    }
    admitted.into()
}

#[cfg(test)]
mod cuts;
