//! TTLs, as Go reads durations.

use super::seconds;

#[test]
fn seconds_and_durations() {
    for (text, expected) in [
        ("600", Some(600)),
        ("0", Some(0)),
        ("-5", Some(-5)),
        ("+5", Some(5)),
        ("10m", Some(600)),
        ("1h30m", Some(5_400)),
        ("1.5s", Some(1)),
        ("1.5h", Some(5_400)),
        (".5m", Some(30)),
        ("2.m", Some(120)),
        ("1500ms", Some(1)),
        ("999ms", Some(0)),
        ("2000000us", Some(2)),
        ("2000000\u{b5}s", Some(2)),
        ("2000000\u{3bc}s", Some(2)),
        ("5000000000ns", Some(5)),
        ("-1m", Some(-60)),
        ("-1.5s", Some(-1)),
        ("0s", Some(0)),
        ("", None),
        ("-", None),
        ("s", None),
        (".s", None),
        ("1..5s", None),
        ("10", Some(10)),
        ("1.5", None),
        ("10 m", None),
        (" 10", None),
        ("1d", None),
        ("soon", None),
        ("9999999999h", None),
        ("99999999999999999999", None),
        ("0.3333333333333333333333h", Some(1_199)),
    ] {
        assert_eq!(seconds(text), expected, "{text:?}");
    }
}
