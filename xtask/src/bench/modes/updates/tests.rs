use super::*;

#[test]
fn the_table_compares_phases_and_shows_memory() {
    let load = |micros| {
        let mut load = Load::default();
        load.latency.add(Duration::from_micros(micros));
        load.longest_gap = Duration::from_micros(10 * micros);
        load
    };
    let phases: Vec<(Load, Load)> = (0..3).map(|_| (load(100), load(200))).collect();
    let records = Records::new(MILLION, Path::new("nowhere").to_owned());
    let done = updater::Done { records, seconds: 30.0, resident: vec![1024, 2048] };
    let text = render(&MILLION, 50_000, &phases, &done);
    assert!(text.starts_with("1000000 names, 50000 questions a second"), "{text}");
    assert!(
        text.contains("longest time without a reply, us | 1000 [1000–1000] | 2000 [2000–2000] | 2.00 ["),
        "{text}"
    );
    assert!(text.contains("each second: 1 2."), "{text}");
}

#[test]
fn growth_is_of_the_last_third_over_the_first() {
    assert_eq!(growth(&[100, 100, 900, 150, 150, 150]), 1.5);
    assert_eq!(growth(&[100, 100, 100]), 1.0);
    assert_eq!(growth(&[100]), 1.0);
    assert!(growth(&[]).is_nan());
}
