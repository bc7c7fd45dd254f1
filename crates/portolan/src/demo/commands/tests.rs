use super::super::folder::Folder;
use super::{Step, WIDTH, quoted, to_try};

#[test]
fn long_commands_go_on_on_the_next_line() {
    for (words, expected) in [
        (&["dig", "name"][..], &["dig name"][..]),
        (&["dig", &"n".repeat(72), "+short"], &[&format!("dig {} \\", "n".repeat(72)), "  +short"]),
        (&["dig", &"n".repeat(90)], &["dig \\", &format!("  {}", "n".repeat(90))]),
    ] {
        let step = Step::new("", words);
        assert_eq!(step.lines(), expected);
    }
}

#[test]
fn words_are_quoted_for_the_shell() {
    for (word, expected) in [
        ("/tmp/a-1.sock", "/tmp/a-1.sock"),
        ("a b", "'a b'"),
        ("it's", r"'it'\''s'"),
        ("", "''"),
        ("$x", "'$x'"),
    ] {
        assert_eq!(quoted(word), expected);
    }
}

#[test]
fn every_step_fits_a_terminal() {
    let folder = Folder::create().unwrap();
    for step in to_try(([127, 0, 0, 1], 65_535).into(), &folder, None).iter().skip(1) {
        let fits = |line: &String| line.chars().count() <= WIDTH;
        // The path of a test's own binary is as long as it likes.
        let lines = step.lines();
        assert!(lines.iter().filter(|line| !line.contains("portolan-")).all(fits), "{lines:?}");
    }
}
