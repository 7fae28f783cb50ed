//! Films that were made to hide something.

use super::made::*;
use super::*;

/// A film of one track of ten bytes twice, with something before, between and behind.
fn gappy(coding: &[u8]) -> Vec<u8> {
    let media = b"before0123456789freeGPS 48.85840123456789behind";
    film(
        media,
        &[Made::picture(
            coding,
            b"",
            &[(MEDIA + 6, 10), (MEDIA + 31, 10)],
        )],
    )
}

#[test]
fn whatever_belongs_to_no_picture_and_no_sound_is_put_out() {
    let film = gappy(b"vp09");
    let report = look(&film.as_slice());
    assert!(says(&report, What::Track, ""), "{report:?}");
    assert!(says(&report, What::Other, "between picture and sound"));
    let clean = cleaned(&film);
    let media = [
        [0; 6].as_slice(),
        b"0123456789",
        &[0; 15],
        b"0123456789",
        &[0; 6],
    ]
    .concat();
    assert_eq!(&clean[28..28 + media.len()], media);
    assert_eq!(look(&clean.as_slice()).findings, []);
    assert_eq!(cleaned(&clean), clean);
}

#[test]
fn the_samples_of_a_track_that_was_taken_out_are_put_out() {
    let place = FILM.windows(4).rposition(|four| four == b"trak").unwrap();
    let mut film = FILM.to_vec();
    film[place..place + 4].copy_from_slice(b"free");
    assert!(says(
        &look(&film.as_slice()),
        What::Other,
        "between picture and sound"
    ));
    let clean = cleaned(&film);
    let (whole, left) = (cleaned(FILM), &clean[36..6_038]);
    let kept = left
        .iter()
        .zip(&whole[36..6_038])
        .filter(|(a, b)| a == b && **a != 0);
    assert!(left != &whole[36..6_038] && kept.count() > 1_000);
    // The records of a camera at the end of the media, too.
    let mut film = FILM.to_vec();
    film[28..32].copy_from_slice(&numbers(&[6_010 + 24]));
    film.splice(6_038..6_038, *b"freeGPS 48.8584 2.2945 Z");
    assert!(says(&look(&film.as_slice()), What::Track, ""));
    assert!(!holds(&cleaned(&film), "freeGPS"));
}

#[test]
fn a_film_with_more_gaps_than_a_plan_has_pieces_is_not_cleaned_and_that_is_said() {
    let count = u32::try_from(crate::plan::MOST_PIECES).unwrap();
    let media = b"ab".repeat(crate::plan::MOST_PIECES);
    let chunks: Vec<_> = (0..count).map(|number| (MEDIA + 2 * number, 1)).collect();
    let report = look(&film(&media, &[Made::picture(b"vp09", b"", &chunks)]).as_slice());
    assert_eq!(report.cleaning, Cleaning::Cannot);
    assert!(report.limits.contains(&Limit::Scattered), "{report:?}");
}

#[test]
fn sound_that_only_its_description_measures_is_kept_whole() {
    // Four samples that the table calls a byte long, and that are four.
    let media = b"0123456789abcdef!!!!";
    let mut entry = vec![0; 28];
    entry[16..20].copy_from_slice(&[0, 2, 0, 16]);
    let mut track = Made::picture(b"vp09", b"", &[(MEDIA, 4)]);
    track.kind = b"soun";
    track.same = 1;
    track.entry = atom(b"sowt", &entry);
    let clean = cleaned(&film(media, &[track]));
    assert_eq!(&clean[28..48], b"0123456789abcdef\0\0\0\0");
}

#[test]
fn pictures_that_each_have_room_for_notes_are_not_cleaned_and_that_is_said() {
    for coding in [
        b"jpeg", b"mjpa", b"mjpb", b"AVDJ", b"dvc ", b"png ", b"what", b"encv",
    ] {
        let report = look(&gappy(coding).as_slice());
        assert_eq!(report.cleaning, Cleaning::Cannot, "{coding:?}");
        assert!(report.limits.contains(&Limit::Coding), "{report:?}");
    }
}

#[test]
fn tables_that_name_what_lies_outside_the_media_are_not_believed() {
    for chunk in [(20, 10), (MEDIA + 40, 10), (MEDIA, 1_000_000)] {
        let film = film(&[7; 47], &[Made::picture(b"vp09", b"", &[chunk])]);
        assert_eq!(
            look(&film.as_slice()).cleaning,
            Cleaning::Cannot,
            "{chunk:?}"
        );
    }
}

#[test]
fn a_track_with_two_tables_for_one_thing_is_not_cleaned() {
    let film = film(b"0123", &[Made::picture(b"vp09", b"", &[(MEDIA, 4)])]);
    let minf: [&[u8; 4]; 4] = [b"moov", b"trak", b"mdia", b"minf"];
    let table = [minf.as_slice(), &[b"stbl"]].concat();
    let offsets = |begin| numbers(&[0, 1, begin]);
    for (path, atom) in [
        (&table, atom(b"stco", &offsets(MEDIA))),
        (
            &table,
            atom(b"co64", &[offsets(0), numbers(&[MEDIA])].concat()),
        ),
        (&table, atom(b"stsc", &numbers(&[0, 1, 1, 1, 1]))),
        (&table, atom(b"stsz", &numbers(&[0, 4, 1]))),
        (&minf.to_vec(), atom(b"stbl", b"")),
    ] {
        let report = look(&grown(&film, path, &atom).as_slice());
        assert_eq!(report.cleaning, Cleaning::Cannot, "{atom:?}");
        assert!(report.limits.contains(&Limit::Broken));
    }
}

#[test]
fn parts_that_were_cut_away_are_told() {
    let whole = film(
        b"0123",
        &[Made::picture(
            b"vp09",
            b"",
            &[(MEDIA, 1), (MEDIA + 1, 1), (MEDIA + 2, 1), (MEDIA + 3, 1)],
        )],
    );
    // From this thousandth on, for so long.
    let shows = |begin: u32, lasts: u32| {
        let list = atom(b"elst", &numbers(&[0, 1, lasts, begin, 0x1_0000]));
        let film = grown(&whole, &[b"moov", b"trak"], &atom(b"edts", &list));
        says(&look(&film.as_slice()), What::CutAway, "")
    };
    assert!(shows(0, 2_000));
    assert!(shows(2_000, 2_000));
    assert!(shows(1_000, 1_500));
    assert!(!shows(0, 4_000));
    assert!(!shows(500, 3_500));
    assert!(!says(&look(&whole.as_slice()), What::CutAway, ""));
}

/// A film whose one picture has these units, in H.264 or H.265.
pub(super) fn coded(coding: &[u8], units: &[&[u8]]) -> Vec<u8> {
    let sample: Vec<u8> = units
        .iter()
        .flat_map(|unit| [&numbers(&[u32::try_from(unit.len()).unwrap()]), *unit].concat())
        .collect();
    let config = match coding {
        b"avc1" => atom(
            b"avcC",
            b"\x01\x4d\0\x1f\xff\xe1\0\x02\x67\0\x01\0\x02\x68\0",
        ),
        _ => atom(b"hvcC", &[[0; 21].as_slice(), &[3, 0]].concat()),
    };
    let length = u32::try_from(sample.len()).unwrap();
    film(
        &sample,
        &[Made::picture(coding, &config, &[(MEDIA, length)])],
    )
}

#[test]
fn what_an_encoder_wrote_into_the_picture_is_told_and_stays() {
    let words = b"Camera 9 of K. Example\0\0\x03\x01";
    let message = [&[5, 16 + 26], [7; 16].as_slice(), words, b"\x80"].concat();
    for (coding, head) in [(b"avc1", b"\x06".as_slice()), (b"hvc1", &[39 << 1, 1])] {
        let unit = [head, &message].concat();
        let film = coded(coding, &[b"\x09\x10", &unit, b"\x65rest"]);
        let report = look(&film.as_slice());
        assert!(
            says(&report, What::Coded, "Camera 9 of K. Example"),
            "{report:?}"
        );
        let clean = cleaned(&film);
        assert_eq!(clean[28..28 + unit.len()], film[28..28 + unit.len()]);
    }
    // In the configuration, too.
    let unit = [&[39 << 1, 1], message.as_slice()].concat();
    let length = u8::try_from(unit.len()).unwrap();
    let config = [[0; 22].as_slice(), &[1, 39, 0, 1, 0, length], &unit].concat();
    let track = Made::picture(b"hev1", &atom(b"hvcC", &config), &[(MEDIA, 4)]);
    let report = look(&film(b"0123", &[track]).as_slice());
    assert!(says(&report, What::Coded, "Camera 9"), "{report:?}");
    // A length without an end.
    let long = [6, 5, 255, 255, 255];
    drop(look(&coded(b"avc1", &[&long]).as_slice()));
}

#[test]
fn what_the_first_picture_of_a_film_of_photographs_says_is_told() {
    let length = u32::try_from(PHONE.len()).unwrap();
    let film = film(PHONE, &[Made::picture(b"jpeg", b"", &[(MEDIA, length)])]);
    let report = look(&film.as_slice());
    assert!(says(&report, What::Place, "48.85840 N"), "{report:?}");
    assert_eq!(report.cleaning, Cleaning::Cannot);
}
