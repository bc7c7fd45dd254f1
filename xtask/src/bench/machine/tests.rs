use super::*;

#[test]
fn fields_of_proc_files_are_found_by_key() {
    let text = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nmodel name\t: Other\n";
    assert_eq!(field(text, "model name"), Some("Some CPU @ 3 GHz"));
    assert_eq!(field("MemTotal:       16384 kB\n", "MemTotal"), Some("16384 kB"));
    assert_eq!(field(text, "model"), None);
}
