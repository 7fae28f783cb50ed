mod hostile;

use std::fs;
use std::path::Path;

use knothole_envelope::{
    DropId, EpochNumber, EpochSecret, FileEntry, FileName, ListedDrop, Manifest, Message, Quorum,
    Recipients, SheetHash, SigningSecret, Suite, TreeHash, UnlockError, seal_drop,
};

use super::*;
use crate::archive::Status;
use crate::archive::tests::{Known, rng};
use crate::bundle::rig::{Rig, Sealed, seal, whole};
use crate::editor::Editor;
use crate::folder::Folder;
use crate::vault::VaultError;

impl Rig {
    /// Brings a drop into the archive.
    fn bring(&mut self, drop: &Sealed) {
        let stick = self.carried(&[whole(drop)]);
        self.take(&[&stick]).unwrap();
    }

    fn files(&self) -> Folder {
        Folder::open_or_make(&self.folder.path().join("files")).unwrap()
    }

    fn open(&mut self, drop: &Sealed) -> Result<Opened, OpenDropError> {
        let files = self.files();
        self.archive
            .open_drop(&drop.listed.id, &self.editors, &files)
    }

    fn status_of(&self, drop: &Sealed) -> Status {
        self.archive.state.drops[&drop.listed.id].status
    }
}

fn names(folder: &Path) -> Vec<String> {
    Folder::open(folder).unwrap().names().unwrap()
}

#[test]
fn files_and_words_come_out_as_they_were_under_names_of_our_own() {
    let mut rig = Rig::new(3, 2);
    let video: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let files: [(&str, &[u8]); 4] = [
        ("IMG_0412.MOV", &video),
        ("空.txt", b""),
        ("\u{1b}[2J..\\x\u{202e}", b"three"),
        ("-rf", b"four"),
    ];
    let message = "这段录像是我在局里拍的。\n不要说出我是谁。\n";
    let drop = seal(&rig.archive.state, 7, &files, message, None);
    rig.bring(&drop);
    rig.editors.remove(1);
    let opened = rig.open(&drop).unwrap();
    assert_eq!(rig.status_of(&drop), Status::Opened);
    assert_eq!((opened.files, opened.message), (4, true));
    assert!(opened.warnings.is_empty() && !opened.way_back);
    assert!(opened.folder.ends_with("files/07070707"));
    assert_eq!(
        names(&opened.folder),
        ["1.mov", "2.txt", "3", "4", "contents.txt", "message.txt"]
    );
    for (name, (_, body)) in ["1.mov", "2.txt", "3", "4"].iter().zip(files) {
        assert_eq!(fs::read(opened.folder.join(name)).unwrap(), body);
    }
    let words = fs::read_to_string(opened.folder.join("message.txt")).unwrap();
    assert_eq!(words, message);
    let contents = fs::read_to_string(opened.folder.join("contents.txt")).unwrap();
    assert!(contents.contains("1.mov\t3000000\tIMG_0412.MOV\n"));
    assert!(contents.contains("3\t5\t\\u{1b}[2J..\\\\x\\u{202e}\n"));
}

#[test]
fn five_hundred_files_of_one_name_and_a_message_of_escapes_come_out_side_by_side() {
    let mut rig = Rig::new(1, 1);
    let bodies: Vec<[u8; 2]> = (0..500_u16).map(u16::to_le_bytes).collect();
    let files: Vec<(&str, &[u8])> = bodies
        .iter()
        .map(|body| ("contents.txt", body.as_slice()))
        .collect();
    let message = "\u{1b}\u{7}".repeat(knothole_envelope::MOST_MESSAGE_BYTES / 2);
    let drop = seal(&rig.archive.state, 7, &files, &message, None);
    rig.bring(&drop);
    let opened = rig.open(&drop).unwrap();
    assert_eq!(names(&opened.folder).len(), 502);
    assert_eq!(
        fs::read(opened.folder.join("500.txt")).unwrap(),
        bodies[499]
    );
    let words = fs::read_to_string(opened.folder.join("message.txt")).unwrap();
    assert!(words.chars().all(|letter| !letter.is_control()));
}

#[test]
fn a_message_cannot_act_on_a_terminal() {
    let mut rig = Rig::new(1, 1);
    let drop = seal(&rig.archive.state, 7, &[], "a\u{1b}]0;x\u{7}\nb", None);
    rig.bring(&drop);
    let folder = rig.open(&drop).unwrap().folder;
    assert_eq!(names(&folder), ["contents.txt", "message.txt"]);
    let words = fs::read(folder.join("message.txt")).unwrap();
    assert_eq!(words, b"a\\u{1b}]0;x\\u{7}\nb");
}

#[test]
fn a_drop_with_neither_files_nor_words_opens() {
    let mut rig = Rig::new(1, 1);
    let drop = seal(&rig.archive.state, 7, &[], "", None);
    rig.bring(&drop);
    let opened = rig.open(&drop).unwrap();
    assert!(!opened.message);
    assert_eq!(names(&opened.folder), ["contents.txt"]);
}

#[test]
fn opening_never_overwrites_and_never_leaves_its_folder() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let files = rig.folder.path().join("files");
    fs::create_dir(&files).unwrap();
    let elsewhere = rig.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, files.join("07070707")).unwrap();
    let opened = rig.open(&drop).unwrap();
    assert!(opened.folder.ends_with("files/07070707-2"));
    let again = rig.open(&drop).unwrap();
    assert!(again.folder.ends_with("files/07070707-3"));
    assert!(names(&elsewhere).is_empty());
    assert_eq!(names(&opened.folder), names(&again.folder));
}

#[test]
fn a_drop_that_is_cut_off_in_the_middle_keeps_partial_names() {
    let mut rig = Rig::new(1, 1);
    let mut drop = rig.drop(7);
    let last = drop.bytes.len() - 1;
    drop.bytes[last] ^= 1;
    drop.relist();
    rig.bring(&drop);
    let error = rig.open(&drop).unwrap_err();
    assert!(matches!(error, OpenDropError::Open(_)));
    assert!(!error.may_pass());
    assert_eq!(rig.status_of(&drop), Status::Stuck);
    let folder = rig.folder.path().join("files/07070707");
    assert_eq!(names(&folder), ["1.bin.partial"]);
}

#[test]
fn a_whole_drop_that_is_not_the_listed_one_does_not_get_its_final_names() {
    let mut rig = Rig::new(1, 1);
    let mut drop = rig.drop(7);
    drop.listed.tree = TreeHash::from_bytes([9; 32]);
    rig.bring(&drop);
    let error = rig.open(&drop).unwrap_err();
    assert!(matches!(error, OpenDropError::Spoiled));
    let folder = rig.folder.path().join("files/07070707");
    assert_eq!(names(&folder), ["1.bin.partial"]);
}

#[test]
fn a_header_that_says_another_length_than_the_listing_is_refused() {
    let mut rig = Rig::new(1, 1);
    let mut drop = rig.drop(7);
    let longer = seal(
        &rig.archive.state,
        7,
        &[("a", &vec![0; 2_000_000])],
        "",
        None,
    );
    drop.bytes[..12_288].copy_from_slice(&longer.bytes[..12_288]);
    drop.relist();
    rig.bring(&drop);
    let error = rig.open(&drop).unwrap_err();
    assert!(matches!(error, OpenDropError::OtherDrop));
}

#[test]
fn junk_behind_a_good_head_is_for_nobody_and_is_not_tried_again() {
    let mut rig = Rig::new(1, 1);
    let mut drop = rig.drop(7);
    for byte in &mut drop.bytes[56..9456] {
        *byte ^= 0x55;
    }
    drop.relist();
    rig.bring(&drop);
    let error = rig.open(&drop).unwrap_err();
    assert!(error.is_for_others());
    assert_eq!(rig.status_of(&drop), Status::Stuck);
    assert!(names(&rig.folder.path().join("files")).is_empty());
}

/// An editor whose vault has lost the keys of all epochs.
struct Without {
    editor: Known,
    damaged: bool,
}

impl Editor for Without {
    fn signing(&self) -> &SigningSecret {
        self.editor.signing()
    }

    fn archive_secret(&self) -> &EpochSecret {
        self.editor.archive_secret()
    }

    fn epoch_secret(&self, epoch: EpochNumber) -> Result<Option<EpochSecret>, VaultError> {
        if self.damaged {
            Err(VaultError::Epoch("v1".into(), epoch))
        } else {
            Ok(None)
        }
    }
}

fn without(number: u8, damaged: bool) -> Without {
    Without {
        editor: Known::new(number),
        damaged,
    }
}

#[test]
fn a_damaged_vault_is_named_when_the_others_do_not_suffice() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let files = rig.files();
    let error = rig
        .archive
        .open_drop(&drop.listed.id, &[without(1, true)], &files)
        .unwrap_err();
    assert!(matches!(error, OpenDropError::Vault(VaultError::Epoch(..))));
    assert_eq!(rig.status_of(&drop), Status::Waiting);
}

#[test]
fn a_damaged_vault_among_enough_good_ones_keeps_nothing_closed() {
    let mut rig = Rig::new(3, 2);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let files = rig.files();
    let editors: [Box<dyn Editor>; 3] = [
        Box::new(without(1, true)),
        Box::new(Known::new(2)),
        Box::new(Known::new(3)),
    ];
    assert!(
        rig.archive
            .open_drop(&drop.listed.id, &editors, &files)
            .is_ok()
    );
}

#[test]
fn a_drop_of_an_erased_epoch_says_so() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let files = rig.files();
    let error = rig
        .archive
        .open_drop(&drop.listed.id, &[without(1, false)], &files)
        .unwrap_err();
    assert!(matches!(error, OpenDropError::NoKeys(Some(epoch)) if epoch.get() == 3));
    assert!(error.is_for_others());
}

#[test]
fn a_drop_that_these_vaults_have_no_keys_for_waits_for_those_that_have_them() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let files = rig.files();
    let id = drop.listed.id;
    // One had no key of the epoch, the other one of its own, and it is not among the editors.
    let mut open = |editor: Box<dyn Editor>| {
        let error = rig.archive.open_drop(&id, &[editor], &files).unwrap_err();
        assert!(error.is_for_others(), "{error}");
        assert_eq!(rig.archive.state.drops[&id].status, Status::Waiting);
    };
    open(Box::new(without(1, false)));
    open(Box::new(Known::new(9)));
    assert!(rig.open(&drop).is_ok());
    assert_eq!(rig.status_of(&drop), Status::Opened);
}

#[test]
fn a_drop_without_keys_here_that_was_altered_on_the_way_is_told_apart() {
    let mut rig = Rig::new(1, 1);
    let mut drop = rig.drop(7);
    let last = drop.bytes.len() - 1;
    drop.bytes[last] ^= 1;
    rig.bring(&drop);
    let files = rig.files();
    let error = rig
        .archive
        .open_drop(&drop.listed.id, &[without(1, false)], &files)
        .unwrap_err();
    assert!(matches!(error, OpenDropError::Spoiled));
    assert_eq!(rig.status_of(&drop), Status::Stuck);
}

#[test]
fn a_drop_that_takes_more_vaults_waits_for_them() {
    let mut rig = Rig::new(3, 2);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let files = rig.files();
    let error = rig
        .archive
        .open_drop(&drop.listed.id, &rig.editors[..1], &files)
        .unwrap_err();
    assert!(matches!(
        error,
        OpenDropError::Unlock(UnlockError::MoreNeeded { have: 1, .. })
    ));
    assert!(error.wants_vaults());
    assert_eq!(rig.status_of(&drop), Status::Waiting);
    assert!(rig.open(&drop).is_ok());
}

#[test]
fn a_sheet_that_the_newsroom_did_not_make_opens_with_a_loud_warning() {
    let mut rig = Rig::new(1, 1);
    let strange = SheetHash::from_bytes([3; 32]);
    let drop = seal(&rig.archive.state, 7, &[], "x", Some(strange));
    rig.bring(&drop);
    let opened = rig.open(&drop).unwrap();
    assert_eq!(opened.warnings, [Warning::UnknownSheet]);
    let contents = fs::read_to_string(opened.folder.join("contents.txt")).unwrap();
    assert!(contents.contains("WARNING: the source was shown an epoch sheet"));
}

#[test]
fn the_sheet_of_another_epoch_opens_with_a_loud_warning() {
    let mut rig = Rig::new(1, 1);
    let other = EpochNumber::new(4).unwrap();
    let other = rig.archive.state.sheets_of(other).next().unwrap().hash();
    let drop = seal(&rig.archive.state, 7, &[], "x", Some(other));
    rig.bring(&drop);
    let opened = rig.open(&drop).unwrap();
    assert_eq!(opened.warnings, [Warning::OtherEpoch]);
}

#[test]
fn a_drop_that_asks_for_fewer_editors_than_the_newsroom_opens_with_a_loud_warning() {
    let mut rig = Rig::new(3, 2);
    let epoch = EpochNumber::new(3).unwrap();
    let sheet = rig.archive.state.sheets_of(epoch).next().unwrap().clone();
    let keys = sheet.recipients().keys().to_vec();
    let recipients = Recipients::new(keys, Quorum::ONE).unwrap();
    let files = vec![FileEntry {
        name: FileName::new("a").unwrap(),
        size: 1,
    }];
    let message = Message::new("").unwrap();
    let manifest = Manifest::new(sheet.hash(), Quorum::ONE, None, files, message).unwrap();
    let mut bytes = Vec::new();
    let tree = seal_drop(
        &mut rng(),
        Suite::Aes256Gcm,
        epoch,
        &recipients,
        &manifest,
        |_| Ok(&b"a"[..]),
        &mut bytes,
    )
    .unwrap();
    let listed = ListedDrop {
        id: DropId::from_bytes([7; 32]),
        tree,
        chunks: manifest.chunks(),
        epoch,
    };
    let drop = Sealed { listed, bytes };
    rig.bring(&drop);
    let opened = rig.open(&drop).unwrap();
    let two = Quorum::new(2).unwrap();
    let expected = Warning::OtherQuorum {
        drop: Quorum::ONE,
        newsroom: two,
    };
    assert_eq!(opened.warnings, [expected]);
}

#[test]
fn the_manifest_of_a_drop_can_be_read_from_its_head_alone() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let folder = rig.folder.path().join("archive/drops");
    let part = folder
        .join(drop.listed.id.to_string())
        .join("0000000000000000");
    let file = fs::OpenOptions::new().write(true).open(&part).unwrap();
    file.set_len(77_824).unwrap();
    let unsealed = rig.archive.unseal(&drop.listed.id, &rig.editors).unwrap();
    assert_eq!(unsealed.reader.manifest().message().as_str(), "words");
    assert!(matches!(rig.open(&drop), Err(OpenDropError::Spoiled)));
}

#[test]
fn when_files_cannot_be_written_nothing_stays_and_the_drop_still_waits() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(7);
    rig.bring(&drop);
    let files = rig.files();
    // A folder that is not there any more refuses every file, as a full disk does.
    fs::remove_dir(rig.folder.path().join("files")).unwrap();
    let error = rig
        .archive
        .open_drop(&drop.listed.id, &rig.editors, &files)
        .unwrap_err();
    assert!(matches!(error, OpenDropError::File(_)));
    assert_eq!(rig.status_of(&drop), Status::Waiting);
}
