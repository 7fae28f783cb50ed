//! The courier as one value: its state, its keys, and the way to the server.

use std::path::PathBuf;
use std::sync::Arc;

use knothole_envelope::{Day, OnionAddress, SigningSecret};
use knothole_onion::{Collection, Dialer, DiscoverySecret};

use crate::caller::{Caller, Patience};
use crate::exit::Exit;
use crate::fetch::{self, FetchError, Fetched, News, Wishes};
use crate::keys::Keys;
use crate::outbox::Outbox;
use crate::push::{self, Brought, PushError, Pushed};
use crate::set_up::SetUpError;
use crate::state::Held;
use crate::stick::{Hand, SteadyHand, Stick};

/// A courier that is not online yet. While it is there, no other process has its state.
#[derive(Debug)]
pub(crate) struct Idle {
    held: Held,
    keys: Keys,
    onion: OnionAddress,
    hand: Arc<dyn Hand>,
}

impl Idle {
    /// The courier whose state lies in this folder, if it is paired.
    pub(crate) fn open(folder: &std::path::Path) -> Result<Self, SetUpError> {
        Self::open_with(folder, Arc::new(SteadyHand))
    }

    /// The same, with a hand that may pull the stick.
    pub(crate) fn open_with(
        folder: &std::path::Path,
        hand: Arc<dyn Hand>,
    ) -> Result<Self, SetUpError> {
        let keys = Keys::load(folder)?;
        let held = Held::open(folder, Arc::clone(&hand))?;
        let onion = held.pairing()?.onion;
        Ok(Self {
            held,
            keys,
            onion,
            hand,
        })
    }

    /// The collection service that it is paired with.
    pub(crate) fn collection(&self) -> &OnionAddress {
        &self.onion
    }

    /// What finds the collection service.
    pub(crate) fn discovery(&self) -> &DiscoverySecret {
        self.keys.discovery()
    }

    /// Goes to work.
    pub(crate) fn online(self, dialer: Dialer, patience: Patience) -> Courier {
        let (credential, bundle_key) = self.keys.into_parts();
        let collection =
            Collection::new(dialer, self.onion, credential).with_patience(patience.silence);
        Courier {
            held: self.held,
            bundle_key,
            collection,
            patience,
            hand: self.hand,
        }
    }
}

/// A courier at work.
#[derive(Debug)]
pub(crate) struct Courier {
    held: Held,
    bundle_key: SigningSecret,
    collection: Collection,
    patience: Patience,
    hand: Arc<dyn Hand>,
}

impl Courier {
    /// Brings an outbox to the server.
    pub(crate) async fn push(&mut self, outbox: Outbox) -> Result<Pushed, PushError> {
        let today = self.today().ok_or(PushError::Clock)?;
        let brought = push::take_in(&mut self.held, outbox, today)?;
        let mut caller = Caller::new(&self.collection, self.patience);
        push::hand_over(&mut self.held, &mut caller, brought, today).await
    }

    /// Brings what is new from the server onto sticks, one filled after the other.
    pub(crate) async fn fetch(
        &mut self,
        sticks: &[PathBuf],
        wishes: Wishes,
        tell: &mut dyn FnMut(News),
    ) -> Result<Fetched, FetchError> {
        let today = self.today().ok_or(FetchError::Clock)?;
        let mut opened = Vec::new();
        for path in sticks {
            let stick = Stick::open(path, Arc::clone(&self.hand));
            opened.push(stick.map_err(|error| FetchError::NoStick(path.clone(), error))?);
        }
        let mut caller = Caller::new(&self.collection, self.patience);
        let mut round = fetch::Round {
            held: &mut self.held,
            bundle_key: &self.bundle_key,
            caller: &mut caller,
            wishes,
            today,
            tell,
        };
        round.fetch(&opened).await
    }

    /// Pushes, then fetches. Up to the listing it makes the same requests whether or not
    /// anything is new, and whether or not there is an outbox.
    ///
    /// A refused outbox does not keep drops from being fetched.
    pub(crate) async fn sync(
        &mut self,
        outbox: Result<Option<Outbox>, PushError>,
        sticks: &[PathBuf],
        wishes: Wishes,
        tell: &mut dyn FnMut(News),
    ) -> Synced {
        let pushed = self.push_what_there_is(outbox).await;
        let reachable = !matches!(pushed, Err(PushError::Server(_)));
        let fetched = if reachable {
            Some(self.fetch(sticks, wishes, tell).await)
        } else {
            None
        };
        Synced { pushed, fetched }
    }

    async fn push_what_there_is(
        &mut self,
        outbox: Result<Option<Outbox>, PushError>,
    ) -> Result<Pushed, PushError> {
        let today = self.today().ok_or(PushError::Clock)?;
        let taken = outbox.and_then(|outbox| match outbox {
            Some(outbox) => push::take_in(&mut self.held, outbox, today),
            None => Ok(Brought::default()),
        });
        let (brought, refusal) = match taken {
            Ok(brought) => (brought, None),
            Err(error) => (Brought::default(), Some(error)),
        };
        let mut caller = Caller::new(&self.collection, self.patience);
        let pushed = push::hand_over(&mut self.held, &mut caller, brought, today).await?;
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
pub(crate) struct Synced {
    /// What was pushed.
    pub(crate) pushed: Result<Pushed, PushError>,
    /// What was fetched, unless the server was not reached before.
    pub(crate) fetched: Option<Result<Fetched, FetchError>>,
}

impl Synced {
    /// How the program ends after it.
    pub(crate) fn exit(&self) -> Exit {
        let pushed = match &self.pushed {
            Ok(pushed) => pushed.exit(),
            Err(error) => error.exit(),
        };
        let fetched = match &self.fetched {
            None => return pushed,
            Some(Ok(fetched)) => fetched.exit(),
            Some(Err(error)) => error.exit(),
        };
        pushed.together(fetched)
    }
}

#[cfg(test)]
#[allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "numbers and files of tests: none of them overflows or has to last"
)]
mod tests;
