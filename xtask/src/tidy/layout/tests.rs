use super::*;

#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let files: Vec<(&str, &str)> = files.iter().copied().chain([("c/Cargo.toml", "")]).collect();
    let found: Vec<String> = super::check(&Tree::of(&files)).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_a_mod_line_names_is_reached() {
    check(
        &[
            ("c/src/lib.rs", "pub mod a;\nmod b;\n#[cfg(test)]\nmod tests;\n"),
            ("c/src/a.rs", "pub(crate) mod inner;\n"),
            ("c/src/a/inner.rs", ""),
            ("c/src/b.rs", ""),
            ("c/src/tests.rs", ""),
            ("c/src/bin/tool.rs", ""),
            ("c/tests/all/main.rs", "mod part;\n"),
            ("c/tests/all/part.rs", ""),
            ("c/fuzz_targets/t.rs", ""),
            ("elsewhere/x.rs", ""),
        ],
        &[],
    );
}

#[test]
fn what_none_names_is_an_orphan() {
    let orphan = |path: &str| format!("{path}: is an orphan: no `mod` line names it");
    check(
        &[
            ("c/src/main.rs", "// mod a;\nmod b { }\n"),
            ("c/src/a.rs", ""),
            ("c/src/b/c.rs", ""),
            ("c/tests/all/part.rs", ""),
        ],
        &[&orphan("c/src/a.rs"), &orphan("c/src/b/c.rs"), &orphan("c/tests/all/part.rs")],
    );
}

#[test]
fn a_drawer_is_found() {
    check(
        &[("c/src/lib.rs", "mod util;\n"), ("c/src/util.rs", "")],
        &["c/src/util.rs: is named like a drawer; name it for what it holds"],
    );
}
