use super::*;

#[test]
fn a_target_runs_again_when_what_it_is_made_of_changes() {
    let target = TARGETS.iter().find(|target| target.name == "name").unwrap();
    let of = |core: &str, wire: &str, own: &str| {
        target.fingerprint(&Tree::of(&[
            ("crates/portolan-core/src/name.rs", core),
            ("crates/portolan-wire/src/lib.rs", wire),
            ("fuzz/fuzz_targets/name.rs", own),
        ]))
    };
    let before = of("a", "b", "c");
    assert_eq!(before, of("a", "changed", "c"), "it does not use wire");
    assert_ne!(before, of("changed", "b", "c"));
    assert_ne!(before, of("a", "b", "changed"));
}

#[test]
fn every_target_has_its_file() {
    let tree = Tree::read(&root()).unwrap();
    for target in TARGETS {
        let own = format!("fuzz/fuzz_targets/{}", target.name);
        assert!(tree.has(&format!("{own}.rs")) || tree.has(&format!("{own}/main.rs")), "{own}");
        for name in target.crates {
            assert!(tree.has(&format!("crates/{name}")), "{name}");
        }
    }
}
