//! What people and logs get to see: errors say what happened, and nothing shows what is secret.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "nothing but a test, helpers included"
)]

#[path = "format/cast.rs"]
#[allow(dead_code, reason = "the worked examples of FORMAT.md use the rest")]
mod cast;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;
use std::io;

use cast::{Stream, body, epoch, hex, manifest, newsroom, openers, recipients, sheet, signers};
use knothole_envelope::{
    AddressError, ArchiveSealError, BundleError, CardError, ChainError, Codename, DayError,
    DecodeError, FileName, FrameError, HEADER_LEN, HeadError, HexError, KeyError, ManifestError,
    Message, OpenError, Opener, PartName, PushedReply, ReceiptError, RecipientsError, ReplyError,
    SealError, SheetError, Suite, TooLarge, TreeHasher, UnlockError, seal_decoy, seal_drop,
    seal_header, unlock,
};

type Errors = Vec<Box<dyn Error>>;

fn all<E: Error + 'static>(errors: impl IntoIterator<Item = E>) -> Errors {
    errors.into_iter().map(Box::<dyn Error>::from).collect()
}

/// One error of every kind of each operation.
fn errors() -> Vec<Errors> {
    let all = [of_envelopes(), of_keys(), of_papers()];
    all.into_iter().flatten().collect()
}

/// Those of envelopes and of what is in them.
fn of_envelopes() -> Vec<Errors> {
    let broken = || io::Error::other("the disk is gone");
    vec![
        all([
            ArchiveSealError::BadSignature,
            ArchiveSealError::ForeignSignature,
            ArchiveSealError::TooFewSignatures,
        ]),
        all([
            DecodeError::Malformed,
            DecodeError::Missing(3),
            DecodeError::Unknown(3),
            DecodeError::TooMany,
            DecodeError::Value("the quorum"),
            DecodeError::NotCanonical,
        ]),
        all([FrameError::TooLong, FrameError::Length, FrameError::Padding]),
        all([
            ManifestError::Name,
            ManifestError::Message,
            ManifestError::Files,
            ManifestError::TooLarge,
        ]),
        all([
            OpenError::Damaged,
            OpenError::ManifestLength,
            OpenError::Manifest(DecodeError::Malformed),
            OpenError::Quorum,
            OpenError::Padding,
            OpenError::Trailing,
            OpenError::Read(broken()),
            OpenError::Write(broken()),
        ]),
        all([
            RecipientsError::None,
            RecipientsError::TooMany,
            RecipientsError::Doubled,
            RecipientsError::Quorum,
        ]),
        all([
            ReplyError::Length,
            ReplyError::Unlock(UnlockError::NotForTheseKeys),
            ReplyError::Damaged,
            ReplyError::Manifest(DecodeError::Malformed),
            ReplyError::Trailing,
            ReplyError::OtherSource,
            ReplyError::ForeignEditor,
            ReplyError::BadSignature,
        ]),
    ]
}

/// Those of sealing, and of keys that do not open.
fn of_keys() -> Vec<Errors> {
    let broken = || io::Error::other("the disk is gone");
    vec![
        all([
            SealError::Quorum,
            SealError::Chunks,
            SealError::Index,
            SealError::Resume,
            SealError::Changed { file: 0 },
            SealError::Read {
                file: 0,
                source: broken(),
            },
            SealError::Write(broken()),
            SealError::Key,
        ]),
        all([
            UnlockError::Head(HeadError::Short),
            UnlockError::Head(HeadError::Magic),
            UnlockError::Head(HeadError::Version),
            UnlockError::Head(HeadError::Kind),
            UnlockError::Head(HeadError::Reserved),
            UnlockError::Head(HeadError::Epoch),
            UnlockError::Head(HeadError::Chunks),
            UnlockError::Kind,
            UnlockError::NotForTheseKeys,
            UnlockError::MoreNeeded {
                quorum: cast::quorum(3),
                have: 1,
            },
            UnlockError::TwoSlots,
            UnlockError::Share,
            UnlockError::Suite,
            UnlockError::Quorum,
            UnlockError::Disagree,
            UnlockError::Commitment,
        ]),
        all([TooLarge]),
    ]
}

/// Those of papers, keys and texts.
fn of_papers() -> Vec<Errors> {
    let sequence = 7;
    vec![
        all([
            AddressError::NotAnOnion,
            AddressError::OnionVersion,
            AddressError::OnionChecksum,
            AddressError::NotAFingerprint,
            AddressError::NotADropAddress,
        ]),
        all([
            BundleError::Doubled,
            BundleError::Part,
            BundleError::TooMany,
            BundleError::Sequence,
            BundleError::BadSignature,
            BundleError::ForeignSignature,
        ]),
        all([CardError::Keys, CardError::Days, CardError::BadSignature]),
        all([
            ChainError::Editors,
            ChainError::Quorum,
            ChainError::RecoveryKeys,
            ChainError::Length,
            ChainError::Fingerprint,
            ChainError::Order { sequence },
            ChainError::BadSignature { sequence },
            ChainError::ForeignSignature { sequence },
            ChainError::TooFewSignatures { sequence },
            ChainError::Recovery { sequence },
        ]),
        all([
            KeyError::Length,
            KeyError::Modulus,
            KeyError::SmallOrder,
            KeyError::NotAPoint,
        ]),
        all([
            ReceiptError::BadSignature,
            ReceiptError::ForeignSignature,
            ReceiptError::TooFewSignatures,
        ]),
        all([
            SheetError::Keys,
            SheetError::Days,
            SheetError::UnknownCharter,
            SheetError::WrongEditors,
            SheetError::BadSignature,
            SheetError::ForeignSignature,
            SheetError::TooFewSignatures,
        ]),
        all([HexError]),
        all([DayError]),
    ]
}

#[test]
fn every_error_says_in_words_of_its_own_what_happened() {
    for operation in errors() {
        let messages: Vec<String> = operation.iter().map(ToString::to_string).collect();
        for message in &messages {
            assert!(message.len() > 15, "{message} says too little");
            assert!(!message.starts_with(char::is_uppercase), "{message}");
            assert!(!message.ends_with(['.', '!', ' ']), "{message}");
            assert!(
                !message.contains("  ") && !message.contains('\n'),
                "{message}"
            );
        }
        let different: BTreeSet<&String> = messages.iter().collect();
        assert_eq!(different.len(), messages.len(), "{messages:?}");
    }
}

#[test]
fn no_error_repeats_the_one_that_it_comes_from() {
    let mut sources = 0;
    for error in errors().into_iter().flatten() {
        if let Some(source) = error.source() {
            assert!(!error.to_string().contains(&source.to_string()), "{error}");
            sources += 1;
        }
    }
    assert_eq!(sources, 6);
}

#[test]
fn a_file_is_counted_from_one_where_people_read_it() {
    let source = io::Error::other("gone");
    assert_eq!(
        SealError::Read { file: 0, source }.to_string(),
        "file 1 cannot be read"
    );
    let changed = SealError::Changed { file: 4 }.to_string();
    assert!(changed.starts_with("file 5 changed"), "{changed}");
}

#[test]
fn who_is_missing_is_told_in_numbers() {
    let needed = UnlockError::MoreNeeded {
        quorum: cast::quorum(3),
        have: 1,
    };
    assert!(needed.to_string().ends_with("2 more needed"), "{needed}");
    assert!(!needed.is_damage());
    assert!(UnlockError::Share.is_damage());
}

/// Something that debug output must not give away.
fn hides(shown: &impl Debug, secrets: &[&[u8]]) {
    for shown in [format!("{shown:?}"), format!("{shown:#?}")] {
        for secret in secrets {
            let listed: Vec<String> = secret.iter().take(4).map(u8::to_string).collect();
            assert!(!shown.contains(&hex(secret)), "{shown}");
            assert!(!shown.contains(&listed.join(", ")), "{shown}");
            if let Ok(text) = std::str::from_utf8(secret) {
                assert!(!shown.contains(text), "{shown}");
            }
        }
    }
}

#[test]
fn debug_output_hides_secrets_and_what_a_source_has_written() {
    let editor = signers(1).remove(0);
    hides(&editor, &[editor.expose()]);
    let opener = openers(1).remove(0);
    hides(&opener, &[opener.expose()]);
    hides(&Opener::new(&opener, 0), &[opener.expose()]);
    let codename = Codename::from_bytes([0xc5; 16]);
    hides(&codename, &[codename.expose()]);
    let way = codename.way_back(newsroom(1, 1).fingerprint());
    let block = way.block();
    let of_source = [
        way.key().expose(),
        way.mailbox().as_bytes(),
        way.erase().expose(),
    ];
    let of_source = of_source.map(<[u8; 32]>::as_slice);
    hides(&way, &of_source);
    hides(way.key(), &of_source);
    hides(way.erase(), &of_source);
    hides(&block, &of_source);
    hides(&block.key, &[block.key.as_bytes()]);
    let words = ["Kennwort", "Geheim.mp4"].map(str::as_bytes);
    hides(&Message::new("Kennwort").unwrap(), &words);
    hides(&FileName::new("Geheim.mp4").unwrap(), &words);
    let held = manifest(1, 1, &[("Geheim.mp4", 5)], "Kennwort");
    hides(&held, &words);
    let pushed = PushedReply {
        mailbox: *way.mailbox(),
        erase: block.erase,
        envelope: seal_decoy(&mut Stream::new("messages")).unwrap(),
    };
    hides(&pushed, &of_source);
}

#[test]
fn debug_output_hides_what_opens_a_drop_and_what_is_in_it() {
    let held = manifest(1, 1, &[("Geheim.mp4", 5)], "Kennwort");
    let words = ["Kennwort", "Geheim.mp4"].map(str::as_bytes);
    let (header, sealer) = seal_header(
        &mut Stream::new("messages"),
        Suite::Aes256Gcm,
        epoch(),
        &recipients(1, 1),
        held.chunks(),
    )
    .unwrap();
    let secret = sealer.resume_secret();
    let key = &secret.expose()[9..];
    hides(&secret, &[key]);
    hides(&sealer, &[key]);
    hides(&header, &[&header.as_bytes()[..56]]);
    let mut sealed = Vec::new();
    seal_drop(
        &mut Stream::new("messages"),
        Suite::Aes256Gcm,
        epoch(),
        &recipients(1, 1),
        &held,
        |_| Ok(io::Cursor::new(body(5))),
        &mut sealed,
    )
    .unwrap();
    let (header, chunks) = sealed.split_first_chunk::<HEADER_LEN>().unwrap();
    let secrets = openers(1);
    let unlocked = unlock(header, 1, &[Opener::new(&secrets[0], 0)]).unwrap();
    assert_eq!(unlocked.head().envelope_len(), 1_060_864);
    hides(&unlocked, &[key]);
    let mut drop = unlocked.into_drop(chunks).unwrap();
    hides(&drop, &[key, words[0], words[1]]);
    let file = drop.next_file().unwrap().unwrap();
    hides(&file, &[key, words[0], words[1]]);
    let salvage = drop.salvage();
    assert_eq!(salvage.manifest(), &held);
    let label = salvage.to_string();
    assert!(words.iter().all(|word| {
        !label
            .as_bytes()
            .windows(word.len())
            .any(|part| part == *word)
    }));
}

#[test]
fn what_is_public_is_shown_as_people_write_it() {
    let chain = newsroom(1, 1);
    let key = signers(1)[0].editor_key();
    let address = knothole_envelope::OnionAddress::from_identity(key.as_bytes());
    let name = PartName::from_bytes([0xab; 16]);
    for (shown, inside) in [
        (format!("{key:?}"), hex(key.as_bytes())),
        (
            format!("{:?}", chain.fingerprint()),
            chain.fingerprint().to_string(),
        ),
        (format!("{address:?}"), address.to_string()),
        (format!("{name:?}"), hex(name.as_bytes())),
        (
            format!("{:?}", chain.current_hash()),
            chain.current_hash().to_string(),
        ),
        (format!("{:?}", sheet(1, 1).0), "signatures: 1".to_owned()),
        (format!("{:?}", TreeHasher::new()), "len: 0".to_owned()),
    ] {
        assert!(shown.contains(&inside), "{shown} lacks {inside}");
    }
}
