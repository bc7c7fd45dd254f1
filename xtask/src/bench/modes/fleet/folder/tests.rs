use super::*;

#[test]
fn a_change_touches_one_name_and_moves_its_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let mut fleet = BenchFleet::write(folder.path(), 5, 2).unwrap();
    let read = |path: &str| std::fs::read_to_string(folder.path().join(path)).unwrap();
    let (before, other) = (fleet.answers(1), read("us-1/web-00000.yaml"));
    assert_eq!(before.len(), 2);
    assert_eq!(fleet.name(1), "web-00001.fleet.example");
    fleet.change(1).unwrap();
    let after = fleet.answers(1);
    assert!(after.iter().all(|address| !before.contains(address)), "{before:?} {after:?}");
    // Name 1 is offered by the second and the third cluster.
    let text = read("us-1/web-00001.yaml") + &read("ap-1/web-00001.yaml");
    assert!(after.iter().all(|address| text.contains(&address.to_string())), "{text}");
    assert_eq!(read("us-1/web-00000.yaml"), other);
}

#[test]
fn no_two_names_share_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = BenchFleet::write(folder.path(), 9, 3).unwrap();
    let mut all: Vec<Ipv4Addr> = (0..9).flat_map(|index| fleet.answers(index)).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 27);
}
