//! As CoreDNS has it; that it really does is tried beside a stock one (the program's tests).

use super::*;

fn subtrees(keys: &[(&str, &str)]) -> Table {
    table(Rules::Subtrees, keys)
}

#[test]
fn a_name_has_what_is_below_it_and_its_own_key_too() {
    let table = subtrees(&[
        ("com/example/eu/shop/x1", r#"{"host":"192.0.2.1"}"#),
        ("com/example/eu/shop/x2", r#"{"host":"192.0.2.2"}"#),
        ("com/example/eu/shop", r#"{"host":"192.0.2.3","port":-1}"#),
    ]);
    let all = ["A 192.0.2.1 300", "A 192.0.2.2 300", "A 192.0.2.3 300"];
    let srv = ["SRV 10 33 0 x1.shop.eu.example.com. 300", "SRV 10 33 0 x2.shop.eu.example.com. 300"];
    for of in ["shop.eu.example.com", "eu.example.com", "example.com"] {
        check(&table, of, &[&all[..], &srv[..]].concat());
    }
    check(&table, "x1.shop.eu.example.com", &["A 192.0.2.1 300", "SRV 10 100 0 x1.shop.eu.example.com. 300"]);
}

#[test]
fn weights_are_shares_of_a_hundred_within_a_priority() {
    let table = subtrees(&[
        ("com/example/s/1", r#"{"host":"a.example.net","port":80,"weight":1,"priority":1}"#),
        ("com/example/s/2", r#"{"host":"b.example.net","port":80,"weight":1000,"priority":1}"#),
        ("com/example/s/3", r#"{"host":"c.example.net","port":80,"weight":3,"priority":2}"#),
        ("com/example/s/4", r#"{"host":"192.0.2.1","port":80,"priority":2,"targetstrip":1}"#),
        ("com/example/s/5", r#"{"host":"192.0.2.1","port":80,"priority":2,"targetstrip":1}"#),
        ("com/example/s/6", r#"{"host":"h1.h2.d.example.net","port":80,"priority":3,"targetstrip":2}"#),
    ]);
    check(
        &table,
        "s.example.com",
        &[
            "A 192.0.2.1 300",
            "SRV 1 1 80 a.example.net. 300",
            "SRV 1 99 80 b.example.net. 300",
            "SRV 2 1 80 c.example.net. 300",
            "SRV 2 49 80 s.example.com. 300",
            "SRV 3 100 80 d.example.net. 300",
        ],
    );
}

#[test]
fn an_apex_has_what_is_under_apex_dns_and_else_everything() {
    let mut table = subtrees(&[("com/example/a", r#"{"host":"192.0.2.1"}"#)]);
    assert!(told(&table, "example.com").contains(&"A 192.0.2.1 300".to_owned()));
    put(&mut table, "com/example/dns/apex", r#"{"host":"192.0.2.9"}"#);
    let told = told(&table, "example.com");
    assert!(told.contains(&"A 192.0.2.9 300".to_owned()) && !told.contains(&"A 192.0.2.1 300".to_owned()));
}

#[test]
fn the_shortest_key_with_a_group_says_which_is_answered() {
    let keys = [
        ("com/example/dom", r#"{"host":"192.0.2.1","group":"g1"}"#),
        ("com/example/dom/a", r#"{"host":"192.0.2.2","group":"g1"}"#),
        ("com/example/dom/sub", r#"{"host":"192.0.2.3","group":"g2"}"#),
        ("com/example/dom/none", r#"{"host":"192.0.2.4"}"#),
    ];
    let of = |keys: &[(&str, &str)]| {
        told(&subtrees(keys), "dom.example.com")
            .into_iter()
            .filter(|told| told.starts_with("A "))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&keys), ["A 192.0.2.1 300", "A 192.0.2.2 300", "A 192.0.2.4 300"]);
    // At one level they disagree: then there is no group.
    assert_eq!(of(&keys[1..]), ["A 192.0.2.2 300", "A 192.0.2.3 300", "A 192.0.2.4 300"]);
}

#[test]
fn a_host_name_with_a_text_is_a_text_and_an_address_with_one_has_none() {
    let table = subtrees(&[
        ("com/example/t", r#"{"host":"b.example.com","text":"one"}"#),
        ("com/example/a", r#"{"host":"192.0.2.1","text":"two","port":-1}"#),
        ("com/example/c", r#"{"host":"b.example.com"}"#),
        ("com/example/m", r#"{"host":"b.example.com","mail":true,"priority":5,"port":-1}"#),
        ("com/example/self/x", r#"{"host":"self.example.com"}"#),
    ]);
    check(&table, "t.example.com", &["TXT \"one\" 300"]);
    check(&table, "a.example.com", &["A 192.0.2.1 300"]);
    check(&table, "c.example.com", &["CNAME b.example.com. 300"]);
    check(&table, "m.example.com", &["MX 5 b.example.com. 300"]);
    assert!(!told(&table, "self.example.com").iter().any(|told| told.starts_with("CNAME")));
}

#[test]
fn a_pointer_is_the_exact_keys_and_a_stored_star_is_no_wildcard() {
    let table = subtrees(&[
        ("arpa/in-addr/192/0/2/1", r#"{"host":"b.example.com"}"#),
        ("com/example/*/x", r#"{"host":"192.0.2.1","port":-1}"#),
    ]);
    check(&table, "1.2.0.192.in-addr.arpa", &["PTR b.example.com. 300"]);
    check(&table, "2.0.192.in-addr.arpa", &[]);
    check(&table, "example.com", &["A 192.0.2.1 300"]);
    let mut table = table;
    let names = table.take_names(usize::MAX);
    assert!(!names.iter().any(|name| name.to_dotless().contains('*')), "{names:?}");
}
