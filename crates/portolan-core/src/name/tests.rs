use super::*;
use alloc::string::ToString;

#[track_caller]
fn check(text: &str, expected: Result<&str, NameError>) {
    let got = text.parse::<Name>().map(|n| n.to_string());
    assert_eq!(got.as_deref().map_err(|e| *e), expected, "{text:?}");
}

#[test]
fn presentation_form() {
    check("www.Example.ORG", Ok("www.example.org."));
    check("www.example.org.", Ok("www.example.org."));
    check(".", Ok("."));
    check("", Err(NameError::Empty));
    check("a..b", Err(NameError::EmptyLabel));
    check("..", Err(NameError::EmptyLabel));
    check(".a", Err(NameError::EmptyLabel));
    check(r"a\.b.c", Ok(r"a\.b.c."));
    check(r"\000\255.c", Ok(r"\000\255.c."));
    check(r"\256.c", Err(NameError::BadEscape));
    check(r"a\", Err(NameError::BadEscape));
    check(r"a\1", Err(NameError::BadEscape));
    check(&"a".repeat(63), Ok(&("a".repeat(63) + ".")));
    check(&"a".repeat(64), Err(NameError::LabelTooLong));
    let longest = ["a".repeat(63).as_str(); 3].join(".") + "." + &"a".repeat(61);
    check(&longest, Ok(&(longest.clone() + ".")));
    check(&(longest + "a"), Err(NameError::NameTooLong));
}

#[test]
fn suffixes_stop_at_labels() {
    let name: Name = "a.b.example".parse().unwrap();
    let all: Vec<String> = name.borrowed().suffixes().map(|s| s.to_string()).collect();
    assert_eq!(all, ["a.b.example.", "b.example.", "example.", "."]);
    let below = |a: &str, b: &str| {
        let (a, b): (Name, Name) = (a.parse().unwrap(), b.parse().unwrap());
        a.borrowed().is_at_or_below(b.borrowed())
    };
    assert!(below("a.example", "example"));
    assert!(below("example", "example"));
    assert!(below("example", "."));
    assert!(!below("example", "a.example"));
    assert!(!below("aexample", "example"));
    // The bytes of `\003com` inside a label are no label boundary.
    assert!(!below(r"a\003com", "com"));
}

#[test]
fn wire_form_is_checked() {
    assert_eq!(Name::from_wire(&[]), Err(NameError::BadWire));
    assert_eq!(Name::from_wire(&[1, b'A', 0]).unwrap().as_wire(), &[1, b'a', 0]);
    assert_eq!(Name::from_wire(&[1, b'a']), Err(NameError::BadWire));
    assert_eq!(Name::from_wire(&[0, 0]), Err(NameError::BadWire));
    assert_eq!(Name::from_wire(&[0xc0, 0]), Err(NameError::BadWire));
    assert!(NameRef::from_wire(&[1, b'A', 0]).is_err());
    let mut buf = NameBuf::new();
    assert!(buf.borrowed().is_root());
    assert_eq!(buf.read(&[1, b'A', 0]), Ok(3));
    assert_eq!(buf.borrowed().as_wire(), &[1, b'a', 0]);
}

#[test]
fn children_and_wildcards() {
    let zone: Name = "example.org".parse().unwrap();
    assert_eq!(zone.prepend("*.shop").unwrap().to_string(), "*.shop.example.org.");
    assert!(zone.prepend("*").unwrap().borrowed().is_wildcard());
    assert!(!zone.borrowed().is_wildcard());
    assert_eq!(zone.to_dotless(), "example.org");
}
