//! The vectors that this code makes, and those that lie in the folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cast::openers;
use crate::text::Vector;

/// Where released vectors lie.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/v1")
}

/// Vectors by their names, and headers by the names of their files.
#[derive(Default)]
pub(crate) struct Set {
    pub(crate) vectors: BTreeMap<String, Vector>,
    pub(crate) headers: BTreeMap<String, Vec<u8>>,
}

impl Set {
    pub(crate) fn add(&mut self, vector: Vector) {
        let before = self.vectors.insert(vector.name.clone(), vector);
        assert!(before.is_none(), "{} is made twice", before.unwrap().name);
    }

    /// A vector with a header of its own, which its file names.
    pub(crate) fn add_with_header(&mut self, vector: Vector, header: Vec<u8>) {
        let name = format!("{}.header", vector.name);
        let vector = vector.say("header", &name);
        self.headers.insert(name, header);
        self.add(vector);
    }

    /// What lies in the folders `right` and `wrong`.
    pub(crate) fn read() -> Self {
        let mut set = Self::default();
        for part in ["right", "wrong"] {
            for entry in std::fs::read_dir(folder().join(part)).unwrap() {
                let path = entry.unwrap().path();
                let stem = path.file_stem().unwrap().to_str().unwrap();
                let name = format!("{part}/{stem}");
                match path.extension().unwrap().to_str().unwrap() {
                    "txt" => {
                        let text = std::fs::read_to_string(&path).unwrap();
                        set.add(Vector::parse(&name, &text));
                    }
                    "header" => {
                        let header = std::fs::read(&path).unwrap();
                        set.headers.insert(format!("{name}.header"), header);
                    }
                    other => panic!("a vector's file does not end in {other}"),
                }
            }
        }
        set
    }

    /// The vectors of one part whose `as` is this.
    pub(crate) fn of<'s>(
        &'s self,
        part: &'s str,
        kind: &'s str,
    ) -> impl Iterator<Item = Vector> + 's {
        self.vectors
            .values()
            .filter(move |vector| vector.name.starts_with(part) && vector.get("as") == kind)
            .map(|vector| self.whole(vector))
    }

    /// The vector with what it takes over from its base.
    pub(crate) fn whole(&self, vector: &Vector) -> Vector {
        let Some(base) = vector.find("base") else {
            return vector.clone();
        };
        match self.vectors.get(base) {
            Some(base) => vector.clone().over(&self.whole(base)),
            None => vector.clone().over(&first(base)),
        }
    }

    /// The header of a whole vector.
    pub(crate) fn header(&self, vector: &Vector) -> Vec<u8> {
        let name = vector.get("header");
        self.headers
            .get(name)
            .cloned()
            .unwrap_or_else(|| std::fs::read(folder().join(name)).unwrap())
    }
}

/// One of the drops that were released first, with what the files of later ones say besides.
fn first(name: &str) -> Vector {
    let text = std::fs::read_to_string(folder().join(format!("{name}.txt"))).unwrap();
    let vector = Vector::parse(name, &text);
    let editors = vector.get_number("editors");
    vector
        .say("as", "drop")
        .say("header", format!("{name}.header"))
        .say("openers", seeds_of(editors))
}

/// The bytes of which the seeds of so many editors are made.
pub(crate) fn seeds_of(editors: u8) -> String {
    let seeds = openers(editors);
    let seeds = seeds.iter().map(|seed| format!("{:02x}", seed.expose()[0]));
    seeds.collect::<Vec<_>>().join(" ")
}
