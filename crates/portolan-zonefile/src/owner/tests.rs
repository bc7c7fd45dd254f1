use portolan_core::Name;

use super::*;

fn origin() -> Wire {
    let name: Name = "example.org".parse().unwrap();
    Wire::of(name.borrowed())
}

fn read(text: &str) -> Result<String, NameError> {
    let mut wire = Wire::new();
    wire.read(text.as_bytes(), &origin())?;
    wire.name().map(|name| name.to_string())
}

#[test]
fn names_are_relative_unless_they_end_in_a_dot() {
    let check = |text: &str, wanted: &str| assert_eq!(read(text).unwrap(), wanted, "{text}");
    check("@", "example.org.");
    check(".", ".");
    check("www", "www.example.org.");
    check("WWW.Sub", "www.sub.example.org.");
    check("Other.", "other.");
    check("*.a", "*.a.example.org.");
    check("a\\.b", "a\\.b.example.org.");
    check("a\\046b.", "a\\.b.");
    check("\\@", "\\@.example.org.");
    check("\\000\\255", "\\000\\255.example.org.");
    check("\\065", "a.example.org.");
    check("a\\.", "a\\..example.org.");
}

#[test]
fn what_is_no_name_is_refused() {
    let check = |text: &str, wanted: NameError| assert_eq!(read(text), Err(wanted), "{text}");
    check("", NameError::Empty);
    check("a..b", NameError::EmptyLabel);
    check(".a", NameError::EmptyLabel);
    check("a..", NameError::EmptyLabel);
    check("a\\256", NameError::BadEscape);
    check("a\\25", NameError::BadEscape);
    check("a\\", NameError::BadEscape);
    check(&"a".repeat(64), NameError::LabelTooLong);
    check(&"a.".repeat(130), NameError::NameTooLong);
    check(&vec!["a".repeat(60); 4].join("."), NameError::NameTooLong);
}

#[test]
fn the_longest_name_is_one() {
    // 255 octets: labels of 61, 61, 61, 55 with their lengths, and the origin's 13.
    let longest = [61, 61, 61, 55].map(|len| "a".repeat(len)).join(".");
    assert_eq!(read(&longest).unwrap().len(), 254);
    let mut wire = Wire::new();
    assert_eq!(wire.read_plain(longest.as_bytes(), &origin()), Some(longest.len()));
    assert_eq!(wire.as_wire().len(), NAME_OCTETS_MAX);
    let longer = format!("{longest}a");
    assert_eq!(read(&longer), Err(NameError::NameTooLong));
    assert_eq!(wire.read_plain(longer.as_bytes(), &origin()), None);
    let absolute = format!("{}.", ["a"; 127].join("."));
    assert_eq!(wire.read_plain(absolute.as_bytes(), &origin()), Some(254));
    let absolute = format!("{absolute}a.");
    assert_eq!(wire.read_plain(absolute.as_bytes(), &origin()), None);
}
