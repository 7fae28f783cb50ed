//! Files that want to do harm.

use proptest::prelude::*;

use super::*;

#[test]
fn a_bomb_in_an_archive_is_unpacked_to_its_bound_and_no_further() {
    let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b' '; 40 << 20], 9);
    let report = look(&zip("docProps/core.xml", 8, &bomb).as_slice());
    assert!(report.limits.contains(&Limit::TooLarge), "{report:?}");
    let mut png = SCREEN[..33].to_vec();
    let text = [
        b"Comment\0\0".as_slice(),
        &miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'a'; 40 << 20], 9),
    ]
    .concat();
    png.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
    png.extend(b"zTXt");
    png.extend(&text);
    png.extend([0; 4]);
    png.extend(&SCREEN[33..]);
    assert!(look(&png.as_slice()).limits.contains(&Limit::TooLarge));
}

#[test]
fn a_document_of_many_packed_streams_is_looked_at_within_its_bound() {
    let stream = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'/'; 3 << 20], 9);
    let mut file = b"%PDF-1.5\n".to_vec();
    for _ in 0..200 {
        file.extend([b"stream\n".as_slice(), &stream, b"\nendstream\n"].concat());
    }
    let report = look(&file.as_slice());
    assert!(report.limits.contains(&Limit::TooLarge), "{report:?}");
}

#[test]
fn lengths_that_lie_are_refused_before_anything_is_allocated() {
    let mut png = SCREEN.to_vec();
    png[33..37].copy_from_slice(&[0xff; 4]);
    assert!(look(&png.as_slice()).limits.contains(&Limit::Broken));
    let mut film = FILM.to_vec();
    let place = FILM.windows(4).position(|four| four == b"stsz").unwrap();
    film[place + 12..place + 16].copy_from_slice(&[0xff; 4]);
    drop(look(&film.as_slice()));
    let flac = b"fLaC\x84\xff\xff\xff";
    assert!(look(&flac.as_slice()).limits.contains(&Limit::Broken));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_bring_a_look_down(kind in 0_usize..14, bytes: Vec<u8>) {
        let heads: [&[u8]; 14] = [
            b"", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"\0\0\0\x10ftypqt  \0\0\0\0",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"II*\0", b"RIFF\0\0\0\0WEBP", b"%PDF-1.7 stream\n\x78",
            b"PK\x03\x04", b"ID3\x03\0\0", b"fLaC", b"OggS\x03vorbis", b"\x1a\x45\xdf\xa3", b"\0\0\0\0moov",
        ];
        let file = [heads[kind], &bytes].concat();
        check(&file);
    }

    #[test]
    fn no_change_of_a_real_file_brings_a_look_down(
        which in 0_usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let made = film::coded(b"avc1", &[b"\x06\x05\x14a name of 16 byteswords\x80", b"\x65"]);
        let mut file = [PHONE, PROGRESSIVE, SCREEN, FILM, CLOCK, &made][which].to_vec();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        check(&file);
    }
}

/// Whatever the file: the report goes through the pipe, and a copy can be made, which is of the same
/// kind and has nothing more to put out.
fn check(file: &[u8]) {
    let report = look(&file);
    let bytes = report.encode().unwrap();
    let length = u64::try_from(file.len()).unwrap();
    assert_eq!(Report::decode(&bytes, length).unwrap(), report);
    if let Cleaning::By(plan) = &report.cleaning {
        let copy = plan.copy(&file).unwrap();
        let again = look(&copy.as_slice());
        assert_eq!(again.kind, report.kind);
        // What is clean stays what it is.
        if let Cleaning::By(plan) = &again.cleaning {
            assert!(plan.copy(&copy.as_slice()).unwrap() == copy);
        }
    }
}
