//! FORMAT.md says what the code does: every worked example in it is computed here.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "nothing but a test, helpers included"
)]

#[path = "format/cast.rs"]
mod cast;
#[path = "format/envelope.rs"]
mod envelope;
#[path = "format/objects.rs"]
mod objects;

use std::collections::BTreeMap;

const FORMAT: &str = include_str!("../../../FORMAT.md");
/// What begins a block of examples; the block's name follows.
const FENCE: &str = "```example ";

/// Values by block and name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Examples(BTreeMap<(String, String), String>);

impl Examples {
    pub(crate) fn text(&mut self, block: &str, name: &str, value: &str) {
        let place = (block.to_owned(), name.to_owned());
        let before = self.0.insert(place, value.to_owned());
        assert_eq!(before, None, "{name} stands in {block} twice");
    }

    pub(crate) fn hex(&mut self, block: &str, name: &str, value: &[u8]) {
        self.text(block, name, &cast::hex(value));
    }

    /// Computes all of them.
    fn computed() -> Self {
        let mut examples = Self::default();
        objects::all(&mut examples);
        envelope::all(&mut examples);
        examples
    }

    /// Reads those of a page: `name: value`, and lines that begin with two spaces go on.
    ///
    /// A name that stands twice is kept twice, so that it differs from what was computed.
    fn read(page: &str) -> Self {
        let mut examples = Self::default();
        let mut blocks = page.lines();
        while let Some(line) = blocks.next() {
            let Some(block) = line.strip_prefix(FENCE) else {
                continue;
            };
            let mut entry: Option<(String, String)> = None;
            for line in blocks.by_ref().take_while(|line| *line != "```") {
                if let Some(more) = line.strip_prefix("  ") {
                    entry.as_mut().unwrap().1.push_str(more);
                } else {
                    if let Some((name, value)) = entry.take() {
                        examples.found(block, &name, value);
                    }
                    let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                    let name = name.trim_end_matches(':');
                    entry = Some((name.to_owned(), value.to_owned()));
                }
            }
            let (name, value) = entry.unwrap();
            examples.found(block, &name, value);
        }
        examples
    }

    fn found(&mut self, block: &str, name: &str, value: String) {
        let place = (block.to_owned(), name.to_owned());
        if let Some(before) = self.0.insert(place, value) {
            self.0
                .insert((block.to_owned(), format!("{name}, again")), before);
        }
    }

    /// Names what differs.
    fn differing(&self, other: &Self) -> Vec<String> {
        let places = self.0.keys().chain(other.0.keys());
        let differing = places.filter(|place| self.0.get(*place) != other.0.get(*place));
        let mut names: Vec<_> = differing
            .map(|(block, name)| {
                let computed = self.0.get(&(block.clone(), name.clone()));
                format!("{block}\t{name}\t{}", computed.map_or("", String::as_str))
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

#[test]
fn every_example_in_format_md_is_what_the_code_computes() {
    let differing = Examples::computed().differing(&Examples::read(FORMAT));
    assert!(
        differing.is_empty(),
        "these differ; computed were:\n{}",
        differing.join("\n")
    );
}

#[test]
fn any_other_digit_in_an_example_is_noticed() {
    let right = Examples::read(FORMAT);
    let blocks = FORMAT.split(FENCE).skip(1);
    let mut changed = 0;
    for block in blocks.filter_map(|block| block.split_once("\n```")) {
        let block = format!("{FENCE}{}\n```\n", block.0);
        let alone = Examples::read(&block);
        assert!(
            alone
                .0
                .iter()
                .all(|entry| right.0.get(entry.0) == Some(entry.1))
        );
        let begin = block.find('\n').unwrap();
        for at in (begin..block.len()).filter(|at| block.as_bytes()[*at].is_ascii_hexdigit()) {
            let mut other = block.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = Examples::read(&String::from_utf8(other).unwrap());
            assert_ne!(other, alone, "at byte {at} of {block}");
            changed += 1;
        }
    }
    assert!(changed > 8_000, "only {changed} digits were tried");
}
