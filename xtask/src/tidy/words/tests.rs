use super::*;

#[test]
fn every_banned_word_is_found_with_its_line() {
    for (first, second, why) in BANNED {
        let word = format!("{first}{second}");
        let found = check(&Tree::of(&[("a.txt", &format!("good\nsee {word} here\n"))]));
        assert_eq!(found, [Finding::at("a.txt", 2, format!("{word}: {why}"))]);
    }
}

#[test]
fn other_words_are_fine() {
    assert_eq!(check(&Tree::of(&[("a.txt", "workload, ignore, root\n")])), []);
}
