//! What the administrator tells the store, cut off at every step.

use knothole_envelope::{CredentialHash, DiscoveryKey, SigningSecret};

use super::*;
use crate::disk::faulty::{Faulty, cut_everywhere, fail_everywhere, fill_everywhere};

fn newsroom() -> Fingerprint {
    Fingerprint::from_bytes([7; 32])
}

fn card(byte: u8) -> Signed<CourierCard> {
    let bundle = SigningSecret::from_bytes([byte; 32]);
    let credential = CredentialHash::from_bytes(Sha256::digest([byte; 32]).into());
    let discovery = DiscoveryKey::from_bytes([byte; 32]);
    let card = CourierCard::new(discovery, credential, bundle.editor_key());
    card.sign(&bundle).unwrap()
}

fn desk(disk: &Faulty) -> Desk {
    Desk::on(Box::new(disk.clone()))
}

fn io<T>(done: Result<T, DeskError>) -> io::Result<()> {
    match done {
        // What an earlier attempt has done.
        Ok(_) | Err(DeskError::KnownCourier | DeskError::UnknownCourier) => Ok(()),
        Err(DeskError::Disk(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

fn admitted(disk: &Faulty) -> [bool; 2] {
    let known = desk(disk).couriers().unwrap();
    [1, 2].map(|byte| admits(&known, &[byte; 32]))
}

/// What was said to be done is, whatever had failed before; and nothing else is half done.
fn everywhere(
    prepare: impl Fn(&Faulty),
    act: impl Fn(&Faulty) -> io::Result<()>,
    is_done: impl Fn(&Faulty) -> bool,
) {
    cut_everywhere(&prepare, &act, |disk, done| {
        assert!(!done || is_done(&disk), "it was said to be done");
        act(&disk).unwrap();
        assert!(is_done(&disk));
    });
    let check = |disk: &Faulty| assert!(is_done(disk));
    fail_everywhere(&prepare, &act, check);
}

#[test]
fn a_newsroom_is_trusted_once_that_was_said_wherever_it_was_cut_off_or_failed() {
    let act = |disk: &Faulty| io(desk(disk).trust(&newsroom()));
    let is_done = |disk: &Faulty| desk(disk).trusted().unwrap() == Some(newsroom());
    everywhere(|_| {}, act, is_done);
    fill_everywhere(|_| {}, act, |disk| assert!(is_done(disk)));
}

#[test]
fn a_courier_is_let_in_once_that_was_said_wherever_it_was_cut_off_or_failed() {
    let prepare = |disk: &Faulty| drop(desk(disk).add_courier(&card(1)).unwrap());
    let act = |disk: &Faulty| io(desk(disk).add_courier(&card(2)));
    everywhere(prepare, act, |disk| admitted(disk) == [true, true]);
    fill_everywhere(prepare, act, |disk| {
        assert_eq!(admitted(disk), [true, true]);
    });
}

#[test]
fn a_courier_is_shut_out_for_good_once_that_was_said_wherever_it_was_cut_off_or_failed() {
    let prepare = |disk: &Faulty| {
        for byte in [1, 2] {
            desk(disk).add_courier(&card(byte)).unwrap();
        }
    };
    let act = |disk: &Faulty| {
        let name = CourierName::of(&card(2).encode());
        io(desk(disk).revoke_courier(&name))
    };
    everywhere(prepare, act, |disk| admitted(disk) == [true, false]);
}
