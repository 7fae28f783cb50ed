//! How many connections are served at once, and how many more at least hear that they are not.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::serve::Side;
use crate::settings::Settings;

/// Connections at once that are told to come again. Those beyond are closed without a word.
const MOST_TURNED_AWAY: usize = 64;

/// The seats of both sides. Couriers have seats of their own: sources cannot take them.
#[derive(Debug)]
pub(crate) struct Seats {
    public: Semaphore,
    collection: Semaphore,
    turned_away: Semaphore,
}

/// What a connection was given. It gives it back when it is dropped.
#[derive(Debug)]
pub(crate) struct Seat<'a> {
    served: bool,
    _permit: SemaphorePermit<'a>,
}

impl Seats {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            public: Semaphore::new(settings.most_public_connections),
            collection: Semaphore::new(settings.most_collection_connections),
            turned_away: Semaphore::new(MOST_TURNED_AWAY),
        }
    }

    /// A seat for one more connection, if there is any.
    pub(crate) fn take(&self, side: Side) -> Option<Seat<'_>> {
        let seats = match side {
            Side::Public => &self.public,
            Side::Collection => &self.collection,
        };
        if let Ok(permit) = seats.try_acquire() {
            return Some(Seat {
                served: true,
                _permit: permit,
            });
        }
        let permit = self.turned_away.try_acquire().ok()?;
        Some(Seat {
            served: false,
            _permit: permit,
        })
    }
}

impl Seat<'_> {
    /// Whether the connection is served, or only told that there is no seat for it.
    pub(crate) const fn is_served(&self) -> bool {
        self.served
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_seat_is_given_and_the_next_connection_is_turned_away_until_one_is_free() {
        let settings = Settings {
            most_public_connections: 2,
            most_collection_connections: 1,
            ..Settings::default()
        };
        let seats = Seats::new(&settings);
        let first = seats.take(Side::Public).unwrap();
        let second = seats.take(Side::Public).unwrap();
        assert!(first.is_served() && second.is_served());
        assert!(!seats.take(Side::Public).unwrap().is_served());
        assert!(seats.take(Side::Collection).unwrap().is_served());
        drop(first);
        assert!(seats.take(Side::Public).unwrap().is_served());
    }

    #[test]
    fn the_number_of_those_that_are_turned_away_is_bounded_too() {
        let settings = Settings {
            most_public_connections: 0,
            ..Settings::default()
        };
        let seats = Seats::new(&settings);
        let turned: Vec<_> = (0..MOST_TURNED_AWAY)
            .map(|_| seats.take(Side::Public).unwrap())
            .collect();
        assert!(turned.iter().all(|seat| !seat.is_served()));
        assert!(seats.take(Side::Public).is_none());
    }
}
