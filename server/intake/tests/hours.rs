//! What a seized disk says of when each drop came, after a day of which the test knows the order.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on ends"
)]

#[path = "hours/day.rs"]
mod day;
#[path = "hours/image.rs"]
mod image;
#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "hours/order.rs"]
mod order;
#[path = "uploads/wire.rs"]
mod wire;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use day::{Arrivals, Day};
use order::assert_says_nothing;

/// Nanoseconds since 1970 at which a file was born, written, read, and its entry changed last.
#[derive(Debug, Clone, Copy)]
struct Seen {
    inode: u64,
    born: u128,
    written: u128,
    read: u128,
    changed: u128,
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

/// What `statx` tells of one file or folder.
fn look(path: &Path) -> Seen {
    let meta = std::fs::symlink_metadata(path).unwrap();
    let changed = u128::try_from(meta.ctime()).unwrap() * 1_000_000_000;
    Seen {
        inode: meta.ino(),
        born: nanoseconds(meta.created().unwrap()),
        written: nanoseconds(meta.modified().unwrap()),
        read: nanoseconds(meta.accessed().unwrap()),
        changed: changed + u128::try_from(meta.ctime_nsec()).unwrap(),
    }
}

/// The same of this folder and everything in it, by the path within it.
fn look_through(root: &Path, path: &Path, found: &mut BTreeMap<String, Seen>) {
    // Before it is listed, which leaves a time of access.
    let name = path.strip_prefix(root).unwrap().to_str().unwrap();
    found.insert(name.to_owned(), look(path));
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            look_through(root, &entry.unwrap().path(), found);
        }
    }
}

fn seize(root: &Path) -> BTreeMap<String, Seen> {
    let mut found = BTreeMap::new();
    look_through(root, root, &mut found);
    found
}

/// A moment by the clock of file systems, which may be some milliseconds behind. Not on the disk that
/// is looked at.
fn probe() -> u128 {
    let file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    look(file.path()).changed
}

/// No time of anything in these rooms lies in the day, in which everything in them arrived.
fn assert_no_hour(found: &BTreeMap<String, Seen>, rooms: &[&str], arrivals: &Arrivals) {
    let mut looked = 0;
    for (name, seen) in found {
        if !rooms.contains(&name.split('/').next().unwrap()) {
            continue;
        }
        looked += 1;
        assert!(seen.born <= arrivals.began, "{name} was born in the day");
        assert!(
            seen.changed >= arrivals.ended,
            "{name} was changed in the day"
        );
        assert_eq!((seen.written, seen.read), (0, 0), "{name}");
    }
    // Each drop has a folder and at least two files.
    assert!(looked > 3 * arrivals.ids.len());
}

/// Whether what one sees of a file of each drop says in which order they came.
fn assert_no_order(found: &BTreeMap<String, Seen>, room: &str, arrivals: &Arrivals) {
    for file in ["", "/manifest", "/s00000000"] {
        let of = |id: &String| found[&format!("{room}/{id}{file}")];
        let seen: Vec<_> = arrivals.ids.iter().map(of).collect();
        let told = |what: &str, value: fn(&Seen) -> u128| {
            let values: Vec<_> = seen.iter().map(value).collect();
            assert_says_nothing(&format!("{what} of {room}{file}"), &values);
        };
        told("the number", |seen| u128::from(seen.inode));
        told("the birth", |seen| seen.born);
        told("the last change", |seen| seen.changed);
    }
}

#[tokio::test]
async fn no_time_and_no_number_of_a_file_tells_when_its_drop_came_before_the_boundary_or_after_it()
{
    let mut day = Day::begin().await;
    let mut arrivals = day.play().await;
    let unfinished = day.begin_one().await;
    let root = day.house.folder.path().to_owned();
    // A minute after the last one, and before the boundary.
    arrivals.ended = probe();
    day.wait(60).await;
    let found = seize(&root);
    let began_there = format!("incoming/{unfinished}");
    assert!(found.contains_key(&format!("{began_there}/s00000000")));
    assert_no_hour(&found, &["drops", "spent", "incoming"], &arrivals);
    assert_no_order(&found, "drops", &arrivals);
    // The folders themselves, but for their births.
    for room in ["", "incoming", "drops", "spent", "shelf", "trash", "pool"] {
        assert!(found[room].changed >= arrivals.ended, "{room}");
        assert_eq!(found[room].written, 0, "{room}");
    }
    arrivals.ended = probe();
    day.end().await;
    let found = seize(&root);
    assert_no_hour(&found, &["shelf"], &arrivals);
    assert_no_order(&found, "shelf", &arrivals);
    assert_eq!(std::fs::read_dir(root.join("spent")).unwrap().count(), 0);
}

#[tokio::test]
async fn what_was_written_within_the_last_minute_is_told_and_nothing_before_it() {
    let mut day = Day::begin().await;
    let first = day.send_message().await;
    day.wait(60).await;
    let between = probe();
    let last = day.send_message().await;
    day.wait(59).await;
    let found = seize(day.house.folder.path());
    // What THREAT-MODEL admits.
    assert!(found[&format!("drops/{last}/manifest")].written > 0);
    let seen = found[&format!("drops/{first}/manifest")];
    assert!(seen.written == 0 && seen.changed <= between);
    let arrivals = Arrivals {
        began: day.began,
        ended: probe(),
        ids: vec![first, last],
    };
    day.wait(1).await;
    assert_no_hour(&seize(day.house.folder.path()), &["drops"], &arrivals);
}
