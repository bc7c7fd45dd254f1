//! The records that a server holds.

use portolan_core::plan::DomainFilter;

use super::super::book::{
    Applied, BOOK_OCTETS_MAX, Book, Full, KEY_PART_OCTETS_MAX, RECORDS_MAX, RecordKey, TOLD_MAX, room,
};
use super::super::{Changes, Endpoint};
use super::endpoint;

fn domains() -> DomainFilter {
    DomainFilter::domains(["example.com"], []).unwrap()
}

fn after(book: &Book, changes: &Changes) -> (Book, Applied) {
    book.after(changes, Some(&domains())).unwrap()
}

fn shown(book: &Book) -> Vec<String> {
    let line = |one: &Endpoint| format!("{} {} {}", one.dns_name, one.record_type, one.targets.join(" "));
    book.endpoints().map(|endpoint| line(endpoint)).collect()
}

/// A book with a name of two types and its mark.
fn book() -> Book {
    let create = vec![
        endpoint("shop.example.com", "A", &["192.0.2.1"]),
        endpoint("shop.example.com", "AAAA", &["2001:db8::1"]),
        endpoint("a-shop.example.com", "TXT", &["\"heritage=external-dns,external-dns/owner=x\""]),
    ];
    after(&Book::default(), &Changes { create, ..Changes::default() }).0
}

#[test]
fn what_comes_changes_and_goes_is_given_back_word_for_word() {
    let book = book();
    let changes = Changes {
        create: vec![endpoint("New.example.com.", "CNAME", &["LB.example.net."])],
        update_old: vec![endpoint("shop.example.com", "A", &["192.0.2.1"])],
        update_new: vec![endpoint("shop.example.com", "A", &["192.0.2.2", "192.0.2.1"])],
        delete: vec![endpoint("shop.example.com", "AAAA", &["2001:db8::1"])],
    };
    let (next, applied) = after(&book, &changes);
    assert_eq!(applied.counts, [1, 1, 1]);
    assert_eq!(
        applied.touched.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["new.example.com", "shop.example.com"]
    );
    assert_eq!(
        shown(&next),
        [
            "a-shop.example.com TXT \"heritage=external-dns,external-dns/owner=x\"",
            "New.example.com. CNAME LB.example.net.",
            "shop.example.com A 192.0.2.2 192.0.2.1",
        ]
    );
    assert_eq!(next.at(&"shop.example.com".into()).count(), 1);
    assert_eq!(Book::of(next.endpoints().map(|endpoint| (**endpoint).clone()).collect()), next);
    assert_eq!(book.len(), 3, "the book before is as it was");
    // Once more changes nothing.
    let again = Changes { update_old: Vec::new(), delete: Vec::new(), ..changes };
    let (same, applied) = after(&next, &again);
    assert_eq!((same, applied.counts, applied.touched.len()), (next, [0, 0, 0], 0));
}

/// B-44: records outside of the domain filter, and the same record ten times.
#[test]
fn b44_records_outside_of_the_filter_and_ten_times_the_same() {
    let once = endpoint("a.example.com", "A", &["192.0.2.1"]);
    let mut create = vec![once.clone(); 10];
    create.push(endpoint("A.Example.com.", "a", &["192.0.2.9"]));
    create.extend([
        endpoint("a.example.org", "A", &["192.0.2.1"]),
        endpoint("badexample.com", "A", &["192.0.2.1"]),
    ]);
    let delete = vec![endpoint("shop.example.org", "A", &["192.0.2.1"])];
    let (book, applied) = after(&Book::default(), &Changes { create, delete, ..Changes::default() });
    assert_eq!(shown(&book), ["a.example.com A 192.0.2.1"], "the first counts");
    assert_eq!((applied.repeated, applied.outside, applied.counts), (10, 3, [1, 0, 0]));
    // Ten deletes are one.
    let (book, applied) = after(&book, &Changes { delete: vec![once; 10], ..Changes::default() });
    assert!(book.is_empty());
    assert_eq!((applied.repeated, applied.counts), (9, [0, 0, 1]));
}

#[test]
fn sets_of_one_name_and_type_stand_side_by_side() {
    let set = |identifier: &str| Endpoint {
        set_identifier: identifier.into(),
        ..endpoint("a.example.com", "A", &["192.0.2.1"])
    };
    let (book, _) =
        after(&Book::default(), &Changes { create: vec![set("eu"), set("us")], ..Changes::default() });
    assert_eq!(book.len(), 2);
    let (book, _) = after(&book, &Changes { delete: vec![set("eu")], ..Changes::default() });
    assert_eq!(book.endpoints().next().map(|endpoint| endpoint.set_identifier.as_str()), Some("us"));
}

/// One that is replaced by what cannot be held stays; others go their way.
#[test]
fn what_cannot_be_held_costs_itself() {
    let book = book();
    let many: Vec<String> = (0..1_001).map(|n| format!("192.0.{}.{}", n / 256, n % 256)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let changes = Changes {
        create: vec![
            endpoint("a..example.com", "A", &["192.0.2.1"]),
            endpoint("b.example.com", "A", &[]),
            endpoint("c.example.com", "TXT", &[&"x".repeat(200_000)]),
            endpoint("d.example.com", "A", &["192.0.2.4"]),
        ],
        update_old: vec![endpoint("shop.example.com", "A", &["192.0.2.1"])],
        update_new: vec![endpoint("shop.example.com", "A", &many)],
        ..Changes::default()
    };
    let (next, applied) = after(&book, &changes);
    assert_eq!(applied.counts, [1, 0, 0]);
    assert_eq!(applied.refused.len(), 3, "{:?}", applied.refused);
    assert_eq!(applied.outside, 1, "what is no name is in no domain");
    assert!(shown(&next).contains(&"shop.example.com A 192.0.2.1".to_owned()));
    let bad = (0..50).map(|n| endpoint(&format!("n{n}.example.com"), "A", &[])).collect();
    let (_, applied) = after(&book, &Changes { create: bad, ..Changes::default() });
    assert_eq!((applied.refused.len(), applied.untold), (TOLD_MAX, 50 - TOLD_MAX));
}

#[test]
fn a_book_is_full_at_its_limit_and_then_changes_nothing() {
    let records = (0..RECORDS_MAX).map(|n| endpoint(&format!("n{n}.example.com"), "A", &["192.0.2.1"]));
    let book = Book::of(records.collect());
    let one = vec![endpoint("one.example.com", "A", &["192.0.2.1"])];
    let changes = Changes { create: one.clone(), ..Changes::default() };
    let full = book.after(&changes, None).unwrap_err();
    assert!(matches!(full, Full(records, _) if records == RECORDS_MAX + 1), "{full}");
    let delete = vec![endpoint("n7.example.com", "A", &["192.0.2.1"])];
    let (next, _) = book.after(&Changes { create: one, delete, ..Changes::default() }, None).unwrap();
    assert_eq!(next.len(), RECORDS_MAX);
    assert_eq!(room(RECORDS_MAX, BOOK_OCTETS_MAX), Ok(()));
    assert_eq!(room(1, BOOK_OCTETS_MAX + 1), Err(Full(1, BOOK_OCTETS_MAX + 1)));
}

/// Type and identifier are part of a key in a store, which takes no key of any length.
#[test]
fn a_type_or_an_identifier_that_is_too_long_costs_its_record() {
    let long = "x".repeat(KEY_PART_OCTETS_MAX + 1);
    let create = vec![
        endpoint("a.example.com", &long, &["192.0.2.1"]),
        Endpoint { set_identifier: long.clone(), ..endpoint("b.example.com", "A", &["192.0.2.1"]) },
        endpoint("c.example.com", "A", &["192.0.2.1"]),
    ];
    let (next, applied) = after(&Book::default(), &Changes { create, ..Changes::default() });
    assert_eq!((next.len(), applied.refused.len()), (1, 2), "{applied:?}");
    assert!(applied.refused.iter().all(|line| line.len() < 500), "no more is told than helps");
}

#[test]
fn keys_are_of_any_spelling() {
    let key = RecordKey::of(&endpoint("Shop.Example.com.", "cname", &["a"]));
    assert_eq!((&*key.name, &*key.rtype), ("shop.example.com", "CNAME"));
}
