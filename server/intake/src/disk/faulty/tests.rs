use rustix::io::Errno;

use super::*;
use crate::disk::{
    Beneath, create_whole, is_full, is_unreadable, read_if_there, read_small, replace_whole,
    write_again,
};

fn place(path: &str) -> Place {
    let names = path.split('/').map(|name| Name::parse(name).unwrap());
    names.fold(Place::root(), |place, name| place.join(name))
}

#[test]
fn it_answers_as_a_real_file_system_does() {
    let folder = tempfile::tempdir().unwrap();
    let real = Beneath::open(folder.path()).unwrap();
    let memory = Faulty::new();
    let disks: [&dyn Disk; 2] = [&real, &memory];
    let told = disks.map(|disk| {
        let kinds = [
            disk.make_folder(&place("a")),
            disk.make_folder(&place("a")),
            disk.make_folder(&place("b/c")),
            create_whole(disk, &place("a/f"), b"one"),
            create_whole(disk, &place("a/f"), b"two"),
            disk.make_folder(&place("a/f/g")),
            disk.rename_new(&place("a/f"), &place("a")),
            disk.rename_new(&place("x"), &place("y")),
            disk.remove_file(&place("a")),
            disk.remove_folder(&place("a")),
            disk.remove_file(&place("x")),
            disk.sync_folder(&place("x")),
            disk.list(&place("a/f")).map(drop),
            disk.list(&place("x")).map(drop),
            read_small(disk, &place("a/x"), 9).map(drop),
            read_small(disk, &place("a/f/x"), 9).map(drop),
            disk.rename_new(&place("a"), &place("z")),
            disk.open_or_create(&place("z/h")).map(drop),
        ];
        let kinds = kinds.map(|result| result.map_err(|error| error.kind()));
        let mut names = disk.list(&place("z")).unwrap();
        names.sort();
        (kinds, names, read_small(disk, &place("z/f"), 9).unwrap())
    });
    assert_eq!(told[0], told[1]);
}

#[test]
fn a_replaced_file_is_the_old_or_the_new_one_whole_and_once_said_to_be_new_is_new() {
    let prepare = |disk: &Faulty| create_whole(disk, &place("f"), b"the old one").unwrap();
    let act = |disk: &Faulty| replace_whole(disk, &place("f"), b"new");
    cut_everywhere(prepare, act, |disk, done| {
        let found = read_small(&disk, &place("f"), 99).unwrap();
        assert!(found == b"new" || (!done && found == b"the old one"));
        replace_whole(&disk, &place("f"), b"newer").unwrap();
        assert_eq!(read_small(&disk, &place("f"), 99).unwrap(), b"newer");
    });
    fail_everywhere(prepare, act, |disk| {
        assert_eq!(read_small(disk, &place("f"), 99).unwrap(), b"new");
    });
}

#[test]
fn what_was_not_synced_is_gone_when_the_power_goes() {
    let disk = Faulty::new();
    let file = disk.create(&place("f")).unwrap();
    file.write_at(b"x", 0).unwrap();
    let found = |survives| read_if_there(&disk.after(survives), &place("f"), 9).unwrap();
    assert_eq!(found(Survives::Everything), Some(b"x".to_vec()));
    assert_eq!(found(Survives::Entries), Some(Vec::new()));
    assert_eq!(found(Survives::Synced), None);
    file.sync().unwrap();
    disk.sync_folder(&Place::root()).unwrap();
    assert_eq!(found(Survives::Synced), Some(b"x".to_vec()));
}

/// The names in the store's folder.
fn names(disk: &Faulty) -> String {
    let names = disk.list(&Place::root()).unwrap();
    names.iter().map(Name::as_str).collect()
}

fn all_names(disk: &Faulty) -> Vec<String> {
    let mut found: Vec<_> = disk.all_after().iter().map(names).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn changes_of_folders_that_were_not_synced_are_there_in_any_order_and_each_whole() {
    let disk = Faulty::new();
    for name in ["a", "b"] {
        create_whole(&disk, &place(name), name.as_bytes()).unwrap();
    }
    disk.sync_all();
    disk.rename_new(&place("a"), &place("c")).unwrap();
    disk.rename_new(&place("b"), &place("d")).unwrap();
    assert_eq!(all_names(&disk), ["ab", "ad", "bc", "cd"]);
    // What is about the same thing or the same name keeps its order.
    disk.sync_all();
    disk.make_folder(&place("e")).unwrap();
    disk.rename_new(&place("e"), &place("f")).unwrap();
    disk.rename_new(&place("c"), &place("e")).unwrap();
    assert_eq!(all_names(&disk), ["cd", "cde", "cdf", "def"]);
}

#[test]
fn a_rename_between_folders_gets_to_the_disk_with_either_of_them() {
    for synced in ["a", "b"] {
        let disk = Faulty::new();
        for name in ["a", "b"] {
            disk.make_folder(&place(name)).unwrap();
        }
        create_whole(&disk, &place("a/x"), b"x").unwrap();
        disk.sync_all();
        disk.rename_new(&place("a/x"), &place("b/x")).unwrap();
        disk.sync_folder(&place(synced)).unwrap();
        let left = disk.after(Survives::Synced);
        assert_eq!(read_small(&left, &place("b/x"), 9).unwrap(), b"x");
        assert!(left.list(&place("a")).unwrap().is_empty());
    }
}

#[test]
fn what_was_written_and_not_synced_is_torn_between_blocks_and_inside_them() {
    let disk = Faulty::new();
    let file = disk.create(&place("f")).unwrap();
    file.write_at(&[1; 2_048], 0).unwrap();
    disk.sync_all();
    file.write_at(&[2; 4_096], 0).unwrap();
    let torn = (0..200).map(|seed| {
        let bytes = Bytes::Torn(seed);
        let left = disk.after(Survives::Part(Part { changes: 0, bytes }));
        read_small(&left, &place("f"), 4_096).unwrap()
    });
    let torn: Vec<_> = torn.collect();
    let new_at = |content: &Vec<u8>, at: usize| content.get(at) == Some(&2);
    let some = |is: &dyn Fn(&Vec<u8>) -> bool| torn.iter().any(is);
    assert!(some(
        &|content| content.len() == 2_048 && !content.contains(&2)
    ));
    assert!(some(&|content| *content == [2; 4_096]), "all of it");
    assert!(some(&|content| !new_at(content, 0) && new_at(content, 512)));
    assert!(some(
        &|content| new_at(content, 512) && !new_at(content, 1_024)
    ));
    let inside = |content: &Vec<u8>| {
        let mut edges = content.windows(2).enumerate();
        edges.any(|(at, two)| two[0] != two[1] && (at + 1) % 512 != 0)
    };
    assert!(some(&inside), "inside a block");
    // A length without its bytes, which are zeros or what lay there before.
    for stale in [0, 0xa5] {
        assert!(some(&|content| content.last() == Some(&stale)));
    }
    assert!(
        torn.iter()
            .all(|content| (2_048..=4_096).contains(&content.len()))
    );
}

#[test]
fn after_a_sync_that_failed_another_one_promises_nothing_until_the_bytes_are_written_again() {
    let disk = Faulty::new();
    create_whole(&disk, &place("f"), b"the old one").unwrap();
    disk.sync_all();
    let file = disk.open_or_create(&place("f")).unwrap();
    file.write_at(b"the new one", 0).unwrap();
    disk.fail_after(0);
    let error = file.sync().unwrap_err();
    assert!(!is_full(&error) && !is_unreadable(&error), "it is final");
    file.sync().unwrap();
    let read = |disk: &Faulty| read_small(disk, &place("f"), 99).unwrap();
    assert_eq!(read(&disk), b"the new one");
    let killed = disk.after(Survives::Everything);
    assert_eq!(read(&killed.after(Survives::Synced)), b"the old one");
    write_again(&killed, &place("f"), 99).unwrap();
    assert_eq!(read(&killed.after(Survives::Synced)), b"the new one");
}

#[test]
fn a_disk_that_is_full_says_so_until_it_is_mended() {
    for error in [Errno::NOSPC, Errno::DQUOT] {
        let disk = Faulty::new();
        disk.fill_after(1, error);
        let file = disk.create(&place("f")).unwrap();
        assert!(is_full(&file.write_at(b"x", 0).unwrap_err()));
        assert!(is_full(&disk.make_folder(&place("a")).unwrap_err()));
        assert_eq!(disk.refused(), 2);
        disk.mend();
        file.write_at(b"x", 0).unwrap();
    }
}
