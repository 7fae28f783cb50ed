//! What a player makes of cleaned copies: picture and sound are the same.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "the test starts a player"
)]

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use knothole_inspect::{Cleaning, look};

/// The hash of every stream of picture and sound: as it is coded, or as it is shown and heard.
fn streams(file: &Path, coded: bool) -> Vec<String> {
    let mut player = Command::new("ffmpeg");
    player.args(["-nostdin", "-v", "error", "-i"]).arg(file);
    player.args(["-map", "0:v", "-map", "0:a?"]);
    if coded {
        player.args(["-c", "copy"]);
    }
    let played = player.args(["-f", "streamhash", "-"]).output().unwrap();
    assert!(played.status.success(), "{played:?}");
    let told = String::from_utf8(played.stdout).unwrap();
    told.lines().map(str::to_owned).collect()
}

/// The film, with the record of a dashboard camera at the end of its media, which come first.
fn with_record(film: &[u8]) -> Vec<u8> {
    let record = *b"freeGPS 48.8584 2.2945 Z";
    let mut film = film.to_vec();
    let begin = film.windows(4).position(|four| four == b"mdat").unwrap() - 4;
    let length = u32::from_be_bytes(film[begin..begin + 4].try_into().unwrap());
    let end = begin + usize::try_from(length).unwrap();
    let longer = length + u32::try_from(record.len()).unwrap();
    film[begin..begin + 4].copy_from_slice(&longer.to_be_bytes());
    film.splice(end..end, record);
    film
}

#[test]
fn a_player_shows_the_same_of_a_film_without_what_lay_between_picture_and_sound() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let folder = tempfile::tempdir().unwrap();
    for name in ["phone.mov", "udta.mp4"] {
        let whole = with_record(&std::fs::read(samples.join(name)).unwrap());
        let Cleaning::By(plan) = look(&whole.as_slice()).cleaning else {
            panic!("{name}");
        };
        let clean = plan.copy(&whole.as_slice()).unwrap();
        assert!(!clean.windows(4).any(|four| four == b"eGPS"), "{name}");
        let files = [("before", whole), ("after", clean)].map(|(place, bytes)| {
            let path = folder.path().join(format!("{place}.{name}"));
            std::fs::File::create(&path)
                .unwrap()
                .write_all(&bytes)
                .unwrap();
            path
        });
        for coded in [true, false] {
            let [before, after] = files.each_ref().map(|file| streams(file, coded));
            assert!(
                !before.is_empty() && before == after,
                "{name}: {before:?} {after:?}"
            );
        }
    }
}

#[test]
fn a_player_shows_the_same_of_a_cleaned_copy() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "phone.jpg",
        "progressive.jpg",
        "screen.png",
        "phone.mov",
        "udta.mp4",
    ] {
        let before = samples.join(name);
        let bytes = std::fs::read(&before).unwrap();
        let Cleaning::By(plan) = look(&bytes.as_slice()).cleaning else {
            panic!("{name}");
        };
        let after = folder.path().join(name);
        let clean = plan.copy(&bytes.as_slice()).unwrap();
        assert!(clean != bytes, "{name}");
        std::fs::File::create(&after)
            .unwrap()
            .write_all(&clean)
            .unwrap();
        let shown = streams(&before, false);
        assert!(!shown.is_empty(), "{name}");
        assert_eq!(streams(&after, false), shown, "{name}");
        if name.ends_with("mov") || name.ends_with("mp4") {
            assert_eq!(streams(&after, true), streams(&before, true), "{name}");
        }
    }
}
