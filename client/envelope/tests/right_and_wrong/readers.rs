//! What this crate says of a paper.

use knothole_envelope::{
    AddressError, ArchiveSeal, ArchiveSealError, BundleError, BundleIndex, CardError, ChainError,
    Charter, CharterChain, Codename, CourierCard, DropAddress, EditorCard, EditorKey, Fingerprint,
    FrameError, ListedDrop, MOST_PUSHED_REPLIES, OnionAddress, PushedReply, Receipt, ReceiptError,
    Sheet, SheetError, Signed, SignedBody, VerifiedChain, unframe,
};

use crate::cast::hex;
use crate::envelopes::decode;
use crate::set::Set;
use crate::text::{Vector, pieces};

/// What a paper says: names of lines, and their values.
type Said = Vec<(&'static str, String)>;
/// What a paper says, or the word of README.md for the refusal.
pub(crate) type Read = Result<Said, &'static str>;

pub(crate) fn read(set: &Set, vector: &Vector) -> Read {
    match vector.get("as") {
        "chain" => {
            let read = chain(vector)?;
            let held = vector
                .find("held")
                .map(|held| chain(&set.vectors[held]).unwrap());
            match held {
                Some(held) if !read.continues(&held) => Err("not a continuation"),
                _ => Ok(said_of_chain(vector, &read)),
            }
        }
        "sheet" => sheet(vector, &chain_of(set, vector)),
        "receipt" => receipt(vector, &chain_of(set, vector)),
        "archive-seal" => archive_seal(vector, &chain_of(set, vector)),
        "bundle" => bundle(vector),
        "editor-card" => editor_card(vector),
        "courier-card" => courier_card(vector),
        "listing" => {
            let drops = ListedDrop::decode_list(&vector.get_bytes("bytes")).map_err(decode)?;
            Ok(vec![("drops", drops.len().to_string())])
        }
        "pushed-replies" => pushed_replies(vector),
        "frame" => {
            let bytes = vector.get_bytes("bytes");
            let content = unframe(&bytes).map_err(|_: FrameError| "frame")?;
            let content = if content.is_empty() {
                "00*0".to_owned()
            } else {
                pieces(content)
            };
            Ok(vec![("content", content)])
        }
        "onion" | "address" | "fingerprint" => text(vector),
        "codename" => Ok(codename(vector)),
        other => panic!("{}: nothing is read as a {other}", vector.name),
    }
}

/// The chain against which this vector is verified.
pub(crate) fn chain_of(set: &Set, vector: &Vector) -> VerifiedChain {
    chain(&set.vectors[vector.get("chain")]).unwrap()
}

fn paper<T: SignedBody>(vector: &Vector) -> Result<Signed<T>, &'static str> {
    let read = Signed::<T>::decode(&vector.get_bytes("bytes")).map_err(decode)?;
    assert!(
        read.encode() == vector.get_bytes("bytes"),
        "{}",
        vector.name
    );
    Ok(read)
}

fn fingerprint(vector: &Vector, line: &str) -> Fingerprint {
    Fingerprint::from_bytes(vector.get_bytes(line).try_into().unwrap())
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

fn chain(vector: &Vector) -> Result<VerifiedChain, &'static str> {
    CharterChain::decode(&vector.get_bytes("bytes"))
        .map_err(decode)?
        .verify(&fingerprint(vector, "fingerprint"))
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

fn said_of_chain(vector: &Vector, chain: &VerifiedChain) -> Said {
    let charter: &Charter = chain.current();
    let editors = charter.editors().iter().map(|key| hex(key.as_bytes()));
    vec![
        ("hash", chain.current_hash().to_string()),
        ("sequence", chain.sequence().to_string()),
        ("editors", editors.collect::<Vec<_>>().join(" ")),
        ("k", charter.quorum().to_string()),
        ("recovered", yes(chain.recovered().is_some())),
    ]
    .into_iter()
    .filter(|line| vector.find(line.0).is_some())
    .collect()
}

fn sheet(vector: &Vector, chain: &VerifiedChain) -> Read {
    let sheet = paper::<Sheet>(vector)?
        .verify(chain)
        .map_err(|error| match error {
            SheetError::UnknownCharter => "unknown charter",
            SheetError::WrongEditors => "wrong editors",
            SheetError::BadSignature => "bad signature",
            SheetError::ForeignSignature => "foreign signature",
            SheetError::TooFewSignatures => "too few signatures",
            _ => "?",
        })?;
    Ok(vec![
        ("hash", sheet.hash().to_string()),
        ("charter", sheet.charter().to_string()),
        ("current charter", yes(sheet.under_current_charter())),
        ("epoch", sheet.epoch().to_string()),
        ("first", sheet.first().get().to_string()),
        ("last", sheet.last().get().to_string()),
    ])
}

fn receipt(vector: &Vector, chain: &VerifiedChain) -> Read {
    let receipt = paper::<Receipt>(vector)?
        .verify(chain)
        .map_err(|error| match error {
            ReceiptError::BadSignature => "bad signature",
            ReceiptError::ForeignSignature => "foreign signature",
            ReceiptError::TooFewSignatures => "too few signatures",
            _ => "?",
        })?;
    let (says, drop, tree, length) = match receipt {
        Receipt::Opened { drop, tree, length } => ("opened", drop, tree, length),
        Receipt::Refused { drop, tree, length } => ("refused", drop, tree, length),
        Receipt::Burned { epoch } => {
            return Ok(vec![
                ("says", "burned".to_owned()),
                ("epoch", epoch.to_string()),
            ]);
        }
    };
    Ok(vec![
        ("says", says.to_owned()),
        ("id", drop.to_string()),
        ("tree hash", tree.to_string()),
        ("length", length.to_string()),
    ])
}

fn archive_seal(vector: &Vector, chain: &VerifiedChain) -> Read {
    let state = paper::<ArchiveSeal>(vector)?
        .verify(chain)
        .map_err(|error| match error {
            ArchiveSealError::BadSignature => "bad signature",
            ArchiveSealError::ForeignSignature => "foreign signature",
            ArchiveSealError::TooFewSignatures => "too few signatures",
            _ => "?",
        })?;
    Ok(vec![("state", state.to_string())])
}

fn bundle(vector: &Vector) -> Read {
    let courier = EditorKey::from_bytes(vector.get_bytes("courier").try_into().unwrap());
    let signed = paper::<BundleIndex>(vector)?;
    let index = signed
        .verify(&fingerprint(vector, "newsroom"), &courier.unwrap())
        .map_err(|error| match error {
            BundleError::BadSignature => "bad signature",
            BundleError::ForeignSignature => "foreign signature",
            _ => "?",
        })?;
    Ok(vec![
        ("hash", signed.hash().to_string()),
        ("sequence", index.sequence().to_string()),
        ("parts", index.parts().len().to_string()),
        ("drops", index.drops().len().to_string()),
    ])
}

fn bad_card(error: CardError) -> &'static str {
    match error {
        CardError::BadSignature => "bad signature",
        _ => "?",
    }
}

fn editor_card(vector: &Vector) -> Read {
    let signed = paper::<EditorCard>(vector)?;
    let card = signed.verify().map_err(bad_card)?;
    Ok(vec![
        ("key", hex(card.signing_key().as_bytes())),
        ("first epoch", card.first_epoch().to_string()),
        ("first day", card.first_day().get().to_string()),
        ("days", card.days_per_epoch().to_string()),
        ("epochs", card.epochs().count().to_string()),
    ])
}

fn courier_card(vector: &Vector) -> Read {
    let signed = paper::<CourierCard>(vector)?;
    let card = signed.verify().map_err(bad_card)?;
    Ok(vec![
        ("discovery", pieces(card.discovery_key().as_bytes())),
        ("credential", card.credential_hash().to_string()),
        ("key", hex(card.bundle_key().as_bytes())),
    ])
}

fn pushed_replies(vector: &Vector) -> Read {
    let bytes = vector.get_bytes("bytes");
    let replies = PushedReply::decode_list(&bytes, MOST_PUSHED_REPLIES).map_err(decode)?;
    let hashes = replies.iter().map(|reply| reply.hash().to_string());
    Ok(vec![("hashes", hashes.collect::<Vec<_>>().join(" "))])
}

fn text(vector: &Vector) -> Read {
    let text = vector.get("text");
    let refused = |_: AddressError| "address";
    Ok(match vector.get("as") {
        "onion" => {
            let onion: OnionAddress = text.parse().map_err(refused)?;
            vec![("key", hex(&onion.identity())), ("text", onion.to_string())]
        }
        "fingerprint" => {
            let read: Fingerprint = text.parse().map_err(refused)?;
            vec![("fingerprint", hex(read.as_bytes()))]
        }
        _ => {
            let address: DropAddress = text.parse().map_err(refused)?;
            vec![
                ("onion", address.onion().to_string()),
                ("fingerprint", hex(address.fingerprint().as_bytes())),
                ("text", address.to_string()),
            ]
        }
    })
}

fn codename(vector: &Vector) -> Said {
    let codename = Codename::from_bytes(vector.get_bytes("entropy").try_into().unwrap());
    let way = codename.way_back(&fingerprint(vector, "fingerprint"));
    let block = way.block();
    vec![
        ("seed", hex(way.key().expose())),
        ("mailbox", hex(way.mailbox().as_bytes())),
        ("erase secret", hex(way.erase().expose())),
        ("SHA-256(erase secret)", hex(block.erase.as_bytes())),
        ("check word", codename.check_word().to_string()),
    ]
}
