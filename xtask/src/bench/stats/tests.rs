use super::*;

#[track_caller]
fn check(figures: &[f64], expected: &str) {
    let text = Spread::of(figures.iter().copied()).map_or_else(String::new, |spread| format!("{spread:.2}"));
    assert_eq!(text, expected, "{figures:?}");
}

#[test]
fn quartiles_lie_between_figures() {
    check(&[], "");
    check(&[3.0], "3.00 [3.00–3.00]");
    check(&[4.0, 1.0, 3.0, 2.0], "2.50 [1.75–3.25]");
    check(&[5.0, 4.0, 3.0, 2.0, 1.0], "3.00 [2.00–4.00]");
}

#[test]
fn overlapping_quartiles_are_a_tie() {
    let spread = |low, high| Spread { low, middle: (low + high) / 2.0, high };
    assert!(spread(1.0, 1.2).ties(&spread(1.2, 1.4)));
    assert!(spread(1.0, 2.0).ties(&spread(1.4, 1.5)));
    assert!(!spread(1.0, 1.1).ties(&spread(1.2, 1.4)));
    assert!(!spread(1.2, 1.4).ties(&spread(1.0, 1.1)));
}
