use super::*;

#[test]
fn a_folder_is_read_without_what_git_ignores() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, bytes: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write(".gitignore", b"/target\n/fuzz/corpus\n");
    write("target/debug/x.rs", b"");
    write("fuzz/corpus/1", b"");
    write("fuzz/fuzz_targets/a.rs", b"fn main() {}\n");
    write(".git/HEAD", b"");
    write("logo.png", &[0xff, 0xfe]);
    let tree = Tree::read(folder.path()).unwrap();
    let texts: Vec<&str> = tree.texts().map(|(path, _)| path).collect();
    assert_eq!(texts, [".gitignore", "fuzz/fuzz_targets/a.rs"]);
    assert!(tree.has("logo.png") && tree.text("logo.png").is_none());
    assert!(tree.has("fuzz") && tree.has("fuzz/fuzz_targets"));
    assert!(!tree.has("fuzz/corpus") && !tree.has("fuz"));
}

#[test]
fn words_are_whole() {
    assert!(has_word("use std::fs::File;", "std::fs"));
    assert!(!has_word("operand::new()", "rand::new"));
    assert!(!has_word("my_rand", "rand"));
    assert!(has_word("(rand)", "rand"));
    assert_eq!(code("let a = 1; // std::fs"), "let a = 1; ");
}

#[test]
fn test_files_are_told_by_their_path() {
    assert!(is_test("crates/a/src/b/tests.rs"));
    assert!(is_test("crates/a/src/b/tests/c.rs"));
    assert!(is_test("crates/a/tests/main.rs"));
    assert!(!is_test("crates/a/src/tests_of.rs"));
}
