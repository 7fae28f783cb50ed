//! Everything that is linked into the child, by name.

#![expect(clippy::disallowed_types, reason = "the test asks cargo")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[test]
fn the_child_links_what_is_listed_and_nothing_else() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = std::fs::read_to_string(here.join("deps.txt")).unwrap();
    let listed: BTreeSet<&str> = listed
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "-p", "knothole-inspect", "-e", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .current_dir(here)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let linked: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect();
    let new: Vec<_> = linked.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&linked).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "client/inspect/deps.txt: read what is new before you list it. New: {new:?}. Gone: {gone:?}"
    );
}
