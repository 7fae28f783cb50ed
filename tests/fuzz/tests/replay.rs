//! The corpora of the fuzz targets, replayed: what was found once is not found again.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "nothing but a test, helpers included"
)]

use std::path::Path;

use knothole_fuzz::TARGETS;

fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty());
    for (seed, bytes) in seeds {
        println!("{name}: {seed}");
        (target.run)(&bytes);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        println!("{name}: {}", entry.file_name().display());
        (target.run)(&std::fs::read(entry.path()).unwrap());
    }
}

macro_rules! replayed {
    ($($name:ident)+) => {
        $(#[test] fn $name() { replay(stringify!($name)); })+

        #[test]
        fn every_target_has_its_corpus_replayed_here() {
            let here = [$(stringify!($name)),+];
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, here);
        }
    };
}

replayed! { papers manifest texts names envelope plaintext reply archive vault look uploads services }
