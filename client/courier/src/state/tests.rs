use super::*;

#[test]
fn what_was_saved_is_what_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut held = Held::create(folder.path()).unwrap();
    held.state.carried.push(DropId::from_bytes([7; 32]));
    held.state.draft = Some(Draft {
        sequence: 3,
        mark: 0xffff_ffff,
        drops: vec![],
        parts: vec![KeptPart {
            name: PartName::from_bytes([1; 16]),
            drop: DropId::from_bytes([2; 32]),
            offset: 4_194_304,
            length: 5,
            hash: PartHash::from_bytes([3; 32]),
            segments: vec![4; 64],
        }],
        writing: None,
        signed: vec![],
    });
    held.save().unwrap();
    let written = held.encode().unwrap();
    drop(held);
    let again = Held::open(folder.path(), Arc::new(SteadyHand)).unwrap();
    assert_eq!(again.encode().unwrap(), written);
    assert_eq!(again.state.carried, [DropId::from_bytes([7; 32])]);
}

#[test]
fn two_couriers_never_share_a_state() {
    let folder = tempfile::tempdir().unwrap();
    let held = Held::create(folder.path()).unwrap();
    assert!(matches!(
        Held::open(folder.path(), Arc::new(SteadyHand)),
        Err(StateError::InUse)
    ));
    drop(held);
    Held::open(folder.path(), Arc::new(SteadyHand)).unwrap();
}

#[test]
fn a_damaged_state_is_refused_and_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    drop(Held::create(folder.path()).unwrap());
    let path = folder.path().join(FILE);
    let good = std::fs::read_to_string(&path).unwrap();
    for bad in [
        String::new(),
        good.replace("\"version\":1", "\"version\":2"),
        good.replace("\"carried\"", "\"carryed\""),
        good.chars().take(good.len() / 2).collect(),
    ] {
        std::fs::write(&path, &bad).unwrap();
        assert!(matches!(
            Held::open(folder.path(), Arc::new(SteadyHand)),
            Err(StateError::Damaged)
        ));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
    }
}
