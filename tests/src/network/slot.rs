//! Loopback addresses for one network, so that several networks can run at once.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

use super::{NODES, NetworkError};

/// The second byte of the first network's first address.
const FIRST: u8 = 10;
/// How far the second bytes of two networks' first addresses are apart.
const STRIDE: u8 = 12;
/// How many networks fit into 127.0.0.0/8 beside what others use there.
const NETWORKS: u8 = 20;
/// Where a network says that its addresses are taken.
const CLAIM_PORT: u16 = 4999;
/// Every node listens here for other nodes.
pub(super) const OR_PORT: u16 = 5001;
/// And here where what it is sent is slowed on its way.
pub(super) const SLOWED_PORT: u16 = 6001;
/// Authorities listen here for directory requests.
pub(super) const DIR_PORT: u16 = 7001;
/// Every node listens here for the launcher.
pub(super) const CONTROL_PORT: u16 = 9051;

/// Ten addresses, each in a /16 of its own, so that the rule of both Tor implementations that no
/// two relays of a path are neighbours need not be switched off.
#[derive(Debug)]
pub(super) struct Slot {
    first: u8,
    /// The claim ends with this process, whatever ends it.
    _claim: TcpListener,
}

impl Slot {
    pub(super) fn claim() -> Result<Self, NetworkError> {
        (0..NETWORKS)
            .filter_map(|number| number.checked_mul(STRIDE)?.checked_add(FIRST))
            .find_map(Self::claim_from)
            .ok_or(NetworkError::NoAddresses)
    }

    fn claim_from(first: u8) -> Option<Self> {
        let claim = TcpListener::bind((address(first, 0)?, CLAIM_PORT)).ok()?;
        // Nodes of a network that ended a moment ago, or anything else, may still be there.
        for place in 0..NODES {
            for port in [OR_PORT, SLOWED_PORT, DIR_PORT, CONTROL_PORT] {
                drop(TcpListener::bind((address(first, place)?, port)).ok()?);
            }
        }
        Some(Self {
            first,
            _claim: claim,
        })
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        let first = self.first;
        (0..NODES).filter_map(move |place| address(first, place))
    }
}

pub(super) fn at(address: Ipv4Addr, port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(address, port)
}

fn address(first: u8, place: usize) -> Option<Ipv4Addr> {
    let second = first.checked_add(u8::try_from(place).ok()?)?;
    Some(Ipv4Addr::new(127, second, 0, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_networks_get_different_addresses() {
        let one = Slot::claim().unwrap();
        let two = Slot::claim().unwrap();
        assert!(one.addresses().all(|a| two.addresses().all(|b| a != b)));
        assert_eq!(one.addresses().count(), NODES);
    }
}
