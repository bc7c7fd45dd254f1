use portolan_core::{RecordType, Ttl};
use proptest::prelude::*;

use super::*;
use crate::read::{Found, Record};

type Given = (String, RecordType, Ttl, Vec<u8>, u32);

fn context() -> Context {
    Context::new("example.org".parse().unwrap())
}

fn given(record: Record<'_>) -> Given {
    (record.owner.to_string(), record.rtype, record.ttl, record.rdata.to_vec(), record.line)
}

fn whole(text: &[u8]) -> (Vec<Given>, Found) {
    let mut records = Vec::new();
    let part = Part { start: 0, end: text.len(), line: 1, context: context() };
    let found = read(text, &part, |record| records.push(given(record)));
    (records, found)
}

fn in_parts(text: &[u8], size: usize) -> (Vec<Given>, Found, usize) {
    let mut records = Vec::new();
    let mut found: Option<Found> = None;
    let (pieces, faults) = cut_by(text, &context(), size);
    assert_eq!(faults.count(), 0);
    for piece in &pieces {
        let Piece::Part(part) = piece else { panic!("nothing is included here") };
        let next = read(text, part, |record| records.push(given(record)));
        match &mut found {
            Some(found) => found.append(next),
            None => found = Some(next),
        }
    }
    (records, found.unwrap_or_else(|| whole(b"").1), pieces.len())
}

fn same(text: &str, size: usize) -> usize {
    let (records, found) = whole(text.as_bytes());
    let (others, other, parts) = in_parts(text.as_bytes(), size);
    assert_eq!(records, others, "{text}");
    assert_eq!(
        (found.records, found.dnssec, found.faults),
        (other.records, other.dnssec, other.faults),
        "{text}"
    );
    parts
}

#[test]
fn parts_carry_origin_ttl_owner_and_line() {
    let text = "@ 1h SOA ns host (\n 1 2 3 4\n 5 )\n  NS ns\nns A 192.0.2.1\n\n$ORIGIN sub\na A 192.0.2.2\n A 192.0.2.3\n \
                A 192.0.2.4\n$TTL 5\n A 192.0.2.5\nb A 192.0.2.x\n A 192.0.2.6\n";
    for size in 1..text.len() {
        same(text, size);
    }
    assert!(same(text, 1) > 5, "small parts are cut");
}

#[test]
fn a_long_way_back_to_the_owner_and_the_ttl_is_gone() {
    let text = format!("first 60 A 192.0.2.1\n{}", " A 192.0.2.2\n".repeat(3 * LOOK_BACK_OCTETS / 13));
    assert!(same(&text, LOOK_BACK_OCTETS) > 1);
}

#[test]
fn parts_are_about_of_one_size() {
    let text = "host 60 IN A 192.0.2.1\n".repeat(20_000);
    let (pieces, _) = cut(text.as_bytes(), &context(), 4);
    let sizes: Vec<usize> = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Part(part) => part.end - part.start,
            Piece::Include(_) => 0,
        })
        .collect();
    assert_eq!(sizes.len(), 4);
    assert!(sizes.iter().all(|size| size.abs_diff(text.len() / 4) < 30), "{sizes:?}");
}

#[test]
fn an_include_is_a_piece_of_its_own() {
    let text = "$TTL 60\na A 192.0.2.1\n$INCLUDE \"sub dir/x.zone\" sub ; why\n A 192.0.2.2\n$include y\n";
    let (pieces, faults) = cut(text.as_bytes(), &context(), 1);
    assert_eq!(faults.count(), 0);
    let [Piece::Part(first), Piece::Include(x), Piece::Part(second), Piece::Include(y)] = pieces.as_slice()
    else {
        panic!("{pieces:?}")
    };
    assert_eq!((first.line, x.line, second.line, y.line), (1, 3, 4, 5));
    assert_eq!((x.path.as_str(), y.path.as_str()), ("sub dir/x.zone", "y"));
    assert_eq!(x.context.origin.to_string(), "sub.example.org.");
    assert_eq!(y.context.origin.to_string(), "example.org.");
    assert_eq!(x.context.default_ttl, Ttl::from_seconds(60));
    // The owner is that of before the included file.
    assert_eq!(second.context.owner.as_ref().map(ToString::to_string).as_deref(), Some("a.example.org."));
}

#[test]
fn an_include_that_is_at_fault_is_told_once() {
    let text = "$INCLUDE\n$INCLUDE a b c\n$INCLUDE \"x\n";
    let (pieces, faults) = cut(text.as_bytes(), &context(), 1);
    assert_eq!((pieces.len(), faults.count()), (1, 0));
    let (_, found) = whole(text.as_bytes());
    assert_eq!(found.faults.count(), 3);
}

/// Entries of all kinds, with faults.
fn entry() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c]{1,2}( [0-9]{1,3})? A 192.0.2.[0-9]\n",
        3 => " A 192.0.2.[0-9]\n",
        1 => "\t7 TXT \"[ -~]{0,6}\" [a-z;()\"]{0,3}\n",
        1 => "[ab] TXT \\( (x|\"y\"|;c\\)\n){0,3} *\\)?\n?",
        1 => "\\$ORIGIN [ab]\\.?\n",
        1 => "\\$TTL [0-9]{0,2}h?\n",
        1 => "[ -~]{0,8}\n",
        1 => "\\$?\\(?\n",
        1 => "a\\.\\. A 192.0.2.1\n",
        1 => Just("@ SOA a b ( 1\n2 3 4 ;)\n 5 )\n".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// However a text is cut, its parts give what the whole gives.
    #[test]
    fn parts_are_the_whole(entries in prop::collection::vec(entry(), 0..20), size in 1..60_usize) {
        let text = entries.concat();
        if !text.to_ascii_uppercase().contains("$INCLUDE") {
            same(&text, size);
        }
    }

    /// Any octets at all.
    #[test]
    fn no_octets_are_too_odd(text in prop::collection::vec(prop::sample::select(b"a 1A.\n\t\"\\();$@\xff".to_vec()), 0..80)) {
        let (_, found) = whole(&text);
        let (_, faults) = cut_by(&text, &context(), 7);
        assert!(faults.count() <= found.faults.count());
    }
}
