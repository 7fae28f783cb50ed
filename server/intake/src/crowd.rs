//! When there is not room for all, whoever has moved least of late gives its place to who comes.
//!
//! Everyone comes through Tor and looks alike, so nobody can be turned away for who they are. What
//! tells a source from somebody who only takes places is what a place costs: to keep one, others
//! must move fewer bytes. And where connections are known to share a circuit, a circuit that has
//! more than its share gives first, however busy it is.

use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::time::Instant;

use crate::settings::{NEWCOMERS_PART, Settings};
use crate::uploads::lock;

/// What somebody has moved, as far as it still counts.
#[derive(Debug, Clone)]
pub(crate) struct Meter(Arc<Moved>);

#[derive(Debug)]
struct Moved {
    half: Duration,
    credit: Mutex<(u64, Instant)>,
    barren: AtomicBool,
    circuit: Option<Meter>,
}

impl Meter {
    fn new(crowd: &Crowd, circuit: Option<Self>, now: Instant) -> Self {
        Self(Arc::new(Moved {
            half: crowd.half,
            credit: Mutex::new((crowd.first_credit, now)),
            barren: AtomicBool::new(false),
            circuit,
        }))
    }

    /// So many bytes more have moved, in either direction.
    pub(crate) fn add(&self, bytes: usize) {
        self.add_at(u64::try_from(bytes).unwrap_or(u64::MAX), Instant::now());
    }

    fn add_at(&self, bytes: u64, now: Instant) {
        if bytes == 0 || self.0.barren.load(Ordering::Relaxed) {
            return;
        }
        let mut credit = lock(&self.0.credit);
        let left = faded(
            credit.0,
            now.saturating_duration_since(credit.1),
            self.0.half,
        );
        *credit = (left.saturating_add(bytes), now);
        drop(credit);
        if let Some(circuit) = &self.0.circuit {
            circuit.add_at(bytes, now);
        }
    }

    /// What moves from now on is thrown away, and earns no place.
    pub(crate) fn earns_nothing(&self) {
        self.0.barren.store(true, Ordering::Relaxed);
    }

    fn at(&self, now: Instant) -> u64 {
        let (credit, since) = *lock(&self.0.credit);
        faded(credit, now.saturating_duration_since(since), self.0.half)
    }
}

/// Half as much after each `half`, and in between on a straight line.
fn faded(credit: u64, elapsed: Duration, half: Duration) -> u64 {
    let (elapsed, half) = (elapsed.as_millis(), half.as_millis().max(1));
    let halves = elapsed.checked_div(half).unwrap_or(0);
    let halves = u32::try_from(halves).unwrap_or(u32::MAX);
    let credit = u128::from(credit.checked_shr(halves).unwrap_or(0));
    let part = elapsed.checked_rem(half).unwrap_or(0);
    let lost = credit
        .saturating_mul(part)
        .checked_div(half.saturating_mul(2));
    u64::try_from(credit.saturating_sub(lost.unwrap_or(0))).unwrap_or(u64::MAX)
}

/// So many places, and who has them.
#[derive(Debug)]
pub struct Crowd {
    most: usize,
    patience: Duration,
    half: Duration,
    first_credit: u64,
    next: AtomicU64,
    holders: Mutex<HashMap<u64, Holder>>,
}

#[derive(Debug)]
struct Holder {
    meter: Meter,
    circuit: Option<u64>,
    since: Instant,
    message: bool,
    /// Nothing is ever sent: when it goes, the place is wanted.
    _stay: watch::Sender<()>,
}

/// A place, which is given back when this is dropped.
#[derive(Debug)]
#[must_use = "a place that is dropped is given back"]
pub struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    meter: Meter,
    leave: Leave,
}

/// Tells when a place is wanted by others.
#[derive(Debug, Clone)]
pub(crate) struct Leave {
    place: watch::Receiver<()>,
    circuit: Option<watch::Receiver<()>>,
}

/// What the connections of one client's circuit have in common: they share what they move, and
/// leave when the circuit must.
#[derive(Debug, Clone)]
pub struct Circuit {
    number: u64,
    meter: Meter,
    leave: watch::Receiver<()>,
}

impl Crowd {
    /// So many places, which are all free.
    #[must_use]
    pub fn new(most: usize, settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            most,
            patience: settings.place_patience,
            half: settings.credit_half_life,
            first_credit: settings.first_credit,
            next: AtomicU64::new(0),
            holders: Mutex::new(HashMap::new()),
        })
    }

    /// A place for somebody who comes, on this circuit if it is known. When all are taken, somebody
    /// else leaves; there is none where all have come just now, and in a rush of newcomers none
    /// where all others are busy.
    #[must_use]
    pub fn enter(self: &Arc<Self>, circuit: Option<&Circuit>) -> Option<Place> {
        let now = Instant::now();
        let mut holders = lock(&self.holders);
        if holders.len() >= self.most {
            let least = self.who_leaves(&holders, circuit, now)?;
            holders.remove(&least);
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let meter = Meter::new(self, circuit.map(|circuit| circuit.meter.clone()), now);
        let (stay, place) = watch::channel(());
        let holder = Holder {
            meter: meter.clone(),
            circuit: circuit.map(|circuit| circuit.number),
            since: now,
            message: false,
            _stay: stay,
        };
        holders.insert(number, holder);
        drop(holders);
        let leave = Leave {
            place,
            circuit: circuit.map(|circuit| circuit.leave.clone()),
        };
        Some(Place {
            crowd: Arc::clone(self),
            number,
            meter,
            leave,
        })
    }

    /// Who gives way: of those who have been here for a moment, first whoever sends no message,
    /// then the circuits that have more than their share, then whoever has moved least. Whoever has
    /// moved more than a newcomer is taken to have, and no more than the circuit's share, stays while
    /// a part of the places is held by those who came just now.
    fn who_leaves(
        &self,
        holders: &HashMap<u64, Holder>,
        comes: Option<&Circuit>,
        now: Instant,
    ) -> Option<u64> {
        let mut circuits = HashMap::<u64, usize>::new();
        for circuit in holders.values().filter_map(|holder| holder.circuit) {
            let count = circuits.entry(circuit).or_default();
            *count = count.saturating_add(1);
        }
        let places = |circuit: u64| circuits.get(&circuit).copied().unwrap_or(0);
        // Whoever came without a circuit is one of its own.
        let alone = holders.values().filter(|holder| holder.circuit.is_none());
        let parties: HashSet<_> = circuits
            .keys()
            .copied()
            .chain(comes.map(|c| c.number))
            .collect();
        let parties = parties.len().saturating_add(alone.count());
        let share = self.most.checked_div(parties).unwrap_or(0).max(1);
        let own = comes
            .map(|circuit| circuit.number)
            .filter(|circuit| places(*circuit) >= share);
        let messages = holders.values().filter(|holder| holder.message).count();
        let spared = messages <= self.most.checked_div(4).unwrap_or(0);
        let is_new = |holder: &Holder| {
            let here = now.saturating_duration_since(holder.since);
            here < self.patience
        };
        let is_within = |holder: &Holder| {
            let circuit = holder.circuit;
            circuit.is_none_or(|circuit| places(circuit) <= share)
        };
        let (number, least) = holders
            .iter()
            .filter(|(_, holder)| !is_new(holder) && (own.is_none() || holder.circuit == own))
            .min_by_key(|(_, holder)| {
                let stays = spared && holder.message;
                (stays, is_within(holder), holder.meter.at(now))
            })?;
        let busy = is_within(least) && least.meter.at(now) > self.first_credit;
        if own.is_none() && busy {
            let newcomers = holders.values().filter(|holder| is_new(holder)).count();
            let part = self.most.checked_div(NEWCOMERS_PART).unwrap_or(0).max(1);
            return (newcomers < part).then_some(*number);
        }
        Some(*number)
    }

    /// How many places are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        lock(&self.holders).len()
    }
}

impl Place {
    /// Waits until somebody else wants the place. Whoever has it must leave then.
    pub async fn wanted(&self) {
        self.leave.clone().wanted().await;
    }

    /// What a circuit that has this place shares with its connections.
    #[must_use]
    pub fn circuit(&self) -> Circuit {
        Circuit {
            number: self.number,
            meter: self.meter.clone(),
            leave: self.leave.place.clone(),
        }
    }

    pub(crate) const fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(crate) const fn leave(&self) -> &Leave {
        &self.leave
    }

    /// Notes whether what is sent here is a message: a quarter of the places is theirs first.
    pub(crate) fn sends_message(&self, message: bool) {
        if let Some(holder) = lock(&self.crowd.holders).get_mut(&self.number) {
            holder.message = message;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.crowd.holders).remove(&self.number);
    }
}

impl Leave {
    /// Waits until the place, or that of its circuit, is wanted.
    pub(crate) async fn wanted(&mut self) {
        let place = gone(&mut self.place);
        let circuit = async {
            match &mut self.circuit {
                Some(circuit) => gone(circuit).await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            () = place => {}
            () = circuit => {}
        }
    }
}

async fn gone(stay: &mut watch::Receiver<()>) {
    while stay.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests;
