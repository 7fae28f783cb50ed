//! Files that attack whoever unpacks them, or whoever believes what they call themselves.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;

/// Every path beneath a folder, links not followed.
fn beneath(folder: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            beneath(&entry.path(), found);
        }
        found.insert(entry.path());
    }
}

fn paths(rig: &Rig) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    beneath(rig.folder.path(), &mut found);
    found
}

/// Opens a drop of these files, and shows that nothing has changed but its own folder, where each
/// file has its bytes and a name of ours.
fn comes_out_as_it_was(files: &[(&str, &[u8])]) -> Vec<String> {
    let mut rig = Rig::new(1, 1);
    let drop = seal(&rig.archive.state, 7, files, "words", None);
    rig.bring(&drop);
    // The folder for opened files is there before.
    rig.files();
    let before = paths(&rig);
    let opened = rig.open(&drop).unwrap();
    let new: BTreeSet<_> = paths(&rig).difference(&before).cloned().collect();
    for path in &new {
        let here = path.parent() == Some(&opened.folder) || *path == opened.folder;
        assert!(here, "{} was written", path.display());
        let kind = fs::symlink_metadata(path).unwrap().file_type();
        assert!(
            kind.is_file() || *path == opened.folder,
            "{}",
            path.display()
        );
    }
    let names = names(&opened.folder);
    assert_eq!(names.len(), files.len() + 2, "{names:?}");
    for (number, (_, body)) in files.iter().enumerate() {
        let begin = (number + 1).to_string();
        let own = |name: &&String| name.split('.').next() == Some(&begin);
        let name = names.iter().find(own).unwrap();
        assert!(
            fs::read(opened.folder.join(name)).unwrap() == *body,
            "{name}"
        );
    }
    names
}

/// A gzip file (RFC 1952) of the word "planted", stored, whose header names the file so.
fn gzip(name: &str) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    out.extend_from_slice(&[1, 7, 0, 0xf8, 0xff]);
    out.extend_from_slice(b"planted");
    out.extend_from_slice(&[0xe6, 0x2d, 0x1e, 0x4a, 7, 0, 0, 0]);
    out
}

/// One entry of a tar archive (POSIX ustar): a header and at most one block.
fn entry(name: &str, kind: u8, link: &str, body: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(124, format!("{:011o}\0", body.len()).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut out = block.to_vec();
    out.extend_from_slice(body);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

#[test]
fn neither_a_name_nor_the_path_inside_a_file_leads_out_of_the_folder() {
    for name in ["../x", "/etc/x", "..", ".", "a/b", "a/../b", "", "a\0b"] {
        assert!(FileName::new(name).is_err(), "{name:?}");
    }
    let inside = gzip("../../.config/autostart/planted.desktop");
    let absolute = gzip("/tmp/knothole-planted");
    let names = comes_out_as_it_was(&[
        ("report.gz", &inside),
        ("photo.jpg.gz", &absolute),
        ("..\\..\\planted.lnk", b"1"),
        ("%2e%2e%2fplanted", b"2"),
        (".bashrc", b"3"),
        ("-rf", b"4"),
        ("C:planted", b"5"),
        ("~", b"6"),
        ("$HOME", b"7"),
        ("contents.txt", b"8"),
        ("1.gz", b"9"),
        ("planted.desktop", b"10"),
    ]);
    assert!(
        names.iter().all(|name| !name.contains("planted")),
        "{names:?}"
    );
    assert!(!Path::new("/tmp/knothole-planted").exists());
}

#[test]
fn an_archive_is_written_as_it_came_and_nothing_of_it_is_unpacked() {
    let tar = [
        entry("escape", b'2', "../../../..", b""),
        entry("escape/planted", b'0', "", b"x"),
        entry("/planted", b'0', "", b"x"),
        entry("../planted", b'0', "", b"x"),
        entry(".profile", b'0', "", b"planted\n"),
        entry("contents.txt", b'0', "", b"planted\n"),
        entry("hard", b'1', "/etc/passwd", b""),
        vec![0; 1_024],
    ]
    .concat();
    // A zip archive (APPNOTE 4.3.7) that says it is 4 GB unpacked and is 21 bytes long.
    let mut zip = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
    zip.extend_from_slice(&[2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 10, 0, 0, 0]);
    zip.extend_from_slice(b"../planted\x03\0");
    let names = comes_out_as_it_was(&[
        ("a.tar", &tar),
        ("a.tgz", &gzip("a.tar")),
        ("bomb.zip", &zip),
        ("a.deb", b"!<arch>\ndebian-binary"),
        ("contents.txt", b"of the source"),
        ("message.txt", b"of the source"),
    ]);
    assert!(names.contains(&"contents.txt".to_owned()));
}
