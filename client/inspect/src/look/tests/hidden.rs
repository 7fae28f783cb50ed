//! What hides behind and beside what a film needs.

use super::film::coded;
use super::made::*;
use super::*;

type Path<'p> = &'p [&'p [u8; 4]];

const HIDDEN: &[u8] = b"HIDDEN 48.8584 ";

#[test]
fn nothing_hides_behind_or_beside_the_tables_of_a_film() {
    const TRACK: [&[u8; 4]; 2] = [b"moov", b"trak"];
    const MEDIA: [&[u8; 4]; 3] = [b"moov", b"trak", b"mdia"];
    const MINF: [&[u8; 4]; 4] = [b"moov", b"trak", b"mdia", b"minf"];
    const TABLE: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];
    let names: [(Path<'_>, Path<'_>); 6] = [
        (
            &[b"moov"],
            &[b"free", b"udta", b"uuid", b"iods", b"meta", b"what"],
        ),
        (
            &TRACK,
            &[
                b"free", b"udta", b"uuid", b"meta", b"load", b"tapt", b"tref", b"clip", b"matt",
                b"imap",
            ],
        ),
        (&MEDIA, &[b"free", b"uuid", b"elng", b"what"]),
        (&MINF, &[b"free", b"uuid", b"gmhd", b"what"]),
        (
            &TABLE,
            &[
                b"free", b"uuid", b"sgpd", b"sbgp", b"sdtp", b"subs", b"saiz", b"saio", b"padb",
                b"what",
            ],
        ),
        (&[b"moov", b"trak", b"edts"], &[b"free", b"uuid"]),
    ];
    let mut cases = Vec::new();
    for (path, names) in names {
        for name in names {
            let words = [HIDDEN, HIDDEN, HIDDEN].concat();
            let body = match *name {
                b"tapt" | b"tref" => atom(b"uuid", &words),
                _ => words,
            };
            cases.push((path.to_vec(), atom(*name, &body)));
        }
    }
    // Behind what an atom has to have.
    let tails: [(Path<'_>, &[u8; 4]); 10] = [
        (&[b"moov"], b"mvhd"),
        (&TRACK, b"tkhd"),
        (&MEDIA, b"mdhd"),
        (&MEDIA, b"hdlr"),
        (&MINF, b"vmhd"),
        (&TABLE, b"stts"),
        (&TABLE, b"stsc"),
        (&TABLE, b"stsz"),
        (&TABLE, b"stco"),
        (&TABLE, b"stss"),
    ];
    for (path, name) in tails {
        cases.push(([path, &[name]].concat(), HIDDEN.to_vec()));
    }
    // In the description of the picture.
    let entry = [TABLE.as_slice(), &[b"stsd", b"mp4v"]].concat();
    for name in [b"uuid", b"free", b"what", b"colr", b"wave"] {
        cases.push((entry.clone(), atom(name, &[HIDDEN, HIDDEN].concat())));
    }
    let profile = atom(b"colr", &[b"prof", HIDDEN].concat());
    cases.push((entry.clone(), profile));
    for (name, rest) in [(b"enda", 2), (b"st3d", 5), (b"svhd", 4), (b"btrt", 12)] {
        let long = atom(name, &[vec![0; rest], HIDDEN.to_vec()].concat());
        cases.push((entry.clone(), long.clone()));
        cases.push((entry.clone(), atom(b"sv3d", &long)));
    }
    cases.push(([entry.as_slice(), &[b"esds"]].concat(), HIDDEN.to_vec()));
    assert!(cases.len() > 50);
    for (path, extra) in cases {
        let film = grown(FILM, &path, &extra);
        let report = look(&film.as_slice());
        let case = format!("{path:?} {:?}", String::from_utf8_lossy(&extra));
        match &report.cleaning {
            Cleaning::Cannot => assert!(!report.limits.is_empty(), "{case}"),
            Cleaning::By(plan) => {
                let clean = plan.copy(&film.as_slice()).unwrap();
                assert!(!holds(&clean, "HIDDEN"), "{case}");
                assert_eq!(clean[..6_038], cleaned(FILM)[..6_038], "{case}");
                assert_eq!(look(&clean.as_slice()).findings, [], "{case}");
            }
        }
        // What is not known in a description may be needed.
        let described = path.last() == Some(&b"mp4v");
        let cannot = extra.len() > 8
            && match &extra[4..8] {
                b"clip" | b"matt" | b"imap" | b"wave" => true,
                b"what" => described,
                b"colr" => described && &extra[8..12] != b"prof",
                _ => false,
            };
        if !cannot {
            assert!(
                matches!(report.cleaning, Cleaning::By(_)),
                "{case} {report:?}"
            );
        }
    }
}

#[test]
fn the_formats_of_one_maker_alone_are_told_and_go() {
    let film = grown(
        &film(b"0123", &[Made::picture(b"vp09", b"", &[(MEDIA + 4, 4)])]),
        &[b"ftyp"],
        b"CAEP",
    );
    let report = look(&film.as_slice());
    assert!(says(&report, What::Device, "CAEP"), "{report:?}");
    let clean = cleaned(&film);
    assert_eq!(clean[8..24], *b"isom\0\0\0\0isommp42");
    assert_eq!(look(&clean.as_slice()).findings, []);
}

#[test]
fn a_film_of_two_heads_or_of_a_thousand_tracks_is_not_cleaned() {
    let place = FILM.windows(4).position(|four| four == b"moov").unwrap();
    let twice = [FILM, &FILM[place - 4..]].concat();
    assert_eq!(look(&twice.as_slice()).cleaning, Cleaning::Cannot);
    let track = || Made::picture(b"vp09", b"", &[(MEDIA, 4)]);
    let many = |count| film(b"0123", &(0..count).map(|_| track()).collect::<Vec<_>>());
    assert!(matches!(
        look(&many(1_000).as_slice()).cleaning,
        Cleaning::By(_)
    ));
    assert_eq!(look(&many(1_001).as_slice()).cleaning, Cleaning::Cannot);
    let parts = |count| [atom(b"free", b"").repeat(count), FILM.to_vec()].concat();
    let head = |count| [&FILM[..20], &parts(count)].concat();
    assert_eq!(look(&head(1 << 18).as_slice()).cleaning, Cleaning::Cannot);
}

#[test]
fn notes_in_the_description_of_sound_go_and_its_numbers_stay() {
    let numbers_of_flac = [b"\0\0\0\0\0\0\0\x22".as_slice(), &[9; 34]].concat();
    let notes = [b"\x84\0\0\x0f".as_slice(), HIDDEN].concat();
    let flac = atom(b"dfLa", &[numbers_of_flac.as_slice(), &notes].concat());
    let mut track = Made::picture(b"vp09", b"", &[(MEDIA, 4)]);
    track.kind = b"soun";
    track.entry = atom(b"fLaC", &[&[0; 28], flac.as_slice()].concat());
    let film = film(b"0123", &[track]);
    let report = look(&film.as_slice());
    assert!(says(&report, What::Other, "FLAC"), "{report:?}");
    let clean = cleaned(&film);
    assert!(!holds(&clean, "HIDDEN"));
    // Not how large its pieces are, nor what it adds up to.
    let kept = [&[9; 4], [0; 6].as_slice(), &[9; 8], &[0; 16]].concat();
    let padding = [b"\0\0\0\x22", kept.as_slice(), b"\x81\0\0\x0f\0"].concat();
    assert!(clean.windows(padding.len()).any(|window| window == padding));
    assert_eq!(look(&clean.as_slice()).findings, []);
}

#[test]
fn a_description_that_holds_pictures_of_another_kind_is_not_cleaned() {
    let place = FILM.windows(4).position(|four| four == b"esds").unwrap();
    let object = FILM[place..].iter().position(|byte| *byte == 0x20).unwrap();
    let mut film = FILM.to_vec();
    film[place + object] = 0x6c;
    let report = look(&film.as_slice());
    assert_eq!(report.cleaning, Cleaning::Cannot);
    assert!(report.limits.contains(&Limit::Coding), "{report:?}");
}

#[test]
fn nothing_hides_behind_the_configuration_of_a_coding() {
    for coding in [b"avc1", b"hvc1"] {
        let film = coded(coding, &[b"\x65rest"]);
        let table: [&[u8; 4]; 6] = [b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"];
        let config = if coding == b"avc1" { b"avcC" } else { b"hvcC" };
        let path = [table.as_slice(), &[coding, config]].concat();
        assert!(!holds(&cleaned(&grown(&film, &path, HIDDEN)), "HIDDEN"));
    }
}

/// Whether a film whose picture has these boxes is cleaned, and what it hid gone then.
fn cleans(coding: &[u8], boxes: &[u8]) -> bool {
    let film = film(b"0123", &[Made::picture(coding, boxes, &[(MEDIA, 4)])]);
    let report = look(&film.as_slice());
    match &report.cleaning {
        Cleaning::Cannot => {
            assert!(!report.limits.is_empty());
            false
        }
        Cleaning::By(plan) => {
            let clean = plan.copy(&film.as_slice()).unwrap();
            assert!(!holds(&clean, "HIDDEN"));
            assert_eq!(cleaned(&clean), clean);
            true
        }
    }
}

const SEQUENCE: &[u8] = b"\x81\0\x0c\0\x0a\x0a\0\0\0\x03\xb4\xff\x73\x6b\xe4\x01";

#[test]
fn what_a_description_says_is_understood_or_the_film_is_not_cleaned() {
    let behind = |head: &[u8]| [head, HIDDEN].concat();
    let note = [SEQUENCE, b"\x2a\x0f", HIDDEN].concat();
    let long = {
        let mut head = SEQUENCE.to_vec();
        head[5] += 15;
        behind(&head)
    };
    assert!(cleans(b"av01", &atom(b"av1C", SEQUENCE)));
    assert!(cleans(b"av01", &atom(b"av1C", &SEQUENCE[..4])));
    assert!(cleans(
        b"vp09",
        &atom(b"vpcC", &behind(b"\x01\0\0\0\0\x0a\x82\x02\x02\x02\0\0"))
    ));
    assert!(cleans(b"vp09", &atom(b"mdcv", &behind(HIDDEN))));
    let unit = [b"\x01\x4d\0\x1f\xff\xe1\0\x0f".as_slice(), HIDDEN, b"\0"].concat();
    let cannot: [(&[u8], Vec<u8>); 11] = [
        (b"av01", atom(b"av1C", &note)),
        (b"av01", atom(b"av1C", &long)),
        (b"av01", atom(b"av1C", &behind(b"\x81\0\x0c\0"))),
        (
            b"vp09",
            atom(b"vpcC", &behind(b"\x01\0\0\0\0\x0a\x82\x02\x02\x02\0\x0f")),
        ),
        (b"vp09", atom(b"mshp", HIDDEN)),
        (b"vp09", atom(b"dac4", HIDDEN)),
        (b"vp09", atom(b"chnl", HIDDEN)),
        (b"vp09", atom(b"pasp", HIDDEN)),
        (b"vp09", atom(b"what", HIDDEN)),
        (b"avc1", atom(b"avcC", &unit)),
        (b"vvc1", atom(b"vvcC", HIDDEN)),
    ];
    for (coding, boxes) in cannot {
        assert!(
            !cleans(coding, &boxes),
            "{:?}",
            String::from_utf8_lossy(&boxes)
        );
    }
}

#[test]
fn a_second_table_of_sizes_goes_and_rows_about_nothing_keep_a_film_from_being_cleaned() {
    let film = film(b"0123", &[Made::picture(b"vp09", b"", &[(MEDIA, 4)])]);
    let table: [&[u8; 4]; 5] = [b"moov", b"trak", b"mdia", b"minf", b"stbl"];
    let second = atom(b"stz2", &[numbers(&[0, 8, 15]).as_slice(), HIDDEN].concat());
    let with = grown(&film, &table, &second);
    assert!(says(&look(&with.as_slice()), What::Other, "stz2"));
    assert!(!holds(&cleaned(&with), "HIDDEN"));
    // A sample that is none, at a time of four letters.
    let rows: [(&[u8; 4], &[u32]); 3] = [
        (b"stss", &[0, 1, 2]),
        (b"ctts", &[0, 1, 2, 0]),
        (b"ctts", &[0, 1, 0, 7]),
    ];
    for (name, rows) in rows {
        let report = look(&grown(&film, &table, &atom(name, &numbers(rows))).as_slice());
        assert_eq!(report.cleaning, Cleaning::Cannot, "{name:?}");
        assert!(report.limits.contains(&Limit::Broken));
    }
    // A description that no sample has.
    let described = [table.as_slice(), &[b"stsd"]].concat();
    let unused = grown(
        &film,
        &described,
        &atom(b"vp09", &[[0; 78].as_slice(), HIDDEN].concat()),
    );
    let place = unused.windows(4).position(|four| four == b"stsd").unwrap();
    let mut unused = unused;
    unused[place + 11] = 2;
    assert_eq!(look(&unused.as_slice()).cleaning, Cleaning::Cannot);
}

#[test]
fn nothing_hides_in_a_colour_profile() {
    let wide = wide();
    let place = wide
        .windows(12)
        .position(|it| it == b"ICC_PROFILE\0")
        .unwrap()
        + 14;
    let clean = cleaned(&wide);
    for at in [40, 44, 84, 100, 113] {
        let mut marked = wide.clone();
        marked[place + at..place + at + 4].copy_from_slice(b"HIDE");
        assert_eq!(cleaned(&marked), clean, "{at}");
    }
    // A tag that is not known goes, and one that the colours need is understood or nothing is.
    let tag = |name: &[u8], new: &[u8]| {
        let at = place
            + 128
            + wide[place + 128..]
                .windows(4)
                .position(|it| it == name)
                .unwrap();
        let mut file = wide.clone();
        file[at..at + 4].copy_from_slice(new);
        look(&file.as_slice()).cleaning
    };
    let Cleaning::By(plan) = tag(b"chrm", b"HIDE") else {
        panic!("a tag that is not known");
    };
    assert_eq!(plan.copy(&wide.as_slice()).unwrap(), clean);
    for (name, new) in [(b"chrm", b"A2B0"), (b"rTRC", b"HIDE"), (b"bXYZ", b"HIDE")] {
        assert_eq!(tag(name, new), Cleaning::Cannot, "{new:?}");
    }
    // In a PNG, one that cannot be unpacked goes, and that is said.
    let packed = chunk(b"iCCP", &[b"icc\0\0", HIDDEN].concat());
    let picture = [&SCREEN[..33], &packed, &SCREEN[33..]].concat();
    assert!(says(
        &look(&picture.as_slice()),
        What::Other,
        "cannot be read"
    ));
    assert!(!holds(&cleaned(&picture), "HIDDEN"));
}

#[test]
fn nothing_hides_in_scans_and_tables_that_a_photograph_does_not_need() {
    let place = |marker: u8| {
        PHONE
            .windows(2)
            .rposition(|two| two == [0xff, marker])
            .unwrap()
    };
    let (scan, end) = (place(0xda), place(0xd9));
    let cannot = |extra: &[u8]| {
        let file = [&PHONE[..end], extra, &PHONE[end..]].concat();
        let report = look(&file.as_slice());
        assert_eq!(report.cleaning, Cleaning::Cannot, "{extra:?}");
        assert!(report.limits.contains(&Limit::Broken));
    };
    // The picture again, a restart that is not due, and what fills up.
    cannot(&PHONE[scan..end]);
    cannot(&[b"\xff\xd0", HIDDEN].concat());
    cannot(&[b"\xff\xff\0", HIDDEN].concat());
    let clean = cleaned(PHONE);
    let filled = [&PHONE[..end], b"\xff\xff\xff", &PHONE[end..]].concat();
    assert_eq!(cleaned(&filled), clean);
    // Tables that nothing uses go, before the picture and behind it.
    let table = |number| [&[number], HIDDEN, &[7; 49]].concat();
    assert_eq!(cleaned(&with_segment(0xdb, &table(3))), clean);
    assert_eq!(cleaned(&with_segment(0xdb, &table(0))), clean);
    let segment = [b"\xff\xdb\0\x43".as_slice(), &table(0)].concat();
    assert_eq!(
        cleaned(&[&PHONE[..end], &segment, &PHONE[end..]].concat()),
        clean
    );
}

#[test]
fn a_picture_that_does_not_move_has_no_frames() {
    let with = |extra: &[u8]| [&SCREEN[..33], extra, &SCREEN[33..]].concat();
    let frame = |number: u32| {
        let numbers = numbers(&[number, 1, 1, 0, 0, 0x1_0001]);
        chunk(b"fcTL", &[numbers.as_slice(), &[0, 0]].concat())
    };
    let data = |number: u32| chunk(b"fdAT", &[numbers(&[number]).as_slice(), HIDDEN].concat());
    let clean = cleaned(SCREEN);
    let still = with(&[frame(0), data(1)].concat());
    assert!(says(&look(&still.as_slice()), What::Other, ""));
    assert_eq!(cleaned(&still), clean);
    // More frames than it says, out of turn, or not whole.
    for frames in [vec![frame(0), data(1)], vec![data(0)], vec![frame(7)]] {
        let moving = with(&[chunk(b"acTL", &numbers(&[1, 0])), frames.concat()].concat());
        assert_eq!(look(&moving.as_slice()).cleaning, Cleaning::Cannot);
    }
}

/// The photograph, with this segment behind its first two bytes.
fn with_segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&PHONE[..2], &[0xff, marker], &length, body, &PHONE[2..]].concat()
}

#[test]
fn nothing_hides_in_the_tables_of_a_photograph() {
    let adobe = [b"Adobe\0\x64\0\0\0\0\x01", HIDDEN].concat();
    let photograph = with_segment(0xee, &adobe);
    let report = look(&photograph.as_slice());
    assert!(says(&report, What::Other, "notes"), "{report:?}");
    let clean = cleaned(&photograph);
    assert!(!holds(&clean, "HIDDEN"));
    let kept = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x01";
    assert!(clean.windows(kept.len()).any(|window| window == kept));
    assert_eq!(drawing(&clean), drawing(PHONE));
    assert_eq!(cleaned(&clean), clean);
    // Readers refuse most of these, or take them for something else.
    let table = [&[0; 65], HIDDEN].concat();
    let codes = [&[0; 17], HIDDEN].concat();
    let bodies: [(u8, &[u8]); 10] = [
        (0xdb, &table),
        (0xc4, &codes),
        (0xdd, HIDDEN),
        (0xdc, HIDDEN),
        (0xc8, HIDDEN),
        (0xcc, b"odd"),
        (0xde, HIDDEN),
        (0xdf, HIDDEN),
        (0xf0, HIDDEN),
        (0x02, HIDDEN),
    ];
    for (marker, body) in bodies {
        let report = look(&with_segment(marker, body).as_slice());
        assert_eq!(report.cleaning, Cleaning::Cannot, "{marker:x}");
        assert!(report.limits.contains(&Limit::Broken), "{marker:x}");
    }
    assert_eq!(drawing(&cleaned(&with_segment(0xdd, &[0, 0])))[0][1], 0xdd);
}

fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length, name, body, &[0; 4]].concat()
}

#[test]
fn nothing_hides_in_the_small_parts_of_a_png() {
    let with = |extra: &[u8]| [&SCREEN[..33], extra, &SCREEN[33..]].concat();
    let clean = cleaned(SCREEN);
    for name in [
        b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"cICP", b"mDCV", b"cLLI", b"acTL", b"fcTL",
        b"tRNS", b"pHYs",
    ] {
        let picture = with(&chunk(name, &[HIDDEN, HIDDEN, HIDDEN].concat()));
        assert!(says(&look(&picture.as_slice()), What::Other, ""));
        assert_eq!(cleaned(&picture), clean, "{name:?}");
    }
    // Once is enough.
    let twice = with(
        &[
            chunk(b"gAMA", b"\0\0\xb1\x8f"),
            chunk(b"gAMA", b"\0\x01\x86\xa0"),
        ]
        .concat(),
    );
    let names = chunks(&cleaned(&twice));
    let gamma: Vec<_> = names.iter().filter(|(name, _)| name == "gAMA").collect();
    assert_eq!(gamma, [&("gAMA".to_owned(), b"\0\0\xb1\x8f".to_vec())]);
    let end = SCREEN.len() - 12;
    let marked = [&SCREEN[..end], &chunk(b"IEND", HIDDEN)].concat();
    assert_eq!(cleaned(&marked), clean);
    let twice = with(&chunk(b"IHDR", &[0; 13]));
    assert_eq!(look(&twice.as_slice()).cleaning, Cleaning::Cannot);
    // Colours that are proposed, and not used.
    assert_eq!(cleaned(&with(&chunk(b"PLTE", b"HIDDEN"))), clean);
}

/// A PNG of this many points across and down, grey, whose packed picture is this.
fn grey(across: u8, down: u8, interlaced: u8, packed: &[u8]) -> Vec<u8> {
    let head = [0, 0, 0, across, 0, 0, 0, down, 8, 0, 0, 0, interlaced];
    let parts = [
        chunk(b"IHDR", &head),
        chunk(b"IDAT", packed),
        chunk(b"IEND", b""),
    ]
    .concat();
    [b"\x89PNG\r\n\x1a\n", parts.as_slice()].concat()
}

#[test]
fn nothing_hides_behind_the_rows_of_a_png() {
    let packed = |length: usize| miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; length], 6);
    // Five points across and four down; interlaced, that is six passes that have points.
    for (interlaced, length) in [(0, 4 * 6), (1, 2 + 2 + 2 + 4 + 2 * 3 + 2 * 6)] {
        let whole = packed(length);
        let picture = |packed: &[u8]| look(&grey(5, 4, interlaced, packed).as_slice());
        assert!(matches!(picture(&whole).cleaning, Cleaning::By(_)));
        let behind = [whole.as_slice(), HIDDEN].concat();
        for more in [behind.as_slice(), &packed(length + 200), &packed(500_000)] {
            let report = picture(more);
            assert_eq!(report.cleaning, Cleaning::Cannot, "{interlaced}");
            assert!(says(&report, What::Tail, "coded picture"), "{report:?}");
        }
        for less in [&whole[..4], &packed(3), b"not packed at all"] {
            assert_eq!(picture(less).cleaning, Cleaning::Cannot, "{interlaced}");
        }
    }
}
