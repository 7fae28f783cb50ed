//! Films that say one thing again and again, and pictures that move for ever.

use super::made::*;
use super::*;

const TRACK: [&[u8; 4]; 2] = [b"moov", b"trak"];
const MEDIUM: [&[u8; 4]; 3] = [b"moov", b"trak", b"mdia"];
const MINF: [&[u8; 4]; 4] = [b"moov", b"trak", b"mdia", b"minf"];
/// A picture that is not turned.
const UPRIGHT: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

fn one() -> Vec<u8> {
    film(b"0123", &[Made::picture(b"vp09", b"", &[(MEDIA, 4)])])
}

/// Whether the film is cleaned; why it is not is said.
fn cleans(film: &[u8]) -> bool {
    let report = look(&film);
    let cleans = report.cleaning != Cleaning::Cannot;
    assert!(cleans || report.limits == [Limit::Partly], "{report:?}");
    assert!(!cleans || !holds(&cleaned(film), "HIDE"));
    cleans
}

#[test]
fn what_a_film_says_once_it_says_once_or_it_is_not_cleaned() {
    assert!(cleans(&one()));
    let clef = atom(b"clef", &numbers(&[0, 0x10_0000, 0x10_0000]));
    let part = numbers(&[1_000, 0, 0x1_0000]);
    let list = atom(b"elst", &[numbers(&[0, 1]), part].concat());
    let movie = [numbers(&[0; 9]), numbers(&UPRIGHT), vec![0; 28]].concat();
    let track = [numbers(&[0; 10]), numbers(&UPRIGHT), b"HIDEHIDE".to_vec()].concat();
    let handler = [&[0; 8], b"vide".as_slice(), &[0; 13]].concat();
    let here = [numbers(&[0, 1]), atom(b"url ", &numbers(&[1]))].concat();
    let dinf = [MINF.as_slice(), &[b"dinf"]].concat();
    let cases: [(&[&[u8; 4]], Vec<u8>); 12] = [
        (&[b"moov"], atom(b"mvhd", &movie)),
        (&TRACK, atom(b"tkhd", &track)),
        (&TRACK, atom(b"mdia", b"")),
        (&TRACK, atom(b"tapt", &clef).repeat(2)),
        (&TRACK, atom(b"tapt", &clef.repeat(2))),
        (&TRACK, atom(b"edts", &list).repeat(2)),
        (&TRACK, atom(b"edts", &list.repeat(2))),
        (&MEDIUM, atom(b"mdhd", &[0; 24])),
        (&MEDIUM, atom(b"hdlr", &handler)),
        (&MEDIUM, atom(b"minf", b"")),
        (&MINF, atom(b"vmhd", &[0; 12])),
        (&dinf, atom(b"dref", &here)),
    ];
    for (path, again) in cases {
        assert!(!cleans(&grown(&one(), path, &again)), "{path:?} {again:?}");
    }
    assert!(cleans(&grown(&one(), &TRACK, &atom(b"tapt", &clef))));
    assert!(cleans(&grown(&one(), &TRACK, &atom(b"edts", &list))));
}

#[test]
fn a_box_of_a_description_that_comes_again_keeps_a_film_from_being_cleaned() {
    let described = |boxes: &[u8]| {
        let track = Made::picture(b"avc1", boxes, &[(MEDIA, 4)]);
        cleans(&film(b"0123", &[track]))
    };
    let avc = atom(
        b"avcC",
        b"\x01\x4d\0\x1f\xff\xe1\0\x02\x67\0\x01\0\x02\x68\0",
    );
    let clap = atom(b"clap", &numbers(&[16, 1, 16, 1, 0, 1, 0, 1]));
    assert!(described(&[avc.clone(), clap.clone()].concat()));
    assert!(!described(&avc.repeat(2)));
    assert!(!described(&clap.repeat(2)));
    // At any depth.
    assert!(!described(&[clap.clone(), atom(b"wave", &clap)].concat()));
    assert!(!described(&atom(b"wave", &atom(b"wave", b""))));
    // What goes may come as often as it likes.
    assert!(described(&atom(b"free", b"HIDE").repeat(3)));
    let sets = |kinds: &[u8]| {
        let all = kinds
            .iter()
            .map(|kind| [*kind, 0, 1, 0, 2, kind.wrapping_shl(1), 0]);
        let count = u8::try_from(kinds.len()).unwrap();
        let all: Vec<u8> = all.flatten().collect();
        atom(b"hvcC", &[&[0; 22], [count].as_slice(), &all].concat())
    };
    assert!(described(&sets(&[32, 33, 34])));
    assert!(!described(&sets(&[32, 33, 33])));
}

#[test]
fn an_edit_list_has_few_parts_and_each_of_them_is_there() {
    let edited = |version: u32, count: u32, part: &[u8]| {
        let rows = part.repeat(usize::try_from(count).unwrap());
        let list = [numbers(&[version << 24, count]), rows].concat();
        let edits = atom(b"edts", &atom(b"elst", &list));
        cleans(&grown(&one(), &TRACK, &edits))
    };
    let part = |begin: u32| numbers(&[1, begin, 0x1_0000]);
    assert!(edited(0, 8, &part(0)));
    assert!(!edited(0, 9, &part(0)));
    // It lasts for a thousand.
    assert!(edited(0, 1, &part(1_000)));
    assert!(!edited(0, 1, &part(1_001)));
    assert!(edited(0, 1, &part(u32::MAX)));
    assert!(!edited(0, 1, b"\0\0\0\x01HIDE\0\x01\0\0"));
    assert!(edited(1, 1, &numbers(&[0, 1, 0, 1_000, 0x1_0000])));
    assert!(!edited(1, 1, &numbers(&[0, 1, 1, 0, 0x1_0000])));
    assert!(edited(
        1,
        1,
        &numbers(&[0, 1, u32::MAX, u32::MAX, 0x1_0000])
    ));
    assert!(!edited(2, 1, &part(0)));
}

#[test]
fn the_language_of_a_track_goes_and_its_volume_is_on_or_off() {
    let mut film = one();
    for (name, at, words) in [(b"mdhd", 20, b"HI"), (b"tkhd", 36, b"DE")] {
        let place = film.windows(4).position(|four| four == name).unwrap() + 4 + at;
        film[place..place + 2].copy_from_slice(words);
    }
    let clean = cleaned(&film);
    let at = |name: &[u8; 4], at: usize| {
        let place = clean.windows(4).position(|four| four == name).unwrap() + 4 + at;
        [clean[place], clean[place + 1]]
    };
    assert_eq!(at(b"mdhd", 20), [0x55, 0xc4]);
    assert_eq!(at(b"tkhd", 36), [1, 0]);
}

#[test]
fn the_head_of_sound_is_understood_in_three_versions_or_the_film_is_not_cleaned() {
    let heard = |entry: &[u8]| {
        let mut track = Made::picture(b"vp09", b"", &[(MEDIA, 4)]);
        track.kind = b"soun";
        track.same = 1;
        track.entry = entry.to_vec();
        cleans(&film(&b"0123".repeat(8), &[track]))
    };
    let entry = |name: &[u8; 4], version: u8, channels: u8, bits: u8, more: &[u8]| {
        let head = [0, 0, 0, 0, 0, 0, 0, 0, 0, version];
        let numbers = [0, channels, 0, bits, 0, 0, 0, 0, 0xac, 0x44, 0, 0];
        atom(name, &[head.as_slice(), &[0; 6], &numbers, more].concat())
    };
    let first = |name, numbers_: [u32; 4]| entry(name, 1, 2, 16, &numbers(&numbers_));
    assert!(heard(&entry(b"sowt", 0, 2, 16, b"")));
    assert!(heard(&first(b"sowt", [1, 0x4849_4445, 4, 0x4849_4445])));
    assert!(!heard(&first(b"sowt", [1, 2, 5, 2])));
    assert!(!heard(&first(b"sowt", [2, 2, 4, 2])));
    assert!(heard(&first(b".mp3", [1_152, 208, 417, 2])));
    assert!(!heard(&first(b".mp3", [0x4849_4445, 0, 0, 2])));
    assert!(!heard(&first(b".mp3", [1_152, 0, 0x1_0000, 2])));
    assert!(!heard(&entry(b"sowt", 3, 2, 16, b"")));
    assert!(!heard(&entry(b"sowt", 0, 65, 16, b"")));
    assert!(!heard(&entry(b"sowt", 0, 2, 65, b"")));
    let second = |rate: f64, own: [u32; 6]| {
        let [channels, fixed, bits, flags, bytes, samples] = own;
        let mut more = numbers(&[0x4849_4445]);
        more.extend(rate.to_be_bytes());
        more.extend(numbers(&[channels, fixed, bits, flags, bytes, samples]));
        entry(b"lpcm", 2, 0x48, 0x44, &more)
    };
    let usual = [2, 0x7f00_0000, 16, 12, 4, 1];
    assert!(heard(&second(44_100.0, usual)));
    for rate in [44_100.5, 0.0, -44_100.0, f64::NAN, f64::INFINITY, 1e9] {
        assert!(!heard(&second(rate, usual)), "{rate}");
    }
    for (place, number, good) in [
        (0, 0, false),
        (0, 65, false),
        (1, 0x4849_4445, true),
        (2, 33, false),
        (3, 0x80, false),
        (4, 5, false),
        (4, 6, true),
        (4, 18, false),
        (5, 2, false),
    ] {
        let mut own = usual;
        own[place] = number;
        assert_eq!(heard(&second(44_100.0, own)), good, "{own:?}");
    }
}

#[test]
fn all_frames_of_a_picture_that_moves_are_followed_together_or_not_at_all() {
    let chunk = |name: &[u8; 4], body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&length, name.as_slice(), body, &[0; 4]].concat()
    };
    // Grey, and each frame half of what is followed.
    let (across, down) = (0x4000, 0x2000);
    let picture = |count: u32, begun: u32| {
        let head = [numbers(&[across, down]), vec![8, 0, 0, 0, 0]].concat();
        let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
        png.extend(chunk(b"IHDR", &head));
        png.extend(chunk(b"acTL", &numbers(&[count, 0])));
        png.extend(chunk(b"IDAT", b"not packed at all"));
        for number in 0..begun {
            let frame = [numbers(&[number, across, 0x1ffe, 0, 0, 0]), vec![0; 2]].concat();
            png.extend(chunk(b"fcTL", &frame));
        }
        png.extend(chunk(b"IEND", b""));
        let report = look(&png.as_slice());
        assert_eq!(report.cleaning, Cleaning::Cannot);
        report.limits.contains(&Limit::TooLarge)
    };
    assert!(!picture(1, 0));
    assert!(!picture(1, 1));
    assert!(picture(2, 2));
    assert!(picture(4_097, 1));
    assert!(picture(1, 4_097));
}
