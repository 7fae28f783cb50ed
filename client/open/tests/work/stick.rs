//! Sticks that somebody else has filled.

use std::fs;

use knothole_envelope::{ChunkCount, DropId, EpochNumber, ListedDrop, TreeHash};

use crate::newsroom::{Newsroom, ONE, TWO, run_in_memory};

fn listed(number: u32) -> ListedDrop {
    let mut id = [0xee; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    ListedDrop {
        id: DropId::from_bytes(id),
        tree: TreeHash::from_bytes([1; 32]),
        chunks: ChunkCount::for_drop(16).unwrap(),
        epoch: EpochNumber::new(2).unwrap(),
    }
}

#[test]
fn a_stick_full_of_the_longest_indexes_is_refused_before_it_has_taken_the_memory() {
    let mut newsroom = Newsroom::new();
    let at = newsroom.folder.path().to_owned();
    let folder = newsroom.bundle("stick");
    newsroom.finish(&folder, Vec::new(), (0..65_536).map(listed).collect());
    let index = folder.join("index");
    for number in 0..80 {
        let more = at.join(format!("stick/bundle-{number:016x}-11111111"));
        fs::create_dir(&more).unwrap();
        fs::hard_link(&index, more.join("index")).unwrap();
    }
    let open = "open stick --archive archive --vault v1 --vault v2";
    run_in_memory(&at, &[ONE, TWO], 192 << 20, open)
        .ends_with(1)
        .says("more than can be taken at once");
    // Each by itself still opens.
    let name = folder.file_name().unwrap().to_str().unwrap();
    let open = format!("open stick/{name} --archive archive --vault v1 --vault v2");
    run_in_memory(&at, &[ONE, TWO], 1 << 30, &open).ends_with(0);
}
