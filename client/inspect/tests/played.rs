//! What a player makes of cleaned copies: picture and sound are the same.

#![expect(
    clippy::disallowed_types,
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
