//! What the newsroom pushes, cut off at every step: the next start must be able to read it.

use knothole_envelope::{Charter, EpochSecret, Quorum, Receipt, SigningSecret};

use super::*;
use crate::disk::faulty::{Faulty, Survives, cut_everywhere, fail_everywhere, fill_everywhere};
use crate::forge::rooms;
use crate::receipts::Receipts;

const QUORUM: Quorum = Quorum::ONE;

fn today() -> Day {
    Day::new(20_000).unwrap()
}

fn secret(seed: u8) -> SigningSecret {
    SigningSecret::from_bytes([seed; 32])
}

/// A founding charter with one editor, and the chain in which a second one has come.
fn chains() -> [CharterChain; 2] {
    let charter = Charter::founding(vec![secret(1).editor_key()], QUORUM, None).unwrap();
    let founded = CharterChain::found(charter.clone(), &[&secret(1)]).unwrap();
    let newsroom = founded.unverified_fingerprint().unwrap();
    let keys = vec![secret(1).editor_key(), secret(2).editor_key()];
    let mut next = Signed::new(charter.next(keys, QUORUM, None).unwrap());
    next.sign(&newsroom, &secret(1));
    let chain = founded.verify(&newsroom).unwrap().append(next).unwrap();
    [founded, chain.chain().clone()]
}

/// The sheet of an epoch under the founding charter.
fn sheet(epoch: u32, first: u32) -> Vec<u8> {
    let [founded, _] = chains();
    let newsroom = founded.unverified_fingerprint().unwrap();
    let charter = founded.verify(&newsroom).unwrap().current().hash();
    let first = today().checked_add(first).unwrap();
    let last = first.checked_add(6).unwrap();
    let number = EpochNumber::new(epoch).unwrap();
    let key = EpochSecret::from_bytes([7; 32]).recipient_key();
    let mut signed = Signed::new(Sheet::new(number, first, last, vec![key], charter).unwrap());
    signed.sign(&newsroom, &secret(1));
    Signed::encode_list(&[signed])
}

/// The receipt by which an epoch was burned.
fn burned(epoch: u32) -> Vec<u8> {
    let [founded, _] = chains();
    let epoch = EpochNumber::new(epoch).unwrap();
    let mut signed = Signed::new(Receipt::Burned { epoch });
    signed.sign(&founded.unverified_fingerprint().unwrap(), &secret(1));
    Signed::encode_list(&[signed])
}

fn load(disk: &dyn Disk) -> Newsroom {
    Newsroom::load(disk).unwrap().unwrap()
}

fn io(error: PushError) -> io::Error {
    match error {
        PushError::Disk(error) => error,
        other => panic!("{other}"),
    }
}

/// The newsroom is trusted and has pushed its founding charter and the sheet of epoch 1.
fn prepare(disk: &Faulty) {
    rooms(disk);
    let [founded, _] = chains();
    let text = format!("{}\n", founded.unverified_fingerprint().unwrap());
    disk::replace_whole(disk, &Place::top("trust"), text.as_bytes()).unwrap();
    let held = load(disk).with_charter(disk, &founded.encode()).unwrap();
    held.with_sheets(disk, &sheet(1, 0), today()).unwrap();
}

/// It pushes the next sheet, burns the first epoch, and then a second editor comes.
fn act(disk: &Faulty) -> io::Result<()> {
    let [_, later] = chains();
    let held = Newsroom::load(disk).map_err(io)?.unwrap();
    let held = match held.chain().unwrap().sequence() {
        // Under the later charter the sheet of the former one would be refused.
        1 => held.with_sheets(disk, &sheet(2, 7), today()).map_err(io)?,
        _ => held,
    };
    let chain = held.chain().unwrap();
    let receipts = Receipts::verify(chain, &burned(1)).unwrap();
    receipts.keep(disk, chain, &held.epochs(), today())?;
    let held = held.with_burned(disk).map_err(io)?.unwrap_or(held);
    held.with_charter(disk, &later.encode()).map_err(io)?;
    Ok(())
}

fn assert_pushed(disk: &Faulty) {
    let found = load(disk);
    assert_eq!(found.chain().unwrap().sequence(), 2);
    assert_eq!(found.sheets(), 1);
    let open = Gate::Epochs(vec![EpochNumber::new(2).unwrap()]);
    assert_eq!(found.gate(today()), open);
}

#[test]
fn what_is_pushed_is_readable_after_a_cut_at_any_step_and_can_be_pushed_again() {
    cut_everywhere(prepare, act, |disk, done| {
        let found = load(&disk);
        // Every sheet that is shown has its epoch pass the gate.
        let Gate::Epochs(open) = found.gate(today()) else {
            panic!("the gate is open");
        };
        for (_, held) in &found.sheets {
            assert!(open.contains(&held.epoch()), "no drop could pass");
        }
        if done {
            assert_pushed(&disk);
        }
        act(&disk).unwrap();
        assert_pushed(&disk);
        assert_pushed(&disk.after(Survives::Synced));
    });
    fail_everywhere(prepare, act, assert_pushed);
    fill_everywhere(prepare, act, assert_pushed);
}
