use super::*;

#[test]
fn every_banned_crate_is_found() {
    for name in BANNED {
        let text = format!("[[package]]\nname = \"{name}\"\n");
        let found = check(&Tree::of(&[("fuzz/Cargo.lock", &text)]));
        assert_eq!(found, [Finding::at("fuzz/Cargo.lock", 2, format!("{name} must not be below us"))]);
    }
    let text = "[[package]]\nname = \"aws-lc-sys-not\"\nchecksum = \"aws-lc-sys\"\n";
    assert_eq!(check(&Tree::of(&[("Cargo.lock", text)])), []);
}
