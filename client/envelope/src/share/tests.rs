use proptest::prelude::*;

use super::*;
use crate::forge::seeded;

fn quorum(editors: u8) -> Quorum {
    Quorum::new(editors).unwrap()
}

#[test]
fn a_quorum_of_one_hands_the_secret_itself_to_each() {
    let shares = split(&[9; 32], quorum(1), 5, &mut seeded(1));
    assert!(shares.iter().all(|share| *share.y == [9; 32]));
    assert!(shares.iter().map(|share| share.x).eq(1..=5));
}

#[test]
fn a_worked_example_comes_out_as_computed_by_hand() {
    // With the polynomial 0x53 + 0xca·x and the field's 0x53·0xca = 1.
    let one = Share {
        x: 1,
        y: Zeroizing::new([0x53 ^ 0xca; 32]),
    };
    let other = Share {
        x: 0x53,
        y: Zeroizing::new([0x53 ^ 0x01; 32]),
    };
    assert_eq!(*interpolate(&[&one, &other], 0), [0x53; 32]);
}

#[test]
fn fewer_shares_than_the_quorum_give_something_else() {
    let shares = split(&[9; 32], quorum(3), 5, &mut seeded(2));
    let two: Vec<&Share> = shares.iter().take(2).collect();
    assert_ne!(*interpolate(&two, 0), [9; 32]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_subset_of_the_quorum_gives_the_secret_back(
        secret: [u8; 32],
        (count, needed) in (2_u8..=8).prop_flat_map(|count| (Just(count), 2..=count)),
        seed: u64,
        skip: u8,
    ) {
        let shares = split(&secret, quorum(needed), count, &mut seeded(seed));
        let start = usize::from(skip % count);
        let some: Vec<&Share> =
            shares.iter().cycle().skip(start).take(usize::from(needed)).collect();
        prop_assert_eq!(*interpolate(&some, 0), secret);
        for share in &shares {
            prop_assert_eq!(*interpolate(&some, share.x), *share.y);
        }
    }

    #[test]
    fn the_vsss_crate_puts_our_shares_together(secret: [u8; 32], seed: u64) {
        let shares = split(&secret, quorum(3), 5, &mut seeded(seed));
        let theirs: Vec<Vec<u8>> = shares
            .iter()
            .skip(1)
            .take(3)
            .map(|share| [&[share.x][..], share.y.as_slice()].concat())
            .collect();
        prop_assert_eq!(Gf256::combine_bytes(&theirs).unwrap(), secret);
    }

    #[test]
    fn we_put_the_shares_of_the_vsss_crate_together(secret: [u8; 32], seed: u64) {
        let theirs = Gf256::split_bytes(3, 5, secret, seeded(seed)).unwrap();
        let ours: Vec<Share> = theirs
            .iter()
            .map(|share| Share {
                x: share[0],
                y: Zeroizing::new(share[1..].try_into().unwrap()),
            })
            .collect();
        let some: Vec<&Share> = ours.iter().skip(2).collect();
        prop_assert_eq!(*interpolate(&some, 0), secret);
    }
}
