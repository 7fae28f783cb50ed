//! A hostile file, looked at; and what a child that a file took over may say about it.

use std::path::Path;

use knothole_inspect::{Cleaning, ReadAt as _, Report, look};

pub(crate) fn run(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else {
        return;
    };
    if choice & 1 == 1 {
        if let Ok(report) = Report::decode(bytes, 1_000_000) {
            let again = report.encode().unwrap();
            assert_eq!(Report::decode(&again, 1_000_000), Ok(report));
        }
        return;
    }
    let report = look(&bytes);
    let told = report.encode().unwrap();
    assert_eq!(Report::decode(&told, bytes.length()).as_ref(), Ok(&report));
    if let Cleaning::By(plan) = &report.cleaning {
        let copy = plan.copy(&bytes).unwrap();
        assert_eq!(copy.as_slice().length(), plan.length());
        let second = look(&copy.as_slice());
        assert_eq!(second.kind, report.kind);
    }
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../client/inspect/tests/samples");
    let file = |name: &str| std::fs::read(samples.join(name)).unwrap();
    let mut seeds: Vec<_> = ["phone.jpg", "screen.png", "udta.mp4", "phone.mov"]
        .map(|name| (name, [vec![0], file(name)].concat()))
        .into();
    let report = look(&file("phone.jpg").as_slice()).encode().unwrap();
    seeds.push(("report", [vec![1], report].concat()));
    let heads: [(&str, &[u8]); 9] = [
        ("heif", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("tiff", b"II*\0\x08\0\0\0\0\0"),
        ("webp", b"RIFF\x10\0\0\0WEBPEXIF\x04\0\0\0abcd"),
        ("pdf", b"%PDF-1.7\n1 0 obj\n<</Author(me)>>\nendobj\n"),
        ("zip", b"PK\x03\x04\x14\0\0\0\0\0"),
        ("mp3", b"ID3\x03\0\0\0\0\0\x0fTPE1\0\0\0\x05\0\0\0name"),
        ("flac", b"fLaC\x84\0\0\x08\0\0\0\0\0\0\0\0"),
        (
            "ogg",
            b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x07\x03vorbis",
        ),
        (
            "matroska",
            b"\x1a\x45\xdf\xa3\x84\x42\x82\x81a\x18\x53\x80\x67\xff",
        ),
    ];
    seeds.extend(heads.map(|(name, bytes)| (name, [&[0], bytes].concat())));
    seeds
}
