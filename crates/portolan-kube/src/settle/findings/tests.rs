use super::*;

#[test]
fn long_values_are_cut_and_odd_ones_escaped() {
    assert_eq!(Value("a\nb").to_string(), r#""a\nb""#);
    assert_eq!(Value(&"ü".repeat(81)).to_string(), format!("\"{}\"...", "ü".repeat(80)));
    assert_eq!(Value(&"ü".repeat(80)).to_string(), format!("\"{}\"", "ü".repeat(80)));
}

#[test]
fn problems_have_a_limit() {
    let mut findings = Findings::of("Zone x".into());
    for i in 0..PROBLEMS_MAX + 3 {
        findings.note(Reason::Invalid, format_args!("spec.f[{i}]"), "is bad");
    }
    let problems = findings.into_problems();
    assert_eq!(problems.len(), PROBLEMS_MAX + 1);
    assert_eq!(problems[0].to_string(), "Zone x: spec.f[0]: Invalid: is bad");
    assert_eq!(problems[PROBLEMS_MAX].to_string(), "Zone x: LimitReached: 3 more problems are not listed");
}

/// An object is refused for what is not listed too, and only if it would be for one of them.
#[test]
fn what_is_not_listed_is_as_bad_as_the_worst_of_it() {
    let last = |reasons: [Reason; 2]| {
        let mut findings = Findings::of("Zone x".into());
        (0..PROBLEMS_MAX)
            .for_each(|i| findings.note(Reason::Duplicate, format_args!("spec.f[{i}]"), "is twice"));
        reasons.into_iter().for_each(|reason| findings.note(reason, "spec.g", "is so"));
        findings.into_problems().last().map(|last| (last.reason, refuses(last.reason)))
    };
    assert_eq!(last([Reason::Duplicate, Reason::Duplicate]), Some((Reason::Duplicate, false)));
    assert_eq!(last([Reason::Duplicate, Reason::Invalid]), Some((Reason::LimitReached, true)));
    assert_eq!(last([Reason::Invalid, Reason::Duplicate]), Some((Reason::LimitReached, true)));
}

#[test]
fn items_have_a_limit() {
    let mut findings = Findings::of("Zone x".into());
    let kept: Vec<_> = findings.within("spec.f", &["a", "b", "c"], 2).collect();
    assert_eq!(kept, [(0, &"a"), (1, &"b")]);
    let text = findings.into_problems()[0].to_string();
    assert_eq!(text, "Zone x: spec.f: LimitReached: 3 items; at most 2 are allowed");
}
