use super::*;

#[test]
fn percentiles_are_of_the_times_themselves() {
    let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
    let ms = |percent| percentile(&times, percent).as_millis();
    assert_eq!((ms(50), ms(99), ms(100)), (100, 198, 200));
    assert_eq!(percentile(&times[..1], 50), times[0]);
    assert_eq!(percentile(&[], 99), Duration::ZERO);
}
