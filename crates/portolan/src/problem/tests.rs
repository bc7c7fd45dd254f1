use anyhow::{Context as _, anyhow};
use portolan_core::{Problem, Reason};

use super::{chain, line};

#[test]
fn a_file_is_named_once() {
    for (place, subject, expected) in [
        ("eu-1/bad.yaml:4:1", "eu-1/bad.yaml", "eu-1/bad.yaml:4:1: is bad"),
        ("/srv/fleet", "/srv/fleet", "/srv/fleet: is bad"),
        ("", "cluster eu-1", "cluster eu-1: is bad"),
        ("a.yaml:1:1", "Service shop/a", "a.yaml:1:1: Service shop/a: is bad"),
        ("a.yaml:1:1", "a.y", "a.yaml:1:1: a.y: is bad"),
        ("a.yaml:1:1", "a.yaml: spec.hosts[0]", "a.yaml:1:1: a.yaml: spec.hosts[0]: is bad"),
    ] {
        let (place, subject) = (place.to_owned(), subject.to_owned());
        let problem =
            Problem { subject, reason: Reason::Invalid, message: "is bad\npaste: this".into(), place };
        assert_eq!(line(&problem), expected);
    }
}

#[test]
fn a_cause_is_told_once() {
    for (contexts, expected) in [
        (&["os error 99"][..], "os error 99"),
        (
            &["os error 99", "cannot listen: os error 99", "cannot start"],
            "cannot start: cannot listen: os error 99",
        ),
        (&["b", "a"], "a: b"),
        (&["r", "error"], "error: r"),
    ] {
        let error = contexts[1..]
            .iter()
            .fold(anyhow!(contexts[0]), |error, text| Err::<(), _>(error).context(*text).unwrap_err());
        assert_eq!(chain(&error), expected);
    }
}
