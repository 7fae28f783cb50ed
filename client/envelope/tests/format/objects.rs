//! The worked examples of everything that is not an envelope.

use ed25519_dalek::{Signature, VerifyingKey};
use knothole_envelope::{
    BundleIndex, BundlePart, Charter, CharterChain, ChunkCount, Codename, CourierCard,
    CredentialHash, DiscoveryKey, DropAddress, DropId, EditorCard, EpochSecret, Fingerprint,
    ListedDrop, OnionAddress, PartHash, PartName, Receipt, RecoveryKeys, Signed, SignedBody,
    SigningSecret, TreeHash, TreeHasher, frame,
};

use crate::Examples;
use crate::cast::{
    charter, day, epoch, hex, keys, manifest, newsroom, openers, sha256, sheet, signed, signers,
};

pub(crate) fn all(examples: &mut Examples) {
    padding(examples);
    numbers_and_text(examples);
    tree(examples);
    framed(examples);
    masthead(examples);
    charters(examples);
    recovery(examples);
    sheets(examples);
    receipts(examples);
    cards(examples);
    bundle(examples);
    codename(examples);
    let encoded = manifest(3, 2, &[("a.txt", 5)], "hello").encode();
    examples.hex("manifest", "encoded", &encoded);
}

fn padding(examples: &mut Examples) {
    for content in [
        1,
        1_048_320,
        1_048_321,
        1_114_000,
        2_000_000,
        8_386_560,
        8_386_561,
        10_000_000,
        268_435_456,
        1_000_000_000,
        4_700_000_000,
        1_099_243_192_320,
    ] {
        let chunks = ChunkCount::for_content(content).unwrap();
        let said = format!("{} {}", chunks.get(), chunks.envelope_len());
        examples.text("padding", &content.to_string(), &said);
    }
    assert!(ChunkCount::for_content(1_099_243_192_321).is_err());
    // The scale up to 64, as a list: a number is on it or refused.
    let scale: Vec<String> = (0..=64)
        .filter_map(ChunkCount::for_drop)
        .map(|chunks| chunks.get().to_string())
        .collect();
    examples.text("padding", "scale", &scale.join(" "));
}

fn numbers_and_text(examples: &mut Examples) {
    let identity = signers(1)[0].editor_key();
    let onion = OnionAddress::from_identity(identity.as_bytes());
    let fingerprint = *newsroom(3, 2).fingerprint();
    examples.hex("address", "identity key", identity.as_bytes());
    examples.text("address", "onion", &onion.to_string());
    examples.hex("address", "fingerprint", fingerprint.as_bytes());
    examples.text("address", "fingerprint as text", &fingerprint.to_string());
    let address = DropAddress::new(onion, fingerprint).to_string();
    assert_eq!(
        address.parse::<DropAddress>().unwrap().onion().identity(),
        *identity.as_bytes()
    );
    examples.text("address", "drop address", &address);
    for date in ["1970-01-01", "2000-02-29", "2026-11-23", "9999-12-31"] {
        examples.text("days", date, &day(date).get().to_string());
    }
}

fn tree(examples: &mut Examples) {
    let of = |bytes: &[u8]| {
        let mut hasher = TreeHasher::new();
        hasher.update(bytes);
        hasher.finish()
    };
    let by_hand = |bytes: &[u8]| {
        let length = u64::try_from(bytes.len()).unwrap().to_be_bytes();
        let mut input = [b"knothole/v1 tree".as_slice(), &length].concat();
        for segment in bytes.chunks(4_194_304) {
            input.extend_from_slice(&sha256(segment));
        }
        input
    };
    let long = vec![0; 4_194_305];
    for (name, bytes) in [("abc", b"abc".as_slice()), ("long", &long)] {
        let input = by_hand(bytes);
        assert_eq!(sha256(&input), *of(bytes).as_bytes());
        examples.hex("tree", &format!("{name} input"), &input);
        examples.hex("tree", &format!("{name} hash"), of(bytes).as_bytes());
    }
}

/// A source's words with the newsroom of the examples, each value by hand.
fn codename(examples: &mut Examples) {
    let entropy: [u8; 16] = core::array::from_fn(|place| u8::try_from(place).unwrap());
    let fingerprint = *newsroom(3, 2).fingerprint();
    let codename = Codename::from_bytes(entropy);
    let way = codename.way_back(&fingerprint);
    let (prk, expander) =
        hkdf::Hkdf::<sha2::Sha256>::extract(Some(fingerprint.as_bytes()), &entropy);
    let output = |label: &str| {
        let mut output = [0; 32];
        expander.expand(label.as_bytes(), &mut output).unwrap();
        output
    };
    let (seed, mailbox, erase) = (
        output("knothole/v1 reply key"),
        output("knothole/v1 mailbox"),
        output("knothole/v1 erase"),
    );
    assert_eq!(&seed, way.key().expose());
    assert_eq!(&mailbox, way.mailbox().as_bytes());
    assert_eq!(&erase, way.erase().expose());
    let block = way.block();
    assert_eq!(block.erase.as_bytes(), &sha256(&erase));
    let check = sha256(&[b"knothole/v1 check".as_slice(), &entropy].concat());
    let index = (u16::from(check[0]) << 8 | u16::from(check[1])) >> 5;
    assert_eq!(index, codename.check_word());

    examples.hex("codename", "entropy", &entropy);
    examples.hex("codename", "fingerprint", fingerprint.as_bytes());
    examples.hex("codename", "PRK", &prk);
    examples.hex("codename", "seed of the reply key", &seed);
    let key = sha256(block.key.as_bytes());
    examples.hex("codename", "SHA-256(reply key)", &key);
    examples.hex("codename", "mailbox address", &mailbox);
    examples.hex("codename", "erase secret", &erase);
    examples.hex("codename", "SHA-256(erase secret)", block.erase.as_bytes());
    examples.hex("codename", "SHA-256 for the check word", &check);
    examples.text("codename", "check word", &index.to_string());
}

fn framed(examples: &mut Examples) {
    let body = frame(b"abc").unwrap();
    let end = body.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    examples.hex("frame", "begins with", &body[..end]);
    examples.text("frame", "length", &body.len().to_string());
}

/// What the server's administrator says of a newsroom: made by the server alone, and read by pages.
fn masthead(examples: &mut Examples) {
    let mut encoded = Vec::new();
    let mut map = minicbor::Encoder::new(&mut encoded);
    map.map(4).unwrap().u8(1).unwrap().u8(1).unwrap();
    for (field, text) in [
        (2, "The Example"),
        (3, "Write to us.\nعرّفنا"),
        (4, "https://www.wikipedia.org/"),
    ] {
        map.u8(field).unwrap().str(text).unwrap();
    }
    examples.hex("newsroom", "encoded", &encoded);
}

/// What was signed, checked against the signature that the code has made.
fn signature<T: SignedBody>(
    examples: &mut Examples,
    block: &str,
    label: &str,
    newsroom: &Fingerprint,
    body: &[u8],
    signed: &Signed<T>,
) {
    let input = [label.as_bytes(), b"\0", newsroom.as_bytes(), &sha256(body)].concat();
    let key = *signed.signers().next().unwrap().as_bytes();
    let encoded = signed.encode();
    let start = encoded
        .windows(32)
        .rposition(|window| *window == key)
        .unwrap()
        + 32;
    let made: [u8; 64] = encoded[start..start + 64].try_into().unwrap();
    VerifyingKey::from_bytes(&key)
        .unwrap()
        .verify_strict(&input, &Signature::from_bytes(&made))
        .unwrap();
    examples.hex(block, "signed bytes", &input);
    examples.hex(block, "signature", &made);
}

/// The body inside an encoded signed object, found by the first item of its map.
fn body_of<T: SignedBody>(signed: &Signed<T>) -> Vec<u8> {
    let encoded = signed.encode();
    let mut reader = minicbor::Decoder::new(&encoded);
    assert_eq!(reader.map().unwrap(), Some(2));
    assert_eq!(reader.u64().unwrap(), 1);
    reader.bytes().unwrap().to_vec()
}

fn charters(examples: &mut Examples) {
    let none = Fingerprint::from_bytes([0; 32]);
    let signed = signed(charter(3, 2), &none, &[0, 1, 2]);
    let body = body_of(&signed);
    examples.hex("charter", "body", &body);
    examples.hex("charter", "hash", &sha256(&body));
    assert_eq!(sha256(&body), *newsroom(3, 2).fingerprint().as_bytes());
    signature(
        examples,
        "charter",
        "knothole/v1 charter",
        &none,
        &body,
        &signed,
    );
    examples.hex("charter", "signed", &signed.encode());
    let chain = newsroom(3, 2).chain().encode();
    examples.text("charter", "chain length", &chain.len().to_string());
    examples.hex("charter", "chain hash", &sha256(&chain));
}

fn recovery(examples: &mut Examples) {
    let papers = [0x61, 0x62].map(|byte| SigningSecret::from_bytes([byte; 32]));
    let by = RecoveryKeys::new(papers.iter().map(SigningSecret::editor_key).collect()).unwrap();
    let listed = by.keys().iter().map(|key| hex(key.as_bytes()));
    examples.text("recovery", "keys", &listed.collect::<String>());
    examples.hex("recovery", "hash", by.hash().as_bytes());
    let mut list = vec![0x80 | u8::try_from(by.keys().len()).unwrap()];
    for key in by.keys() {
        list.extend_from_slice(&[0x58, 0x20]);
        list.extend_from_slice(key.as_bytes());
    }
    assert_eq!(sha256(&list), *by.hash().as_bytes());
    let editors = signers(4);
    let keys = |secrets: &[SigningSecret]| secrets.iter().map(SigningSecret::editor_key).collect();
    let quorum = charter(3, 2).quorum();
    let founding = Charter::founding(keys(&editors[..3]), quorum, Some(by.hash())).unwrap();
    let founders: Vec<_> = editors[..3].iter().collect();
    let chain = CharterChain::found(founding, &founders).unwrap();
    let fingerprint = chain.unverified_fingerprint().unwrap();
    examples.hex("recovery", "fingerprint", fingerprint.as_bytes());
    let chain = chain.verify(&fingerprint).unwrap();
    let next = chain
        .current()
        .recovered(keys(&editors[2..]), quorum, Some(by.hash()), by)
        .unwrap();
    let mut next = Signed::new(next);
    for paper in &papers {
        next.sign(&fingerprint, paper);
    }
    let body = body_of(&next);
    examples.hex("recovery", "body", &body);
    let label = "knothole/v1 charter";
    signature(examples, "recovery", label, &fingerprint, &body, &next);
    let chain = chain.append(next).unwrap().chain().encode();
    examples.text("recovery", "chain length", &chain.len().to_string());
    examples.hex("recovery", "chain hash", &sha256(&chain));
}

fn sheets(examples: &mut Examples) {
    let (signed, verified) = sheet(3, 2);
    let body = body_of(&signed);
    let key = openers(1)[0].recipient_key();
    let first = place_of(&body, key.as_bytes());
    examples.hex("sheet", "begins with", &body[..first]);
    examples.hex("sheet", "first key", &sha256(key.as_bytes()));
    examples.hex("sheet", "ends with", &body[body.len() - 35..]);
    examples.text("sheet", "length", &body.len().to_string());
    examples.hex("sheet", "hash", verified.hash().as_bytes());
    assert_eq!(sha256(&body), *verified.hash().as_bytes());
}

fn place_of(bytes: &[u8], part: &[u8]) -> usize {
    bytes
        .windows(part.len())
        .position(|window| window == part)
        .unwrap()
}

fn receipts(examples: &mut Examples) {
    let chain = newsroom(3, 2);
    let (drop, tree) = (
        DropId::from_bytes([0xd1; 32]),
        TreeHash::from_bytes([0x7e; 32]),
    );
    let length = 1_060_864;
    let opened = Receipt::Opened { drop, tree, length };
    let made = signed(opened, chain.fingerprint(), &[0]);
    let body = body_of(&made);
    examples.hex("receipt", "opened", &body);
    signature(
        examples,
        "receipt",
        "knothole/v1 opened",
        chain.fingerprint(),
        &body,
        &made,
    );
    let refused = signed(
        Receipt::Refused { drop, tree, length },
        chain.fingerprint(),
        &[],
    );
    examples.hex("receipt", "refused", &body_of(&refused));
    let burned = signed(Receipt::Burned { epoch: epoch() }, chain.fingerprint(), &[]);
    examples.hex("receipt", "burned", &body_of(&burned));
    let both = signed(opened, chain.fingerprint(), &[0, 1]);
    assert!(both.verify(&chain).is_ok());
    let list = Signed::encode_list(&[both]);
    examples.hex("receipt", "list of one, signed by two editors", &list);
}

fn cards(examples: &mut Examples) {
    let secret = &signers(1)[0];
    let archive = EpochSecret::from_bytes([0x21; 32]).recipient_key();
    let card = EditorCard::new(
        secret.editor_key(),
        archive,
        epoch(),
        day("2026-11-23"),
        7,
        keys(&openers(2)),
    );
    let card = card.unwrap().sign(secret).unwrap();
    let body = body_of(&card);
    let first = place_of(&body, openers(1)[0].recipient_key().as_bytes());
    examples.hex("editor card", "begins with", &body[..first]);
    examples.text("editor card", "length", &body.len().to_string());
    examples.hex("editor card", "hash", &sha256(&body));

    let secret = SigningSecret::from_bytes([0x31; 32]);
    let card = CourierCard::new(
        DiscoveryKey::from_bytes([0x41; 32]),
        CredentialHash::from_bytes(sha256(&[0x51; 32])),
        secret.editor_key(),
    );
    let card = card.sign(&secret).unwrap();
    let body = body_of(&card);
    examples.hex("courier card", "body", &body);
    let none = Fingerprint::from_bytes([0; 32]);
    signature(
        examples,
        "courier card",
        "knothole/v1 card",
        &none,
        &body,
        &card,
    );
}

fn bundle(examples: &mut Examples) {
    let chain = newsroom(3, 2);
    let courier = SigningSecret::from_bytes([0x31; 32]);
    let drop = ListedDrop {
        id: DropId::from_bytes([0xd1; 32]),
        tree: TreeHash::from_bytes([0x7e; 32]),
        chunks: ChunkCount::for_drop(16).unwrap(),
        epoch: epoch(),
    };
    let part = BundlePart {
        name: PartName::from_bytes([0xa0; 16]),
        length: 1_060_864,
        hash: PartHash::from_bytes([0xb0; 32]),
        drop: drop.id,
        offset: 0,
    };
    let index = BundleIndex::new(
        1,
        None,
        day("2026-11-24"),
        vec![part],
        vec![drop],
        chain.current_hash(),
    );
    let mut signed = Signed::new(index.unwrap());
    signed.sign(chain.fingerprint(), &courier);
    let body = body_of(&signed);
    examples.hex("bundle", "index", &body);
    assert_eq!(sha256(&body), *signed.hash().as_bytes());
    signature(
        examples,
        "bundle",
        "knothole/v1 bundle",
        chain.fingerprint(),
        &body,
        &signed,
    );
    assert!(
        signed
            .verify(chain.fingerprint(), &courier.editor_key())
            .is_ok()
    );
    examples.hex("listing", "list of one", &ListedDrop::encode_list(&[drop]));
    assert_eq!(hex(drop.id.as_bytes()), drop.id.to_string());
}
