//! What is read from text has one spelling, and a framed body one frame.

use knothole_envelope::{
    Codename, Day, DropAddress, Fingerprint, OnionAddress, TreeHash, frame, unframe,
};

use crate::newsroom::NEWSROOM;

pub(crate) fn run(bytes: &[u8]) {
    if let Ok(content) = unframe(bytes) {
        assert_eq!(frame(content).unwrap(), bytes);
    }
    if let Some(entropy) = bytes.first_chunk() {
        let codename = Codename::from_bytes(*entropy);
        assert!(codename.check_word() < 2_048);
    }
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(read) = text.parse::<OnionAddress>() {
        assert_eq!(read.to_string().parse::<OnionAddress>(), Ok(read));
        assert_eq!(OnionAddress::from_identity(&read.identity()), read);
    }
    if let Ok(read) = text.parse::<Fingerprint>() {
        assert_eq!(read.to_string().parse::<Fingerprint>(), Ok(read));
        assert_eq!(read.grouped().parse::<Fingerprint>(), Ok(read));
    }
    if let Ok(read) = text.parse::<DropAddress>() {
        assert_eq!(read.to_string().parse::<DropAddress>(), Ok(read));
    }
    if let Ok(read) = text.parse::<Day>() {
        assert_eq!(read.to_string(), text);
    }
    if let Ok(read) = text.parse::<TreeHash>() {
        assert_eq!(read.to_string(), text);
    }
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let onion = OnionAddress::from_identity(NEWSROOM.editors[0].editor_key().as_bytes());
    let fingerprint = *NEWSROOM.chain.fingerprint();
    let address = DropAddress::new(onion, fingerprint);
    vec![
        ("onion", onion.to_string().into_bytes()),
        ("fingerprint", fingerprint.to_string().into_bytes()),
        ("grouped", fingerprint.grouped().into_bytes()),
        ("address", address.to_string().into_bytes()),
        ("day", b"2026-11-24".to_vec()),
        (
            "hash",
            TreeHash::from_bytes([4; 32]).to_string().into_bytes(),
        ),
        ("frame", frame(b"content").unwrap()),
    ]
}
