//! What is said of a disk that fills. It needs a mount of its own.

use std::fs;
use std::process::Command;

use super::Place;

/// Runs this script in a mount namespace of its own, with the place as `$place`, the program as
/// `$program`, and `run` and `until` to ask it by.
fn on_disks_of_its_own(place: &Place, script: &str) {
    let begin = "set -e\nplace=$1 program=$2\n\
                 run() { \"$program\" \"$@\" --config \"$place/server.toml\"; }\n\
                 until_so() { for _ in $(seq 1200); do if \"$@\"; then return; fi; \
                 kill -0 \"$server\"; sleep 0.1; done; exit 9; }\n";
    let end = "kill \"$server\"\nwait \"$server\" || true\n";
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .args([
            "--mount",
            "sh",
            "-c",
            &format!("{begin}{script}{end}"),
            "sh",
        ])
        .arg(place.path(""))
        .arg(env!("CARGO_BIN_EXE_knothole-server"));
    let said = command.output().unwrap();
    assert!(said.status.success(), "{said:?}");
}

/// A disk of so many MiB, on which a server runs.
fn disk_of(size: &str) -> String {
    format!(
        "mount -t tmpfs -o size={size} none \"$place/disk\"\n\
         run init >\"$place/made\" 2>&1\n\
         \"$program\" run --config \"$place/server.toml\" >\"$place/out\" 2>\"$place/log\" &\n\
         server=$!\nuntil_so grep -q ready \"$place/out\"\n"
    )
}

const LOOK_FROM_OUTSIDE: &str = "run status >\"$place/status\"\n\
     run check >\"$place/check\" 2>&1 || echo $? >\"$place/code\"\n";
const NINETY: &str = "the disk is 90 % full";

/// The store finds it full at once.
#[test]
fn a_full_disk_is_told_in_the_log_in_status_and_by_check() {
    let place = Place::empty();
    place.write(
        "server.toml",
        "data = \"disk/data\"\nlisten = \"unix:sockets\"\n",
    );
    fs::create_dir(place.path("disk")).unwrap();
    let told = "until_so grep -q 'disk is' \"$place/log\"\n";
    on_disks_of_its_own(
        &place,
        &format!("{}{told}{LOOK_FROM_OUTSIDE}", disk_of("16m")),
    );
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    assert!(read("log").contains(NINETY), "{}", read("log"));
    assert!(read("status").contains(&format!("alarm: {NINETY}")));
    assert!(
        read("check").contains("must    space:"),
        "{}",
        read("check")
    );
    assert_eq!(read("code").trim(), "1");
}

/// What fills a disk is a source's file as a rule. The log would tell its hour.
#[test]
fn a_disk_that_fills_within_a_batch_is_told_by_status_at_once_and_not_in_the_log() {
    let place = Place::empty();
    place.write(
        "server.toml",
        "data = \"disk/data\"\nlisten = \"unix:sockets\"\nmessages = \"1MiB\"\n\
         replies = \"1MiB\"\n",
    );
    fs::create_dir(place.path("disk")).unwrap();
    // A batch is a day. The disk was looked at before the sockets were open; the server looks every ten
    // seconds whether it must again.
    let script = format!(
        "day() {{ echo $(($(date +%s) / 86400)); }}\n\
         {}day >\"$place/day\"\n\
         fallocate -l 240m \"$place/disk/file\"\n\
         {LOOK_FROM_OUTSIDE}\
         sleep 12\n\
         cp \"$place/log\" \"$place/later\"\n\
         day >>\"$place/day\"\n",
        disk_of("256m")
    );
    on_disks_of_its_own(&place, &script);
    let read = |name: &str| fs::read_to_string(place.path(name)).unwrap();
    let status = read("status");
    assert!(status.contains(&format!("alarm: {NINETY}")), "{status}");
    let (days, log) = (read("day"), read("later"));
    let mut days = days.lines();
    // At midnight it may be told.
    let is_one_batch = days.next() == days.next();
    assert!(!is_one_batch || !log.contains("full"), "{log}");
}
