//! Where connections come in.

mod circuit;
mod meetings;
mod onion;
mod proxy;
mod service;
mod socket;

pub(crate) use onion::{DoorError, OnionDoor};
pub(crate) use service::{ServiceError, identity, make_identity};
pub(crate) use socket::SocketDoor;
