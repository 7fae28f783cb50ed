//! Writes the honest inputs of every target into its corpus, to fuzz from.

#![allow(clippy::disallowed_methods, reason = "files of a test need not last")]

use std::path::Path;

use knothole_fuzz::TARGETS;

fn main() -> std::io::Result<()> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let folder = corpora.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (name, bytes) in (target.seeds)() {
            std::fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}
