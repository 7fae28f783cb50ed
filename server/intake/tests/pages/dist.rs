//! The page's files as they lie in the repository.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "several tests share it, and a test that cannot go on ends"
)]

use std::path::{Path, PathBuf};

/// The folder that `client/page/build.mjs` fills.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../client/page/dist")
}

/// Every file by its name, in order.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    gather(&folder(), "", &mut found);
    found.sort();
    found
}

/// The paths of the front pages.
pub fn homes() -> Vec<String> {
    let names = files().into_iter().map(|(name, _)| name);
    let fronts = names.filter_map(|name| Some(name.strip_suffix("index.html")?.to_owned()));
    fronts.map(|folder| format!("/{folder}")).collect()
}

fn gather(folder: &Path, under: &str, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{under}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            gather(&entry.path(), &format!("{name}/"), found);
        } else {
            found.push((name, std::fs::read(entry.path()).unwrap()));
        }
    }
}

/// One tag of a page, with its attributes and the text that follows it.
#[derive(Debug)]
pub struct Tag {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
}

impl Tag {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The tags of a page. It reads only HTML in which every value of an attribute stands in double
/// quotes and `<` and `>` nowhere but at the ends of tags, and fails with any other.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut pieces = html.split('<');
    assert_eq!(pieces.next(), Some(""), "a page begins with a tag");
    pieces.map(tag).collect()
}

fn tag(piece: &str) -> Tag {
    let (inside, text) = piece.split_once('>').unwrap();
    assert!(!text.contains('>'), "a tag ends once: {piece}");
    let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let key = rest[..end].to_owned();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(quoted) = rest.strip_prefix("=\"") {
            let (inside, after) = quoted.split_once('"').unwrap();
            value = inside.to_owned();
            rest = after;
        } else {
            assert!(!rest.starts_with('='), "a value has double quotes: {piece}");
        }
        attributes.push((key.to_lowercase(), value));
    }
    Tag {
        name: name.to_lowercase(),
        attributes,
        text: text.to_owned(),
    }
}
