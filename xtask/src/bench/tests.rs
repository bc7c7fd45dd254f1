use super::*;

#[track_caller]
fn check(args: &[&str], expected: Result<(u32, u32, u32, bool), &str>) {
    let got = Options::parse(args).map(|o| (o.names, o.changes, o.offers, o.write));
    assert_eq!(got.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{args:?}");
}

#[test]
fn options_have_ranges() {
    check(&[], Ok((10_000, 100, 1, false)));
    check(&["--write", "--names", "200", "--offers", "3", "--changes", "60"], Ok((200, 60, 3, true)));
    check(&["--offers", "4"], Err("--offers: 4 must be from 1 to 3"));
    check(&["--changes", "49"], Err("--changes: 49 must be from 50 to 10000"));
    check(&["--names"], Err("--names: \"\" must be a whole number from 0"));
    check(&["--fast"], Err("bench: \"--fast\" is no option; see `cargo xtask --help`"));
}

#[test]
fn percentiles_are_of_the_times_themselves() {
    let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
    let ms = |percent| percentile(&times, percent).as_millis();
    assert_eq!((ms(50), ms(99), ms(100)), (100, 198, 200));
    assert_eq!(percentile(&times[..1], 50), times[0]);
    assert_eq!(percentile(&[], 99), Duration::ZERO);
}
