//! The page's files as `client/page` built them: they are in the program, and nothing of them is
//! read, made or changed while it runs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use include_dir::{Dir, DirEntry, include_dir};

/// SHA-256 and name of every file of the page, as sha256sum writes them.
#[must_use]
pub const fn page_hashes() -> &'static str {
    include_str!("../../../client/page/dist/hashes")
}

static DIST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../client/page/dist");

static PAGES: LazyLock<BTreeMap<String, Page>> = LazyLock::new(|| {
    let mut pages = BTreeMap::new();
    gather(&DIST, &mut pages);
    pages
});

/// One file of the page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// Its Content-Type.
    pub(crate) kind: &'static str,
    pub(crate) bytes: &'static [u8],
    pub(crate) to: Use,
}

/// What a browser is to do with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// To show or to run it.
    Show,
    /// To save it: it has a script inside, which no page of this origin may have.
    Save,
}

impl Page {
    /// The file at this path of the service.
    pub(crate) fn at(path: &str) -> Option<Self> {
        PAGES.get(path).copied()
    }
}

/// The path of a language's front page; its other pages lie beneath it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home(&'static str);

impl Home {
    /// English.
    pub(crate) const ROOT: Self = Self("/");

    /// The language whose front page is at this path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let (path, _) = PAGES.get_key_value(path)?;
        path.ends_with('/').then_some(Self(path))
    }

    /// The path itself.
    pub(crate) const fn path(self) -> &'static str {
        self.0
    }
}

fn gather(folder: &'static Dir<'_>, pages: &mut BTreeMap<String, Page>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => gather(folder, pages),
            DirEntry::File(file) => {
                let name = file.path().to_str();
                let Some((name, kind)) = name.and_then(|name| Some((name, kind(name)?))) else {
                    continue;
                };
                let bytes = file.contents();
                let to = match name {
                    SAVED => Use::Save,
                    _ => Use::Show,
                };
                pages.insert(address(name), Page { kind, bytes, to });
            }
        }
    }
}

/// The one file that is for saving.
const SAVED: &str = "saved.html";

/// Each file has one address: `arrived.html` is `/arrived`, `fr/index.html` is `/fr/`.
fn address(name: &str) -> String {
    let Some(bare) = name.strip_suffix(".html") else {
        return format!("/{name}");
    };
    match bare.strip_suffix("index") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => format!("/{folder}"),
        _ => format!("/{bare}"),
    }
}

/// The type of a file by its name's end; a file of another sort is not served.
fn kind(name: &str) -> Option<&'static str> {
    let end = name.rsplit('/').next()?.split_once('.');
    Some(match end.map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        None if name == "hashes" => "text/plain; charset=utf-8",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_address_without_the_ending_of_a_page() {
        for (name, path) in [
            ("index.html", "/"),
            ("arrived.html", "/arrived"),
            ("zh-hans/index.html", "/zh-hans/"),
            ("zh-hans/other-keys.html", "/zh-hans/other-keys"),
            ("appendindex.html", "/appendindex"),
            ("words/en.txt", "/words/en.txt"),
            ("page.js", "/page.js"),
        ] {
            assert_eq!(address(name), path);
        }
    }

    #[test]
    fn a_file_of_an_unknown_sort_has_no_type() {
        for name in ["page.js.map", "a.svg", ".html.swp", "words/hashes", "a"] {
            assert_eq!(kind(name), None, "{name}");
        }
    }
}
