//! The page without scripts, in a real browser.

use std::fs::{self, File};
use std::io::{self, Read as _};

use super::room::Room;

/// So long that the answer comes while the browser still sends.
const UNSEALED: u64 = 20_000_000;
const FIREFOX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/outside/firefox");

#[test]
fn a_browser_without_scripts_hands_in_a_sealed_file_and_is_told_in_words_what_is_refused() {
    let room = Room::new();
    let folder = room.folder();
    let mut noise = File::open("/dev/urandom").unwrap().take(UNSEALED);
    io::copy(
        &mut noise,
        &mut File::create(folder.join("unsealed")).unwrap(),
    )
    .unwrap();
    let (_server, address) = room.serve("test_newsroom", &[folder]);

    let said = room.run(
        "page.mjs",
        &[FIREFOX, &address.to_string(), folder.to_str().unwrap()],
    );

    said.done().unwrap();
    let drops = fs::read_dir(folder.join("store/drops")).unwrap().count();
    assert_eq!(drops, 1, "only the sealed file is kept");
}
