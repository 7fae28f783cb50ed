use std::fs;
use std::os::unix::fs::symlink;

use super::*;

fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    folder.put("file", b"old", Existing::Keep).unwrap();
    (place, folder)
}

fn done(_: Step) -> io::Result<()> {
    Ok(())
}

/// All bytes that lie in the folder under whichever name.
fn all(place: &tempfile::TempDir) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    all.sort_unstable();
    all
}

fn named(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    (name.to_owned(), bytes.to_owned())
}

#[test]
fn a_file_that_is_replaced_keeps_a_name_for_its_old_bytes_until_they_are_overwritten() {
    let (place, folder) = folder();
    let mut seen = Vec::new();
    let watch: &mut dyn FnMut(Step) -> io::Result<()> = &mut |step| {
        seen.push((step, all(&place)));
        Ok(())
    };
    let old = folder.replace("file", b"newer", watch).unwrap();
    folder.wipe_old(old, watch).unwrap();
    let at = |wanted| {
        let found = seen.iter().find(|(step, _)| *step == wanted);
        found.map(|(_, files)| files.clone()).unwrap()
    };
    let file = named("file", b"newer");
    for step in [Step::Renamed, Step::Done] {
        assert_eq!(at(step), [named(".file.new", b"old"), file.clone()]);
    }
    assert_eq!(
        at(Step::Overwritten),
        [named(".file.new", &[0; 3]), file.clone()]
    );
    assert_eq!(at(Step::Wiped), [file]);
}

#[test]
fn where_names_cannot_be_exchanged_a_second_name_keeps_the_old_bytes() {
    let (place, folder) = folder();
    folder.put("draft", b"newer", Existing::Keep).unwrap();
    let old = folder.link_and_rename("draft", "file").unwrap().unwrap();
    let file = named("file", b"newer");
    assert_eq!(all(&place), [named(".file.old", b"old"), file.clone()]);
    assert_eq!(folder.rests("file").unwrap(), [".file.old"]);
    folder.wipe_old(old, &mut done).unwrap();
    assert_eq!(all(&place), [file]);
}

#[test]
fn a_second_name_that_is_left_before_the_change_goes_and_the_file_stays() {
    let (place, folder) = folder();
    let path = |name: &str| place.path().join(name);
    fs::hard_link(path("file"), path(".file.old")).unwrap();
    folder.wipe_rests("file").unwrap();
    assert_eq!(all(&place), [named("file", b"old")]);
}

#[test]
fn where_there_are_no_second_names_either_the_old_bytes_are_overwritten_behind_their_handle() {
    let (place, folder) = folder();
    folder.put("draft", b"newer", Existing::Keep).unwrap();
    let mut before = fs::File::open(place.path().join("file")).unwrap();
    let old = folder.rename_over("draft", "file").unwrap();
    folder.wipe_old(old, &mut done).unwrap();
    let mut left = Vec::new();
    io::Read::read_to_end(&mut before, &mut left).unwrap();
    assert_eq!(left, [0; 3]);
    assert_eq!(all(&place), [named("file", b"newer")]);
}

#[test]
fn a_write_that_fails_overwrites_what_it_had_written() {
    let (place, folder) = folder();
    for existing in [Existing::Keep, Existing::Replace] {
        let mut kept = None;
        let watch: &mut dyn FnMut(Step) -> io::Result<()> = &mut |step| match (step, existing) {
            (Step::Synced, Existing::Keep) => {
                kept = fs::File::open(place.path().join(".other.new")).ok();
                Err(io::ErrorKind::StorageFull.into())
            }
            (Step::Synced, Existing::Replace) => {
                kept = fs::File::open(place.path().join(".file.new")).ok();
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        };
        let failed = match existing {
            Existing::Keep => folder.put_new("other", b"secret", watch).unwrap_err(),
            Existing::Replace => folder.replace("file", b"secret", watch).unwrap_err(),
        };
        assert!(failed.is_space());
        let mut left = Vec::new();
        io::Read::read_to_end(&mut kept.unwrap(), &mut left).unwrap();
        assert_eq!(left, [0; 6]);
        assert_eq!(all(&place), [named("file", b"old")]);
    }
}

#[test]
fn a_file_with_a_second_name_is_not_replaced() {
    let (place, folder) = folder();
    let path = |name: &str| place.path().join(name);
    fs::hard_link(path("file"), path("other")).unwrap();
    let failed = folder.replace("file", b"newer", &mut done).unwrap_err();
    assert!(crate::failure::told(&failed).contains("second name"));
    assert_eq!(all(&place), [named("file", b"old"), named("other", b"old")]);
}

#[test]
fn of_a_link_and_of_a_file_with_another_name_only_the_name_is_wiped() {
    let (place, folder) = folder();
    let path = |name: &str| place.path().join(name);
    symlink(path("file"), path("link")).unwrap();
    folder.wipe("link").unwrap();
    fs::hard_link(path("file"), path("second")).unwrap();
    folder.wipe("second").unwrap();
    folder.wipe("nothing").unwrap();
    assert_eq!(all(&place), [named("file", b"old")]);
    folder.wipe("file").unwrap();
    assert_eq!(all(&place), []);
}

#[test]
fn of_a_file_that_is_too_long_to_be_ours_the_beginning_is_overwritten() {
    let (place, folder) = folder();
    let long = fs::File::create(place.path().join("long")).unwrap();
    long.set_len(1 << 40).unwrap();
    folder.wipe("long").unwrap();
    assert_eq!(all(&place), [named("file", b"old")]);
}
