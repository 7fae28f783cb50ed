//! The worked examples of envelopes: every step by hand, against what the code has sealed.

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use hkdf::Hkdf;
use hpke::Deserializable;
use hpke::kem::XWing;
use hpke::{Kem, OpModeR, OpModeS};
use knothole_envelope::{
    CHUNK_TEXT, EraseHash, Header, Layout, MailboxAddress, Message, OpenedReply, PushedReply,
    Suite, open_reply, seal_drop, seal_header, seal_reply,
};
use minicbor::Encoder;
use sha2::Sha256;

use crate::Examples;
use crate::cast::{
    Given, Stream, body, epoch, hex, manifest, newsroom, openers, recipients, sha256, signers,
    source,
};

type Aead = hpke::aead::ChaCha20Poly1305;
type Kdf = hpke::kdf::HkdfSha256;

const SLOT_LEN: usize = 1_171;
const ENC_LEN: usize = 1_120;

pub(crate) fn all(examples: &mut Examples) {
    stream(examples);
    share(examples);
    drop(examples);
    reply(examples);
}

fn stream(examples: &mut Examples) {
    let mut stream = Stream::new("example");
    let mut bytes = [0; 40];
    rand_core::TryRng::try_fill_bytes(&mut stream, &mut bytes).unwrap();
    examples.hex("stream", "example", &bytes);
}

/// Multiplication in GF(2^8) with the polynomial 0x11b, bit by bit.
fn times(mut a: u8, b: u8) -> u8 {
    let mut product = 0;
    for bit in 0..8 {
        if b >> bit & 1 == 1 {
            product ^= a;
        }
        a = (a << 1) ^ if a & 0x80 == 0 { 0 } else { 0x1b };
    }
    product
}

fn share(examples: &mut Examples) {
    for (a, b) in [(0x02, 0x80), (0x53, 0xca), (0x57, 0x83)] {
        examples.hex("field", &format!("{a:02x} times {b:02x}"), &[times(a, b)]);
    }
}

/// One slot's bytes.
fn slot(header: &Header, place: usize) -> &[u8] {
    &header.as_bytes()[88 + SLOT_LEN * place..88 + SLOT_LEN * (place + 1)]
}

/// What a slot holds for the holder of this seed.
fn open(seed: &[u8; 32], info: &[u8], place: usize, slot: &[u8]) -> Option<Vec<u8>> {
    let key = <XWing as Kem>::PrivateKey::from_bytes(seed).unwrap();
    let enc = <XWing as Kem>::EncappedKey::from_bytes(&slot[..ENC_LEN]).unwrap();
    let aad = [u8::try_from(place).unwrap()];
    hpke::single_shot_open::<Aead, Kdf, XWing>(
        &OpModeR::Base,
        &key,
        &enc,
        info,
        &slot[ENC_LEN..],
        &aad,
    )
    .ok()
}

fn expand(secret: &Hkdf<Sha256>, info: &[u8]) -> [u8; 32] {
    let mut output = [0; 32];
    secret.expand(info, &mut output).unwrap();
    output
}

/// A drop of the vector `drop-2-of-3`, step by step.
fn drop(examples: &mut Examples) {
    let made = manifest(3, 2, &[("a.txt", 5)], "hello");
    let to = recipients(3, 2);
    let mut stream = Stream::new("drop-2-of-3");
    let suite = Suite::ChaCha20Poly1305;
    let (header, sealer) = seal_header(&mut stream, suite, epoch(), &to, made.chunks()).unwrap();
    let bytes = header.as_bytes();
    let (secret, salt, c1) = (
        &stream.drawn[..32],
        &stream.drawn[32..64],
        &stream.drawn[64..96],
    );
    assert_eq!(&bytes[24..56], salt);
    let head = &bytes[..56];
    examples.hex("drop", "M", secret);
    examples.hex("drop", "salt", salt);
    examples.hex("drop", "H0", head);
    examples.hex("drop", "SHA-256(H0)", &sha256(head));
    let (prk, expander) = Hkdf::<Sha256>::extract(Some(salt), secret);
    examples.hex("drop", "PRK", &prk);
    let commit = [b"knothole/v1 commit\x01\x02".as_slice(), &sha256(head)].concat();
    examples.hex("drop", "info of the commitment", &commit);
    let commitment = expand(&expander, &commit);
    assert_eq!(bytes[56..88], commitment);
    examples.hex("drop", "commitment", &commitment);
    let info = [b"knothole/v1 slot".as_slice(), &sha256(&bytes[..88])].concat();
    examples.hex("drop", "info of the slots", &info);

    // Which editor's slot stands where, found as a reader finds it.
    let seeds: Vec<[u8; 32]> = openers(3).iter().map(|held| *held.expose()).collect();
    let mut places = [9; 3];
    for (editor, seed) in seeds.iter().enumerate() {
        let x = u8::try_from(editor).unwrap() + 1;
        let mut y = [0; 32];
        for (place, value) in y.iter_mut().enumerate() {
            *value = secret[place] ^ times(c1[place], x);
        }
        let text = [[1, 2, x].as_slice(), &y].concat();
        for place in 0..8 {
            if let Some(found) = open(seed, &info, place, slot(&header, place)) {
                assert_eq!(found, text);
                places[editor] = place;
            }
        }
        examples.text(
            "drop",
            &format!("place of x = {x}"),
            &places[editor].to_string(),
        );
        examples.hex("drop", &format!("content of x = {x}"), &text);
    }
    examples.hex("drop", "coefficient c1", c1);
    one_slot(examples, &header, &info, places, &stream.drawn);

    examples.hex("drop", "SHA-256(header)", &sha256(bytes));
    let payload = [b"knothole/v1 payload\x01".as_slice(), &sha256(bytes)].concat();
    let key = expand(&expander, &payload);
    assert_eq!(sealer.resume_secret().expose()[9..], key);
    examples.hex("drop", "info of the payload key", &payload);
    examples.hex("drop", "K", &key);
    chunks(examples, &made, &key);
}

/// The slot of the first editor, by the steps of RFC 9180.
fn one_slot(
    examples: &mut Examples,
    header: &Header,
    info: &[u8],
    places: [usize; 3],
    drawn: &[u8],
) {
    // Behind the draws for M, salt, coefficient and order come those for the slots.
    let length = |place: usize| if places.contains(&place) { 64 } else { 96 };
    let all: usize = (0..8).map(length).sum();
    let before: usize = (0..places[0]).map(length).sum();
    let start = drawn.len() - all + before;
    let randomness = &drawn[start..start + 64];
    let seed = openers(1)[0].expose().to_owned();
    let public = openers(1)[0].recipient_key();
    let sealed = slot(header, places[0]);
    let (enc, ciphertext) = sealed.split_at(ENC_LEN);
    let aad = [u8::try_from(places[0]).unwrap()];
    let text = open(&seed, info, places[0], sealed).unwrap();
    let recipient = <XWing as Kem>::PublicKey::from_bytes(public.as_bytes()).unwrap();
    let (again, _) = hpke::single_shot_seal_with_rng::<Aead, Kdf, XWing>(
        &OpModeS::Base,
        &recipient,
        info,
        &text,
        &aad,
        &mut Given(randomness),
    )
    .unwrap();
    assert_eq!(hpke::Serializable::to_bytes(&again).as_slice(), enc);

    let key = x_wing::DecapsulationKey::from(seed);
    let shared = x_wing::Decapsulate::decapsulate(&key, &enc.try_into().unwrap());
    let suite = b"HPKE\x64\x7a\x00\x01\x00\x03".as_slice();
    let labeled = |label: &[u8], ikm: &[u8]| [b"HPKE-v1", suite, label, ikm].concat();
    let extract = |salt: &[u8], label: &[u8], ikm: &[u8]| {
        Hkdf::<Sha256>::extract(Some(salt), &labeled(label, ikm))
    };
    let context = [
        [0].as_slice(),
        &extract(b"", b"psk_id_hash", b"").0,
        &extract(b"", b"info_hash", info).0,
    ]
    .concat();
    let (secret, expander) = extract(&shared, b"secret", b"");
    let derived = |label: &[u8], length: u8| {
        let info = [&[0, length], b"HPKE-v1".as_slice(), suite, label, &context].concat();
        let mut output = vec![0; usize::from(length)];
        expander.expand(&info, &mut output).unwrap();
        output
    };
    let (key, nonce) = (derived(b"key", 32), derived(b"base_nonce", 12));
    assert_eq!(seal(&key, &nonce, &aad, &text), ciphertext);

    examples.hex("slot", "seed", &seed);
    examples.hex("slot", "SHA-256(public key)", &sha256(public.as_bytes()));
    examples.hex("slot", "m and ephemeral", randomness);
    examples.hex("slot", "SHA-256(enc)", &sha256(enc));
    examples.hex("slot", "last 32 bytes of enc", &enc[1_088..]);
    examples.hex("slot", "shared secret", &shared);
    examples.hex("slot", "key schedule context", &context);
    examples.hex("slot", "secret", &secret);
    examples.hex("slot", "key", &key);
    examples.hex("slot", "base nonce", &nonce);
    examples.hex("slot", "aad", &aad);
    examples.hex("slot", "ciphertext", ciphertext);
}

fn seal(key: &[u8], nonce: &[u8], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let cipher = ChaCha20Poly1305::new(key.try_into().unwrap());
    let nonce: [u8; 12] = nonce.try_into().unwrap();
    let mut sealed = text.to_vec();
    let tag = cipher
        .encrypt_inout_detached(&nonce.into(), aad, sealed.as_mut_slice().into())
        .unwrap();
    sealed.extend_from_slice(&tag);
    sealed
}

/// First and last chunk of the drop, sealed by hand, against the sealed drop.
fn chunks(examples: &mut Examples, made: &knothole_envelope::Manifest, key: &[u8; 32]) {
    let mut sealed = Vec::new();
    let tree = seal_drop(
        &mut Stream::new("drop-2-of-3"),
        Suite::ChaCha20Poly1305,
        epoch(),
        &recipients(3, 2),
        made,
        |_| Ok(std::io::Cursor::new(body(5))),
        &mut sealed,
    )
    .unwrap();
    let mut text = Layout::new(made).prefix().to_vec();
    text.extend_from_slice(&body(5));
    examples.hex("drop", "plaintext begins with", &text);
    text.resize(16 * CHUNK_TEXT, 0);
    for (index, name) in [(0_u64, "first"), (15, "last")] {
        let nonce = [
            [0, 0, 0].as_slice(),
            &index.to_be_bytes(),
            &[u8::from(index == 15)],
        ]
        .concat();
        let place = usize::try_from(index).unwrap();
        let chunk = seal(key, &nonce, &[], &text[place * CHUNK_TEXT..][..CHUNK_TEXT]);
        assert!(sealed[12_288 + 65_536 * place..].starts_with(&chunk));
        examples.hex("drop", &format!("nonce of the {name} chunk"), &nonce);
        examples.hex(
            "drop",
            &format!("tag of the {name} chunk"),
            &chunk[CHUNK_TEXT..],
        );
    }
    examples.text("drop", "length", &sealed.len().to_string());
    examples.hex("drop", "SHA-256(envelope)", &sha256(&sealed));
    examples.hex("drop", "tree hash", tree.as_bytes());
}

/// The reply of the vector `reply`.
fn reply(examples: &mut Examples) {
    let (chain, key) = (newsroom(3, 2), source().recipient_key());
    let editor = &signers(1)[0];
    let message = Message::new("Where?").unwrap();
    let mut stream = Stream::new("reply");
    let sealed = seal_reply(
        &mut stream,
        Suite::ChaCha20Poly1305,
        &key,
        chain.fingerprint(),
        editor,
        1,
        &message,
    )
    .unwrap();
    let opened: OpenedReply = open_reply(sealed.as_slice(), &source(), &chain).unwrap();
    assert_eq!(opened.message(), &message);

    let fields = |count: u64, signature: Option<&[u8]>| {
        let mut out = Encoder::new(Vec::new());
        out.map(count).unwrap().u8(1).unwrap().u8(1).unwrap();
        out.u8(2).unwrap().bytes(&sha256(key.as_bytes())).unwrap();
        out.u8(3).unwrap().u8(1).unwrap();
        out.u8(6).unwrap().str("Where?").unwrap();
        out.u8(7)
            .unwrap()
            .bytes(editor.editor_key().as_bytes())
            .unwrap();
        if let Some(signature) = signature {
            out.u8(8).unwrap().bytes(signature).unwrap();
        }
        out.into_writer()
    };
    let unsigned = fields(5, None);
    let input = [
        b"knothole/v1 reply\0".as_slice(),
        chain.fingerprint().as_bytes(),
        &sha256(&unsigned),
    ]
    .concat();
    let signer = ed25519_dalek::SigningKey::from_bytes(editor.expose());
    let signature = ed25519_dalek::Signer::sign(&signer, &input).to_bytes();
    let manifest = fields(6, Some(&signature));

    // Sealed by hand it must be what the code has sealed.
    let (secret, salt) = (&stream.drawn[..32], &stream.drawn[32..64]);
    let (_, expander) = Hkdf::<Sha256>::extract(Some(salt), secret);
    let label = [
        b"knothole/v1 payload\x01".as_slice(),
        &sha256(&sealed[..12_288]),
    ]
    .concat();
    let length = u32::try_from(manifest.len()).unwrap().to_be_bytes();
    let mut text = [length.as_slice(), &manifest].concat();
    text.resize(CHUNK_TEXT, 0);
    let nonce = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let chunk = seal(&expand(&expander, &label), &nonce, &[], &text);
    assert_eq!(hex(&sealed[12_288..]), hex(&chunk));
    examples.hex("reply", "H0", &sealed[..56]);
    examples.hex("reply", "map without field 8", &unsigned);
    examples.hex("reply", "signed bytes", &input);
    examples.hex("reply", "manifest", &manifest);
    examples.hex("reply", "SHA-256(envelope)", &sha256(sealed.as_slice()));

    let pushed = PushedReply {
        mailbox: MailboxAddress::from_bytes([7; 32]),
        erase: EraseHash::from_bytes([8; 32]),
        envelope: sealed,
    };
    let list = PushedReply::encode_list(std::slice::from_ref(&pushed));
    let begin = list.len() - pushed.envelope.len();
    assert_eq!(list[begin..], pushed.envelope[..]);
    examples.hex("pushed reply", "list of one begins with", &list[..begin]);
    examples.text("pushed reply", "length", &list.len().to_string());
    examples.hex(
        "pushed reply",
        "name of the reply",
        pushed.hash().as_bytes(),
    );
}
