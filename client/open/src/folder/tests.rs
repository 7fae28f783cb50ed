use std::os::unix::fs::symlink;

use super::*;

fn folder() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::open(place.path()).unwrap();
    (place, folder)
}

const STEPS: [Step; 6] = [
    Step::Created,
    Step::HalfWritten,
    Step::Written,
    Step::Synced,
    Step::Renamed,
    Step::Done,
];

#[test]
fn a_write_that_is_cut_at_any_step_leaves_the_old_file_or_the_new_one() {
    for cut in STEPS {
        let (_place, folder) = folder();
        folder
            .put("file", b"the old bytes", Existing::Keep)
            .unwrap();
        let result = folder.put_watched("file", b"the new bytes", Existing::Replace, &mut |step| {
            if step == cut {
                Err(io::Error::other("pulled"))
            } else {
                Ok(())
            }
        });
        assert!(result.is_err());
        let left = folder.read("file", 100).unwrap();
        let renamed = matches!(cut, Step::Renamed | Step::Done);
        assert_eq!(
            left,
            if renamed {
                b"the new bytes"
            } else {
                b"the old bytes"
            },
            "{cut:?}"
        );
        folder.put("file", b"again", Existing::Replace).unwrap();
        assert_eq!(folder.names().unwrap(), ["file"]);
    }
}

#[test]
fn what_exists_is_not_overwritten_unasked() {
    let (_place, folder) = folder();
    folder.put("file", b"one", Existing::Keep).unwrap();
    let error = folder.put("file", b"two", Existing::Keep).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(folder.read("file", 10).unwrap(), b"one");
    folder.put("other", b"two", Existing::Keep).unwrap();
    assert!(folder.rename("other", "file", Existing::Keep).is_err());
    assert_eq!(folder.read("file", 10).unwrap(), b"one");
}

#[test]
fn a_write_leaves_what_has_its_name_with_another_ending() {
    let (_place, folder) = folder();
    let other = folder.create("vault.new").and_then(|mut file| {
        let kept = file.write_all(b"another vault");
        kept.map_err(|error| FileError::new("write", Path::new("vault.new"), error))
    });
    other.unwrap();
    folder.put("vault", b"one", Existing::Keep).unwrap();
    folder.put("vault", b"two", Existing::Replace).unwrap();
    assert_eq!(folder.read("vault.new", 20).unwrap(), b"another vault");
}

#[test]
fn links_in_a_folder_are_not_followed() {
    let (place, folder) = folder();
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("target");
    put_named(&target, b"outside", Existing::Keep).unwrap();
    symlink(&target, place.path().join("link")).unwrap();
    symlink(outside.path(), place.path().join("door")).unwrap();
    assert!(
        folder
            .file("link")
            .unwrap_err()
            .to_string()
            .contains("cannot read")
    );
    assert!(folder.child("door").is_err());
    assert!(folder.create("link").is_err());
    assert!(folder.put("link", b"mine", Existing::Keep).is_err());
    // A link that was planted under the name of the unfinished file goes; its target stays.
    symlink(&target, place.path().join(".file.new")).unwrap();
    folder.put("file", b"mine", Existing::Keep).unwrap();
    assert_eq!(read_named(&target, 100).unwrap(), b"outside");
}

#[test]
fn a_folder_a_pipe_and_a_long_file_are_refused_where_a_file_is_wanted() {
    let (place, folder) = folder();
    folder.make_child("folder").unwrap();
    assert!(folder.file("folder").is_err());
    nix::unistd::mkfifo(&place.path().join("pipe"), Mode::S_IRWXU).unwrap();
    assert!(folder.file("pipe").is_err());
    folder.put("long", &[0; 11], Existing::Keep).unwrap();
    assert!(folder.read("long", 10).is_err());
    assert_eq!(folder.read("long", 11).unwrap().len(), 11);
}
