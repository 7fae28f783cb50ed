//! The offline client as a person runs it, from the vaults to the receipts.

#![allow(
    clippy::disallowed_types,
    reason = "the tests run the program; the program runs nothing"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod cutting;
mod editors;
mod epochs;
mod newsroom;
mod recovery;
mod replying;
mod room;
#[path = "../common/terminal.rs"]
mod screen;
mod stick;
mod terminal;
mod turned;
mod warnings;

use std::fs;
use std::path::Path;
use std::process::Command;

use knothole_envelope::{DropAddress, DropId, Receipt};

use crate::newsroom::{MESSAGE, Newsroom, ONE, TWO, onion, run, tree};

#[test]
fn a_drop_goes_from_the_stick_to_files_and_its_receipt_back() {
    let mut newsroom = Newsroom::new();
    let video: Vec<u8> = (0..2_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let wanted = newsroom.seal(0xaa, &video);
    let unwanted = newsroom.seal(0xbb, b"junk");
    let mut broken = newsroom.seal(0xcc, b"x");
    // In the commitment: no slot opens.
    broken.1[60] ^= 1;
    broken.0.tree = tree(&broken.1);
    newsroom.carry("stick", &[wanted.clone(), unwanted, broken]);
    // Without --files nothing is opened.
    newsroom
        .run("open stick")
        .ends_with(0)
        .says("is in the archive, sealed");
    fs::remove_dir_all(newsroom.path("stick")).unwrap();
    newsroom.run("list").ends_with(0).says("waiting");
    newsroom.run("refuse bb").ends_with(0).says("is refused");
    let opened = newsroom.run("open --files files");
    opened
        .ends_with(4)
        .says("aaaaaaaa is open in")
        .says("1 file, 2000000 bytes and a message")
        .says("cccccccc did not open");
    let folder = newsroom.path("files/aaaaaaaa");
    assert_eq!(fs::read(folder.join("1.mov")).unwrap(), video);
    let words = fs::read_to_string(folder.join("message.txt")).unwrap();
    assert_eq!(words, MESSAGE);
    newsroom
        .run("open --files files")
        .ends_with(0)
        .says("no drop that waits");
    newsroom
        .run("show aa")
        .ends_with(0)
        .says("IMG_0412.MOV")
        .says("  | 请不要说出我是谁。");
    newsroom
        .run("export aa --to files")
        .ends_with(0)
        .says("files/aaaaaaaa-2");
    newsroom.run("export cc --to files").ends_with(5);
    newsroom.run("outbox .").ends_with(0).says("2 receipts");
    let receipts = newsroom.receipts();
    let opened = |receipt: &Receipt| matches!(receipt, Receipt::Opened { drop, tree, .. } if (*drop, *tree) == (wanted.0.id, wanted.0.tree));
    assert_eq!(receipts.iter().filter(|receipt| opened(receipt)).count(), 1);
    let refused = |receipt: &&Receipt| matches!(receipt, Receipt::Refused { drop, .. } if *drop == DropId::from_bytes([0xbb; 32]));
    assert_eq!(receipts.iter().filter(refused).count(), 1);
}

#[test]
fn every_refusal_has_its_exit_code_and_says_what_to_do() {
    let mut newsroom = Newsroom::new();
    let drop = newsroom.seal(0xaa, b"body");
    newsroom.carry("stick", &[]);
    newsroom.carry("second", &[drop]);
    let at = newsroom.folder.path();
    let one = "open stick --files files --archive archive --vault v1";
    run(at, &[ONE], one)
        .ends_with(6)
        .says("1 of them is here: name the others' vaults");
    run(at, &[TWO], one).ends_with(1);
    run(
        at,
        &[ONE],
        &one.replace("archive archive", "archive nowhere"),
    )
    .ends_with(1)
    .says("cannot open this folder");
    newsroom
        .run("open second --files files")
        .ends_with(1)
        .says("bundle 1 is missing");
    newsroom
        .run("open files --files files")
        .ends_with(1)
        .says("there is no bundle here");
    newsroom
        .run("open v1 --files files")
        .ends_with(1)
        .says("cannot open this folder");
    newsroom
        .run("show aa")
        .ends_with(1)
        .says("no drop of the archive");
    newsroom.run("open stick second --files files").ends_with(0);
    newsroom
        .run("open second --files files")
        .ends_with(0)
        .says("taken before: 1");
    newsroom
        .run("newsroom courier courier.card")
        .ends_with(1)
        .says("known already");
    newsroom
        .run("newsroom courier v1.card")
        .ends_with(1)
        .says("not a courier's card");
    let found = "newsroom found v1.card --quorum 1 --onion abc.onion";
    newsroom
        .run(found)
        .ends_with(2)
        .says("not an onion address");
    let found = format!(
        "newsroom found v1.card v2.card --quorum 1 --onion {}",
        onion()
    );
    newsroom
        .run(&found)
        .ends_with(1)
        .says("there is an archive in this folder already");
    // The vaults of a living newsroom do not go to another one by themselves.
    let other = format!("{found} --archive other --vault v1");
    run(at, &[ONE], &other)
        .ends_with(1)
        .says("v1 belongs to another newsroom already")
        .says("`knothole vault trust v1 ");
    newsroom.run("list").ends_with(0);
    newsroom.newcomer("w1", ONE);
    newsroom.newcomer("w2", TWO);
    let found = other.replace(" v", " w");
    run(at, &[ONE], &found)
        .ends_with(4)
        .says("1 of 2 editors has signed");
    run(at, &[ONE], &found.replace("quorum 1", "quorum 2"))
        .ends_with(1)
        .says("another founding has begun");
    run(at, &[TWO], &found.replace("vault w1", "vault w2"))
        .ends_with(0)
        .says("one editor who is arrested");
    assert!(!newsroom.path("other/founding").exists());
    run(at, &[ONE], "newsroom found").ends_with(2);
}

#[test]
fn editors_who_sign_in_turn_are_told_which_vaults_the_last_command_takes() {
    let newsroom = Newsroom::new();
    let at = newsroom.folder.path();
    newsroom.newcomer("w1", ONE);
    newsroom.newcomer("w2", TWO);
    let found = format!(
        "newsroom found w1.card w2.card --quorum 2 --onion {} --archive other",
        onion()
    );
    let last = "--vault A --vault B";
    run(at, &[ONE], &format!("{found} --vault w1"))
        .ends_with(4)
        .says("with the next editor's vault. The last time 2 vaults are needed together")
        .says(last);
    run(at, &[TWO], &format!("{found} --vault w2"))
        .ends_with(4)
        .says("2 of 2 editors have signed")
        .says(&format!("now with {last}"));
    let last = last.replace('A', "w1").replace('B', "w2");
    run(at, &[ONE, TWO], &format!("{found} {last}"))
        .ends_with(0)
        .says("The newsroom is founded");
}

#[test]
fn opened_files_go_to_a_plain_disk_only_when_that_is_said_by_name() {
    let mut newsroom = Newsroom::new();
    let drop = newsroom.seal(0xaa, b"body");
    newsroom.carry("stick", &[drop]);
    newsroom.run("open stick").ends_with(0);
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let plain = is_plain(disk.path());
    let open = format!("open --files {}", disk.path().display());
    if plain {
        newsroom.run(&open).ends_with(1).says("--danger-plain-disk");
        // A folder that was there stays, and one that had to be made does not.
        let new = format!("{}/new", disk.path().display());
        for line in [
            format!("open --files {new}"),
            format!("export aa --to {new}"),
        ] {
            newsroom.run(&line).ends_with(1).says("--danger-plain-disk");
        }
        assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
    } else {
        // This machine builds in memory or on an encrypted disk: there is nothing to refuse.
        let export = format!("export aa --to {}", newsroom.path("files").display());
        newsroom.run(&export).ends_with(0);
    }
    let danger = newsroom.run(&format!("{open} --danger-plain-disk"));
    danger.ends_with(0);
    let warned = danger.has("Warning: opened files are written to a disk");
    assert_eq!(warned, plain);
    assert_eq!(
        fs::read(disk.path().join("aaaaaaaa/1.mov")).unwrap(),
        b"body"
    );
}

/// Whether a folder lies neither in memory nor on an encrypted disk, as the system's own programs
/// tell it.
fn is_plain(folder: &Path) -> bool {
    let told = |program: &str, arguments: &[&str]| {
        let told = Command::new(program).args(arguments).output().unwrap();
        String::from_utf8(told.stdout).unwrap()
    };
    let folder = folder.to_str().unwrap();
    let kind = told("stat", &["--file-system", "--format=%T", folder]);
    let source = told("findmnt", &["-nvo", "SOURCE", "--target", folder]);
    // What is no block device, an overlay for instance, has no layers to list.
    let layers = told("lsblk", &["-snro", "TYPE", source.trim()]);
    let in_memory = matches!(kind.trim(), "tmpfs" | "ramfs");
    !in_memory && !layers.lines().any(|layer| layer == "crypt")
}

#[test]
fn a_poster_carries_the_address_as_svg_or_text() {
    let newsroom = Newsroom::new();
    newsroom
        .run("newsroom poster --out poster.svg")
        .ends_with(0);
    newsroom
        .run("newsroom poster --out poster.txt")
        .ends_with(0);
    newsroom
        .run("newsroom poster --out poster.txt")
        .ends_with(1)
        .says("cannot create");
    let address = DropAddress::new(onion(), *newsroom.chain.fingerprint()).to_string();
    for poster in ["poster.svg", "poster.txt"] {
        let poster = fs::read_to_string(newsroom.path(poster)).unwrap();
        assert!(poster.contains(&address));
    }
}
