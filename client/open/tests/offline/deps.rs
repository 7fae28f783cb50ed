//! Everything that is linked into the program, by name.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Whatever can dial, and what usually comes with it.
const NEVER: [&str; 14] = [
    "tokio",
    "hyper",
    "arti",
    "arti-client",
    "mio",
    "socket2",
    "reqwest",
    "rustls",
    "async-std",
    "smol",
    "curl",
    "native-tls",
    "openssl",
    "io-uring",
];

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap()
}

fn linked() -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree", "--locked", "-p", "knothole", "-e", "normal", "--prefix", "none",
        ])
        .args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    String::from_utf8(tree.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_program_links_what_is_listed_and_nothing_else() {
    let listed = fs::read_to_string(root().join("offline-deps.txt")).unwrap();
    let listed: BTreeSet<_> = listed
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(str::to_owned)
        .collect();
    let linked = linked();
    let new: Vec<_> = linked.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&linked).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "offline-deps.txt: read what is new before you list it. New: {new:?}. Gone: {gone:?}"
    );
}

#[test]
fn nothing_that_can_dial_is_linked() {
    let linked = linked();
    for crate_name in NEVER {
        assert!(!linked.contains(crate_name), "{crate_name}");
    }
    assert!(!linked.iter().any(|name| name.starts_with("tor-")));
}
