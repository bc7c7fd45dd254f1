use super::*;

fn problem(place: &str, subject: &str) -> Problem {
    Problem { subject: subject.into(), reason: Reason::Invalid, message: String::new(), place: place.into() }
}

#[test]
fn problems_are_read_down_each_file() {
    let sorted = [
        ("", "a name"),
        ("a.csv:2:1", "x"),
        ("a.csv:10:1", "x"),
        ("a:b.yaml:9:10", "x"),
        ("a:b.yaml:10:9", "x"),
        ("a:b.yaml:10:11", "x: hosts[2]"),
        ("a:b.yaml:10:11", "x: hosts[11]"),
        ("a:b.yaml:10:11", "x: hosts[11].name"),
        ("b.yaml:1:1", "g-01"),
        ("b.yaml:1:1", "g-1"),
        ("b.yaml:1:1", "g-1a"),
        ("b.yaml:1:1", "g-10000000000000000000000000000000"),
        ("b.yaml:1:1", "g-x"),
    ];
    let sorted = sorted.map(|(place, subject)| problem(place, subject));
    let mut shuffled = sorted.clone();
    shuffled.reverse();
    shuffled.rotate_left(5);
    shuffled.sort_by(reading_order);
    assert_eq!(shuffled, sorted);
}
