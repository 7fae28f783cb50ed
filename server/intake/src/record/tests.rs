use proptest::prelude::*;

use super::*;

fn ticket(role: Role) -> Ticket {
    Ticket {
        url: Some(UrlHash([7; 32])),
        length: 1 << 40,
        role,
        epoch: EpochNumber::new(3),
        total: 1 << 41,
        expires: UnixSeconds::new(86_400),
    }
}

#[test]
fn records_are_read_as_they_were_written() {
    let id = DropId::from_bytes([9; 32]);
    for role in [
        Role::Whole,
        Role::First,
        Role::Later { parent: id },
        Role::Joined {
            lanes: vec![id; MOST_LANES],
        },
    ] {
        let ticket = ticket(role);
        assert_eq!(Ticket::decode(&ticket.encode()), Some(ticket));
    }
    for lanes in [Lanes::One(5), Lanes::Many(vec![1, 2, 3])] {
        let manifest = Manifest {
            tree: TreeHash::from_bytes([1; 32]),
            epoch: None,
            lanes,
        };
        assert!(manifest.encode().len() < MOST_RECORD_BYTES);
        assert_eq!(Manifest::decode(&manifest.encode()), Some(manifest));
    }
    let link = Link {
        url: UrlHash([2; 32]),
        batch: BatchNumber(4),
    };
    assert_eq!(Link::decode(&link.encode()), Some(link));
}

#[test]
fn a_record_that_is_cut_off_or_altered_is_refused() {
    let good = ticket(Role::Whole).encode();
    for end in 0..good.len() {
        assert_eq!(Ticket::decode(&good[..end]), None);
    }
    for place in 0..good.len() {
        let mut bad = good.clone();
        bad[place] ^= 1;
        assert_eq!(Ticket::decode(&bad), None);
    }
    assert_eq!(Manifest::decode(&good), None);
}

#[test]
fn a_ninth_lane_is_refused() {
    let id = DropId::from_bytes([9; 32]);
    let bytes = ticket(Role::Joined {
        lanes: vec![id; MOST_LANES + 1],
    })
    .encode();
    assert_eq!(Ticket::decode(&bytes), None);
}

#[test]
fn a_ticket_without_a_url_that_has_bytes_of_one_is_refused() {
    for byte in [0, 1] {
        let mut record = Writer::new(1);
        record.flag(false).bytes(&[byte; 32]).u64(5).epoch(None);
        record.u64(5).u64(86_400).bytes(&[0]);
        let read = Ticket::decode(&record.finish());
        assert_eq!(read.is_some(), byte == 0);
    }
}

proptest! {
    #[test]
    fn a_record_that_is_taken_has_one_encoding(
        kind in 1..=3_u8,
        fields in prop::collection::vec(prop_oneof![Just(0), Just(1), any::<u8>()], 0..400),
    ) {
        // With its hash made right: what is looked at here are the fields.
        let mut record = Writer::new(kind);
        record.bytes(&fields);
        let bytes = record.finish();
        let again = [
            Ticket::decode(&bytes).map(|ticket| ticket.encode()),
            Manifest::decode(&bytes).map(|manifest| manifest.encode()),
            Link::decode(&bytes).map(|link| link.encode()),
        ];
        for again in again.into_iter().flatten() {
            prop_assert_eq!(&again, &bytes);
        }
    }

    #[test]
    fn tickets_of_every_kind_are_read_as_they_were_written(
        url in any::<Option<[u8; 32]>>(),
        numbers in any::<[u64; 3]>(),
        epoch in any::<u32>(),
        role in 0..4_u8,
        lanes in prop::collection::vec(any::<[u8; 32]>(), 1..=MOST_LANES),
    ) {
        let lanes: Vec<_> = lanes.into_iter().map(DropId::from_bytes).collect();
        let ticket = Ticket {
            url: url.map(UrlHash),
            length: numbers[0],
            role: match role {
                0 => Role::Whole,
                1 => Role::First,
                2 => Role::Later { parent: lanes[0] },
                _ => Role::Joined { lanes },
            },
            epoch: EpochNumber::new(epoch),
            total: numbers[1],
            expires: UnixSeconds::new(numbers[2]),
        };
        let bytes = ticket.encode();
        prop_assert!(bytes.len() <= MOST_RECORD_BYTES);
        prop_assert_eq!(Ticket::decode(&bytes), Some(ticket));
    }
}
