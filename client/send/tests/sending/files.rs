//! Files that are not as they should be, and what is left on this machine.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::process::getuid;
use tokio::process::Command;

use crate::house::House;
use crate::road::{Fate, Road};
use crate::run::{Desk, Ended, finished, noise};

struct Scene {
    house: House,
    road: Road,
    desk: Desk,
}

async fn scene(fates: &[Fate]) -> Scene {
    let house = House::new().await;
    let road = Road::to(house.port().await, fates).await;
    let desk = Desk::new(&house.newsroom, &road);
    Scene { house, road, desk }
}

impl Scene {
    /// Refused before the network is asked for anything.
    async fn refuses(&self, name: &str, sentence: &str) {
        let ended = self.desk.send(&[name]).await.said(1, sentence);
        assert!(ended.says(name), "{ended:?}");
        assert!(self.road.users().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_a_device_a_link_a_pipe_and_nothing_are_each_refused_by_name() {
    let scene = scene(&[]).await;
    fs::create_dir(scene.desk.path("folder")).unwrap();
    symlink("address", scene.desk.path("link")).unwrap();
    let pipe = scene.desk.path("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    scene.refuses("folder", "is a folder").await;
    scene.refuses("link", "is a link").await;
    scene.refuses("/dev/null", "is a device").await;
    scene.refuses("pipe", "is not a file").await;
    scene.refuses("nothing", "does not exist").await;
    scene.refuses("address/x", "is not a folder").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_read_is_refused_by_name() {
    let scene = scene(&[]).await;
    let secret = scene.desk.file("secret", b"not for you");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let ended = if getuid().is_root() {
        // Nothing is closed to root: the program runs as somebody else.
        fs::set_permissions(scene.desk.path("."), fs::Permissions::from_mode(0o755)).unwrap();
        let program = scene.desk.program("reader");
        let mut command = scene.desk.with_address(Command::new(program), "send");
        command.arg("secret").uid(65_534).gid(65_534);
        finished(command.spawn().unwrap()).await
    } else {
        scene.desk.send(&["secret"]).await
    };
    ended.said(1, "\"secret\" may not be read by you");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_content_but_no_size_is_not_sent_as_an_empty_one() {
    let scene = scene(&[]).await;
    let ended = scene.desk.send(&["/proc/version"]).await;
    ended.said(1, "says that it is empty, and is not");
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_longer_than_any_system_takes_is_refused() {
    let scene = scene(&[]).await;
    let ended = scene.desk.send(&["n".repeat(4_000).as_str()]).await;
    let ended = ended.said(1, "has a name that this system does not know");
    assert!(ended.err.len() < 1_000, "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_longer_than_a_drop_takes_is_shortened_and_the_source_told() {
    let scene = scene(&[]).await;
    let name = OsStr::from_bytes(&[0xff; 255]);
    let path = scene.desk.path("").join(name);
    std::io::Write::write_all(&mut fs::File::create(path).unwrap(), b"x").unwrap();
    let child = scene.desk.command("send").arg(name).spawn().unwrap();
    let ended = finished(child).await.arrived();
    assert!(ended.says("it is sent shortened"), "{ended:?}");
    let sent = &scene.house.the_drop().files[0].0;
    assert!(sent.len() <= 255 && sent.len() > 240, "{}", sent.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_cannot_write_on_the_terminal() {
    let scene = scene(&[]).await;
    let ended = scene.desk.send(&["\u{1b}[2J\u{202e}gone"]).await;
    let ended = ended.said(1, "does not exist");
    assert!(!ended.err.contains('\u{1b}') && !ended.err.contains('\u{202e}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_files_are_a_drop_and_one_more_is_not() {
    let scene = scene(&[]).await;
    let names: Vec<String> = (0..501).map(|number| format!("page {number}")).collect();
    for name in &names {
        scene.desk.file(name, name.as_bytes());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ended = scene.desk.send(&names).await;
    ended.said(1, "these are 501 files, and a drop holds at most 500");
    assert!(scene.road.users().is_empty());
    scene.desk.send(&names[1..]).await.arrived();
    assert_eq!(scene.house.the_drop().files.len(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_at_all_is_not_sent() {
    let scene = scene(&[]).await;
    scene
        .desk
        .send(&[])
        .await
        .said(2, "there is nothing to send");
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_too_long_or_not_text_is_refused_before_anything_is_asked() {
    let scene = scene(&[]).await;
    scene.desk.file("words", &[b'w'; 32_769]);
    let ended = scene.desk.send(&["--message-file", "words"]).await;
    ended.said(2, "longer than 32768 bytes");
    scene.desk.file("words", &[b'w'; 32_768]);
    scene
        .desk
        .send(&["--message-file", "words"])
        .await
        .arrived();
    scene.desk.file("words", b"\xff\xfe");
    let ended = scene.desk.send(&["--message-file", "words"]).await;
    ended.said(2, "not plain text");
}

/// Begins to send a film, breaks off after two megabytes, and lets the file be changed then.
async fn changed_on_the_way(change: impl FnOnce(&Path)) -> (Scene, Ended) {
    let scene = scene(&[Fate::Greets, Fate::CutAfter(2_000_000)]).await;
    scene.road.usually(Fate::Unreachable);
    let film = scene.desk.file("film.mov", &noise(20_000_000, 7));
    let child = scene.desk.start(&["film.mov"]);
    scene.road.ended(2).await;
    change(&film);
    scene.road.usually(Fate::Whole);
    let ended = finished(child).await;
    (scene, ended)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_shrinks_while_it_is_sealed_ends_the_sending() {
    let (scene, ended) = changed_on_the_way(|film| {
        let film = fs::OpenOptions::new().write(true).open(film).unwrap();
        film.set_len(10_000_000).unwrap();
    })
    .await;
    ended.said(1, "\"film.mov\" changed while it was being sealed");
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_to_while_it_is_sealed_ends_the_sending() {
    let (scene, ended) = changed_on_the_way(|film| {
        let film = fs::OpenOptions::new().write(true).open(film).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&film, b"edited", 19_000_000).unwrap();
    })
    .await;
    ended.said(1, "\"film.mov\" changed while it was being sealed");
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_removed_while_it_is_sealed_arrives_all_the_same() {
    let (scene, ended) = changed_on_the_way(|film| fs::remove_file(film).unwrap()).await;
    ended.arrived();
    assert!(scene.house.the_drop().files[0].1 == noise(20_000_000, 7));
}

/// Every path below a folder.
fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_in(&path));
        }
        found.push(path);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_runs_under_any_name_and_leaves_nothing_that_was_not_asked_for() {
    let scene = scene(&[]).await;
    let program = scene.desk.program("photo-viewer");
    let home = tempfile::tempdir().unwrap();
    scene.desk.file("film.mov", &noise(3_000_000, 8));
    let before = everything_in(&scene.desk.path(""));
    scene
        .road
        .next(&[Fate::Greets, Fate::CutAfter(1_000_000), Fate::Mute]);
    for stopped in [true, false] {
        let mut command = scene.desk.with_address(Command::new(&program), "send");
        command
            .arg("film.mov")
            .env_clear()
            .env("HOME", home.path())
            .env("TMPDIR", home.path())
            .env("XDG_CACHE_HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path())
            .env("XDG_DATA_HOME", home.path())
            .env("XDG_RUNTIME_DIR", home.path());
        let mut child = command.spawn().unwrap();
        if stopped {
            scene.road.ended(2).await;
            child.kill().await.unwrap();
            scene.road.next(&[]);
        } else {
            finished(child).await.arrived();
        }
        assert!(everything_in(home.path()).is_empty());
        assert_eq!(everything_in(&scene.desk.path("")), before);
    }
}

/// The most memory that a running program ever had, in KiB (proc(5), VmHWM).
fn most_memory(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_below_64_mib_however_large_the_file() {
    // One to meet the newsroom, and four for the lanes; who would have them put together waits.
    let mut fates = vec![Fate::Greets];
    fates.extend([const { Fate::Unjoined }; 4]);
    let scene = scene(&fates).await;
    scene.road.usually(Fate::Mute);
    let film = scene.desk.file("film.mov", b"");
    let film = fs::OpenOptions::new().write(true).open(film).unwrap();
    film.set_len(600_000_000).unwrap();
    let child = scene.desk.start(&["film.mov"]);
    scene.road.ended(5).await;
    assert!(scene.road.bytes() > 600_000_000);
    let most = most_memory(child.id().unwrap());
    assert!(most < 65_536, "{most} KiB");
}
