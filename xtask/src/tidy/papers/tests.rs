use super::*;

fn good_architecture() -> String {
    "**Architecture Invariant:** so.\n".repeat(INVARIANTS_MIN)
}

#[track_caller]
fn check(architecture: &str, files: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<(&str, &str)> = files.iter().copied().chain([(ARCHITECTURE, architecture)]).collect();
    let found: Vec<String> = super::check(&Tree::of(&files)).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_architecture_is_short_and_says_its_invariants() {
    check(&good_architecture(), &[], &[]);
    let long = good_architecture() + &"a\n".repeat(ARCHITECTURE_LINES_MAX);
    check(&long, &[], &["ARCHITECTURE.md: 312 lines, and at most 300 are read"]);
    let few = "ARCHITECTURE.md: 0 sentences marked \"Architecture Invariant\", and at least 12 hold";
    check("", &[], &[few]);
    assert_eq!(architecture(None), [Finding::new(ARCHITECTURE, "is not there")]);
}

#[test]
fn links_lead_somewhere() {
    let text = "\
[a](docs/b.md#part) [c](https://example.org/x) [d](#here) [e](docs) ![f](docs/../README.md \"title\")
```
[not](a/link.md)
```
[g]: docs/b.md
";
    let files = [("README.md", text), ("docs/b.md", "[up](../README.md)\n")];
    check(&good_architecture(), &files, &[]);
}

#[test]
fn a_link_to_nothing_is_found() {
    let files = [("docs/b.md", "\n[a](c.md) [b](../../x.md)\n[d]: ../e\n")];
    check(
        &good_architecture(),
        &files,
        &[
            "docs/b.md:2: link to \"c.md\", which is not there",
            "docs/b.md:2: link to \"../../x.md\", which is not there",
            "docs/b.md:3: link to \"../e\", which is not there",
        ],
    );
}
