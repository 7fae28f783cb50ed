//! The vectors in `right` and `wrong`: each is what this code makes, and is opened or refused as
//! its file says.
//!
//! With `KNOTHOLE_VECTORS=write` in the environment, vectors that are not there yet are written.
//! Those that are there are never changed.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "nothing but a test, helpers included"
)]

#[path = "format/cast.rs"]
#[allow(dead_code, reason = "the worked examples of FORMAT.md use the rest")]
mod cast;
#[path = "right_and_wrong/cbor.rs"]
mod cbor;
#[path = "right_and_wrong/charters.rs"]
mod charters;
#[path = "right_and_wrong/courier_papers.rs"]
mod courier_papers;
#[path = "right_and_wrong/envelopes.rs"]
mod envelopes;
#[path = "right_and_wrong/forge.rs"]
mod forge;
#[path = "right_and_wrong/newsroom_papers.rs"]
mod newsroom_papers;
#[path = "right_and_wrong/papers.rs"]
mod papers;
#[path = "right_and_wrong/plain_papers.rs"]
mod plain_papers;
#[path = "right_and_wrong/readers.rs"]
mod readers;
#[path = "right_and_wrong/replies.rs"]
mod replies;
#[path = "right_and_wrong/right_envelopes.rs"]
mod right_envelopes;
#[path = "right_and_wrong/set.rs"]
mod set;
#[path = "right_and_wrong/signatures.rs"]
mod signatures;
#[path = "right_and_wrong/successions.rs"]
mod successions;
#[path = "right_and_wrong/text.rs"]
mod text;
#[path = "right_and_wrong/wrong_bytes.rs"]
mod wrong_bytes;
#[path = "right_and_wrong/wrong_headers.rs"]
mod wrong_headers;
#[path = "right_and_wrong/wrong_plaintexts.rs"]
mod wrong_plaintexts;

use set::{Set, folder};

/// All vectors as this code makes them.
fn made() -> Set {
    let mut set = Set::default();
    right_envelopes::all(&mut set);
    wrong_bytes::all(&mut set);
    wrong_headers::all(&mut set);
    wrong_plaintexts::all(&mut set);
    replies::all(&mut set);
    charters::all(&mut set);
    successions::all(&mut set);
    newsroom_papers::all(&mut set);
    courier_papers::all(&mut set);
    plain_papers::all(&mut set);
    set
}

#[test]
fn the_vectors_in_the_folder_are_those_that_this_code_makes() {
    let made = made();
    if std::env::var_os("KNOTHOLE_VECTORS").is_some_and(|what| what == "write") {
        let texts = made.vectors.values();
        let texts = texts.map(|held| (format!("{}.txt", held.name), held.text().into_bytes()));
        for (name, bytes) in texts.chain(made.headers.clone()) {
            let path = folder().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if !path.exists() {
                #[allow(
                    clippy::disallowed_methods,
                    reason = "a test's file need not be durable"
                )]
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
    let held = Set::read();
    let names = |set: &Set| {
        let vectors = set.vectors.keys().cloned();
        vectors
            .chain(set.headers.keys().cloned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&held), names(&made));
    for (name, vector) in &made.vectors {
        assert_eq!(held.vectors[name].text(), vector.text(), "{name}");
    }
    for (name, header) in &made.headers {
        assert!(&held.headers[name] == header, "{name}");
    }
}

#[test]
fn every_right_drop_opens_to_what_its_file_says() {
    let set = Set::read();
    for vector in set.of("right", "drop") {
        let sealed = envelopes::sealed(&vector, &set.header(&vector));
        let editors = vector.get_number("editors");
        let opened = envelopes::open_drop(&sealed, editors, &envelopes::seeds(&vector));
        let opened = opened.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        assert!(
            opened.manifest == vector.get_bytes("manifest"),
            "{}",
            vector.name
        );
        let manifest = knothole_envelope::Manifest::decode(&opened.manifest).unwrap();
        assert!(
            opened.bodies == envelopes::bodies(&manifest),
            "{}",
            vector.name
        );
        assert_eq!(opened.tree, vector.get("tree hash"), "{}", vector.name);
        let wrong: Vec<String> = opened.wrong.iter().map(u8::to_string).collect();
        assert_eq!(wrong.join(" "), vector.find("wrong shares").unwrap_or(""));
    }
}

#[test]
fn every_wrong_drop_is_refused_for_the_reason_that_its_file_gives() {
    let set = Set::read();
    let mut others = Vec::new();
    for vector in set.of("wrong", "drop") {
        let sealed = envelopes::sealed(&vector, &set.header(&vector));
        let editors = vector.get_number("editors");
        let refused = envelopes::open_drop(&sealed, editors, &envelopes::seeds(&vector)).err();
        if refused != Some(vector.get("refuse")) {
            others.push(format!("{}: {refused:?}", vector.name));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn every_right_reply_opens_and_every_wrong_one_is_refused() {
    let set = Set::read();
    let mut others = Vec::new();
    for part in ["right", "wrong"] {
        for vector in set.of(part, "reply") {
            let sealed = envelopes::sealed(&vector, &set.header(&vector));
            let chain = readers::chain_of(&set, &vector);
            let seed = envelopes::seeds(&vector)[0];
            let opened = envelopes::opened_reply(&sealed, seed, &chain);
            let said = if part == "right" {
                Ok(envelopes::said_reply(&vector))
            } else {
                Err(vector.get("refuse"))
            };
            if opened != said {
                others.push(format!("{}: {opened:?}", vector.name));
            }
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn every_right_paper_says_what_its_file_says_and_every_wrong_one_is_refused() {
    let set = Set::read();
    let mut others = Vec::new();
    for vector in set.vectors.values() {
        if ["drop", "reply"].contains(&vector.get("as")) {
            continue;
        }
        let read = readers::read(&set, vector);
        let right = vector.name.starts_with("right");
        let as_said = match &read {
            Ok(said) => {
                let as_said = |line: &(&str, String)| vector.get(line.0) == line.1;
                right && said.iter().all(as_said)
            }
            Err(reason) => vector.find("refuse") == Some(reason),
        };
        if !as_said {
            others.push(format!("{}: {read:?}", vector.name));
        }
    }
    assert!(others.is_empty(), "{}", others.join("\n"));
}

#[test]
fn every_word_that_the_files_use_stands_in_the_readme() {
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let set = Set::read();
    for vector in set.vectors.values() {
        let words = vector
            .names()
            .chain([vector.get("as")])
            .chain(vector.find("refuse"));
        for word in words {
            assert!(
                readme.contains(&format!("`{word}`")),
                "{word} of {}",
                vector.name
            );
        }
    }
}
