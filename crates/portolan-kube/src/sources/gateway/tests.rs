//! Which host names have one in common.

use super::overlap;

#[test]
fn the_more_special_of_two_hosts() {
    for (listener, route, both) in [
        ("", "a.example.org", Some("a.example.org")),
        ("a.example.org", "", Some("a.example.org")),
        ("a.example.org", "A.Example.org", Some("a.example.org")),
        ("a.example.org", "b.example.org", None),
        ("*.example.org", "a.example.org", Some("a.example.org")),
        ("*.example.org", "b.a.example.org", Some("b.a.example.org")),
        ("a.example.org", "*.example.org", Some("a.example.org")),
        ("*.example.org", "example.org", None),
        ("*.example.org", "*.a.example.org", Some("*.a.example.org")),
        ("*.a.example.org", "*.example.org", Some("*.a.example.org")),
        ("*.example.org", "*.example.org", Some("*.example.org")),
        ("*.b.org", "a.b.org", Some("a.b.org")),
        ("a.b.org", "*.b.org", Some("a.b.org")),
        ("*.example.org", "aexample.org", None),
        ("", "under_score.example.org", None),
        ("", "192.0.2.1", None),
        ("", "*", None),
        ("", "-a.example.org", None),
        ("", "a..example.org", None),
        ("192.0.2.1", "a.example.org", None),
        ("", "a.example.org.", Some("a.example.org.")),
    ] {
        assert_eq!(overlap(listener, route).as_deref(), both, "{listener} {route}");
    }
    assert_eq!(overlap("", &format!("{}.example.org", "x".repeat(64))), None);
    assert_eq!(overlap("", &"a.".repeat(128)), None, "256 octets");
}
