use super::*;
use crate::bench::client::Load;
use crate::bench::modes::Row;
use crate::bench::rounds::Sample;

fn table(rows: &[(&str, f64)]) -> Table {
    let row = |(name, cpu): &(&str, f64)| {
        let sample = Sample { cpu: *cpu, user: 0.0, busy: 1.0, closed: Load::default(), open: None };
        Row { name: (*name).to_owned(), samples: vec![sample; 3], ..Row::default() }
    };
    Table { mode: Mode::Static, title: "10 <names>", rows: rows.iter().map(row).collect() }
}

#[test]
fn every_subject_has_its_mark_the_cheapest_first() {
    let svg = draw(&[table(&[("echo", 1.0), ("dear", 79.0), ("portolan", 1.1)])], "machine & all", "today")
        .unwrap();
    let place = |text: &str| svg.find(text).unwrap_or_else(|| panic!("{text} in {svg}"));
    assert!(place(">echo<") < place(">portolan<") && place(">portolan<") < place(">dear<"));
    assert!(svg.contains("1.10 [1.10–1.10]") && svg.contains("79.0 [79.0–79.0]"));
    assert!(svg.contains("10 &lt;names&gt;") && svg.contains("machine &amp; all"));
    assert_eq!(svg.matches("<circle").count(), 3);
}

#[test]
fn nothing_compared_is_no_picture() {
    assert_eq!(draw(&[], "", ""), None);
    assert_eq!(draw(&[table(&[("echo", 1.0)])], "", ""), None);
    assert_eq!(draw(&[table(&[("portolan", 1.0), ("nsd", 2.0)])], "", ""), None);
}

#[test]
fn the_scale_is_logarithmic_and_ends_at_its_edges() {
    let scale = Scale { least: 1.0, most: 100.0 };
    let middle = (LEFT + RIGHT) / 2.0;
    assert_eq!([1.0, 10.0, 100.0, 1000.0].map(|ratio| scale.x(ratio).round()), [LEFT, middle, RIGHT, RIGHT]);
    assert!(scale.shows(100.0) && !scale.shows(0.9));
}
