use super::*;

fn kept(offset: u64, length: u64) -> Piece {
    Piece::Kept { offset, length }
}

#[test]
fn a_copy_can_be_read_at_any_place_and_in_any_measure() {
    let file = b"abcdefghij".as_slice();
    let pieces = vec![
        kept(1, 3),
        Piece::New(b"XY".to_vec()),
        Piece::Zeros(2),
        kept(8, 2),
    ];
    let plan = Plan::new(10, pieces).unwrap();
    let whole = plan.copy(&file).unwrap();
    assert_eq!(whole, b"bcdXY\0\0ij");
    for from in 0..whole.len() {
        for to in from..=whole.len() {
            let mut part = vec![7; to - from];
            plan.fill(u64::try_from(from).unwrap(), &mut part, |at, into| {
                file.fill(at, into)
            })
            .unwrap();
            assert_eq!(part, whole[from..to]);
        }
    }
    let mut beyond = [0; 2];
    let read = |at, into: &mut [u8]| file.fill(at, into);
    assert_eq!(plan.fill(8, &mut beyond, read), Err(Gone));
}

#[test]
fn a_plan_outside_its_file_or_beyond_its_bounds_is_refused() {
    let outside = Err(PlanError::Outside);
    assert_eq!(Plan::new(10, vec![kept(5, 6)]), outside);
    assert_eq!(Plan::new(10, vec![kept(u64::MAX, 2)]), outside);
    assert_eq!(
        Plan::new(10, vec![kept(4, 2), kept(5, 1)]),
        outside,
        "a byte twice"
    );
    assert_eq!(Plan::new(10, vec![Piece::Zeros(u64::MAX)]), outside);
    assert_eq!(Plan::new(10, vec![Piece::Zeros(u64::MAX); 2]), outside);
    assert!(Plan::new(10, vec![Piece::New(vec![0; MOST_NEW_BYTES])]).is_ok());
    let more = vec![Piece::New(vec![0; MOST_NEW_BYTES + 1])];
    assert_eq!(Plan::new(10, more), Err(PlanError::TooMany));
    assert!(Plan::new(10, vec![kept(0, 0); MOST_PIECES]).is_ok());
    let more = vec![kept(0, 0); MOST_PIECES + 1];
    assert_eq!(Plan::new(10, more), Err(PlanError::TooMany));
}
