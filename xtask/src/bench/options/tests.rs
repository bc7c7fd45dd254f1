use super::*;

#[track_caller]
fn check(args: &[&str], expected: Result<(u32, u128, usize, bool), &str>) {
    let got = Options::parse(args)
        .map(|o| (o.effort.rounds, o.effort.time.as_millis(), o.modes.len(), o.write))
        .map_err(|error| error.to_string());
    assert_eq!(got, expected.map_err(str::to_owned), "{args:?}");
}

#[test]
fn options_have_ranges() {
    check(&[], Ok((12, 1500, Mode::ALL.len(), false)));
    check(&["--quick", "--rounds", "4"], Ok((4, 500, Mode::ALL.len(), false)));
    check(&["--rounds", "4", "--quick", "--write"], Ok((4, 500, Mode::ALL.len(), true)));
    check(&["--seconds", "2.5", "--modes", "static,fleet"], Ok((12, 2500, 2, false)));
    check(&["--rounds", "0"], Err("--rounds: 0 must be from 1 to 100"));
    check(&["--seconds", "0"], Err("--seconds: 0 must be from 0.1 to 60"));
    check(&["--seconds", "NaN"], Err("--seconds: NaN must be from 0.1 to 60"));
    check(&["--rounds"], Err("--rounds: \"\" must be a whole number from 0"));
    check(&["--fast"], Err("bench: \"--fast\" is no option; see `cargo xtask --help`"));
    check(&["--offers", "4"], Err("--offers: 4 must be from 1 to 3"));
    check(&["--changes", "49"], Err("--changes: 49 must be from 50 to 10000"));
}

#[test]
fn an_unknown_mode_is_named() {
    let error = Options::parse(&["--modes", "static,slow"]).unwrap_err().to_string();
    assert!(error.starts_with("--modes: \"slow\" is none of static, "), "{error}");
}
