//! How many connections are served at once, and how many more at least hear that they are not.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::crowd::{Circuit, Crowd, Place};
use crate::serve::Side;
use crate::settings::{MOST_LEAVING, MOST_TURNED_AWAY, Settings};

/// The seats of both sides. Couriers have seats of their own: sources cannot take them.
#[derive(Debug)]
pub(crate) struct Seats {
    public: Row,
    collection: Row,
    leaving: Semaphore,
}

#[derive(Debug)]
struct Row {
    crowd: Arc<Crowd>,
    turned_away: Semaphore,
}

/// What a connection was given. It gives it back when it is dropped.
#[derive(Debug)]
pub(crate) enum Seat<'a> {
    /// It is served until its place is wanted.
    Served(Place),
    /// It is only told that there is no seat for it.
    TurnedAway { _permit: SemaphorePermit<'a> },
}

impl Seats {
    pub(crate) fn new(settings: &Settings) -> Self {
        let row = |most| Row {
            crowd: Crowd::new(most, settings),
            turned_away: Semaphore::new(MOST_TURNED_AWAY),
        };
        Self {
            public: row(settings.most_public_connections),
            collection: row(settings.most_collection_connections),
            leaving: Semaphore::new(MOST_LEAVING),
        }
    }

    /// A seat for one more connection, if there is any.
    pub(crate) fn take(&self, side: Side, circuit: Option<&Circuit>) -> Option<Seat<'_>> {
        let row = match side {
            Side::Public => &self.public,
            Side::Collection => &self.collection,
        };
        if let Some(place) = row.crowd.enter(circuit) {
            return Some(Seat::Served(place));
        }
        let permit = row.turned_away.try_acquire().ok()?;
        Some(Seat::TurnedAway { _permit: permit })
    }

    /// The right to end what is under way after the place was wanted.
    pub(crate) fn leave(&self) -> Option<SemaphorePermit<'_>> {
        self.leaving.try_acquire().ok()
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    fn settings(public: usize) -> Settings {
        Settings {
            most_public_connections: public,
            most_collection_connections: 1,
            place_patience: Duration::from_secs(3_600),
            ..Settings::default()
        }
    }

    fn is_served(seat: Option<Seat<'_>>) -> bool {
        matches!(seat, Some(Seat::Served(_)))
    }

    #[test]
    fn the_last_seat_is_given_and_the_next_connection_is_turned_away_until_one_is_free() {
        let seats = Seats::new(&settings(2));
        let first = seats.take(Side::Public, None);
        let second = seats.take(Side::Public, None);
        assert!(matches!(
            (&first, &second),
            (Some(Seat::Served(_)), Some(Seat::Served(_)))
        ));
        assert!(!is_served(seats.take(Side::Public, None)));
        assert!(is_served(seats.take(Side::Collection, None)));
        drop(first);
        assert!(is_served(seats.take(Side::Public, None)));
    }

    #[test]
    fn the_number_of_those_that_are_turned_away_is_bounded_too() {
        let seats = Seats::new(&settings(0));
        let turned: Vec<_> = (0..MOST_TURNED_AWAY)
            .map(|_| seats.take(Side::Public, None).unwrap())
            .collect();
        assert!(
            turned
                .iter()
                .all(|seat| matches!(seat, Seat::TurnedAway { .. }))
        );
        assert!(seats.take(Side::Public, None).is_none());
    }
}
