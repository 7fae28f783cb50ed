//! What a request may ask of the connection that it came by.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::body::{Body as _, Incoming};

use crate::crowd::{Leave, Place};
use crate::drain::Drains;
use crate::space::Class;

/// A connection that is served, as its requests see it.
#[derive(Debug, Clone)]
pub(crate) struct Guest(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    place: Place,
    drains: Drains,
    asking: AtomicUsize,
}

impl Guest {
    pub(crate) fn new(place: Place) -> Self {
        Self(Arc::new(Inside {
            place,
            drains: Drains::default(),
            asking: AtomicUsize::new(0),
        }))
    }

    /// A request of it is worked on, until this is dropped.
    pub(crate) fn asks(&self) -> Asking {
        self.0.asking.fetch_add(1, Ordering::Relaxed);
        Asking(self.clone())
    }

    /// Whether a request of it is worked on.
    pub(crate) fn is_asking(&self) -> bool {
        self.0.asking.load(Ordering::Relaxed) > 0
    }

    /// Tells when others want the connection's place.
    pub(crate) fn leave(&self) -> Leave {
        self.0.place.leave().clone()
    }

    /// Reads the rest of a body for at most so long and throws it away. Nobody keeps a place by it.
    pub(crate) fn drain(&self, body: Incoming, patience: Duration) {
        if !body.is_end_stream() {
            self.0.place.meter().earns_nothing();
            self.0.drains.drain(body, patience);
        }
    }

    /// The connection sends something of this class, until this is dropped.
    pub(crate) fn sends(&self, class: Class) -> Sending<'_> {
        let message = class == Class::Messages;
        if message {
            self.0.place.sends_message(true);
        }
        Sending {
            place: &self.0.place,
            message,
        }
    }
}

/// Lasts as long as a request is worked on.
#[derive(Debug)]
#[must_use = "what is dropped is worked on no longer"]
pub(crate) struct Asking(Guest);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.0.asking.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lasts as long as something is sent.
#[derive(Debug)]
#[must_use = "what is dropped is sent no longer"]
pub(crate) struct Sending<'a> {
    place: &'a Place,
    message: bool,
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        if self.message {
            self.place.sends_message(false);
        }
    }
}
