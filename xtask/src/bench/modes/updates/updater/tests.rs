use super::*;
use crate::bench::dataset::MILLION;

#[test]
fn a_change_gives_one_name_other_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = Records::new(MILLION, folder.path().to_owned());
    let [zero, one] = [0, 1].map(|index| records.addresses(index));
    records.change().unwrap();
    assert_ne!(records.addresses(0), zero);
    assert_eq!(records.addresses(1), one);
    let text = fs::read_to_string(folder.path().join("one-0.json")).unwrap();
    assert!(records.addresses(0).iter().all(|address| text.contains(&address.to_string())), "{text}");
    records.changes += CHANGING;
    assert_ne!(records.addresses(0), zero);
    assert_ne!(records.addresses(1), one);
}

#[test]
fn changes_come_at_their_rate_and_every_file_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let records = Records::new(MILLION, folder.path().to_owned());
    let updater = Updater::start(records, 10_000, Vec::new());
    while !folder.path().join("one-99.json").exists() {
        thread::park_timeout(PAUSE);
    }
    let done = updater.stop().unwrap();
    assert!(done.records.changes() >= 100 && !done.resident.is_empty());
    let text = fs::read_to_string(folder.path().join("one-99.json")).unwrap();
    assert!(text.ends_with("]}}\n"), "{text}");
}
