//! What comes before what.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::bench::{acts, options};

#[test]
fn what_others_point_at_comes_first_and_goes_last() {
    let options = options();
    // `a` is to point at `z`, which is new, and no longer at `b`, which goes.
    let there = &["a.x CNAME b.x by=me", "b.x A 192.0.2.1 by=me"];
    let asked = &["a.x CNAME z.x", "z.x A 192.0.2.2"];
    assert_eq!(
        acts(there, asked, &options),
        [
            "create z.x A 192.0.2.2 by=me",
            "update a.x CNAME z.x by=me (was b.x)",
            "delete b.x A 192.0.2.1 by=me"
        ]
    );
    let chain = &["a.x CNAME b.x by=me", "b.x CNAME c.x by=me", "c.x A 192.0.2.1 by=me"];
    let asked = ["a.x CNAME b.x", "b.x CNAME c.x", "c.x A 192.0.2.1"];
    let first = |lines: Vec<String>| {
        lines.iter().filter_map(|l| l.split(' ').nth(1).map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(first(acts(&[], &asked, &options)), ["c.x", "b.x", "a.x"]);
    // Something stays wanted, so that nothing is held.
    assert_eq!(first(acts(chain, &["q.x A 192.0.2.1"], &options)), ["q.x", "a.x", "b.x", "c.x"]);
}

#[test]
fn a_circle_of_aliases_has_an_order_too() {
    let asked = ["a.x CNAME b.x", "b.x CNAME c.x", "c.x CNAME a.x", "d.x CNAME d.x"];
    assert_eq!(acts(&[], &asked, &options()).len(), 4);
}

#[test]
fn a_chain_as_long_as_there_are_names_is_no_matter() {
    let lines: Vec<String> = (0..20_000).map(|i| format!("n{i}.x CNAME n{}.x", i + 1)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let acts = acts(&[], &lines, &options());
    assert!(
        acts[0].starts_with("create n19999.x ") && acts[19_999].starts_with("create n0.x "),
        "{}",
        acts[0]
    );
}
