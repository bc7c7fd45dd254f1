use proptest::prelude::*;

use super::*;
use crate::manifest::{library, split};

/// What the fast way and the library make of a document.
fn both(text: &str) -> Option<(Option<Value>, Option<Value>)> {
    let document = split::documents(text).next()?;
    let plain = read(document).map(|tree| tree.value);
    Some((plain, library::read(document.text, document.spot).ok()))
}

#[test]
fn what_kubectl_prints_is_plain() {
    let documents = [
        "a: b\n",
        "---\na:\n- b\n- c: d\n  e: f\nf: 1\n",
        "a:\n  - b\n  -   c: d\n      e: f\n  - - g\n    - h\n",
        "a: {b: [c, \"d\", 'e'], f: {}, g: 10.0.0.1}  # comment\n\n# comment\nh: []\n",
        "a: |\n  b\n   c\n\n  # d\ne: |-\n  f\n",
        "a: \"b: \\\"c\\\" # d\"\ne: 'it''s'\n",
        "a: 10.0.0.1\nb: -5\nc: 0\nd: true\ne: null\nf: ~\ng:\nh: 2026-01-01T00:00:00Z\ni: 1.5\nj: http://x/y#z\n",
        "f:metadata:\n  f:annotations: {}\n\"k8s.io/x\": a b c\n",
        "a: fd00::1/64\nb: 12:30\nc: 0x10\nd: 1e3\ne: $(x)\nf: /dev/null\n",
        "scalar\n",
    ];
    for text in documents {
        let (plain, library) = both(text).expect("a document");
        assert!(plain.is_some(), "{text:?} is plain");
        assert_eq!(plain, library, "{text:?}");
    }
}

#[test]
fn what_is_in_doubt_is_left_to_the_library() {
    let documents = [
        "a: &x b\n",
        "a: *x\n",
        "a: !!str 1\n",
        "a: >\n  b\n",
        "a: b\n c\n",
        "a: \"b\n  c\"\n",
        "a: b: c\n",
        "a: yes\n",
        "a: 010\n",
        "? a\n: b\n",
        "a:\tb\n",
        "a: b\r\n",
        "a: ü\n",
        "a: 1\na: 2\n",
        "{a: 1, a: 2}\n",
        "a: [b,\n c]\n",
        "a: [b, ]\n",
        "a: |2\n    b\n",
        "a: |+\n  b\n\n",
        "a: %b\n",
        "a: @b\n",
        "a: `b\n",
        "a: -b\n",
        "a: .5\n",
        "1: a\n",
        "on: a\n",
        "a: [b: c]\n",
        "a: \"\\x41\"\n",
        "- a\nb: c\n",
        "a: b\n  c: d\n",
        "a:\n  b: c\n d: e\n",
        "a: 'b' c\n",
        "a: {b: c} d\n",
        "<<: {a: b}\n",
        "- - a\n - b\n",
        "a: |\n  b\n c\n",
        "a: |\n  b",
        "--- a\n",
        "a: b\n...\n",
    ];
    for text in documents {
        assert_eq!(both(text).expect("a document").0, None, "{text:?}");
    }
}

#[test]
fn nesting_has_the_librarys_limit() {
    for (levels, fits) in [(DEPTH_MAX, true), (DEPTH_MAX + 1, false)] {
        let block: String = (0..levels).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        let flow = "[".repeat(levels) + &"]".repeat(levels);
        let mixed = format!(
            "{}- {}\n",
            "- ".repeat(levels / 2 - 1),
            flow.get(levels / 2..levels * 3 / 2).unwrap_or_default()
        );
        for text in [block, flow, mixed] {
            let (plain, library) = both(&text).expect("a document");
            assert_eq!((plain.is_some(), library.is_some()), (fits, fits), "{levels}");
        }
    }
}

/// Pieces that documents are made of, the odd ones among them.
const PIECES: &[&str] = &[
    "a: ",
    "b:",
    "c: d",
    "- ",
    "-",
    " ",
    "  ",
    "\n",
    "\n  ",
    "\n- ",
    "\n  - ",
    "\na: ",
    "\n  b: ",
    "\n    c: ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    ":",
    ": ",
    "\"",
    "'",
    "\\",
    "#",
    " # x",
    "|",
    "|-",
    ">",
    "1",
    "-1",
    "0",
    "1.5",
    "10.0.0.1",
    "true",
    "no",
    "~",
    "null",
    "x y",
    "&a ",
    "*a",
    "!t ",
    "%",
    "?",
    "? ",
    "items:",
    "\n\n",
    "---",
    "...",
    "\"q\"",
    "'q'",
    "{a: b}",
    "[a, b]",
    "\t",
    "é",
    ".",
    "_",
    "/",
    "0x1",
    "1_0",
    "+1",
    "=",
    "<<: ",
    "@",
    "`",
    "$",
    "2026-01-01",
];

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PIECES)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever the fast way reads, the library reads just so.
    #[test]
    fn agrees_with_the_library(pieces in prop::collection::vec(piece(), 1..14)) {
        let text = pieces.concat() + "\n";
        if let Some((Some(plain), library)) = both(&text) {
            prop_assert_eq!(Some(plain), library, "{:?}", text);
        }
    }

    /// The same of text that is more often plain: lines of keys, items and scalars at some indentation.
    #[test]
    fn agrees_on_lines(lines in prop::collection::vec((0usize..4, 0usize..4, piece(), piece()), 1..8)) {
        let text: String = lines.into_iter().map(|(indent, form, one, two)| {
            let form = ["", "- ", "k: ", "- k: "][form];
            format!("{}{form}{one}{two}\n", "  ".repeat(indent))
        }).collect();
        if let Some((Some(plain), library)) = both(&text) {
            prop_assert_eq!(Some(plain), library, "{:?}", text);
        }
    }
}
