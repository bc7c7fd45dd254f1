use super::*;

const TEXT: &str = "\
# What a query may cost.
[instructions]
static = 1000
tcp = 1500
[allocations]
static = 0
[bad-input]
# A comment that stays.
dear = 9000
";

fn budget(text: &str) -> Budget {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    Budget::read(file.path()).unwrap()
}

/// The words of a judgement, whether it fails, and whether it is below.
#[track_caller]
fn check(section: &str, name: &str, figure: f64, said: &str, fails: bool, below: bool) {
    let judgement = budget(TEXT).judge(section, name, figure);
    assert_eq!(judgement.word(), said);
    assert_eq!((judgement.fails(), judgement.is_below()), (fails, below), "{judgement}");
}

#[test]
fn figures_are_judged() {
    check(INSTRUCTIONS, "static", 1000.0, "ok", false, false);
    check(INSTRUCTIONS, "static", 1004.9, "ok", false, false);
    check(INSTRUCTIONS, "static", 1006.0, "FAILED: +0.6 %", true, false);
    check(INSTRUCTIONS, "static", 981.0, "ok", false, false);
    check(INSTRUCTIONS, "static", 950.0, "ok, -5.0 %", false, true);
    check(INSTRUCTIONS, "udp", 1.0, "FAILED: no row in [instructions] of bench/budget.toml", true, false);
    check(ALLOCATIONS, "static", 0.0, "ok", false, false);
    check(ALLOCATIONS, "static", 0.01, "FAILED: there must be none", true, false);
}

#[test]
fn rows_that_nothing_is_measured_for_fail_but_for_packets_that_are_cheap() {
    let mut budget = budget(TEXT);
    for (section, name) in [(INSTRUCTIONS, "static"), (ALLOCATIONS, "static")] {
        budget.judge(section, name, 0.0);
    }
    let unused: Vec<_> = budget.unused().map(|unused| (unused.name.clone(), unused.fails())).collect();
    assert_eq!(unused, [("dear".to_owned(), false), ("tcp".to_owned(), true)]);
}

#[test]
fn lowering_lowers_and_does_nothing_else() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), TEXT).unwrap();
    let mut budget = Budget::read(file.path()).unwrap();
    let mut judgements = vec![
        budget.judge(INSTRUCTIONS, "static", 900.2),
        // Above, within what is noise: never written.
        budget.judge(INSTRUCTIONS, "tcp", 1501.0),
        budget.judge(ALLOCATIONS, "static", 0.0),
    ];
    judgements.extend(budget.unused());
    budget.lower(&judgements).unwrap();
    let now = std::fs::read_to_string(file.path()).unwrap();
    assert_eq!(now, TEXT.replace("static = 1000", "static = 901").replace("dear = 9000\n", ""));
}

#[test]
fn a_line_that_is_none_is_named() {
    for (text, said) in [
        ("static = 1\n", "stands in no section"),
        ("[instructions]\nstatic\n", "is not `name = number`"),
        ("[instructions]\nstatic = many\n", "bench/budget.toml:2: \"static = many\""),
        ("[instructions]\nstatic = -1\n", "must be a number from 0"),
        ("[instructions]\nstatic = 1\nstatic = 2\n", "stands there twice"),
        ("[seconds]\n", "is none of instructions, allocations, bad-input"),
    ] {
        let fault = parse(text).unwrap_err();
        assert!(format!("{fault}").contains(said), "{fault}");
    }
}
