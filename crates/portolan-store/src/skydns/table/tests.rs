use std::collections::BTreeMap;
use std::sync::Arc;

use portolan_core::fleet::NameFacts;
use portolan_core::record::Present;
use portolan_core::{Name, RecordType};

use super::*;

mod subtrees;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn pair(key: &str, value: &str) -> Pair {
    let key = if key.starts_with('/') { key.to_owned() } else { format!("/skydns/{key}") };
    Pair { key: key.into_bytes(), value: value.as_bytes().to_vec(), modified: 1, lease_ttl: None }
}

fn empty(rules: Rules) -> Table {
    let zones = ["example.com", "0.192.in-addr.arpa"].map(name).into();
    Table::new(Arc::new(Setup { rules, zones, ..Setup::default() }))
}

fn put(table: &mut Table, key: &str, value: &str) {
    let read = table.setup().read(&pair(key, value));
    table.take(read);
}

fn table(rules: Rules, keys: &[(&str, &str)]) -> Table {
    let mut table = empty(rules);
    table.begin_list();
    for (key, value) in keys {
        put(&mut table, key, value);
    }
    assert_eq!(table.end_list(false), Lacking::default());
    table
}

/// What a name has, each record with its TTL, and what is known of it beside that.
fn told(table: &Table, of: &str) -> Vec<String> {
    let facts = table.facts(&name(of));
    let mut told: Vec<String> = facts
        .iter()
        .flat_map(|facts| &facts.endpoints)
        .flat_map(|endpoint| {
            endpoint.targets.iter().map(move |target| {
                let data = target.rdata();
                let data = Present(target.record_type(), data.as_wire()).to_string();
                let cluster =
                    endpoint.cluster.as_ref().map_or(String::new(), |cluster| format!(" @{cluster}"));
                let down = if endpoint.evidence.is_up() { "" } else { " down" };
                let ttl = endpoint.ttl.map_or(0, Ttl::seconds);
                format!("{} {data} {ttl}{cluster}{down}", target.record_type())
            })
        })
        .collect();
    told.sort();
    told
}

#[track_caller]
fn check(table: &Table, of: &str, expected: &[&str]) {
    assert_eq!(told(table, of), expected, "{of}");
}

const SHOP: &str = "com/example/shop";

#[test]
fn r_19_a_names_own_key_and_those_below_it_are_both_served() {
    let keys = [
        (SHOP, r#"{"host":"192.0.2.1"}"#),
        ("com/example/shop/1a2b3c4d", r#"{"host":"192.0.2.2","targetstrip":1,"ttl":60}"#),
        ("com/example/shop/00000001", r#"{"host":"2001:db8::1"}"#),
    ];
    let table = table(Rules::Names, &keys);
    check(&table, "shop.example.com", &["A 192.0.2.1 300", "A 192.0.2.2 60", "AAAA 2001:db8::1 300"]);
    assert_eq!(table.faulty(), 0);
}

#[test]
fn r_19_b_38_a_bad_value_costs_itself_and_is_counted() {
    let keys = [
        (SHOP, "not json"),
        ("com/example/shop/1a2b3c4d", r#"{"host":"192.0.2.2","targetstrip":1}"#),
        ("com/example/shop/2a2b3c4d", "[]"),
        ("com/example/shop/3a2b3c4d", r#"{"host":"192.0.2.3","port":70000}"#),
        ("com/example//shop", r#"{"host":"192.0.2.4"}"#),
        ("com/example/../shop", r#"{"host":"192.0.2.4"}"#),
        ("com/example/Shop", r#"{"host":"192.0.2.4"}"#),
        ("com/example/a/*/b", r#"{"host":"192.0.2.4"}"#),
        ("com/example/shop/4a2b3c4d", r#"{"host":"192.0.2.5","targetstrip":9}"#),
    ];
    let mut table = table(Rules::Names, &keys);
    check(&table, "shop.example.com", &["A 192.0.2.2 300"]);
    assert_eq!((table.len(), table.faulty(), table.faults().count()), (1, 8, 8));
    // A fault ends with its key, and with a better value.
    table.delete(b"/skydns/com/example//shop");
    put(&mut table, SHOP, r#"{"host":"192.0.2.1"}"#);
    check(&table, "shop.example.com", &["A 192.0.2.1 300", "A 192.0.2.2 300"]);
    assert_eq!(table.faulty(), 6);
    // What was good stays while the new value is not understood.
    put(&mut table, SHOP, r#"{"host":1}"#);
    check(&table, "shop.example.com", &["A 192.0.2.1 300", "A 192.0.2.2 300"]);
    assert!(table.is_faulty_at(&name("shop.example.com")) && !table.is_faulty_at(&name("b.example.com")));
}

#[test]
fn faults_are_told_up_to_a_limit_and_all_are_counted() {
    let mut table = empty(Rules::Names);
    for nth in 0..FAULTS_TOLD_MAX + 5 {
        put(&mut table, &format!("com/example/n{nth}"), "{");
    }
    assert_eq!((table.faulty(), table.faults().count()), (FAULTS_TOLD_MAX + 5, FAULTS_TOLD_MAX));
    table.delete(b"/skydns/com/example/n0");
    assert_eq!((table.faulty(), table.faults().count()), (FAULTS_TOLD_MAX + 4, FAULTS_TOLD_MAX - 1));
}

#[test]
fn a_name_that_only_others_are_below_has_no_records() {
    let keys = [("com/example/eu/shop/1a2b3c4d", r#"{"host":"192.0.2.2","targetstrip":1}"#)];
    let table = table(Rules::Names, &keys);
    check(&table, "eu.example.com", &[]);
    check(&table, "example.com", &[]);
    check(&table, "1a2b3c4d.shop.eu.example.com", &[]);
    check(&table, "shop.eu.example.com", &["A 192.0.2.2 300"]);
}

#[test]
fn an_alias_keeps_its_place_from_the_text_of_who_keeps_it() {
    let keys = [
        (
            "com/example/a/1a2b3c4d",
            r#"{"host":"b.example.com","text":"heritage=external-dns","targetstrip":1}"#,
        ),
        ("com/example/a/2a2b3c4d", r#"{"text":"heritage=external-dns","targetstrip":1}"#),
        ("com/example/*/3a2b3c4d", r#"{"host":"192.0.2.9","targetstrip":1}"#),
        ("arpa/in-addr/192/0/2/1", r#"{"host":"b.example.com"}"#),
    ];
    let table = table(Rules::Names, &keys);
    check(&table, "a.example.com", &["CNAME b.example.com. 300"]);
    check(&table, "*.example.com", &["A 192.0.2.9 300"]);
    check(&table, "1.2.0.192.in-addr.arpa", &["PTR b.example.com. 300"]);
}

#[test]
fn our_own_field_says_whose_a_target_is_and_whether_it_is_up() {
    let keys = [
        (
            "com/example/shop/1",
            r#"{"host":"192.0.2.1","targetstrip":1,"portolan":{"version":1,"cluster":"eu-1"}}"#,
        ),
        (
            "com/example/shop/2",
            r#"{"host":"192.0.2.2","targetstrip":1,"portolan":{"version":1,"cluster":"us-1","ready":false}}"#,
        ),
        (
            "com/example/shop/3",
            r#"{"targetstrip":1,"portolan":{"version":1,"type":"A","target":"192.0.2.3","withheld":true,"cluster":"us-1"}}"#,
        ),
        ("com/example/shop/4", r#"{"host":"192.0.2.4","targetstrip":1}"#),
    ];
    check(
        &table(Rules::Names, &keys),
        "shop.example.com",
        &[
            "A 192.0.2.1 300 @eu-1",
            "A 192.0.2.2 300 @us-1 down",
            "A 192.0.2.3 300 @us-1 down",
            "A 192.0.2.4 300",
        ],
    );
}

#[test]
fn a_zones_name_servers_stand_under_ns_dns_or_are_given_or_we() {
    let mut table = empty(Rules::Names);
    let servers = |table: &Table| {
        let zone = table.zone(&name("example.com")).unwrap();
        zone.name_servers.iter().map(Name::to_dotless).collect::<Vec<_>>()
    };
    assert_eq!(servers(&table), ["ns.dns.example.com"]);
    put(&mut table, "com/example/dns/ns/ns1", r#"{"host":"192.0.2.53"}"#);
    put(&mut table, "com/example/dns/ns/ns2", r#"{"host":"192.0.2.54"}"#);
    put(&mut table, "com/example/dns/ns/x/1", r#"{"host":"192.0.2.55","targetstrip":1}"#);
    put(&mut table, "com/example/dns/ns/alias", r#"{"host":"ns.example.net"}"#);
    assert_eq!(servers(&table), ["x.ns.dns.example.com", "ns1.ns.dns.example.com", "ns2.ns.dns.example.com"]);
    assert!(table.take_zones().iter().any(|(apex, _)| *apex == name("example.com")));
    for key in ["ns1", "ns2", "x/1"] {
        table.delete(format!("/skydns/com/example/dns/ns/{key}").as_bytes());
    }
    assert_eq!(servers(&table), ["ns.dns.example.com"]);
    assert_eq!(table.zone(&name("sub.example.com")), None);

    let setup = |name_servers: &[&str]| Setup {
        zones: [name("example.com")].into(),
        name_servers: name_servers.iter().copied().map(name).collect(),
        addresses: vec!["192.0.2.53".parse().unwrap()],
        ..Setup::default()
    };
    let mut own = Table::new(Arc::new(setup(&[])));
    check(&own, "ns.dns.example.com", &["A 192.0.2.53 300"]);
    put(&mut own, "com/example/dns/ns/ns1", r#"{"host":"192.0.2.99"}"#);
    check(&own, "ns.dns.example.com", &[]);
    let given = Table::new(Arc::new(setup(&["ns1.example.net"])));
    check(&given, "ns.dns.example.com", &[]);
    let zone = given.zone(&name("example.com")).unwrap();
    assert_eq!((zone.soa.mname, zone.name_servers), (name("ns1.example.net"), vec![name("ns1.example.net")]));
}

#[test]
fn keys_outside_the_zones_are_passed_over() {
    let keys = [
        ("org/example/shop", r#"{"host":"192.0.2.1"}"#),
        ("org/example/bad", "{"),
        ("com/example/shop", r#"{"host":"192.0.2.1","targetstrip":2}"#),
    ];
    let table = table(Rules::Names, &keys);
    assert_eq!((table.len(), table.faulty()), (0, 0));
    check(&table, "shop.example.org", &[]);
}

#[test]
fn a_list_that_lacks_half_of_the_keys_is_held_until_they_are_back_told_or_released() {
    let key = |nth: usize| format!("com/example/n{nth}");
    let value = r#"{"host":"192.0.2.1"}"#;
    let keys: Vec<String> = (0..12).map(key).collect();
    let keys: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), value)).collect();
    let mut table = table(Rules::Names, &keys);
    let list = |table: &mut Table, range: std::ops::Range<usize>, believed: bool| {
        table.begin_list();
        range.for_each(|nth| put(table, &key(nth), value));
        table.end_list(believed)
    };
    assert_eq!(list(&mut table, 0..8, false), Lacking { held: 0, gone: 4 });
    assert_eq!(list(&mut table, 0..0, false), Lacking { held: 8, gone: 0 });
    assert_eq!((table.len(), table.held()), (8, 8));
    check(&table, "n3.example.com", &["A 192.0.2.1 300"]);
    // Held stays held, whatever else comes.
    assert_eq!(list(&mut table, 20..40, false), Lacking { held: 8, gone: 0 });
    put(&mut table, &key(0), value);
    table.delete(b"/skydns/com/example/n1");
    assert_eq!((table.len(), table.held()), (27, 6));
    table.release();
    assert_eq!((table.len(), table.held()), (21, 0));
    check(&table, "n0.example.com", &["A 192.0.2.1 300"]);
    check(&table, "n3.example.com", &[]);
    assert_eq!(list(&mut table, 0..0, true), Lacking { held: 0, gone: 21 });
}

/// Whatever way keys take, they come to the same facts, and only names that changed are told.
#[test]
fn what_changes_one_by_one_is_what_a_list_gives_whatever_the_order() {
    for rules in [Rules::Names, Rules::Subtrees] {
        for seed in 0..40 {
            let mut draw = Draw(seed);
            let (mut now, mut facts): (BTreeMap<String, String>, BTreeMap<Name, NameFacts>) =
                Default::default();
            let mut changing = empty(rules);
            changing.take_names(usize::MAX);
            for _ in 0..200 {
                let key = draw.key();
                if draw.below(4) == 0 {
                    now.remove(&key);
                    changing.delete(format!("/skydns/{key}").as_bytes());
                } else {
                    let value = draw.value();
                    put(&mut changing, &key, &value);
                    now.insert(key, value);
                }
                for name in changing.take_names(usize::MAX) {
                    match changing.facts(&name) {
                        Some(told) => drop(facts.insert(name, told)),
                        None => drop(facts.remove(&name)),
                    }
                }
            }
            let listed: Vec<(&str, &str)> = now.iter().rev().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let mut listed = table(rules, &listed);
            let mut whole: BTreeMap<Name, NameFacts> = BTreeMap::new();
            for name in listed.take_names(usize::MAX) {
                whole.extend(listed.facts(&name).map(|told| (name, told)));
            }
            assert_eq!(facts, whole, "{rules:?}, seed {seed}");
            for apex in ["example.com", "0.192.in-addr.arpa"].map(name) {
                assert_eq!(changing.zone(&apex), listed.zone(&apex), "seed {seed}");
            }
            assert!(whole.values().all(|facts| facts.owner.kind.as_ref() == OWNER_KIND));
        }
    }
}

/// A few numbers out of one.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn key(&mut self) -> String {
        const LABELS: [&str; 6] = ["a", "b", "dns", "ns", "1a2b3c4d", "apex"];
        let depth = self.below(4);
        let labels: String =
            (0..depth).map(|_| format!("/{}", LABELS[usize::try_from(self.below(6)).unwrap()])).collect();
        format!("com/example{labels}")
    }

    fn value(&mut self) -> String {
        let (last, strip) = (self.below(5), self.below(2));
        match self.below(5) {
            0 => format!(r#"{{"host":"192.0.2.{last}","targetstrip":{strip},"group":"g{strip}"}}"#),
            1 => format!(r#"{{"host":"2001:db8::{last}","port":{last},"weight":{last}}}"#),
            2 => format!(r#"{{"host":"h{last}.example.net","mail":{}}}"#, strip == 0),
            3 => format!(r#"{{"text":"t{last}","targetstrip":{strip}}}"#),
            _ => format!(
                r#"{{"host":"192.0.2.{last}","ttl":{last},"portolan":{{"version":1,"cluster":"c{strip}"}}}}"#
            ),
        }
    }
}

#[test]
fn a_table_knows_types_that_the_layout_has_no_words_for() {
    let value = Value::of(
        name("a.example.com").borrowed(),
        &portolan_core::Target::Record(
            RecordType::NS,
            portolan_core::record::Rdata::name(&name("ns.example.net")),
        ),
    );
    let value = String::from_utf8(value.print()).unwrap();
    check(&table(Rules::Names, &[("com/example/a", &value)]), "a.example.com", &["NS ns.example.net. 300"]);
}
