//! Films that were made to hide something.

use super::*;

/// An atom.
pub(super) fn atom(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&length, name, body].concat()
}

/// The numbers, as a film has them.
pub(super) fn numbers(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    bytes
}

/// A track of one kind, whose samples each lie in a chunk: where, and how long.
pub(super) struct Made {
    pub(super) kind: &'static [u8; 4],
    pub(super) id: u32,
    pub(super) entry: Vec<u8>,
    pub(super) chunks: Vec<(u32, u32)>,
    /// The length of every sample, or zero.
    pub(super) same: u32,
    /// Atoms beside the others, by what they stand in.
    pub(super) more: Vec<(&'static str, Vec<u8>)>,
}

impl Made {
    pub(super) fn picture(coding: &[u8], children: &[u8], chunks: &[(u32, u32)]) -> Self {
        Self {
            kind: b"vide",
            id: 1,
            entry: atom(coding, &[&[0; 78], children].concat()),
            chunks: chunks.to_vec(),
            same: 0,
            more: Vec::new(),
        }
    }

    pub(super) fn with(mut self, inside: &'static str, atom: Vec<u8>) -> Self {
        self.more.push((inside, atom));
        self
    }

    fn more(&self, inside: &str) -> Vec<u8> {
        let more = self.more.iter().filter(|(name, _)| *name == inside);
        more.flat_map(|(_, atom)| atom.clone()).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.chunks.len()).unwrap();
        let offsets: Vec<u32> = self.chunks.iter().map(|(begin, _)| *begin).collect();
        let sizes: Vec<u32> = self.chunks.iter().map(|(_, length)| *length).collect();
        let sizes = if self.same == 0 { sizes } else { Vec::new() };
        let table = [
            atom(b"stsd", &[numbers(&[0, 1]), self.entry.clone()].concat()),
            atom(b"stts", &numbers(&[0, 1, count, 1_000])),
            atom(
                b"stsc",
                &numbers(&[
                    0,
                    1,
                    1,
                    if self.same == 0 { 1 } else { self.chunks[0].1 },
                    1,
                ]),
            ),
            atom(
                b"stsz",
                &[numbers(&[0, self.same, count]), numbers(&sizes)].concat(),
            ),
            atom(b"stco", &[numbers(&[0, count]), numbers(&offsets)].concat()),
            self.more("stbl"),
        ]
        .concat();
        let url = atom(b"url ", &numbers(&[1]));
        let dinf = atom(
            b"dinf",
            &[
                atom(b"dref", &[numbers(&[0, 1]), url].concat()),
                self.more("dinf"),
            ]
            .concat(),
        );
        let head: (&[u8], usize) = if self.kind == b"soun" {
            (b"smhd", 8)
        } else {
            (b"vmhd", 12)
        };
        let minf = [
            atom(head.0, &vec![0; head.1]),
            dinf,
            atom(b"stbl", &table),
            self.more("minf"),
        ]
        .concat();
        let handler = [&[0; 8], self.kind.as_slice(), &[0; 13]].concat();
        let mdhd = numbers(&[0, 0, 0, 1_000, 1_000 * count, 0]);
        let mdia = [
            atom(b"mdhd", &mdhd),
            atom(b"hdlr", &handler),
            atom(b"minf", &minf),
            self.more("mdia"),
        ]
        .concat();
        let mut tkhd = numbers(&[3, 0, 0, self.id]);
        tkhd.resize(84, 0);
        atom(
            b"trak",
            &[
                atom(b"tkhd", &tkhd),
                self.more("trak"),
                atom(b"mdia", &mdia),
            ]
            .concat(),
        )
    }
}

/// The media begin here in a made film.
pub(super) const MEDIA: u32 = 28;

/// A film of these tracks, whose media come first.
pub(super) fn film(media: &[u8], tracks: &[Made]) -> Vec<u8> {
    let mut mvhd = numbers(&[0, 0, 0, 1_000, 0]);
    mvhd.resize(100, 0);
    let tracks: Vec<u8> = tracks.iter().flat_map(Made::bytes).collect();
    [
        atom(b"ftyp", b"isom\0\0\0\0isom"),
        atom(b"mdat", media),
        atom(b"moov", &[atom(b"mvhd", &mvhd), tracks].concat()),
    ]
    .concat()
}

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
fn what_a_track_says_beside_its_tables_goes() {
    let track = Made::picture(b"vp09", b"", &[(MEDIA, 4)])
        .with("trak", atom(b"udta", &atom(b"name", b"\0\0\0\0K. Example")));
    let film = film(b"0123", &[track]);
    assert!(says(&look(&film.as_slice()), What::Remark, "K. Example"));
    assert!(!holds(&cleaned(&film), "Example"));
}
