//! The newsroom's online side: fetches sealed drops onto sticks and pushes what comes back.
//!
//! It refuses to hold a key that opens or deletes: it carries, and can do no more than withhold.

pub mod bundle;
