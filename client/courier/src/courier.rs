//! The courier as one value: its state, its keys, and the way to the server.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use knothole_envelope::{CardError, Day, Fingerprint, OnionAddress, SigningSecret};
use knothole_onion::{Collection, Dialer};
use serde::Serialize;

use crate::caller::{Caller, Patience};
use crate::durable;
use crate::exit::Exit;
use crate::fetch::{self, FetchError, Fetched, News, Wishes};
use crate::keys::{Keys, KeysError};
use crate::outbox::Outbox;
use crate::push::{self, PushError, Pushed};
use crate::random;
use crate::state::{Held, Pairing, StateError};
use crate::stick::{Hand, SteadyHand, Stick};

/// A courier at work.
#[derive(Debug)]
pub struct Courier {
    held: Held,
    bundle_key: SigningSecret,
    collection: Collection,
    patience: Patience,
    hand: Arc<dyn Hand>,
}

/// Makes a courier: its secrets and state in `folder`, its card in the file `out`.
///
/// # Errors
/// [`SetUpError`]; nothing that was there before is changed.
pub fn init(folder: &Path, out: &Path) -> Result<(), SetUpError> {
    durable::private_folder(folder).map_err(SetUpError::Folder)?;
    let keys = Keys::generate(&mut random::system());
    let card = keys.card().map_err(SetUpError::Card)?.encode();
    if std::fs::symlink_metadata(out).is_ok() {
        return Err(SetUpError::Out(io::ErrorKind::AlreadyExists.into()));
    }
    keys.save_new(folder)?;
    drop(Held::create(folder)?);
    durable::write_new(out, &card).map_err(SetUpError::Out)
}

/// Tells a courier where the server is and whose it must be.
///
/// # Errors
/// [`SetUpError::OtherNewsroom`] when it belongs to another newsroom already.
pub fn pair(
    folder: &Path,
    onion: OnionAddress,
    fingerprint: Fingerprint,
) -> Result<(), SetUpError> {
    Keys::load(folder)?;
    let mut held = Held::open(folder, Arc::new(SteadyHand))?;
    if let Some(pairing) = &held.state.pairing
        && pairing.fingerprint != fingerprint
    {
        return Err(SetUpError::OtherNewsroom);
    }
    held.state.pairing = Some(Pairing { onion, fingerprint });
    Ok(held.save()?)
}

impl Courier {
    /// The address of the collection service that the courier in this folder is paired with.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn collection_of(folder: &Path) -> Result<OnionAddress, StateError> {
        let held = Held::open(folder, Arc::new(SteadyHand))?;
        Ok(held.pairing()?.onion.clone())
    }

    /// The courier in this folder, with a way to the server.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open(folder: &Path, keys: Keys, dialer: Dialer) -> Result<Self, StateError> {
        Self::open_with(folder, keys, dialer, Patience::default(), Arc::new(SteadyHand))
    }

    /// The same, with another patience, and a hand that may pull the stick.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_with(
        folder: &Path,
        keys: Keys,
        dialer: Dialer,
        patience: Patience,
        hand: Arc<dyn Hand>,
    ) -> Result<Self, StateError> {
        let held = Held::open(folder, Arc::clone(&hand))?;
        let onion = held.pairing()?.onion.clone();
        let (credential, bundle_key) = keys.into_parts();
        let collection =
            Collection::new(dialer, onion, credential).with_patience(patience.silence);
        Ok(Self {
            held,
            bundle_key,
            collection,
            patience,
            hand,
        })
    }

    /// Brings the outbox of a stick to the server.
    ///
    /// # Errors
    /// [`PushError`].
    pub async fn push(&mut self, stick: &Path) -> Result<Pushed, PushError> {
        let today = self.today().ok_or(PushError::Clock)?;
        let outbox = Outbox::read(stick)?.ok_or(PushError::NoOutbox)?;
        let receipts = push::take_in(&mut self.held, outbox, today)?;
        let mut caller = Caller::new(&self.collection, self.patience);
        push::hand_over(&mut self.held, &mut caller, receipts, today).await
    }

    /// Brings what is new from the server onto a stick.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch(
        &mut self,
        stick: &Path,
        wishes: Wishes,
        tell: &mut dyn FnMut(News),
    ) -> Result<Fetched, FetchError> {
        let today = self.today().ok_or(FetchError::Clock)?;
        let stick = Stick::open(stick, Arc::clone(&self.hand)).map_err(FetchError::Stick)?;
        let mut caller = Caller::new(&self.collection, self.patience);
        fetch::fetch(
            &mut self.held,
            &self.bundle_key,
            &stick,
            &mut caller,
            wishes,
            today,
            tell,
        )
        .await
    }

    /// Pushes, then fetches. Up to the listing it makes the same requests whether or not
    /// anything is new, and whether or not the stick has an outbox.
    ///
    /// A refused outbox does not keep drops from being fetched.
    pub async fn sync(
        &mut self,
        stick: &Path,
        wishes: Wishes,
        tell: &mut dyn FnMut(News),
    ) -> Synced {
        let pushed = self.push_what_there_is(stick).await;
        let reachable = !matches!(pushed, Err(PushError::Server(_)));
        let fetched = if reachable {
            Some(self.fetch(stick, wishes, tell).await)
        } else {
            None
        };
        Synced { pushed, fetched }
    }

    async fn push_what_there_is(&mut self, stick: &Path) -> Result<Pushed, PushError> {
        let today = self.today().ok_or(PushError::Clock)?;
        let taken = Outbox::read(stick)
            .map_err(PushError::from)
            .and_then(|outbox| match outbox {
                Some(outbox) => push::take_in(&mut self.held, outbox, today),
                None => Ok(Vec::new()),
            });
        let (receipts, refusal) = match taken {
            Ok(receipts) => (receipts, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let mut caller = Caller::new(&self.collection, self.patience);
        let pushed = push::hand_over(&mut self.held, &mut caller, receipts, today).await?;
        refusal.map_or(Ok(pushed), Err)
    }

    /// The day by Tor's consensus, where there is one.
    fn today(&self) -> Option<Day> {
        let time = self.collection.dialer().time();
        let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
        Day::from_unix_seconds(since.as_secs())
    }
}

/// What a sync has done.
#[derive(Debug)]
pub struct Synced {
    /// What was pushed.
    pub pushed: Result<Pushed, PushError>,
    /// What was fetched, unless the server was not reached before.
    pub fetched: Option<Result<Fetched, FetchError>>,
}

impl Synced {
    /// How the program ends after it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let pushed = self.pushed.as_ref().map_or_else(PushError::exit, Pushed::exit);
        let fetched = self.fetched.as_ref().map_or(Exit::Done, |fetched| {
            fetched.as_ref().map_or_else(FetchError::exit, Fetched::exit)
        });
        pushed.worse(fetched)
    }
}

/// What a courier knows, without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Status {
    /// The collection service it is paired with.
    pub collection: Option<String>,
    /// The newsroom it is paired with.
    pub fingerprint: Option<String>,
    /// The newest charter that passed through it.
    pub charter: Option<u32>,
    /// The sheets it holds: epoch, first and last day.
    pub sheets: Vec<HeldSheet>,
    /// The number of its last bundle.
    pub last_bundle: Option<u64>,
    /// Drops that lie whole on sticks and that the server still had at the last visit.
    pub carried: usize,
    /// Drops of which a part lies on a stick.
    pub begun: usize,
    /// Whether a bundle was broken off.
    pub unfinished: bool,
}

/// A sheet that a courier holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HeldSheet {
    /// The epoch.
    pub epoch: u32,
    /// Its first day.
    pub first: String,
    /// Its last day.
    pub last: String,
}

impl Status {
    /// What the courier in this folder knows.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub fn of(folder: &Path) -> Result<Self, SetUpError> {
        Keys::load(folder)?;
        let held = Held::open(folder, Arc::new(SteadyHand))?;
        let state = &held.state;
        let sheets = state.sheets()?;
        Ok(Self {
            collection: state.pairing.as_ref().map(|pairing| pairing.onion.to_string()),
            fingerprint: state
                .pairing
                .as_ref()
                .map(|pairing| pairing.fingerprint.to_string()),
            charter: state.chain()?.map(|chain| chain.sequence()),
            sheets: sheets
                .iter()
                .map(|sheet| sheet.unverified())
                .map(|sheet| HeldSheet {
                    epoch: sheet.epoch().get(),
                    first: sheet.first().to_string(),
                    last: sheet.last().to_string(),
                })
                .collect(),
            last_bundle: state.last.as_ref().map(|last| last.sequence),
            carried: state.carried.len(),
            begun: state.begun.len(),
            unfinished: state.draft.is_some(),
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.collection, &self.fingerprint) {
            (Some(collection), Some(fingerprint)) => write!(
                f,
                "collection service: {collection}\nnewsroom: {fingerprint}"
            )?,
            _ => f.write_str("not paired yet: run `knothole-courier pair`")?,
        }
        match self.charter {
            Some(charter) => write!(f, "\nnewest charter that passed: {charter}")?,
            None => f.write_str("\nno outbox came from the offline machine yet")?,
        }
        for sheet in &self.sheets {
            write!(
                f,
                "\nkeys of epoch {} held: {} to {}",
                sheet.epoch, sheet.first, sheet.last
            )?;
        }
        match self.last_bundle {
            Some(number) => write!(f, "\nlast bundle: {number}")?,
            None => f.write_str("\nno bundle yet")?,
        }
        write!(f, "\ndrops carried that the server still had: {}", self.carried)?;
        if self.begun > 0 {
            write!(f, "\ndrops that go on on the next stick: {}", self.begun)?;
        }
        if self.unfinished {
            f.write_str("\na bundle was broken off: run the same again with its stick")?;
        }
        Ok(())
    }
}

/// Why a courier was not set up.
#[derive(Debug)]
#[non_exhaustive]
pub enum SetUpError {
    /// The folder cannot be made.
    Folder(io::Error),
    /// The card cannot be written, or there is a file of that name.
    Out(io::Error),
    /// The card cannot be made.
    Card(CardError),
    /// The courier belongs to another newsroom.
    OtherNewsroom,
    /// The secrets.
    Keys(KeysError),
    /// The state.
    State(StateError),
}

impl SetUpError {
    /// How the program ends after it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::State(error) => error.exit(),
            _ => Exit::Refused,
        }
    }
}

impl fmt::Display for SetUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(_) => f.write_str("the courier's folder cannot be made"),
            Self::Out(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                f.write_str("there is a file of that name already: name another one with --out")
            }
            Self::Out(_) => f.write_str("the card cannot be written there"),
            Self::Card(_) => f.write_str("the card cannot be made"),
            Self::OtherNewsroom => f.write_str(
                "this courier belongs to another newsroom: make one in another folder with \
                 `knothole-courier init`",
            ),
            Self::Keys(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SetUpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder(error) | Self::Out(error) => Some(error),
            Self::Card(error) => Some(error),
            Self::Keys(error) => error.source(),
            Self::State(error) => error.source(),
            Self::OtherNewsroom => None,
        }
    }
}

impl From<KeysError> for SetUpError {
    fn from(error: KeysError) -> Self {
        Self::Keys(error)
    }
}

impl From<StateError> for SetUpError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
