//! What this crate says of a paper.

use knothole_envelope::{ChainError, CharterChain, Fingerprint, VerifiedChain};

use crate::envelopes::decode;
use crate::set::Set;
use crate::text::Vector;

/// What a paper says, line by line, or the word of README.md for the refusal.
pub(crate) type Read = Result<Vec<(&'static str, String)>, &'static str>;

pub(crate) fn read(set: &Set, vector: &Vector) -> Read {
    match vector.get("as") {
        "chain" => chain(vector).map(|chain| said_of(&chain)),
        other => panic!(
            "{}: nothing is read as a {other}",
            set.vectors[&vector.name].name
        ),
    }
}

/// The chain against which this vector is verified.
pub(crate) fn chain_of(set: &Set, vector: &Vector) -> VerifiedChain {
    chain(&set.vectors[vector.get("chain")]).unwrap()
}

fn chain(vector: &Vector) -> Result<VerifiedChain, &'static str> {
    let fingerprint = vector.get_bytes("fingerprint").try_into().unwrap();
    CharterChain::decode(&vector.get_bytes("bytes"))
        .map_err(decode)?
        .verify(&Fingerprint::from_bytes(fingerprint))
        .map_err(|error| match error {
            ChainError::Length => "chain length",
            ChainError::Fingerprint => "fingerprint",
            ChainError::Order { .. } => "order",
            ChainError::Recovery { .. } => "recovery",
            ChainError::BadSignature { .. } => "bad signature",
            ChainError::ForeignSignature { .. } => "foreign signature",
            ChainError::TooFewSignatures { .. } => "too few signatures",
            _ => "?",
        })
}

fn said_of(chain: &VerifiedChain) -> Vec<(&'static str, String)> {
    let charter = chain.current();
    let editors = charter.editors().iter();
    let editors = editors.map(|key| crate::cast::hex(key.as_bytes()));
    let recovered = if chain.recovered().is_some() {
        "yes"
    } else {
        "no"
    };
    vec![
        ("hash", chain.current_hash().to_string()),
        ("sequence", chain.sequence().to_string()),
        ("editors", editors.collect::<Vec<_>>().join(" ")),
        ("k", charter.quorum().to_string()),
        ("recovered", recovered.to_owned()),
    ]
}
