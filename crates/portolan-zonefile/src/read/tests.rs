use portolan_core::record::Present;

use super::*;

/// Records as one would write them, then faults.
fn check(text: &str, wanted: &[&str]) {
    let part =
        Part { start: 0, end: text.len(), line: 1, context: Context::new("example.org".parse().unwrap()) };
    let mut lines = Vec::new();
    let found = read(text.as_bytes(), &part, |record| {
        let data = Present(record.rtype, record.rdata);
        lines.push(format!("{} {} {} {data}", record.owner, record.ttl.seconds(), record.rtype));
    });
    assert_eq!(found.records, u64::try_from(lines.len()).unwrap());
    for fault in found.faults.kept() {
        lines.push(format!("{}:{}: {}", fault.line, fault.column, fault.message));
    }
    assert_eq!(lines, wanted, "{text}");
}

#[test]
fn ttl_and_class_in_either_order_or_none() {
    check(
        "$TTL 1h\na A 192.0.2.1\na 5 A 192.0.2.2\na IN A 192.0.2.3\na 6 IN A 192.0.2.4\na IN 7 A 192.0.2.5\n\
         a CLASS1 1m A 192.0.2.6\n A 192.0.2.7\n",
        &[
            "a.example.org. 3600 A 192.0.2.1",
            "a.example.org. 5 A 192.0.2.2",
            "a.example.org. 3600 A 192.0.2.3",
            "a.example.org. 6 A 192.0.2.4",
            "a.example.org. 7 A 192.0.2.5",
            "a.example.org. 60 A 192.0.2.6",
            "a.example.org. 3600 A 192.0.2.7",
        ],
    );
}

#[test]
fn without_a_default_the_last_ttl_counts() {
    check(
        "@ SOA a. b. 1 2 3 4 9\n NS a.\nb 5 A 192.0.2.1\nc A 192.0.2.2\n",
        &[
            "example.org. 9 SOA a. b. 1 2 3 4 9",
            "example.org. 9 NS a.",
            "b.example.org. 5 A 192.0.2.1",
            "c.example.org. 5 A 192.0.2.2",
        ],
    );
    check(
        "a A 192.0.2.1\nb 5 A 192.0.2.2\n",
        &[
            "b.example.org. 5 A 192.0.2.2",
            "1:1: has no TTL, and neither $TTL nor a record before it says one",
        ],
    );
}

/// RFC 2181 section 8: what has the highest bit set counts as 0.
#[test]
fn a_ttl_that_is_too_long_counts_as_none() {
    let long = "is above the longest TTL, 2147483647 seconds, and counts as 0 (RFC 2181 section 8)";
    check(
        "$TTL 2147483648\na A 192.0.2.1\nb 2147483647 A 192.0.2.2\nc 4294967295 IN A 192.0.2.3\nd 4294967296 A 192.0.2.4\n",
        &[
            "a.example.org. 0 A 192.0.2.1",
            "b.example.org. 2147483647 A 192.0.2.2",
            "c.example.org. 0 A 192.0.2.3",
            &format!("1:6: \"2147483648\" {long}"),
            &format!("4:3: \"4294967295\" {long}"),
            "5:3: \"4294967296\" is no TTL: seconds, or numbers with units as in 1h30m",
        ],
    );
    let text = "a 2147483648 A 192.0.2.1\n";
    let context = Context::new("example.org".parse().unwrap());
    let found = read(text.as_bytes(), &Part { start: 0, end: text.len(), line: 1, context }, |_| {});
    assert!(!found.faults.is_damaged() && found.faults.count() == 1, "nothing is lost");
}

#[test]
fn origins_nest() {
    check(
        "$TTL 1\n$ORIGIN sub\na A 192.0.2.1\n$ORIGIN @\n@ A 192.0.2.2\n$origin example.org.\nb.sub CNAME a\n",
        &[
            "a.sub.example.org. 1 A 192.0.2.1",
            "sub.example.org. 1 A 192.0.2.2",
            "b.sub.example.org. 1 CNAME a.example.org.",
        ],
    );
}

#[test]
fn every_fault_has_its_place_and_costs_one_record() {
    check(
        "$TTL 1\na A 192.0.2.300\nb\tTXT ( \"x\"\n  \"é\" 1 ) ; y\nc AAAB ::1\nc CH A 192.0.2.1\nc ANY x\n\
         d MX (\n 10\n a..b )\n$FOO\n$TTL\n$GENERATE 1-2 a$ A 192.0.2.$\ne A 192.0.2.1\n",
        &[
            "b.example.org. 1 TXT \"x\" \"\\195\\169\" \"1\"",
            "e.example.org. 1 A 192.0.2.1",
            "2:5: \"192.0.2.300\" does not belong into A data: expected IPv4 address",
            "5:3: \"AAAB\" is no record type: a word as AAAA, or TYPE and a number",
            "6:3: \"CH\" is another class than IN, the only one that is served",
            "7:3: \"ANY\" is a type of questions or messages, of which no zone has records",
            "10:2: \"a..b\" has an empty label, so it is no domain name",
            "11:1: \"$FOO\" is no directive: $ORIGIN, $TTL or $INCLUDE",
            "12:5: a value is missing here",
            "13:1: \"$GENERATE\" is BIND's alone and is not read; write its records out (named-compilezone does)",
        ],
    );
}

#[test]
fn an_owner_that_is_no_name_is_not_the_one_before() {
    check(
        "$TTL 1\na A 192.0.2.1\nb..c A 192.0.2.2\n A 192.0.2.3\nd A 192.0.2.4\n",
        &[
            "a.example.org. 1 A 192.0.2.1",
            "d.example.org. 1 A 192.0.2.4",
            "3:1: \"b..c\" has an empty label, so it is no domain name",
            "4:2: has no owner: it is indented, and no record before it has one that is a name",
        ],
    );
}

#[test]
fn names_outside_of_the_zone_are_left_out() {
    let text = "$TTL 1\nexample.com. A 192.0.2.1\n TXT \"x\"\nnotexample.org. A 192.0.2.2\na A 192.0.2.3\n\
                $ORIGIN .\nb A 192.0.2.4\nc.example.org A 192.0.2.5\n";
    check(
        text,
        &[
            "a.example.org. 1 A 192.0.2.3",
            "c.example.org. 1 A 192.0.2.5",
            "2:1: example.com. is not in the zone example.org., so the record is left out",
            "3:1: example.com. is not in the zone example.org., so the record is left out",
            "4:1: notexample.org. is not in the zone example.org., so the record is left out",
            "7:1: b. is not in the zone example.org., so the record is left out",
        ],
    );
}

#[test]
fn signatures_are_counted_and_left_out() {
    let text = "$TTL 1\na NSEC b A\na RRSIG A 8 3 1 20300101000000 20200101000000 1 example.org. AQID\na A 192.0.2.1\n";
    let context = Context::new("example.org".parse().unwrap());
    let found = read(text.as_bytes(), &Part { start: 0, end: text.len(), line: 1, context }, |_| {});
    assert_eq!((found.records, found.dnssec, found.faults.count()), (1, 2, 0));
}

#[test]
fn many_faults_are_counted() {
    let text = "x\n".repeat(1_000);
    let context = Context::new("example.org".parse().unwrap());
    let found = read(text.as_bytes(), &Part { start: 0, end: text.len(), line: 1, context }, |_| {});
    assert_eq!((found.faults.count(), found.faults.kept().len()), (1_000, crate::fault::FAULTS_MAX));
    assert!(found.faults.is_damaged());
}
