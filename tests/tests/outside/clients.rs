//! Other people's clients of the upload protocol, one lane each.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::breaking_line::BreakingLine;
use super::room::Room;

/// Neither a multiple of a segment nor of a megabyte.
const LENGTH: u64 = 40_000_003;
/// A line that carries at most 5 MiB at a time breaks at least so often.
const LEAST_CUTS: usize = 7;

#[test]
fn tus_js_client_uploads_whole_files_over_a_line_that_keeps_breaking() {
    uploads_over_a_breaking_line("tus.mjs");
}

#[test]
fn tuspy_uploads_whole_files_over_a_line_that_keeps_breaking() {
    uploads_over_a_breaking_line("tus.py");
}

fn uploads_over_a_breaking_line(client: &str) {
    let room = Room::new();
    let (store, file) = (room.folder().join("store"), room.folder().join("file"));
    fs::create_dir(&store).unwrap();
    let mut noise = File::open("/dev/urandom").unwrap().take(LENGTH);
    io::copy(&mut noise, &mut File::create(&file).unwrap()).unwrap();
    let (_server, address) = room.serve("open_gate", &[&store]);
    let line = BreakingLine::to(address);
    let endpoint = format!("http://{}/drops", line.address());

    let said = room.run(client, &[&endpoint, file.to_str().unwrap()]);

    said.done().unwrap();
    assert!(
        line.cuts() >= LEAST_CUTS,
        "the line broke {} times",
        line.cuts()
    );
    assert!(
        only_drop(&store) == fs::read(&file).unwrap(),
        "the drop is not the file"
    );
}

/// The bytes of the one drop in a store.
fn only_drop(store: &Path) -> Vec<u8> {
    let drops: Vec<_> = fs::read_dir(store.join("drops"))
        .unwrap()
        .map(|drop| drop.unwrap().path())
        .collect();
    let [drop] = drops.as_slice() else {
        panic!("there are {} drops", drops.len());
    };
    let mut segments: Vec<_> = fs::read_dir(drop)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with('s'))
        .collect();
    segments.sort();
    segments
        .iter()
        .flat_map(|segment| fs::read(segment).unwrap())
        .collect()
}
