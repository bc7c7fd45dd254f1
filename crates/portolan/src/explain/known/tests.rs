use portolan_core::{Problem, Reason, RecordType};

use super::super::explain;
use super::super::tests::{endpoint, facts, name, with};
use portolan_core::fleet::Evidence;

fn problem(reason: Reason, subject: &str, message: &str) -> Problem {
    let place = "shop.yaml:3:1".to_owned();
    Problem { subject: subject.into(), reason, message: message.into(), place }
}

/// Whether a problem is told with a question for a name.
fn check(question: &str, reason: Reason, subject: &str, message: &str, expected: bool) {
    let ready = vec![endpoint("fra", "192.0.2.10", Evidence::Ready)];
    let (snapshot, fleet) = with(vec![
        ("up.example.org", facts(None, None, ready)),
        ("nowhere.example", facts(None, None, vec![])),
    ]);
    let told = explain(&snapshot, &fleet, &name(question), RecordType::A, "127.0.0.1".parse().unwrap());
    let told =
        told.knowing(|| (vec!["GlobalName shop/asks".to_owned()], vec![problem(reason, subject, message)]));
    assert_eq!(!told.known.is_empty(), expected, "{question}: {subject}: {message}");
    let text = told.text(false);
    let line = format!("what is known of this name:\n  shop.yaml:3:1: {subject}: {message} [{reason}]\n");
    assert_eq!(text.ends_with(&line), expected, "{text}");
}

#[test]
fn problems_that_speak_of_a_name() {
    let other = "GlobalName shop/other";
    for (question, subject, message, expected) in [
        ("a.example.org", other, "no rule admits it to a.example.org.; ask", true),
        ("a.example.org", other, "no rule admits it to A.example.org", true),
        ("a.example.org", "GlobalName shop/other: host a.example.org", "is bad", true),
        ("a.example.org", other, "*.example.org is taken", true),
        ("a.example.org", other, "no rule admits it to b.a.example.org", false),
        ("a.example.org", other, "no rule admits it to a.example.org.uk", false),
        ("a.example.org", other, "no rule admits it to aa.example.org", false),
        ("a.example.org", other, "*.a.example.org is taken", false),
        ("a.example.org", other, "names nothing", false),
        ("nowhere.example", "GlobalName shop/web", "names nothing", true),
        ("nowhere.example", "GlobalName shop/web (eu-1): spec.backends[0]", "names nothing", true),
        ("nowhere.example", "GlobalName shop/web2", "names nothing", false),
        ("a.example.org", "GlobalName shop/asks: spec.backends[0]", "names nothing", true),
        ("up.example.org", other, "up.example.org is taken", false),
    ] {
        check(question, Reason::Incomplete, subject, message, expected);
    }
    let owner = "GlobalName shop/web";
    for (reason, subject, expected) in [
        (Reason::Incomplete, owner, true),
        (Reason::NotAdmitted, owner, false),
        (Reason::Invalid, "GlobalName shop/web: spec.hosts[1]", false),
        (Reason::TargetSkipped, "GlobalName shop/web: host other.example", false),
        (Reason::TargetSkipped, "GlobalName shop/web: host nowhere.example", true),
    ] {
        check("nowhere.example", reason, subject, "is wrong", expected);
    }
}
