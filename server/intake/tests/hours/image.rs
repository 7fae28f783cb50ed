//! The same on a raw ext4 disk, with what no program is shown of a mounted one: deleted inodes, the
//! order in folders, the places of blocks, and the journal. Root, or `sudo`, must be there to mount
//! it.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::day::{Arrivals, Day};
use super::order::assert_says_nothing;
use super::probe;

/// So large that a 32nd of it holds all messages of the day. It is sparse.
const IMAGE_BYTES: u64 = 5 << 30;
/// As many to a group of blocks as the whole pool has.
const INODES: u32 = 32_768;
/// Where the day is told to the test that looks at the disk.
const REPORT: &str = "KNOTHOLE_DAY_REPORT";

/// An inode, deleted or not, as `debugfs` shows it.
#[derive(Debug, Clone)]
struct Inode {
    number: u128,
    /// Nanoseconds since 1970, by the name of the time; a time of deletion has no fraction.
    times: HashMap<String, u128>,
    first_block: Option<u128>,
}

#[test]
fn a_raw_ext4_disk_tells_neither_the_hour_nor_the_order_once_the_boundary_is_over() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let image = make(folder.path());
    let report = folder.path().join("report");
    play(&image, folder.path(), &report);
    let (store, arrivals, blocks) = read_report(&report);
    let numbers: Vec<_> = (1..=inodes(&image))
        .map(|number| format!("<{number}>"))
        .collect();
    let all = stat(&image, folder.path(), &numbers);
    let mut deleted = 0;
    for inode in &all {
        deleted += usize::from(inode.times.contains_key("dtime"));
        for (name, time) in &inode.times {
            // The end of the day is no later than the second in which it lies.
            let ended = match name.as_str() {
                "dtime" => arrivals.ended / 1_000_000_000 * 1_000_000_000,
                _ => arrivals.ended,
            };
            let in_the_day = (arrivals.began..ended).contains(time);
            assert!(!in_the_day, "inode {} tells by its {name}", inode.number);
        }
    }
    // The one that the script has removed.
    assert!(deleted > 0, "no deleted inode was seen");
    assert_journal_says_nothing(&image, folder.path(), &arrivals);
    // What was moved has left no name behind.
    let drops = debugfs(&image, &["-R", &format!("ls -d {store}/drops")]);
    assert!(!arrivals.ids.iter().any(|id| drops.contains(id)));
    let shelf = list(&image, &format!("{store}/shelf"));
    let place = |id: &String| {
        let place = shelf.iter().position(|name| name == id).unwrap();
        u128::try_from(place).unwrap()
    };
    let places: Vec<_> = arrivals.ids.iter().map(place).collect();
    assert_says_nothing("the order in the folder", &places);
    for file in ["", "/manifest", "/s00000000"] {
        let path = |id: &String| format!("{store}/shelf/{id}{file}");
        let paths: Vec<_> = arrivals.ids.iter().map(path).collect();
        let found = stat(&image, folder.path(), &paths);
        let told = |what: &str, value: &dyn Fn(&Inode) -> u128| {
            let values: Vec<_> = found.iter().map(value).collect();
            assert_says_nothing(&format!("{what} of {file}"), &values);
        };
        told("the number", &|inode| inode.number);
        let block = |inode: &Inode| inode.first_block.unwrap();
        // Ranks are weak where several processors hand out blocks, each in its own order.
        let before = found.iter().all(|inode| blocks.contains(&block(inode)));
        assert!(before, "{file} has blocks that no blank had before the day");
        told("the first block", &block);
        for name in ["ctime", "crtime", "mtime", "atime"] {
            told(name, &|inode| inode.times[name]);
        }
    }
}

#[tokio::test]
#[ignore = "the test before this one plays it, on a disk of its own"]
async fn the_day_on_a_raw_disk() {
    let mut day = Day::begin().await;
    day.house.folder.disable_cleanup(true);
    let blocks = blocks_of_blanks(&day.house.folder.path().join("pool"));
    let mut arrivals = day.play().await;
    arrivals.ended = probe();
    day.end().await;
    // Ticks, by which the journal goes round.
    for _ in 0..600 {
        day.wait(0).await;
    }
    let store = day.house.folder.path().file_name().unwrap();
    let report = std::env::var_os(REPORT).unwrap();
    let mut report = File::create_new(report).unwrap();
    writeln!(report, "/{}", store.to_str().unwrap()).unwrap();
    writeln!(report, "{}\n{}", arrivals.began, arrivals.ended).unwrap();
    writeln!(report, "{}\n{}", arrivals.ids.join(" "), blocks.join(" ")).unwrap();
}

fn make(folder: &Path) -> PathBuf {
    let image = folder.join("image");
    File::create_new(&image)
        .unwrap()
        .set_len(IMAGE_BYTES)
        .unwrap();
    let inodes = INODES.to_string();
    // All of the tables is written now, and not in the background later.
    let now = "lazy_itable_init=0,lazy_journal_init=0";
    let options = ["-q", "-F", "-I", "256", "-N", &inodes, "-E", now];
    run(Command::new("/usr/sbin/mkfs.ext4")
        .args(options)
        .arg(&image));
    image
}

/// Where on the disk each file and folder of the pool that has blocks begins.
fn blocks_of_blanks(pool: &Path) -> Vec<String> {
    let blanks = std::fs::read_dir(pool).unwrap();
    let paths = blanks.map(|entry| entry.unwrap().path());
    let told = run(Command::new("/usr/sbin/filefrag").arg("-v").args(paths));
    // `   0:        0..       1:       2065..      2066:      2:  last,unwritten,eof`
    let first = told.lines().filter(|line| line.starts_with("   0:"));
    let starts = first.map(|line| line.split(':').nth(2).unwrap().split('.').next().unwrap());
    let starts: Vec<_> = starts.map(|start| start.trim().to_owned()).collect();
    assert!(!starts.is_empty());
    starts
}

/// Mounts the disk where nobody else sees it, and runs this program again there.
fn play(image: &Path, folder: &Path, report: &Path) {
    let mounted = folder.join("mounted");
    std::fs::create_dir(&mounted).unwrap();
    let script = r#"
        set -e
        mount -o loop,noatime "$1" "$2"
        code=0
        env TMPDIR="$2" KNOTHOLE_DAY_REPORT="$3" "$4" --exact image::the_day_on_a_raw_disk --ignored || code=$?
        touch "$2/gone"
        sync "$2"
        rm "$2/gone"
        umount "$2"
        exit $code"#;
    let mut command = as_root("unshare");
    command.args([
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        script,
        "sh",
    ]);
    command.args([image, &mounted, report]);
    run(command.arg(std::env::current_exe().unwrap()));
}

fn as_root(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.arg(program);
    command
}

fn run(command: &mut Command) -> String {
    let ended = command.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {told}{errors}");
    told
}

fn read_report(path: &Path) -> (String, Arrivals, HashSet<u128>) {
    let mut lines = BufReader::new(File::open(path).unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let (store, began, ended) = (line(), line(), line());
    let arrivals = Arrivals {
        began: began.parse().unwrap(),
        ended: ended.parse().unwrap(),
        ids: line().split(' ').map(str::to_owned).collect(),
    };
    let blocks = line().split(' ').map(digits).collect();
    (store, arrivals, blocks)
}

fn debugfs(image: &Path, arguments: &[&str]) -> String {
    run(Command::new("/usr/sbin/debugfs").args(arguments).arg(image))
}

/// No block of the journal was written in the day.
fn assert_journal_says_nothing(image: &Path, folder: &Path, arrivals: &Arrivals) {
    const BLOCK: usize = 4_096;
    const MAGIC_AND_COMMIT: [u8; 8] = [0xc0, 0x3b, 0x39, 0x98, 0, 0, 0, 2];
    let journal = folder.join("journal");
    debugfs(
        image,
        &["-R", &format!("dump <8> {}", journal.to_str().unwrap())],
    );
    let journal = std::fs::read(journal).unwrap();
    assert!(journal.len() >= 64 << 20);
    let mut commits = 0;
    for block in journal.chunks(BLOCK) {
        if block[..8] != MAGIC_AND_COMMIT {
            continue;
        }
        commits += 1;
        // `h_commit_sec` and `h_commit_nsec` of struct commit_header in the kernel's jbd2.h.
        let seconds = u64::from_be_bytes(block[48..56].try_into().unwrap());
        let fraction = u32::from_be_bytes(block[56..60].try_into().unwrap());
        let time = u128::from(seconds) * 1_000_000_000 + u128::from(fraction);
        let in_the_day = (arrivals.began..arrivals.ended).contains(&time);
        assert!(!in_the_day, "a transaction of the day is in the journal");
    }
    assert!(commits > 100, "{commits} transactions were seen");
}

/// How many inodes the disk has: somewhat more than were asked for.
fn inodes(image: &Path) -> u128 {
    let told = debugfs(image, &["-R", "show_super_stats -h"]);
    let mut counts = told
        .lines()
        .filter_map(|line| line.strip_prefix("Inode count:"));
    digits(counts.next().unwrap())
}

/// The names in a folder, in the order in which they stand on the disk.
fn list(image: &Path, folder: &str) -> Vec<String> {
    let told = debugfs(image, &["-R", &format!("ls -p {folder}")]);
    // One a line: /inode/mode/user/group/name/size/
    let names = told.lines().filter_map(|line| line.split('/').nth(5));
    names.map(str::to_owned).collect()
}

/// What the disk holds of these files, named by their paths or as `<number>`.
fn stat(image: &Path, folder: &Path, files: &[String]) -> Vec<Inode> {
    let orders = folder.join("orders");
    let mut written = File::create(&orders).unwrap();
    for file in files {
        writeln!(written, "stat {file}").unwrap();
    }
    let told = debugfs(image, &["-f", orders.to_str().unwrap()]);
    let mut found: Vec<Inode> = Vec::new();
    let mut extents = false;
    for line in told.lines() {
        if let Some(rest) = line.strip_prefix("Inode: ") {
            extents = false;
            found.push(Inode {
                number: digits(rest),
                times: HashMap::new(),
                first_block: None,
            });
        } else if let Some((name, rest)) = line.split_once(": 0x")
            && name.ends_with("time")
        {
            let time = time(rest);
            let inode = found.last_mut().unwrap();
            inode.times.insert(name.trim().to_owned(), time);
        } else if line == "EXTENTS:" {
            extents = true;
        } else if extents && let Some((_, at)) = line.split_once("):") {
            // The first is `(0-258):34304-34562`, the blocks of the file and those of the disk.
            found.last_mut().unwrap().first_block = Some(digits(at));
            extents = false;
        }
    }
    assert_eq!(found.len(), files.len());
    found
}

fn digits(text: &str) -> u128 {
    let mut parts = text.trim_start().split(|byte: char| !byte.is_ascii_digit());
    parts.next().unwrap().parse().unwrap()
}

/// `692b8b2a:1d9d2f3c -- a date`: seconds, then 30 bits of nanoseconds and 2 that go before the
/// seconds.
fn time(text: &str) -> u128 {
    let number = text.split(' ').next().unwrap();
    let (seconds, extra) = number.split_once(':').unwrap_or((number, "0"));
    let seconds = u128::from_str_radix(seconds, 16).unwrap();
    // That of a deletion is the seconds alone, whatever stands behind it in brackets.
    let extra = u128::from_str_radix(extra, 16).unwrap_or(0);
    let seconds = seconds + ((extra & 3) << 32);
    seconds * 1_000_000_000 + (extra >> 2)
}
