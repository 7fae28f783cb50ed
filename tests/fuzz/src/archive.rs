//! The state of an archive, as k vaults give it out: what is taken has one encoding.

use knothole_envelope::OnionAddress;
use knothole_open::archive::State;

use crate::newsroom::NEWSROOM;

pub(crate) fn run(bytes: &[u8]) {
    if let Some(state) = State::decode(bytes) {
        assert_eq!(state.encode(), bytes);
    }
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let newsroom = &*NEWSROOM;
    let onion = OnionAddress::from_identity(newsroom.editors[0].editor_key().as_bytes());
    let sheets = vec![newsroom.signed_sheet.clone()];
    let state = State::new(newsroom.chain.clone(), newsroom.keys(), onion, sheets);
    vec![("new", state.unwrap().encode())]
}
