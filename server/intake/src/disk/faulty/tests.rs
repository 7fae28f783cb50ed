use super::*;
use crate::disk::{Beneath, create_whole, read_if_there, read_small, replace_whole};

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
