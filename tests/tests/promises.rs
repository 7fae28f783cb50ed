//! That what the pages say of tests is so: every test that they name is there, and every known fault
//! has its row; every command is there that they tell to run. And that Tor stays in its rooms.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Pages that link promises to tests.
const PAGES: [&str; 2] = ["THREAT-MODEL.md", "SECURITY.md"];
/// Faults that systems of this kind have had: V1 and so on.
const FAULTS: usize = 17;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All files beneath these folders with one of these endings; what was built or installed is left out.
fn sources(folders: &[&str], endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left: Vec<_> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                if !["target", "node_modules", "dist", "corpus", "vectors"].contains(&name) {
                    left.push(path);
                }
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found
}

/// The function that a line begins, when one of the attributes before it makes it a test that runs.
fn rust_test<'s>(line: &'s str, attributes: &[&str]) -> Option<&'s str> {
    let rest = line
        .strip_prefix("async ")
        .unwrap_or(line)
        .strip_prefix("fn ")?;
    let name = rest.split(['(', '<']).next()?;
    let test = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let runs = !attributes.iter().any(|line| line.contains("ignore"));
    (runs && attributes.iter().any(test)).then_some(name)
}

/// The names of all tests in Rust and in TypeScript.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in sources(&["client", "server", "tests"], &[".rs"]) {
        let text = fs::read_to_string(path).unwrap();
        let mut attributes = Vec::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = rust_test(line, &attributes) {
                names.insert(name.to_owned());
            }
            // An attribute may go over several lines, and a comment may stand between.
            let ended = line.is_empty()
                || line.ends_with('}')
                || line.ends_with('{')
                || line.ends_with(';');
            if ended {
                attributes.clear();
            } else {
                attributes.push(line);
            }
        }
    }
    for path in sources(&["client/page/tests", "tests/outside"], &[".ts", ".mjs"]) {
        for line in fs::read_to_string(path).unwrap().lines() {
            let title = line
                .trim()
                .strip_prefix("test('")
                .and_then(|rest| rest.split("', ").next());
            names.extend(title.map(str::to_owned));
        }
    }
    names
}

/// What stands between backticks in a page, fenced blocks left out.
fn quoted(page: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let plain: String = text.split("```").step_by(2).collect();
    let parts: Vec<_> = plain.split('`').collect();
    assert_eq!(
        parts.len() % 2,
        1,
        "{page} has a backtick without its other one"
    );
    let quoted = parts.iter().skip(1).step_by(2);
    // A title may be broken over two lines.
    quoted
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Whether it is written as our tests are named: a sentence, in Rust with underscores.
fn is_a_promise(text: &str) -> bool {
    let sentence = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let in_rust =
        text.matches('_').count() >= 3 && text.chars().all(|one| sentence(one) || one == '_');
    let titled = text.matches(' ').count() >= 4
        && text.chars().all(|one| sentence(one) || " ,'".contains(one));
    in_rust || titled
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let tests = tests();
    for page in PAGES {
        let named: Vec<_> = quoted(page)
            .into_iter()
            .filter(|text| is_a_promise(text))
            .collect();
        let missing: Vec<_> = named.iter().filter(|name| !tests.contains(*name)).collect();
        assert!(
            missing.is_empty(),
            "{page} names tests that are not there: {missing:#?}"
        );
        assert!(
            named.len() >= FAULTS,
            "{page} names only {} tests",
            named.len()
        );
    }
}

#[test]
fn a_test_that_is_not_there_would_be_noticed() {
    let tests = tests();
    let here = "a_test_that_is_not_there_would_be_noticed";
    assert!(is_a_promise(here) && tests.contains(here));
    assert!(tests.contains("a text is shown as it is and makes no markup"));
    let nowhere = "nobody_ever_wrote_this_test";
    assert!(is_a_promise(nowhere) && !tests.contains(nowhere));
    // A function that is no test is none.
    assert!(!tests.contains("rust_test") && !tests.contains("is_a_promise"));
    // Nor is a test that is left out.
    assert_eq!(rust_test("fn one() {", &["#[test]"]), Some("one"));
    for left_out in [
        "#[ignore]",
        "#[ignore = \"slow\"]",
        "#[cfg_attr(debug_assertions, ignore)]",
    ] {
        assert_eq!(rust_test("fn one() {", &["#[test]", left_out]), None);
    }
    for other in [
        "deploy/soak fuzz 20",
        "knothole-send",
        "danger_batch",
        "/proc/PID/mem",
        "k = 1",
    ] {
        assert!(!is_a_promise(other), "{other}");
    }
}

/// What a paragraph of the threat model says that has no test.
const ADMISSIONS: [&str; 4] = [
    "admission",
    "not tested",
    "not prevented",
    "held by the same test",
];
/// What claims nothing: who is meant, how the tests look, and what leads in to the paragraphs below it.
const NO_CLAIMS: [&str; 4] = [
    "# Threat model",
    "## For whom",
    "## Against whom",
    "### What is taken in the tests",
];

/// The paragraphs of a page, each with the heading above it: an entry of a list or a row of a table is
/// one too.
fn paragraphs(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let (mut heading, mut is_open) = (String::new(), false);
    for line in text.lines() {
        if line.starts_with('#') {
            line.clone_into(&mut heading);
        }
        if line.is_empty() || line.starts_with('#') || line.starts_with("| ---") {
            is_open = false;
            continue;
        }
        match found.last_mut() {
            Some((_, last)) if is_open && !line.starts_with(['-', '|']) => {
                last.push(' ');
                last.push_str(line.trim());
            }
            _ => found.push((heading.clone(), line.to_owned())),
        }
        is_open = true;
    }
    found
}

/// Whether it names a test, or says that there is none.
fn is_answered_for(paragraph: &str) -> bool {
    let said = paragraph.to_lowercase();
    ADMISSIONS.iter().any(|admission| said.contains(admission))
        || paragraph.split('`').skip(1).step_by(2).any(is_a_promise)
}

#[test]
fn every_paragraph_of_the_threat_model_names_a_test_or_says_that_there_is_none() {
    let text = fs::read_to_string(root().join("THREAT-MODEL.md")).unwrap();
    let paragraphs = paragraphs(&text);
    let claims: Vec<_> = paragraphs
        .iter()
        .filter(|(heading, text)| {
            !NO_CLAIMS.contains(&heading.as_str())
                && !text.ends_with(':')
                && !text.starts_with("| taken or turned")
        })
        .collect();
    assert!(claims.len() > 60, "only {}", claims.len());
    let open: Vec<_> = claims
        .iter()
        .filter(|(_, text)| !is_answered_for(text))
        .collect();
    assert!(open.is_empty(), "{open:#?}");
}

#[test]
fn a_paragraph_that_nobody_answers_for_would_be_noticed() {
    let page = "## Time\nIt is so.\n- **One.** Held by\n  `a_test_of_ours_that_is_one`.\n- Two. Not\n  tested.\n\nThree.";
    let found = paragraphs(page);
    let answered: Vec<_> = found
        .iter()
        .map(|(heading, text)| (heading.as_str(), is_answered_for(text)))
        .collect();
    assert_eq!(
        answered,
        [false, true, true, false].map(|is| ("## Time", is)),
        "{found:?}"
    );
}

#[test]
fn every_known_fault_has_a_row_with_its_public_case_and_a_test_of_ours() {
    let tests = tests();
    let page = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| V"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    let numbers: Vec<_> = rows.iter().map(|row| row[0].to_owned()).collect();
    let wanted: Vec<_> = (1..=FAULTS).map(|number| format!("V{number}")).collect();
    assert_eq!(numbers, wanted);
    for row in rows {
        let [number, fault, case, held] = row[..] else {
            unreachable!("{row:?} has not four columns");
        };
        assert!(!fault.is_empty(), "{number}");
        assert!(case.contains("](https://"), "{number} cites no public case");
        let first = held.split('`').nth(1).unwrap_or_default();
        assert!(
            tests.contains(first),
            "{number} begins with no test of ours"
        );
    }
}

/// The pages of the whole project.
fn pages() -> Vec<PathBuf> {
    let beneath = |folder: PathBuf| {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path())
    };
    let mut pages: Vec<_> = beneath(root())
        .chain(beneath(root().join("docs")))
        .collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages
}

/// What follows each `deploy/` of a text: a script, and the word after it if there is one.
fn commands(text: &str) -> BTreeSet<(String, Option<String>)> {
    let word = |text: &str| {
        let end = |one: char| !(one.is_ascii_lowercase() || one == '-');
        text.split(end).next().unwrap_or_default().to_owned()
    };
    let after = text.split("`deploy/").skip(1);
    after
        .map(|after| {
            let script = word(after);
            let next = after
                .strip_prefix(&script)
                .and_then(|rest| rest.strip_prefix(' '))
                .map(word);
            (script, next.filter(|word| !word.is_empty()))
        })
        .collect()
}

#[test]
fn every_command_that_a_page_names_is_there() {
    let mut seen = 0;
    for page in pages() {
        for (script, word) in commands(&fs::read_to_string(&page).unwrap()) {
            let path = root().join("deploy").join(&script);
            if script.is_empty() || path.is_dir() {
                continue;
            }
            let text = fs::read_to_string(&path)
                .unwrap_or_else(|_| panic!("{} names deploy/{script}", page.display()));
            seen += 1;
            let Some(word) = word else { continue };
            // An option may stand anywhere in what a script tells of itself.
            let usage = match word.starts_with('-') {
                true => word,
                false => format!("deploy/{script} {word}"),
            };
            let told = text.lines().filter(|line| line.starts_with('#'));
            assert!(
                told.into_iter().any(|line| line.contains(&usage)),
                "{} names {usage}, of which the script tells nothing",
                page.display()
            );
        }
    }
    assert!(seen > 20, "only {seen}");
}

#[test]
fn a_command_that_is_not_there_would_be_noticed() {
    let text = "Run `deploy/soak fuzz 20`, `deploy/soak kills` or `deploy/try`.";
    let named = |script: &str, word: Option<&str>| (script.to_owned(), word.map(str::to_owned));
    assert_eq!(
        commands(text),
        BTreeSet::from([
            named("soak", Some("fuzz")),
            named("soak", Some("kills")),
            named("try", None)
        ])
    );
}

/// The packages of the lock file, with the names that each depends on.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for block in lock.split("[[package]]").skip(1) {
        let name = block
            .split("name = \"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let list = block.split("dependencies = [").nth(1).unwrap_or_default();
        let names = list
            .lines()
            .filter_map(|line| line.trim().strip_prefix('"'));
        let names = names.filter_map(|line| line.split([' ', '"']).next());
        packages
            .entry(name.to_owned())
            .or_default()
            .extend(names.map(str::to_owned));
    }
    packages
}

/// Everything that a package can reach. Two versions of one name count as one, so it may be too much.
fn reached<'p>(
    packages: &'p BTreeMap<String, BTreeSet<String>>,
    from: &'p str,
) -> BTreeSet<&'p str> {
    let mut found = BTreeSet::new();
    let mut left = vec![from];
    while let Some(name) = left.pop() {
        if found.insert(name) {
            left.extend(packages[name].iter().map(String::as_str));
        }
    }
    found
}

fn is_tor(name: &str) -> bool {
    name.starts_with("tor-") || name.starts_with("arti") || name == "tokio-socks"
}

#[test]
fn only_the_onion_rooms_use_tor_and_the_rooms_of_seals_and_stores_cannot_reach_it() {
    let packages = packages();
    let users: BTreeSet<_> = packages
        .iter()
        .filter(|(name, needs)| !is_tor(name) && needs.iter().any(|need| is_tor(need)))
        .map(|(name, _)| name.as_str())
        .filter(|name| name.starts_with("knothole"))
        .collect();
    // The attacks speak to a tor's SOCKS port, and have nothing of arti.
    assert_eq!(
        users,
        BTreeSet::from(["knothole-attack", "knothole-onion", "knothole-server"])
    );
    for room in [
        "knothole-envelope",
        "knothole-inspect",
        "knothole",
        "knothole-intake",
        "knothole-fuzz",
    ] {
        let reached = reached(&packages, room);
        assert!(reached.len() > 3, "{room}");
        let tor: Vec<_> = reached.into_iter().filter(|name| is_tor(name)).collect();
        assert!(tor.is_empty(), "{room} reaches {tor:?}");
    }
    assert!(reached(&packages, "knothole-courier").contains("arti-client"));
}
