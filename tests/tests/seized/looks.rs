//! The looks at what was taken: each is a line of the table.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use knothole_envelope::{HEADER_LEN, Opener, UnlockError, unlock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::Value;

use super::evidence::Evidence;
use super::links::{common, drops};
use super::planted::{Found, What, Where};

const ALL: [What; 5] = [
    What::Words,
    What::Content,
    What::Size,
    What::Hour,
    What::Keys,
];
const BUT_HOURS: [What; 4] = [What::Words, What::Content, What::Size, What::Keys];
/// How `knothole` ends.
const NOT_FOR_THESE_KEYS: i32 = 5;
const MORE_VAULTS_NEEDED: i32 = 6;

fn nothing() -> Found {
    Found::new()
}

#[test]
fn a_seized_disk_of_the_server_gives_no_name_no_word_no_content_no_true_size_no_hour_and_no_key() {
    let evidence = Evidence::get();
    for taken in ["server", "server-at-the-end"] {
        assert_eq!(evidence.found_in(taken, &ALL), nothing());
    }
}

#[test]
fn the_memory_of_the_server_gives_no_name_no_word_no_content_and_no_true_size() {
    let evidence = Evidence::get();
    // The second at which it served stays in memory, here for hours: THREAT-MODEL says so. A
    // mailbox is asked for on the last day.
    for (memory, kinds) in [
        ("server-memory-on-tuesday", &BUT_HOURS[..]),
        ("server-memory", &BUT_HOURS),
        ("server-memory-at-the-end", &ALL[..3]),
    ] {
        assert_eq!(evidence.found_in_memory(memory, kinds), nothing());
    }
    // Here they are, so a look at memory is known to find them.
    for (memory, kinds) in [
        ("sender-memory", &[What::Words, What::Size, What::Keys][..]),
        ("memory-with-content", &[What::Content]),
    ] {
        let found = evidence.found_in_memory(memory, kinds);
        let found: BTreeSet<What> = found.into_values().flatten().collect();
        assert_eq!(found, kinds.iter().copied().collect(), "{memory}");
    }
}

#[test]
fn two_drops_of_one_source_have_nothing_in_common_that_drops_of_two_sources_have_not() {
    let evidence = Evidence::get();
    let drops = drops(&evidence.taken.path("server/data/store"));
    // By their lengths: the photograph, and both of the clerk, the second and the first.
    let [stranger, second, first] = drops.try_into().unwrap();
    for (one, other, strange) in [
        (&first.envelope, &second.envelope, &stranger.envelope),
        (&first.beside, &second.beside, &stranger.beside),
    ] {
        let own = common(one, other);
        let anyones = common(one, strange);
        assert_eq!(own.difference(&anyones).count(), 0);
    }
    let [one, other] = [&first, &second].map(|drop| &drop.envelope[HEADER_LEN..]);
    assert_eq!(common(one, other).len(), 0);
}

#[test]
fn whoever_wrote_down_every_byte_at_the_server_has_no_name_no_word_no_content_and_no_true_size() {
    let evidence = Evidence::get();
    assert_eq!(evidence.found_in("line", &ALL[..3]), nothing());
    let bytes: u64 = files(&evidence.taken.path("line"))
        .iter()
        .map(|file| file.metadata().unwrap().len())
        .sum();
    // All drops went over it to the server, and from there to the courier.
    assert!(bytes > 2 * 7_000_000, "{bytes}");
}

#[test]
fn the_couriers_machine_and_stick_give_no_name_no_word_no_content_no_true_size_and_no_hour() {
    let evidence = Evidence::get();
    assert_eq!(evidence.found_in("courier", &ALL), nothing());
    let memory = evidence.found_in_memory("courier-memory", &ALL[..3]);
    assert_eq!(memory, nothing());
    // The mailboxes of replies that wait are on the stick now.
    let later = evidence.found_in("courier-after-the-push", &ALL[..3]);
    assert_eq!(later, nothing());
}

#[test]
fn the_air_gapped_machine_gives_nothing_while_it_is_locked_or_fewer_vaults_are_open_than_it_takes()
{
    let evidence = Evidence::get();
    // Before anything was opened, and after: what is opened goes into memory alone.
    for taken in ["air-gap", "air-gap-after-opening"] {
        assert_eq!(evidence.found_in(taken, &ALL), nothing());
    }
    for taken in ["offline-memory-locked", "offline-memory-with-one-vault"] {
        assert_eq!(evidence.found_in_memory(taken, &ALL[..3]), nothing());
    }
    assert_eq!(evidence.said.one_vault.len(), 4);
    for said in &evidence.said.one_vault {
        assert_eq!(said.code, Some(MORE_VAULTS_NEEDED), "{said:?}");
        let told = [said.out.as_bytes(), said.err.as_bytes()].concat();
        assert_eq!(evidence.look.in_bytes(&told, Where::Short), []);
    }
    assert!(files(&evidence.taken.path("opened-alone")).is_empty());
}

#[test]
fn all_vaults_open_no_drop_of_an_epoch_that_they_have_burned() {
    let said = &Evidence::get().said;
    assert_eq!(said.opened, 3);
    assert_eq!(
        said.burned.code,
        Some(NOT_FOR_THESE_KEYS),
        "{:?}",
        said.burned
    );
    // The same archive with the vaults of before, so that it is known to be whole.
    assert_eq!(said.not_burned.code, Some(0), "{:?}", said.not_burned);
}

#[test]
fn a_source_finds_its_machine_as_it_was_but_for_the_resume_file_that_it_asked_for() {
    let evidence = Evidence::get();
    for source in ["clerk", "clerk-again", "clerk-at-last", "somebody", "guard"] {
        let machine = evidence.taken.path("sources").join(source).join("machine");
        let left = [files(&machine.join("home")), files(&machine.join("tmp"))].concat();
        if source == "guard" {
            assert_eq!(left, [machine.join("home/notes")]);
            assert!(left[0].metadata().unwrap().len() > 1_000);
        } else {
            assert_eq!(left, <[PathBuf; 0]>::default());
        }
        // What came into the shared memory meanwhile is looked at as well.
        assert_eq!(look(evidence, &machine), nothing());
    }
}

/// A look that need not find a file.
fn look(evidence: &Evidence, folder: &Path) -> Found {
    if files(folder).is_empty() {
        return nothing();
    }
    evidence.look.beneath(folder, &ALL)
}

#[test]
fn the_words_of_a_source_give_its_replies_and_do_not_open_its_drops() {
    let evidence = Evidence::get();
    let said = &evidence.said;
    assert_eq!(said.replies.code, Some(0), "{:?}", said.replies);
    assert!(
        said.replies.out.contains(&said.answer),
        "{:?}",
        said.replies
    );
    for drop in drops(&evidence.taken.path("server/data/store")) {
        let header = drop.envelope.first_chunk::<HEADER_LEN>().unwrap();
        for place in 0..3 {
            let opener = Opener::new(evidence.way_back.key(), place);
            let opened = unlock(header, 3, &[opener]).map(drop_unlocked);
            assert_eq!(opened, Err(UnlockError::NotForTheseKeys));
        }
    }
}

/// An unlocked drop has keys in it, which nobody compares.
fn drop_unlocked(_: knothole_envelope::Unlocked) {}

#[test]
fn no_program_leaves_a_core_when_it_is_aborted() {
    let cores = &Evidence::get().cores;
    assert!(
        cores.shell,
        "no program leaves a core here, so nothing can be told"
    );
    for (program, left) in [
        ("knothole-server", cores.server),
        ("knothole-send", cores.sender),
        ("knothole-courier", cores.courier),
        ("knothole", cores.offline),
    ] {
        assert!(!left, "{program}");
    }
}

#[test]
fn programs_with_words_and_keys_are_kept_out_of_swap_where_no_limit_stands_in_the_way() {
    let locked = &Evidence::get().locked;
    // Root locks what it likes; the others do so only where there is no limit, or it can be lifted.
    assert!(locked["courier-memory"] > 0, "{locked:?}");
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    // A gibibyte is enough for the offline program.
    let limit = getrlimit(Resource::Memlock).maximum;
    let large = limit.is_none_or(|bytes| bytes >= 1 << 30);
    let free = setrlimit(Resource::Memlock, unlimited).is_ok();
    for (memory, locks) in [
        ("sender-memory", free),
        ("offline-memory-locked", free || large),
    ] {
        assert_eq!(locked[memory] > 0, locks, "{memory} of {locked:?}");
    }
}

#[test]
fn the_server_says_of_itself_what_its_disk_gives_and_no_more() {
    let evidence = Evidence::get();
    let [people, json] = &evidence.said.seizure;
    let found: Value = serde_json::from_str(&json.out).unwrap();
    let store = evidence.taken.path("server/data/store");
    let drops = drops(&store);
    let lengths: Vec<usize> = drops.iter().map(|drop| drop.envelope.len()).collect();
    assert_eq!(found["drops"]["count"], 3);
    assert_eq!(found["drops"]["waiting"], 1);
    assert_eq!(found["drops"]["signed_off"], 0);
    assert_eq!(found["drops"]["least_bytes"], lengths[0]);
    assert_eq!(found["drops"]["most_bytes"], lengths[2]);
    assert_eq!(found["drops"]["bytes"], lengths.iter().sum::<usize>());
    assert_eq!(found["unfinished"]["count"], 1);
    let segments: u64 = files(&store.join("incoming"))
        .iter()
        .filter(|file| file.file_name().unwrap().len() == 9)
        .map(|file| file.metadata().unwrap().len())
        .sum();
    assert!(segments > 1_000_000);
    assert_eq!(found["unfinished"]["bytes_here"], segments);
    let replies = files(&store.join("replies")).len();
    assert_eq!(found["replies"]["count"], replies);
    assert_eq!(
        (&found["couriers"], &found["running"]),
        (&1.into(), &true.into())
    );
    assert_eq!(found["onion_keys"], 0);
    assert_eq!(found["unexplained"], Value::Array(Vec::new()));
    for line in [
        "3 sealed drops, padded to ",
        "of them 1 waits for the end of the batch",
        "1 unfinished upload",
        "the memory of the running server",
    ] {
        assert!(people.out.contains(line), "{line}: {people:?}");
    }
    for said in [people, json] {
        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(said.err, "");
        assert_eq!(
            evidence.look.in_bytes(said.out.as_bytes(), Where::Short),
            []
        );
        assert!(drops.iter().all(|drop| !said.out.contains(&drop.id)));
    }
    at_the_end(evidence);
}

fn at_the_end(evidence: &Evidence) {
    let said = evidence.said.seizure_at_the_end.each_ref();
    let [running, stopped] = said.map(|said| serde_json::from_str::<Value>(&said.out).unwrap());
    assert_eq!(running["drops"]["signed_off"], 3);
    assert_eq!(running["receipts"]["count"], 3);
    assert_eq!(running["receipts"]["bytes"], running["drops"]["bytes"]);
    assert_eq!(
        (&running["running"], &stopped["running"]),
        (&true.into(), &false.into())
    );
    for same in [
        "drops",
        "unfinished",
        "receipts",
        "replies",
        "upload_addresses",
    ] {
        assert_eq!(running[same], stopped[same], "{same}");
    }
    let onions = &evidence.said.seizure_with_onions.out;
    let onions: Value = serde_json::from_str(onions).unwrap();
    assert_eq!(onions["onion_keys"], 2);
    assert_eq!(
        (&onions["danger_tor_log"], &onions["batch_seconds"]),
        (&true.into(), &60.into())
    );
}

/// All files beneath a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
