//! Whether a list of values follows the order in which it stands.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

/// Spearman's rank correlation with the places in the list, from -1 to 1; equal values share the
/// mean of their ranks. Values that are all equal say nothing.
#[expect(clippy::as_conversions, reason = "small numbers in a test")]
fn correlation(values: &[u128]) -> f64 {
    let rank = |value: &u128| {
        let below = values.iter().filter(|other| *other < value).count();
        let equal = values.iter().filter(|other| *other == value).count();
        below as f64 + (equal as f64 - 1.0) / 2.0
    };
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (place, value) in values.iter().enumerate() {
        let (x, y) = (place as f64 - middle, rank(value) - middle);
        both += x * y;
        one += x * x;
        other += y * y;
    }
    if other == 0.0 {
        return 0.0;
    }
    both / (one * other).sqrt()
}

/// With 48 values chance gives more than 0.7, or less than -0.7, about once in 30 million times. What
/// follows the order only weakly is not seen.
pub fn assert_says_nothing(what: &str, values: &[u128]) {
    assert!(values.len() >= 48);
    let found = correlation(values);
    assert!(
        found.abs() < 0.7,
        "{what} follows the order of arrival: {found:.2}"
    );
}

#[test]
fn an_order_that_is_kept_is_seen_and_one_that_is_not_is_not() {
    let kept: Vec<_> = (0..48).collect();
    let turned: Vec<_> = kept.iter().rev().copied().collect();
    // Each with a neighbour.
    let nearly: Vec<_> = kept.iter().map(|value| value ^ 1).collect();
    let mixed: Vec<_> = kept.iter().map(|value| value * 29 % 48).collect();
    let found = [&kept, &turned, &nearly, &mixed].map(|values| correlation(values));
    assert!(found[0] > 0.999 && found[1] < -0.999 && found[2] > 0.99);
    assert!(found[3].abs() < 0.3);
    assert!(correlation(&[7; 48]).abs() < 0.001);
}
