//! The drop-box over HTTP: uploads, gate, store and collection, over any byte stream.
//!
//! It refuses to know Tor, to hold a key of the newsroom, to open what it keeps, to seal for
//! anybody, and to log a value.

mod answer;
mod chance;
mod clock;
mod closed;
mod collect;
mod commit;
mod crossing;
mod crowd;
mod desk;
mod disk;
mod dist;
mod drain;
mod drops;
mod expiry;
#[cfg(test)]
mod forge;
mod form;
mod gate;
mod gateway;
mod guest;
#[cfg(test)]
mod histories;
mod intake;
mod join;
mod journal;
mod keep;
mod level;
mod lived;
mod mailboxes;
mod masthead;
mod newsroom;
mod pages;
mod patient;
mod poll;
mod pool;
mod receipts;
mod receive;
mod record;
mod recover;
mod seats;
mod segments;
mod seizure;
mod serve;
mod settings;
mod shelf;
mod space;
mod spoken;
mod tus;
mod unclaimed;
mod uploads;
mod version;

pub use clock::{Batch, UnixSeconds};
pub use crowd::{Circuit, Crowd, Place};
pub use desk::{Courier, CourierName, Desk, DeskError};
pub use dist::page_hashes;
pub use intake::{Intake, OpenError, Status};
pub use masthead::{
    LeaveTo, MOST_NEWSROOM_NAME_BYTES, MOST_NEWSROOM_WORDS_BYTES, Masthead, NewsroomName,
    NewsroomWords,
};
pub use seizure::{FileTimes, Lengths, Seizure};
pub use settings::{MOST_COURIERS, Settings};
