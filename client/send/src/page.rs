//! The page that a drop-box serves, held against the one that this program was built beside.

use data_encoding::HEXLOWER;
use knothole_onion::{DropBox, DropBoxError, Line};
use sha2::{Digest as _, Sha256};

use crate::contact;
use crate::error::SendError;
use crate::voice::Voice;

/// SHA-256 and name of each file of the page, as sha256sum writes them.
const HASHES: &str = include_str!("../../page/dist/hashes");

/// Fetches every file of the page, and names those that are not what they should be.
///
/// # Errors
/// [`SendError::GaveUp`] when the drop-box does not answer.
pub(crate) async fn altered(
    drop_box: &DropBox,
    voice: &Voice,
) -> Result<Vec<&'static str>, SendError> {
    let mut altered = Vec::new();
    let mut line: Option<Line> = None;
    for (hash, name) in files() {
        let address = address(name);
        let fetched = contact::patiently(voice, async || {
            let mut open = match line.take() {
                Some(open) => open,
                None => drop_box.connect().await?,
            };
            let file = open.file(&address).await;
            // After what breaks a line the next file comes by another one.
            if !file.as_ref().is_err_and(DropBoxError::breaks_line) {
                line = Some(open);
            }
            file
        });
        let same = match fetched.await {
            Ok(file) => HEXLOWER.encode(&Sha256::digest(&file)) == hash,
            Err(SendError::DropBox(_)) => false,
            Err(error) => return Err(error),
        };
        if !same {
            altered.push(name);
        }
    }
    Ok(altered)
}

/// Hash and name of each file.
fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    HASHES.lines().filter_map(|line| line.split_once("  "))
}

/// Where the drop-box serves a file: `arrived.html` at `/arrived`, `fr/index.html` at `/fr/`.
fn address(name: &str) -> String {
    let page = name.strip_suffix(".html");
    let folder = page.and_then(|page| page.strip_suffix("index"));
    format!("/{}", folder.or(page).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_has_a_hash_and_an_address() {
        let names: Vec<_> = files().map(|(_, name)| name).collect();
        assert!(names.contains(&"index.html") && names.contains(&"saved.html"));
        assert!(files().all(|(hash, _)| hash.len() == 64));
        assert_eq!(names.len(), HASHES.lines().count());
        assert_eq!(address("index.html"), "/");
        assert_eq!(address("fr/index.html"), "/fr/");
        assert_eq!(address("fr/arrived.html"), "/fr/arrived");
        assert_eq!(address("page.js"), "/page.js");
    }
}
