//! Looks at small files that say a lot, and at files that want to do harm.

mod film;
mod harm;
mod hidden;
mod made;
mod repeated;

use super::*;
use crate::plan::Plan;

const PHONE: &[u8] = include_bytes!("../../tests/samples/phone.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("../../tests/samples/progressive.jpg");
const SCREEN: &[u8] = include_bytes!("../../tests/samples/screen.png");
const FILM: &[u8] = include_bytes!("../../tests/samples/phone.mov");
const CLOCK: &[u8] = include_bytes!("../../tests/samples/udta.mp4");

fn says(report: &Report, what: What, words: &str) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|finding| finding.what == what && finding.words.as_str().contains(words))
}

fn plan(report: &Report) -> &Plan {
    match &report.cleaning {
        Cleaning::By(plan) => plan,
        Cleaning::Cannot => panic!("{report:?}"),
    }
}

fn cleaned(file: &[u8]) -> Vec<u8> {
    plan(&look(&file)).copy(&file).unwrap()
}

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes
        .windows(what.len())
        .any(|window| window == what.as_bytes())
}

/// The segments that draw the picture: from the tables on, each as it stands.
fn drawing(jpeg: &[u8]) -> Vec<Vec<u8>> {
    let mut at = 2;
    let mut out = Vec::new();
    loop {
        let marker = jpeg[at + 1];
        let mut end = at + 2;
        if marker != 0xd9 {
            end += usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        }
        if marker == 0xda {
            while jpeg[end] != 0xff || matches!(jpeg[end + 1], 0 | 0xd0..=0xd7) {
                end += 1;
            }
        }
        if !matches!(marker, 0xe0..=0xef | 0xfe) {
            out.push(jpeg[at..end].to_vec());
        }
        if marker == 0xd9 {
            return out;
        }
        at = end;
    }
}

fn chunks(png: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut at = 8;
    let mut out = Vec::new();
    while at < png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        let end = at + 8 + usize::try_from(length).unwrap();
        let name = String::from_utf8(png[at + 4..at + 8].to_vec()).unwrap();
        out.push((name, png[at + 8..end].to_vec()));
        at = end + 4;
    }
    out
}

#[test]
fn a_photograph_tells_place_device_person_and_time() {
    let report = look(&PHONE);
    assert_eq!(report.kind, Kind::Jpeg);
    assert!(
        says(&report, What::Place, "48.85840 N, 2.29450 E"),
        "{report:?}"
    );
    assert!(says(&report, What::Device, "Apple iPhone 12"));
    assert!(says(&report, What::Serial, "C39XYZ"));
    assert!(says(&report, What::Person, "A. Example"));
    assert!(says(&report, What::Person, "B. Example"), "{report:?}");
    assert!(says(&report, What::Time, "2021:03:04 05:06:07"));
    assert!(says(&report, What::Software, "14.2"));
    assert!(says(&report, What::Software, "Camera 9"));
    assert!(says(&report, What::Remark, "behind the house"));
    assert!(says(&report, What::Remark, "for the desk"));
    assert!(says(&report, What::Preview, ""));
    assert!(says(&report, What::Sealed, ""));
}

#[test]
fn a_cleaned_photograph_has_the_same_coded_picture_and_says_nothing() {
    for file in [PHONE, PROGRESSIVE] {
        let clean = cleaned(file);
        assert_eq!(drawing(&clean), drawing(file));
        let report = look(&clean.as_slice());
        assert_eq!(report.findings, [], "{report:?}");
        assert_eq!(report.limits, []);
        for word in ["Apple", "Example", "2021", "Canon", "desk", "Camera"] {
            assert!(!holds(&clean, word), "{word}");
        }
        // What is clean stays what it is.
        assert_eq!(cleaned(&clean), clean);
    }
}

#[test]
fn a_cleaned_photograph_is_still_turned_the_right_way_and_keeps_its_colours() {
    let clean = cleaned(PHONE);
    let mut seen = Seen::default();
    let place = clean.windows(6).position(|six| six == b"Exif\0\0").unwrap();
    assert_eq!(
        exif::block(&clean[place + 6..place + 32], &mut seen),
        Some(6)
    );
    assert!(seen.findings.is_empty());
    assert!(!holds(&cleaned(PROGRESSIVE), "Exif"));
    // Its colours are those of a picture without a profile; these are not.
    assert!(!holds(&clean, "ICC_PROFILE"));
    let clean = cleaned(&wide());
    assert!(holds(&clean, "ICC_PROFILE") && holds(&clean, "rXYZ") && !holds(&clean, "lcms"));
}

/// The photograph, whose red is another.
fn wide() -> Vec<u8> {
    let red = b"XYZ \0\0\0\0\0\0\x6f\xa0";
    let place = PHONE.windows(12).position(|it| it == red).unwrap();
    let mut file = PHONE.to_vec();
    file[place + 10] = 0x83;
    file
}

#[test]
fn what_lies_behind_a_picture_is_told_and_cut_off() {
    for file in [PHONE, SCREEN] {
        let film = [file, b"a film from the same second"].concat();
        let report = look(&film.as_slice());
        assert!(says(&report, What::Tail, "27 bytes"), "{report:?}");
        assert_eq!(cleaned(&film), cleaned(file));
    }
}

#[test]
fn a_picture_of_a_screen_tells_person_program_and_time() {
    let report = look(&SCREEN);
    assert_eq!(report.kind, Kind::Png);
    assert!(says(&report, What::Person, "C. Example"), "{report:?}");
    assert!(says(&report, What::Software, "Screens 3"));
    assert!(says(&report, What::Remark, "seen on the 4th"));
    assert!(says(&report, What::Time, "2021-03-04 05:06:07"));
    assert!(says(&report, What::Place, "48.85840 N"));
}

#[test]
fn a_cleaned_png_has_the_same_coded_picture_and_says_nothing() {
    let clean = cleaned(SCREEN);
    let only = |png: &[u8]| {
        let mut chunks = chunks(png);
        chunks.retain(|(name, _)| matches!(name.as_str(), "IHDR" | "IDAT" | "IEND"));
        chunks
    };
    assert_eq!(only(&clean), only(SCREEN));
    let names: Vec<_> = chunks(&clean).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["IHDR", "sRGB", "eXIf", "IDAT", "IEND"]);
    assert_eq!(look(&clean.as_slice()).findings, []);
    assert_eq!(cleaned(&clean), clean);
}

#[test]
fn a_film_tells_place_device_and_time() {
    let report = look(&FILM);
    assert_eq!(report.kind, Kind::Mov);
    assert!(says(&report, What::Time, "2021-03-04 05:06"), "{report:?}");
    assert!(
        says(&report, What::Place, "+48.8584+002.2945/"),
        "{report:?}"
    );
    assert!(says(&report, What::Device, "Apple"));
    assert!(says(&report, What::Device, "iPhone 12"));
    assert!(says(&report, What::Software, "Lavc"));
    let report = look(&CLOCK);
    assert_eq!(report.kind, Kind::Mp4);
    assert!(says(&report, What::Track, ""), "{report:?}");
    assert!(says(&report, What::Place, ""), "{report:?}");
}

#[test]
fn a_cleaned_film_is_as_long_as_before_and_says_nothing() {
    for film in [FILM, CLOCK] {
        let clean = cleaned(film);
        assert_eq!(clean.len(), film.len());
        let report = look(&clean.as_slice());
        assert_eq!(report.findings, [], "{report:?}");
        for word in ["Apple", "iPhone", "48.8584", "Handler"] {
            assert!(!holds(&clean, word), "{word}");
        }
        assert_eq!(cleaned(&clean), clean);
    }
}

#[test]
fn picture_and_sound_of_a_cleaned_film_are_the_same_byte_for_byte() {
    // The first film has nothing else in its media.
    let media = |film: &[u8]| {
        let place = film.windows(4).position(|four| four == b"mdat").unwrap();
        let atom = movie_atom(film, place);
        film[atom.0..atom.1].to_vec()
    };
    assert_eq!(media(&cleaned(FILM)), media(FILM));
    // The second has four bytes of a clock, and nothing else changes.
    let clean = cleaned(CLOCK);
    let differing = media(&clean)
        .iter()
        .zip(media(CLOCK))
        .filter(|(a, b)| **a != *b)
        .count();
    assert!((1..=4).contains(&differing), "{differing}");
}

fn movie_atom(film: &[u8], name: usize) -> (usize, usize) {
    let length = u32::from_be_bytes(film[name - 4..name].try_into().unwrap());
    (name + 4, name - 4 + usize::try_from(length).unwrap())
}

#[test]
fn a_film_whose_tables_lie_is_not_cleaned() {
    // The clock's chunk is said to lie where the picture does.
    let clock = CLOCK.windows(4).rposition(|four| four == b"stco").unwrap();
    let picture = CLOCK.windows(4).position(|four| four == b"stco").unwrap();
    let mut film = CLOCK.to_vec();
    let place = CLOCK[picture + 12..picture + 16].to_vec();
    film[clock + 12..clock + 16].copy_from_slice(&place);
    assert_eq!(look(&film.as_slice()).cleaning, Cleaning::Cannot);
    film[clock + 12..clock + 16].copy_from_slice(&[0, 0, 0, 9]);
    assert_eq!(
        look(&film.as_slice()).cleaning,
        Cleaning::Cannot,
        "outside the media"
    );
}

#[test]
fn a_film_in_pieces_or_with_media_elsewhere_is_not_cleaned() {
    let pieces = [FILM, b"\0\0\0\x09mdat1\0\0\0\x08moof"].concat();
    let report = look(&pieces.as_slice());
    assert_eq!(report.cleaning, Cleaning::Cannot);
    assert!(!says(&report, What::Other, "no player shows"), "{report:?}");
    let mut elsewhere = FILM.to_vec();
    let place = FILM.windows(4).rposition(|four| four == b"url ").unwrap();
    elsewhere[place + 7] = 0;
    assert_eq!(look(&elsewhere.as_slice()).cleaning, Cleaning::Cannot);
}

#[test]
fn bytes_behind_a_film_are_told_and_cut_off() {
    let film = [FILM, &[0xff; 40]].concat();
    let report = look(&film.as_slice());
    assert!(says(&report, What::Tail, "40 bytes"), "{report:?}");
    assert_eq!(cleaned(&film), cleaned(FILM));
}

#[test]
fn what_is_unknown_is_said_to_be_unknown_and_never_clean() {
    for file in [
        b"\0\x01\x02".as_slice(),
        b"GIF89a",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ] {
        let report = look(&file);
        assert_eq!(report.limits, [Limit::Unknown]);
        assert_eq!(report.cleaning, Cleaning::Cannot);
    }
    for limit in Limit::ALL {
        assert!(!limit.as_str().contains("clean"));
    }
}

#[test]
fn a_document_tells_its_author_in_the_clear_or_packed() {
    let clear =
        b"%PDF-1.4\n1 0 obj <</Author (D. Example) /Producer <FEFF00570034>>> endobj\n%%EOF";
    let report = look(&clear.as_slice());
    assert!(says(&report, What::Person, "D. Example"), "{report:?}");
    assert!(says(&report, What::Software, "W4"), "{report:?}");
    let inner = b"<</Author (E. Example)>>";
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(inner, 6);
    let file = [
        b"%PDF-1.5\nstream\r\n".as_slice(),
        &packed,
        b"\nendstream\n%%EOF",
    ]
    .concat();
    assert!(says(&look(&file.as_slice()), What::Person, "E. Example"));
}

fn zip(name: &str, method: u16, packed: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packed.len()).unwrap().to_le_bytes();
    let letters = u16::try_from(name.len()).unwrap().to_le_bytes();
    let method = method.to_le_bytes();
    let mut out = b"PK\x03\x04\x14\0\0\0".to_vec();
    out.extend(
        [
            method.as_slice(),
            &[0; 8],
            &length,
            &length,
            &letters,
            &[0; 2],
        ]
        .concat(),
    );
    out.extend(name.as_bytes());
    out.extend(packed);
    let start = u32::try_from(out.len()).unwrap().to_le_bytes();
    let mut table = b"PK\x01\x02\x14\0\x14\0\0\0".to_vec();
    table.extend(
        [
            method.as_slice(),
            &[0; 8],
            &length,
            &length,
            &letters,
            &[0; 16],
        ]
        .concat(),
    );
    table.extend(name.as_bytes());
    let second = b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0[Content_Types].xml";
    table.extend(second);
    let size = u32::try_from(table.len()).unwrap().to_le_bytes();
    out.extend(table);
    out.extend(
        [
            b"PK\x05\x06\0\0\0\0\x02\0\x02\0".as_slice(),
            &size,
            &start,
            &[0; 2],
        ]
        .concat(),
    );
    out
}

#[test]
fn an_office_document_tells_its_author() {
    let core = b"<cp:coreProperties xmlns:dc='d' xmlns:cp='c'><dc:creator>F. Example</dc:creator>\
                 <cp:lastModifiedBy>G. Example</cp:lastModifiedBy></cp:coreProperties>";
    let packed = miniz_oxide::deflate::compress_to_vec(core, 6);
    let report = look(&zip("docProps/core.xml", 8, &packed).as_slice());
    assert_eq!(report.kind, Kind::Office);
    assert!(says(&report, What::Person, "F. Example"), "{report:?}");
    assert!(says(&report, What::Person, "G. Example"));
}

#[test]
fn a_document_that_is_written_in_letters_tells_its_author_and_is_no_text() {
    let late = format!(
        "<!-- {} -->\n<svg><creator>R. Example</creator></svg>",
        "x".repeat(4_100)
    );
    let cases: [(&[u8], Kind, &str); 11] = [
        (
            b"{\\rtf1{\\info{\\author K. Example}} x}",
            Kind::Rtf,
            "K. Example",
        ),
        (
            b"<!DOCTYPE html><META NAME=\"Author\" content='N. Example'>",
            Kind::Html,
            "N. Example",
        ),
        (
            b"<svg><creator>O. Example</creator></svg>",
            Kind::Svg,
            "O. Example",
        ),
        (
            b"<?xml version='1.0'?><gpx><author>P. Example</author></gpx>",
            Kind::Xml,
            "P. Example",
        ),
        (
            b"<svg><metadata><creator>O. Example</creator></metadata></svg>",
            Kind::Svg,
            "O. Example",
        ),
        (
            b"<o:document><meta:initial-creator>Q. Example</meta:initial-creator></o:document>",
            Kind::Xml,
            "Q. Example",
        ),
        (late.as_bytes(), Kind::Xml, "R. Example"),
        (
            b"<div author=\"S. Example\"></div>",
            Kind::Xml,
            "S. Example",
        ),
        (
            b" {\\rtf1{\\info{\\author T. Example}}}",
            Kind::Rtf,
            "T. Example",
        ),
        (
            b"%!PS-Adobe-3.0\n%%For: U. Example\n",
            Kind::Postscript,
            "U. Example",
        ),
        (
            b"From: V. Example\r\nReceived: from laptop-v\r\n\r\nhi",
            Kind::Mail,
            "V. Example",
        ),
    ];
    for (file, kind, person) in cases {
        let report = look(&file);
        assert_eq!(report.kind, kind);
        assert_eq!(report.cleaning, Cleaning::Cannot);
        assert_eq!(report.limits, [Limit::Partly]);
        assert!(says(&report, What::Person, person), "{report:?}");
    }
}

#[test]
fn sound_tells_its_artist() {
    let mut id3 = b"ID3\x03\0\0\0\0\0\x40TPE1\0\0\0\x0b\0\0\0H. Example".to_vec();
    id3.extend([0; 200]);
    assert!(says(&look(&id3.as_slice()), What::Person, "H. Example"));
    let comment = b"\x04\0\0\0prog\x01\0\0\0\x11\0\0\0ARTIST=I. Example";
    let flac = [b"fLaC\x84\0\0\x21".as_slice(), comment].concat();
    let report = look(&flac.as_slice());
    assert!(says(&report, What::Person, "I. Example"), "{report:?}");
    assert!(says(&report, What::Software, "prog"));
    let wav = b"RIFF\x24\0\0\0WAVELIST\x16\0\0\0INFOIART\x0a\0\0\0J. Example";
    assert!(says(&look(&wav.as_slice()), What::Person, "J. Example"));
}
