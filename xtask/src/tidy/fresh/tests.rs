use super::*;

#[test]
fn a_stale_file_is_found_at_its_first_difference() {
    assert_eq!(compare("f", Some("a\nb\n"), "a\nb\n"), None);
    let stale = compare("f", Some("a\nb\n"), "a\nc\n").unwrap();
    assert!(stale.to_string().starts_with("f:2: "), "{stale}");
    let shorter = compare("f", Some("a\n"), "a\nb\n").unwrap();
    assert!(shorter.to_string().starts_with("f:2: "), "{shorter}");
    let missing = compare("f", None, "a\n").unwrap();
    assert!(missing.to_string().contains("is not there"), "{missing}");
}
