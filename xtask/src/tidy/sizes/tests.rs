use super::*;

#[track_caller]
fn check(file: &str, ratchet: &str, expected: &[&str]) {
    let tree = Tree::of(&[("a.rs", file), (RATCHET, ratchet)]);
    let found: Vec<String> = super::check(&tree).iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

/// A function of that many lines, all told.
fn function(name: &str, lines: usize) -> String {
    format!("    pub(crate) async fn {name}(a: u8) {{\n{}    }}\n", "        a;\n".repeat(lines - 2))
}

#[test]
fn lengths_up_to_the_limit_are_fine() {
    check(&function("f", FUNCTION_LINES_MAX), "# none\n\n", &[]);
    check(&"// a\n".repeat(FILE_LINES_MAX), "", &[]);
}

#[test]
fn one_line_more_is_found() {
    let text = "\n".to_owned() + &function("f", 71);
    check(&text, "", &["a.rs:2: 71 lines, and at most 70 are allowed"]);
    check(&"// a\n".repeat(601), "", &["a.rs: 601 lines, and at most 600 are allowed"]);
}

#[test]
fn the_ratchet_only_shrinks() {
    let text = function("f", 80);
    check(&text, "a.rs::f 80\n", &[]);
    check(&text, "a.rs::f 79\n", &["a.rs:1: grew from 79 to 80 lines"]);
    check(
        &text,
        "a.rs::f 90\n",
        &["xtask/ratchet.txt: a.rs::f is down to 80 lines; write that instead of 90"],
    );
    check("", "a.rs::f 90\n", &["xtask/ratchet.txt: a.rs::f needs no exception any more"]);
    check("", "a.rs\n", &["xtask/ratchet.txt:1: is not `path[::function] lines`"]);
}

#[test]
fn functions_are_found_by_their_form() {
    let text = "\
trait T {
    fn without_body(&self);
    fn over_lines(
        &self,
    ) -> u8;
    const fn short() {}
    fn with_where<A>(a: A)
    where
        A: Clone,
    {
        if a {
        }
    }
}
// a fn in words
let f: fn(u8) = g;
";
    let found: Vec<(&str, usize, usize)> =
        functions(text).iter().map(|f| (f.name, f.line, f.lines)).collect();
    assert_eq!(found, [("without_body", 2, 1), ("over_lines", 3, 3), ("short", 6, 1), ("with_where", 7, 7)]);
}
