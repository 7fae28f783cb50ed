//! The words against what was found.

use std::time::Duration;

use knothole_intake::Seizure;

use super::machine::{FileSystem, Machine, Medium};
use super::{Found, SettingsFound, TorKeys, words};

/// An empty store on a machine that adds as little as one can.
fn nothing() -> Found {
    Found {
        store: Seizure::default(),
        tor: TorKeys::default(),
        machine: Machine {
            swap: false,
            medium: Medium::Memory,
            file_system: FileSystem::Memory,
            free: 1,
            private: true,
            journal: false,
        },
        settings: SettingsFound {
            behind_another_tor: false,
            batch: Duration::from_secs(86_400),
            grace: Duration::from_secs(7 * 86_400),
            tor_log: false,
            runs: false,
        },
    }
}

#[test]
fn of_an_empty_store_nothing_is_told_but_what_is_always_so() {
    let said = words::report(&nothing());
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[1], "- no sealed drop");
    // Three things that are not here, one that cannot be seen, and three titles.
    assert_eq!(lines.len(), 8, "{said}");
}

#[test]
fn each_thing_is_told_when_it_is_found_and_only_then() {
    type Change = fn(&mut Found);
    let changes: [(Change, &str); 19] = [
        (|found| found.store.damaged = 2, "2 drops more, not whole"),
        (|found| found.store.epochs = 2, "the 2 epochs"),
        (
            |found| found.store.addresses = 1,
            "1 hash of an upload's address:",
        ),
        (|found| found.store.trash = 1, "1 thing on the way out"),
        (
            |found| found.store.burned = 1,
            "keys of 1 epoch were burned",
        ),
        (|found| found.store.grace_days = 3, "the 3 days on which"),
        (|found| found.store.replies = 8, "8 replies, erased ones"),
        (|found| found.store.couriers = 1, "of 1 courier"),
        (|found| found.store.newsroom = true, "the newsroom's"),
        (|found| found.store.clock = true, "to the second"),
        (
            |found| found.store.unexplained = vec!["stray".to_owned()],
            "does not know what they are: stray",
        ),
        (|found| found.tor.identities = 2, "the 2 identity keys"),
        (|found| found.tor.guards = 1, "which relays"),
        (|found| found.machine.swap = true, "swap turned off"),
        (
            |found| found.machine.medium = Medium::NotKnown,
            "not known to be encrypted",
        ),
        (|found| found.machine.private = false, "chmod 700"),
        (|found| found.machine.journal = true, "Storage=volatile"),
        (
            |found| found.settings.tor_log = true,
            "danger_tor_log taken",
        ),
        (
            |found| found.settings.batch = Duration::from_secs(7_200),
            "to 120 minutes",
        ),
    ];
    let before = words::report(&nothing());
    for (change, sentence) in changes {
        let mut found = nothing();
        change(&mut found);
        let said = words::report(&found);
        assert!(!before.contains(sentence), "{sentence}");
        assert_eq!(said.matches(sentence).count(), 1, "{sentence}: {said}");
    }
}

#[test]
fn sizes_stand_there_to_the_byte() {
    let mut found = nothing();
    found.store.drops.count = 2;
    found.store.drops.least = 1_048_576;
    found.store.drops.most = 3_700_000_123;
    found.store.drops.sum = 3_701_048_699;
    found.store.signed_off = 1;
    let said = words::report(&found);
    let sizes = "2 sealed drops, padded to 1,048,576 to 3,700,000,123 bytes, 3,701,048,699 in all";
    assert!(said.contains(sizes), "{said}");
    assert!(said.contains("0 wait for the end of the batch, and 1 is signed off"));
    assert!(said.contains("a grace shorter than 7 days"));
    assert_eq!(found.json()["drops"]["most_bytes"], 3_700_000_123_u64);
}
