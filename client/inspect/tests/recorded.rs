//! The page's record of what this crate makes of real files is what it makes of them now.

use std::path::Path;

use knothole_inspect::{Cleaning, look};
use sha2::{Digest as _, Sha256};

#[path = "../examples/cleaned/compared.rs"]
mod compared;

#[test]
fn the_record_that_the_page_is_compared_with_is_of_this_program() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = here.join("../page/tests/inspect");
    let record = std::fs::read_to_string(page.join("rust.txt")).unwrap();
    let mut count = 0_usize;
    for row in record.lines() {
        let mut words = row.split(' ');
        let (name, answer) = words.next().zip(words.next()).unwrap();
        let folders = [here.join("tests/samples"), page.join("samples")];
        // Where both have one of a name, the page takes its own.
        let mut files = folders.iter().rev().map(|folder| folder.join(name));
        let Some(path) = files.find(|path| path.is_file()) else {
            continue;
        };
        let bytes = std::fs::read(path).unwrap();
        let made = match look(&bytes.as_slice()).cleaning {
            Cleaning::Cannot => "-".to_owned(),
            Cleaning::By(plan) => {
                let copy = plan.copy(&bytes.as_slice()).unwrap();
                let hash = Sha256::digest(compared::compared(&copy));
                hash.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        };
        assert_eq!(
            made, answer,
            "{name}: see tests/inspect/record.mjs in client/page"
        );
        count = count.saturating_add(1);
    }
    assert!(count > 20, "{count}");
}
