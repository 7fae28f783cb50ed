#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use proptest::prelude::*;

use super::*;

fn manifest(files: Vec<FileEntry>, message: &str) -> Result<Manifest, ManifestError> {
    let sheet = SheetHash::from_bytes([1; 32]);
    Manifest::new(sheet, Quorum::ONE, None, files, Message::new(message)?)
}

fn file(name: &str, size: u64) -> FileEntry {
    FileEntry {
        name: FileName::new(name).unwrap(),
        size,
    }
}

/// A manifest with this list of files, as a hostile sender writes it.
fn with_files(files: &[u8]) -> Vec<u8> {
    [
        b"\xa5\x01\x01\x02\x58\x20".as_slice(),
        &[1; 32],
        b"\x03\x01\x05",
        files,
        b"\x06\x60",
    ]
    .concat()
}

#[test]
fn names_that_are_paths_or_empty_are_refused() {
    for name in [
        "",
        ".",
        "..",
        "/",
        "a/b",
        "../a",
        "/etc/passwd",
        "a\0b",
        "\0",
    ] {
        assert_eq!(FileName::new(name), Err(ManifestError::Name), "{name:?}");
    }
    assert!(FileName::new(&"n".repeat(255)).is_ok());
    assert_eq!(FileName::new(&"n".repeat(256)), Err(ManifestError::Name));
}

#[test]
fn strange_names_are_legal_and_escaped_by_whoever_shows_them() {
    for name in [
        "...",
        ". ",
        "\u{202e}gpj.exe",
        "\x1b[31m",
        "a\nb",
        "C:\\x",
        "-rf",
        "<b>",
        "~",
    ] {
        assert!(FileName::new(name).is_ok(), "{name:?}");
    }
}

#[test]
fn hostile_names_in_a_manifest_are_refused() {
    let good = with_files(b"\x81\xa2\x01\x61a\x02\x00");
    assert!(Manifest::decode(&good).is_ok());
    let wrong: [&[u8]; 5] = [
        b"\x81\xa2\x01\x60\x02\x00",
        b"\x81\xa2\x01\x61.\x02\x00",
        b"\x81\xa2\x01\x62..\x02\x00",
        b"\x81\xa2\x01\x63a/b\x02\x00",
        b"\x81\xa2\x01\x61\0\x02\x00",
    ];
    for files in wrong {
        let result = Manifest::decode(&with_files(files));
        assert_eq!(
            result,
            Err(DecodeError::Value("a file's name")),
            "{files:x?}"
        );
    }
    let long = [
        b"\x81\xa2\x01\x79\x01\x00".as_slice(),
        &[b'n'; 256],
        b"\x02\x00",
    ]
    .concat();
    let result = Manifest::decode(&with_files(&long));
    assert_eq!(result, Err(DecodeError::Value("a file's name")));
    let bytes = Manifest::decode(&with_files(b"\x81\xa2\x01\x41a\x02\x00"));
    assert_eq!(bytes, Err(DecodeError::Malformed));
}

#[test]
fn unknown_fields_are_refused_at_every_level() {
    let inner = with_files(b"\x81\xa3\x01\x61a\x02\x00\x03\x00");
    assert_eq!(Manifest::decode(&inner), Err(DecodeError::Unknown(3)));
    let mut outer = with_files(b"\x80");
    outer[0] = 0xa6;
    outer.extend_from_slice(b"\x07\x00");
    assert_eq!(Manifest::decode(&outer), Err(DecodeError::Unknown(7)));
}

#[test]
fn another_version_is_refused() {
    let mut encoded = with_files(b"\x80");
    encoded[2] = 2;
    assert_eq!(
        Manifest::decode(&encoded),
        Err(DecodeError::Value("the version"))
    );
}

#[test]
fn a_quorum_of_zero_or_nine_is_refused() {
    for quorum in [0, 9] {
        let mut encoded = with_files(b"\x80");
        encoded[39] = quorum;
        assert_eq!(
            Manifest::decode(&encoded),
            Err(DecodeError::Value("the quorum"))
        );
    }
}

#[test]
fn sizes_whose_sum_does_not_fit_are_refused() {
    let most = b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff";
    let entry = [b"\xa2\x01\x61a\x02".as_slice(), most].concat();
    let files = [b"\x82".as_slice(), &entry, &entry].concat();
    let refused = Err(DecodeError::Value("the sum of the sizes"));
    assert_eq!(Manifest::decode(&with_files(&files)), refused);
    assert_eq!(
        manifest(vec![file("a", u64::MAX), file("b", 1)], ""),
        Err(ManifestError::TooLarge)
    );
}

#[test]
fn the_largest_drop_is_legal_and_one_byte_more_is_not() {
    let empty = manifest(vec![file("a", u64::from(u32::MAX) + 1)], "").unwrap();
    let overhead = empty.content_len() - u64::from(u32::MAX) - 1;
    let room = crate::pad::MOST_CHUNKS * 65_520 - overhead;
    let largest = manifest(vec![file("a", room)], "").unwrap();
    assert_eq!(largest.chunks().get(), crate::pad::MOST_CHUNKS);
    assert_eq!(
        manifest(vec![file("a", room + 1)], ""),
        Err(ManifestError::TooLarge)
    );
}

#[test]
fn five_hundred_files_are_legal_and_one_more_is_not() {
    let files = |count| (0..count).map(|_| file("same", 0)).collect::<Vec<_>>();
    let most = manifest(files(500), "").unwrap();
    assert_eq!(Manifest::decode(&most.encode()), Ok(most));
    assert_eq!(manifest(files(501), ""), Err(ManifestError::Files));
    let mut list = b"\x99\x01\xf5".to_vec();
    for _ in 0..501 {
        list.extend_from_slice(b"\xa2\x01\x61a\x02\x00");
    }
    assert_eq!(
        Manifest::decode(&with_files(&list)),
        Err(DecodeError::TooMany)
    );
}

#[test]
fn a_message_has_a_bound() {
    assert!(manifest(Vec::new(), &"w".repeat(32_768)).is_ok());
    assert_eq!(
        manifest(Vec::new(), &"w".repeat(32_769)),
        Err(ManifestError::Message)
    );
}

#[test]
fn the_largest_manifest_stays_within_its_bound() {
    let files = (0..500).map(|_| file(&"n".repeat(255), 1 << 31)).collect();
    let largest = manifest(files, &"w".repeat(32_768)).unwrap();
    assert!(largest.encode().len() + 1_300 < usize::try_from(MOST_MANIFEST_BYTES).unwrap());
}

#[test]
fn a_long_name_is_shortened_between_characters_and_keeps_its_ending() {
    let name = FileName::shortened(&format!("{}.mp4", "長".repeat(1_300))).unwrap();
    assert!(name.as_str().len() <= 255);
    assert!(name.as_str().ends_with("長.mp4"));
    assert!(name.as_str().len() >= 252);
    let plain = FileName::shortened(&"é".repeat(4_000)).unwrap();
    assert_eq!(plain.as_str().len(), 254);
    let dots = FileName::shortened(&".".repeat(300)).unwrap();
    assert_eq!(dots.as_str().len(), 255);
    assert_eq!(
        FileName::shortened("kept.txt").unwrap().as_str(),
        "kept.txt"
    );
    assert_eq!(
        FileName::shortened(&"a/".repeat(300)),
        Err(ManifestError::Name)
    );
}

#[test]
fn what_a_source_wrote_never_shows_in_debug_output() {
    let manifest = manifest(vec![file("whistle", 77)], "secret words").unwrap();
    let shown = format!("{manifest:?} {:?}", manifest.message());
    assert!(!shown.contains("whistle") && !shown.contains("secret"));
    assert!(shown.contains("Message(..)") && shown.contains("FileName(..)"));
}

#[test]
fn the_way_back_to_a_source_never_shows_in_debug_output() {
    let reply = ReplyBlock {
        key: crate::key::EpochSecret::from_bytes([1; 32]).recipient_key(),
        mailbox: MailboxAddress::from_bytes([0xab; 32]),
        erase: EraseHash::from_bytes([0xcd; 32]),
    };
    assert_eq!(format!("{reply:?}"), "ReplyBlock(..)");
}

fn names() -> impl Strategy<Value = String> {
    "[^/\0]{1,60}".prop_filter("two names are refused", |name| {
        !matches!(name.as_str(), "." | "..")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_manifest_has_one_encoding_and_comes_back(
        files in proptest::collection::vec((names(), 0..1_u64 << 30), 0..20),
        message in "\\PC{0,200}",
    ) {
        let files = files.iter().map(|(name, size)| file(name, *size)).collect();
        let made = manifest(files, &message).unwrap();
        let encoded = made.encode();
        prop_assert_eq!(&Manifest::decode(&encoded).unwrap(), &made);
        for length in 0..encoded.len() {
            prop_assert!(Manifest::decode(&encoded[..length]).is_err());
        }
    }

    #[test]
    fn no_bytes_make_the_reader_fall_over(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(manifest) = Manifest::decode(&bytes) {
            prop_assert!(*manifest.encode() == bytes);
        }
    }
}
