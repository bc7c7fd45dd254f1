use super::*;

/// Each entry's words with `|` between them, quoted ones in quotes; a fault with its offset.
fn entries(text: &str) -> Vec<String> {
    let text = text.as_bytes();
    let (mut at, mut tokens, mut found) = (0, Vec::new(), Vec::new());
    while at < text.len() {
        let entry = next(text, at, &mut tokens);
        assert!(entry.end > at, "entries go on");
        at = entry.end;
        if let Some((at, _)) = entry.fault {
            found.push(format!("fault at {at}"));
            continue;
        }
        let words: Vec<String> = tokens
            .iter()
            .map(|token| {
                let word = String::from_utf8_lossy(token.of(text)).into_owned();
                if token.quoted { format!("{word:?}") } else { word }
            })
            .collect();
        if !words.is_empty() {
            found.push(format!("{}{}", if entry.indented { ">" } else { "" }, words.join("|")));
        }
    }
    found
}

#[test]
fn entries_end_where_they_should() {
    let check = |text: &str, wanted: &[&str]| assert_eq!(entries(text), wanted, "{text:?}");
    check("a b\nc\td", &["a|b", "c|d"]);
    check("\n; only a comment ( \" \n\n", &[]);
    check(" a ; b\r\n", &[">a"]);
    check("a ( b ; (c\n d\n) e\nf", &["a|b|d|e", "f"]);
    check("a ((b\n)\nc) d\n", &["a|b|c|d"]);
    check("a \"b ; ( c\" d\n", &["a|\"b ; ( c\"|d"]);
    check("a \"b\\\"c\"\n", &["a|\"b\\\\\\\"c\""]);
    check("a\\ b c\\;d e\\(f\n", &["a\\ b|c\\;d|e\\(f"]);
    check("a k=\"b c\" d\"e\"\n", &["a|k=\"b c\"|d|\"e\""]);
    check("a\"b\"", &["a|\"b\""]);
}

#[test]
fn a_fault_costs_as_little_as_can_be() {
    let check = |text: &str, wanted: &[&str]| assert_eq!(entries(text), wanted, "{text:?}");
    check("a ) b\nc\n", &["fault at 2", "c"]);
    check("a \"b\nc \"d\"\n", &["fault at 2", "c|\"d\""]);
    check("a \"b\\\nc\n", &["fault at 2", "c"]);
    check("a k=\"b\nc\n", &["fault at 4", "c"]);
    check("a b\\\nc\n", &["fault at 3", "c"]);
    check("a \\", &["fault at 2"]);
    check("a ( b \"\nc\n", &["fault at 6", "c"]);
    check("a ( b\nc\nd", &["fault at 2"]);
    let long = format!("a ( b\n{}c\n", "x x\n".repeat(ENTRY_OCTETS_MAX / 4));
    assert_eq!(entries(&long).first().map(String::as_str), Some("fault at 2"));
    assert_eq!(entries(&long).last().map(String::as_str), Some("c"));
}
