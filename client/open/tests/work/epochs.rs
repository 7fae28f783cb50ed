//! Epochs that end, that are extended, and that are burned.

use std::fs;
use std::path::Path;

use knothole_envelope::{Day, EpochNumber, Receipt, Sheet, Signed};

use crate::newsroom::{Newsroom, ONE, Run, TWO, monday, run, write};

/// Drops are sealed to epoch 2, which ends 13 days after the first Monday; its list closes 23 later.
const CLOSES: u32 = 36;

fn after(days: u32) -> Day {
    Day::new(monday().get() + days).unwrap()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            write(&target, &fs::read(entry.path()).unwrap());
        }
    }
}

/// A newsroom that has opened a drop of epoch 2, with copies of vaults and archive from that day.
fn opened(newsroom: &mut Newsroom, slips: &[&str]) {
    let at = newsroom.folder.path().to_owned();
    for (vault, passphrase, copy) in [("v1", ONE, "old1"), ("v2", TWO, "old2")] {
        let line = format!("vault copy {vault} --out {copy}");
        run(&at, &[passphrase], &line).ends_with(0);
    }
    let drop = newsroom.seal(0xaa, b"body");
    newsroom.carry("stick", &[drop]);
    with_slips(
        &at,
        slips,
        "open stick --files files",
        "archive",
        ["v1", "v2"],
    )
    .ends_with(0);
    copy_folder(&at.join("archive"), &at.join("older"));
}

/// Runs a command; the slips are lines after the passphrases.
fn with_slips(at: &Path, slips: &[&str], line: &str, archive: &str, vaults: [&str; 2]) -> Run {
    let [one, two] = vaults;
    let line = format!("{line} --archive {archive} --vault {one} --vault {two} --slip-fd 0");
    let mut lines = vec![ONE, TWO];
    lines.extend(slips);
    run_lines(at, &lines, &line)
}

/// Two passphrases, and whatever lines follow them.
fn run_lines(at: &Path, lines: &[&str], line: &str) -> Run {
    crate::newsroom::run_with(at, lines, 2, line)
}

/// The list of epoch 2 is closed by an empty bundle.
fn close(newsroom: &mut Newsroom) {
    newsroom.date = after(CLOSES);
    newsroom.carry("later", &[]);
    newsroom.run("open later").ends_with(0);
}

#[test]
fn after_burning_vaults_and_sheets_open_nothing_of_the_epoch_and_an_older_copy_does() {
    let mut newsroom = Newsroom::new();
    opened(&mut newsroom, &[]);
    let at = newsroom.folder.path().to_owned();
    newsroom
        .run("epochs burn 2 --yes")
        .ends_with(1)
        .says("epoch 2 cannot be burned yet: drops of it may still come")
        .says(&after(CLOSES).to_string());
    close(&mut newsroom);
    newsroom
        .run(&format!("epochs burn 2 --yes --today {}", after(CLOSES)))
        .ends_with(0)
        .says("Burned: epoch 2, erased in v1, v2 as far as this medium allows")
        .says("Files that were opened earlier were not touched");
    // The sealed drop is gone from the archive, and the files that were opened are there.
    newsroom
        .run("export aa --to files")
        .ends_with(5)
        .says("was burned");
    assert_eq!(fs::read_dir(at.join("archive/drops")).unwrap().count(), 0);
    assert_eq!(fs::read(at.join("files/aaaaaaaa/1.mov")).unwrap(), b"body");
    // With the archive as it was, sheets and all, the vaults open nothing of it...
    let export = "export aa --to files";
    with_slips(&at, &[], export, "older", ["v1", "v2"]).ends_with(5);
    // ...and older copies of them do: that is why there are slips.
    with_slips(&at, &[], export, "older", ["old1", "old2"]).ends_with(0);
    // Every copy is to be burned: here one of the two that it takes.
    let burn = "epochs burn 2 --yes";
    with_slips(&at, &[], burn, "archive", ["old1", "v2"]).ends_with(0);
    with_slips(&at, &[], export, "older", ["old1", "old2"]).ends_with(6);
}

#[test]
fn what_was_burned_is_told_to_the_server_and_seen_in_the_list() {
    let mut newsroom = Newsroom::new();
    opened(&mut newsroom, &[]);
    close(&mut newsroom);
    let list = newsroom.run("epochs list");
    list.ends_with(0)
        .says("keys: v1 here, v2 here  drops: 1 opened")
        .says("may be burned")
        .says("not to be burned yet: drops of it may still come");
    newsroom.run("epochs burn 2 --yes").ends_with(0);
    newsroom
        .run("epochs list")
        .ends_with(0)
        .says("keys: v1 erased, v2 erased  drops: 1 opened")
        .says("burned on");
    newsroom.run("outbox .").ends_with(0).says("1 receipt");
    let burned = Receipt::Burned {
        epoch: EpochNumber::new(2).unwrap(),
    };
    assert!(newsroom.receipts().contains(&burned));
    // Again is harmless.
    newsroom.run("epochs burn 2 --yes").ends_with(0);
    newsroom
        .run("epochs burn 9 --yes")
        .ends_with(1)
        .says("no such epoch");
    newsroom.run("epochs burn 0 --yes").ends_with(2);
}

#[test]
fn what_is_not_delivered_is_named_before_it_is_lost() {
    let mut newsroom = Newsroom::new();
    let drop = newsroom.seal(0xaa, b"body");
    let length = drop.0.length();
    newsroom.carry("stick", &[drop]);
    newsroom.run("open stick").ends_with(0);
    close(&mut newsroom);
    newsroom
        .run("epochs burn 2 --yes")
        .ends_with(1)
        .says("1 drop of it is neither opened nor refused");
    newsroom
        .run("epochs burn 2 --lose-undelivered --yes")
        .ends_with(0)
        .says(&format!("lost: {}", "aa".repeat(32)))
        .says(&format!("{length} bytes"))
        .says("waiting");
    newsroom
        .run("open --files files")
        .ends_with(0)
        .says("no drop that waits");
    newsroom.run("list").ends_with(0).says("burned");
    // What nobody can open any more does not wait.
    let list = newsroom.run("epochs list");
    list.ends_with(0).says("drops: 1 lost");
    assert!(!list.has("waiting"));
    newsroom
        .run("epochs burn 3 --lose-undelivered --yes")
        .ends_with(0)
        .says("whatever of it is still on the way is lost as well");
}

#[test]
fn the_list_says_why_an_epoch_is_not_to_be_burned_only_when_it_has_begun() {
    let newsroom = Newsroom::new();
    let list = newsroom.run("epochs list");
    list.ends_with(0).says("Epoch, its days");
    let why = "not to be burned yet: drops of it may still come";
    assert_eq!(list.count(why), 1);
    newsroom
        .run("epochs burn 99 --yes")
        .ends_with(1)
        .says("epoch 99 cannot be burned: this newsroom has no such epoch");
}

/// The words of each slip of a file, in the order of the epochs.
fn words(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let slips = text.split("Slip of epoch").skip(1);
    let words = slips.map(|slip| {
        let lines: Vec<_> = slip.lines().filter(|line| line.starts_with("  ")).collect();
        lines
            .join(" ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    });
    words.collect()
}

#[test]
fn with_slips_not_even_an_older_copy_opens_what_was_burned() {
    let mut newsroom = Newsroom::with_options(|vault| format!(" --slips {vault}.slips"));
    let at = newsroom.folder.path().to_owned();
    let (one, two) = (words(&at.join("v1.slips")), words(&at.join("v2.slips")));
    assert_eq!((one.len(), two.len()), (3, 3));
    let slips = [one[1].as_str(), two[1].as_str()];
    opened(&mut newsroom, &slips);
    close(&mut newsroom);
    newsroom
        .run("epochs burn 2 --yes")
        .ends_with(0)
        .says("Now burn the paper: the slip of epoch 2");
    let export = "export aa --to files";
    let old = ["old1", "old2"];
    with_slips(&at, &["", ""], export, "older", old)
        .ends_with(5)
        .says("epoch 2 takes its slip as well");
    with_slips(&at, &[&one[0], ""], export, "older", old)
        .ends_with(1)
        .says("not the slip of epoch 2");
    with_slips(&at, &["zoo zoo", ""], export, "older", old)
        .ends_with(2)
        .says("a slip has 12 words");
    // Who kept the paper and a copy has not burned anything.
    with_slips(&at, &slips, export, "older", old).ends_with(0);
}

#[test]
fn slips_are_not_written_to_a_disk_that_may_keep_them() {
    let newsroom = Newsroom::new();
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let slips = disk.path().join("slips");
    let new = format!("vault new v9 --epochs 1 --slips {}", slips.display());
    let ran = run(newsroom.folder.path(), &[ONE], &new);
    if ran.code == 0 {
        // This machine builds in memory or on an encrypted disk: there is nothing to refuse.
        return;
    }
    ran.ends_with(2).says("memory or an encrypted disk only");
    assert!(!slips.exists() && !newsroom.path("v9").exists());
}

#[test]
fn editors_who_are_in_one_room_extend_vaults_and_newsroom_with_one_command() {
    let newsroom = Newsroom::new();
    let extend = "epochs extend --epochs 4";
    newsroom
        .run(extend)
        .ends_with(0)
        .says("v1 has keys until")
        .says("4 new sheets are signed")
        .says(&after(48).to_string());
    // Cut off before the archive was saved, it would extend no vault twice: the target is the
    // newsroom's.
    run(newsroom.folder.path(), &[ONE], "vault show v1")
        .ends_with(0)
        .says("1 to 7");
    newsroom
        .run(&format!("outbox . --today {}", after(40)))
        .ends_with(0)
        .says("2 epoch sheets");
    let sheet = fs::read(newsroom.path("knothole-outbox/sheets/7")).unwrap();
    let sheet = Signed::<Sheet>::decode(&sheet).unwrap();
    assert!(sheet.verify(&newsroom.chain).is_ok());
}

#[test]
fn editors_who_are_apart_extend_their_vaults_and_a_quorum_signs_from_their_cards() {
    let newsroom = Newsroom::new();
    let at = newsroom.folder.path();
    for (vault, passphrase, epochs) in [("v1", ONE, 5), ("v2", TWO, 4)] {
        let line = format!(
            "epochs extend --vault {vault} --card {vault}.new --epochs {epochs} --slips {vault}.slips"
        );
        run(at, &[passphrase], &line)
            .ends_with(0)
            .says("is its new card");
    }
    assert_eq!(words(&newsroom.path("v2.slips")).len(), 4);
    // What is in the way is told before a passphrase is asked for.
    for taken in ["--slips v1.slips", "--card v1.new"] {
        run(at, &[], &format!("epochs extend --vault v1 {taken}")).says("another name");
    }
    newsroom
        .run("epochs extend v1.new v2.card")
        .ends_with(0)
        .says("No new epoch stands on the cards of all editors");
    newsroom
        .run("epochs extend v1.new v2.new")
        .ends_with(0)
        .says("4 new sheets are signed");
    newsroom
        .run("epochs extend courier.card v2.new")
        .ends_with(1)
        .says("card 1 is not an editor's card");
    newsroom
        .run("epochs extend --card new.card")
        .ends_with(2)
        .says("one vault at a time");
    run(at, &[ONE], "epochs extend v1.new --vault v1").ends_with(2);
}

#[test]
fn a_burn_that_was_cut_off_anywhere_is_finished_by_the_same_command() {
    let mut newsroom = Newsroom::new();
    opened(&mut newsroom, &[]);
    close(&mut newsroom);
    let at = newsroom.folder.path().to_owned();
    let parts = ["v1", "v2", "archive/state"];
    let read = |part: &&str| fs::read(at.join(part)).unwrap();
    let before: Vec<_> = parts.iter().map(read).collect();
    let folder = at.join("archive/drops").join("aa".repeat(32));
    let sealed = fs::read(folder.join("0000000000000000")).unwrap();
    newsroom.run("epochs burn 2 --yes").ends_with(0);
    let burned: Vec<_> = parts.iter().map(read).collect();
    // How many of the parts were reached, in their order, before the power failed.
    for reached in 0..=parts.len() {
        for (place, part) in parts.iter().enumerate() {
            let from = if place < reached { &burned } else { &before };
            fs::remove_file(at.join(part)).unwrap();
            write(&at.join(part), &from[place]);
        }
        fs::create_dir(&folder).unwrap();
        write(&folder.join("0000000000000000"), &sealed);
        newsroom.run("outbox .").ends_with(0);
        let told = newsroom
            .receipts()
            .iter()
            .any(|receipt| matches!(receipt, Receipt::Burned { .. }));
        assert_eq!(
            told,
            reached == parts.len(),
            "no receipt before the keys are gone"
        );
        newsroom.run("epochs burn 2 --yes").ends_with(0);
        assert!(!folder.exists());
        newsroom
            .run("epochs list")
            .ends_with(0)
            .says("keys: v1 erased, v2 erased  drops: 1 opened");
    }
}
