//! Spans and transactions by themselves.

use super::*;

#[test]
fn a_span_of_a_prefix_ends_where_the_prefix_does() {
    let slash = Span::prefix(b"/skydns/");
    assert_eq!(slash.to, b"/skydns0");
    assert!(
        slash.contains(b"/skydns/") && slash.contains(b"/skydns/com\xff") && !slash.contains(b"/skydns0")
    );
    assert!(!slash.contains(b"/skydns"));
    let last = Span::prefix(b"a\xff\xff");
    assert!(last.contains(b"a\xff\xff\xff") && !last.contains(b"b"));
    let all = Span::prefix(b"");
    assert!(all.contains(b"") && all.contains(b"\xff\xff") && !all.is_empty());
}

#[test]
fn a_span_of_a_key_holds_it_alone() {
    let key = Span::key(b"a");
    assert!(key.contains(b"a") && !key.contains(b"a\0") && !key.contains(b"") && !key.is_empty());
    assert!(Span { from: b"b".to_vec(), to: b"a".to_vec() }.is_empty());
}

fn refused(transaction: &Transaction) -> String {
    match transaction.check() {
        Err(KvError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn puts(count: usize, octets: usize) -> Transaction {
    let put = |number: usize| Operation::Put(format!("{number:04}").into_bytes(), vec![0; octets]);
    Transaction { compares: Vec::new(), operations: (0..count).map(put).collect() }
}

#[test]
fn a_transaction_has_its_limits() {
    assert_eq!(puts(OPERATIONS_MAX, 0).check(), Ok(()));
    assert!(refused(&puts(OPERATIONS_MAX + 1, 0)).contains("129 operations"));
    assert_eq!(puts(1, TRANSACTION_OCTETS_MAX - 4).check(), Ok(()));
    assert!(refused(&puts(1, TRANSACTION_OCTETS_MAX - 3)).contains("1048577 octets"));
    let compares = vec![Compare::Modified(b"a".to_vec(), 1); OPERATIONS_MAX + 1];
    assert!(refused(&Transaction { compares, operations: Vec::new() }).contains("129 compares"));
}

#[test]
fn a_transaction_writes_no_key_twice_and_none_without_a_name() {
    let operations = vec![Operation::Put(b"a".to_vec(), Vec::new()), Operation::Delete(b"a".to_vec())];
    assert_eq!(refused(&Transaction { compares: Vec::new(), operations }), "a is written twice");
    let operations = vec![Operation::Delete(Vec::new())];
    assert_eq!(refused(&Transaction { compares: Vec::new(), operations }), "an empty key");
    let compares = vec![Compare::Modified(Vec::new(), 0)];
    assert_eq!(refused(&Transaction { compares, operations: Vec::new() }), "an empty key is compared");
}
