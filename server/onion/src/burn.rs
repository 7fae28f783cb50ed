//! Gives up the onions that a server has: their keys are overwritten and removed.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::data::Data;
use crate::durable;

/// Bytes that are overwritten at once.
const ZEROS: [u8; 4_096] = [0; 4_096];

/// Overwrites and removes the keys of both onions, and what arti knows of them besides: with the same
/// introduction points a new onion could be told to be the old one's. A flash disk may keep what was
/// overwritten.
///
/// # Errors
/// When the system refuses; what was removed by then is gone.
pub(crate) fn onions(data: &Data) -> io::Result<()> {
    for folder in [data.onion_keys(), data.onion_state()] {
        if folder.exists() {
            erase(&folder)?;
            durable::sync_folder_of(&folder)?;
        }
    }
    Ok(())
}

fn erase(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            erase(&entry.path())?;
        } else {
            if entry.file_type()?.is_file() {
                overwrite(&entry.path())?;
            }
            std::fs::remove_file(entry.path())?;
        }
    }
    std::fs::remove_dir(folder)
}

fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let mut left = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    while let Some(zeros) = ZEROS
        .get(..left.min(ZEROS.len()))
        .filter(|zeros| !zeros.is_empty())
    {
        file.write_all(zeros)?;
        left = left.saturating_sub(zeros.len());
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;

    use super::*;

    #[test]
    fn keys_are_overwritten_where_they_lie_and_then_removed_with_all_that_arti_knew() {
        let parent = tempfile::tempdir().unwrap();
        let data = Data::create(&parent.path().join("data")).unwrap();
        let key = data
            .onion_keys()
            .join("public/ks_hs_id.ed25519_expanded_private");
        let points = data.onion_state().join("public/ipts.json");
        for path in [&key, &points] {
            durable::make_folder(path.parent().unwrap()).unwrap();
            durable::create(path, &[7; 10_000]).unwrap();
        }
        // Whoever still has the file sees what the disk has.
        let mut held = File::open(&key).unwrap();
        onions(&data).unwrap();
        let mut bytes = Vec::new();
        held.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [0; 10_000]);
        assert!(!data.onion_keys().exists() && !data.onion_state().exists());
        // There may be none any more.
        onions(&data).unwrap();
    }
}
