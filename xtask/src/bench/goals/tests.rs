use super::*;
use crate::bench::client::Load;
use crate::bench::meter::Memory;

fn sample(cpu: f64) -> Sample {
    Sample { cpu, user: 0.0, busy: 1.0, closed: Load::default(), open: None }
}

fn row(name: &str, cpu: [f64; 3]) -> Row {
    Row { name: name.to_owned(), samples: cpu.map(sample).to_vec(), ..Row::default() }
}

#[track_caller]
fn check(ours: [f64; 3], gdnsd: [f64; 3], met: Option<bool>, shown: &str) {
    let rows = vec![row("echo", [100.0, 200.0, 100.0]), row(STATIC, ours), row("gdnsd", gdnsd)];
    let table = Table { mode: Mode::Static, title: "", rows };
    let line = cpu("", Some(&table), STATIC, ["gdnsd", "gdnsd"], STATIC_RATIO_MAX);
    assert_eq!((line.met, &*line.ours), (met, shown));
}

#[test]
fn a_ratio_is_within_each_round_and_a_tie_meets_its_goal() {
    check([105.0, 210.0, 105.0], [111.0, 222.0, 111.0], Some(true), "1.05 [1.05–1.05]");
    check([108.0, 218.0, 108.0], [105.0, 224.0, 105.0], Some(true), "1.08 [1.08–1.08]");
    check([108.0, 216.0, 108.0], [105.0, 210.0, 105.0], Some(false), "1.08 [1.08–1.08]");
    check([111.0, 222.0, 111.0], [120.0, 240.0, 120.0], Some(false), "1.11 [1.11–1.11]");
}

#[test]
fn what_failed_or_was_not_run_is_not_measured() {
    let text = render(&Findings::default());
    let lines: Vec<&str> = text.lines().skip(2).collect();
    assert!(lines.len() >= 13 && lines.iter().all(|line| line.ends_with("| not measured |")), "{text}");

    let failure = Some("WRONG ANSWER".to_owned());
    let rows = vec![row("echo", [1.0; 3]), Row { failure, ..row(STATIC, [1.0; 3]) }, row("gdnsd", [1.0; 3])];
    let table = Table { mode: Mode::Static, title: "", rows };
    let line = cpu("", Some(&table), STATIC, ["gdnsd", "gdnsd"], STATIC_RATIO_MAX);
    assert_eq!((line.met, &*line.ours), (None, "–"));
}

#[test]
fn the_pair_is_compared_by_how_many_times_cheaper_we_are() {
    let rows = vec![row("echo", [1.0; 3]), row(STATIC, [1.1; 3]), row(PAIR, [79.0; 3])];
    let line = pair(Some(&Table { mode: Mode::Static, title: "", rows }));
    assert_eq!((&*line.ours, &*line.goal), ("71.8 [71.8–71.8] times cheaper", "67.1 times cheaper"));
    assert_eq!(line.met, Some(true));
    let rows = vec![row("echo", [1.0; 3]), row(STATIC, [1.2; 3]), row(PAIR, [79.0; 3])];
    assert_eq!(pair(Some(&Table { mode: Mode::Static, title: "", rows })).met, Some(false));
}

#[test]
fn a_size_has_a_limit() {
    let size = |kib| Row { memory: Memory { rss: kib, pss: 0 }, ..row(STEERED, [1.0; 3]) };
    let met = |kib| {
        let table = Table { mode: Mode::Policy, title: "", rows: vec![size(kib)] };
        memory("", Some(&table), STEERED, "gdnsd-geoip", STEERED_MIB_MAX).met
    };
    assert_eq!((met(20 << 10), met((20 << 10) + 1)), (Some(true), Some(false)));
}

#[test]
fn changes_under_load_have_three_goals() {
    let even = |middle| Spread { low: middle, middle, high: middle };
    let met = |p99, gap, growth| {
        updates(Some(&Updates { p99: even(p99), gap: even(gap), growth })).map(|line| line.met)
    };
    assert_eq!(met(1.2, 1.2, 1.05), [Some(true); 3]);
    assert_eq!(met(1.21, 1.21, 1.06), [Some(false); 3]);
    // No memory was noted.
    assert_eq!(met(1.0, 1.0, f64::NAN)[2], Some(false));
    assert_eq!(updates(None).map(|line| line.met), [None; 3]);
}
