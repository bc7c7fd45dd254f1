//! The same questions to ours, with CoreDNS' rules, and to a stock CoreDNS on the same etcd.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use portolan_core::Name;
use portolan_testbed::ask::RecordType;
use portolan_testbed::{CoreDns, Etcd};
use serde_json::{Value, json};

use crate::program;
use crate::reply::{Reply, ask};
use crate::store::Store as _;

const ZONE: &str = "stock.test";
const REVERSE: &str = "2.0.192.in-addr.arpa";
/// How many keys are drawn.
const KEYS: usize = 160;
/// What they are drawn from; a failure is found again by it.
const SEED: u64 = 0x736b_7964_6e73;
/// Most unexplained differences that are printed.
const PRINTED_MAX: usize = 10;
/// And most keys with each.
const KEYS_PRINTED_MAX: usize = 12;
const TYPES: [RecordType; 10] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CNAME,
    RecordType::TXT,
    RecordType::SRV,
    RecordType::MX,
    RecordType::PTR,
    RecordType::NS,
    RecordType::SOA,
    RecordType::CAA,
];

/// What stands in the store, by name.
struct Model(BTreeMap<Name, Value>);

/// One question with both replies.
struct Case<'m> {
    model: &'m Model,
    name: Name,
    rtype: RecordType,
    ours: Reply,
    theirs: Reply,
}

/// A difference that is known.
struct Rule {
    reason: &'static str,
    holds: fn(&Case<'_>) -> bool,
}

/// The differences that are known, each with its reason.
const RULES: &[Rule] = &[
    Rule {
        reason: "an SOA is the apex' own: CoreDNS gives it as the answer whatever name is asked for",
        holds: |case| {
            case.rtype == RecordType::SOA
                && !case.is_apex()
                && case.ours.answer_of(RecordType::SOA).is_empty()
        },
    },
    Rule {
        reason: "`*` and `any` in a question match nothing else: that would be a lookup for each question",
        holds: |case| case.name.borrowed().labels().any(|label| label == b"*" || label == b"any"),
    },
    Rule {
        reason: "R-19: a name's own key is served beside those below it",
        holds: |case| case.model.0.contains_key(&case.name) && case.model.is_above_others(&case.name),
    },
    Rule {
        reason: "a name that exists is not denied, whatever type is asked for (RFC 8020)",
        holds: |case| {
            matches!(case.rtype, RecordType::CNAME | RecordType::PTR)
                && case.theirs.code == "Non-Existent Domain"
                && case.ours.code == "No Error"
        },
    },
    Rule {
        reason: "a zone has name servers, also where no key names one",
        holds: |case| case.rtype == RecordType::NS && case.is_apex() && case.theirs.answer.is_empty(),
    },
    Rule {
        reason: "the name servers of a zone are one set with one TTL",
        holds: |case| {
            case.rtype == RecordType::NS
                && case.is_apex()
                && case.ours.answer_without_ttl() == case.theirs.answer_without_ttl()
        },
    },
    Rule {
        reason: "a name of a reverse zone has a pointer, and is no alias and no service",
        holds: |case| case.name.to_string().ends_with(&format!("{REVERSE}.")) && case.ours.answer.is_empty(),
    },
    Rule {
        reason: "a host name with a text is a text, also where CNAME or PTR is asked for",
        holds: |case| {
            matches!(case.rtype, RecordType::CNAME | RecordType::PTR)
                && case.model.0.get(&case.name).is_some_and(|value| value["text"].is_string())
        },
    },
    Rule {
        reason: "an alias has nothing beside it (RFC 1034): other types are its target's",
        holds: |case| {
            let is_alias = !case.ours.answer_of(RecordType::CNAME).is_empty();
            is_alias && !matches!(case.rtype, RecordType::A | RecordType::AAAA | RecordType::CNAME)
        },
    },
    Rule {
        reason: "an alias stands alone (RFC 1034): beside others it is left out, and of several one is drawn",
        holds: |case| {
            matches!(case.rtype, RecordType::A | RecordType::AAAA | RecordType::CNAME | RecordType::PTR)
                && case.model.aliases_below(&case.name) > 0
                && case.model.below(&case.name).count() > 1
                && case.ours.answer.iter().all(|record| case.theirs.has(&record.0))
        },
    },
    Rule {
        reason: "an alias is answered as it is: CoreDNS leaves it out where its target has no such record",
        holds: |case| {
            let aliases = case.ours.answer_of(RecordType::CNAME);
            !aliases.is_empty() && aliases.len() == case.ours.answer.len() && case.theirs.answer.is_empty()
        },
    },
    Rule {
        reason: "a host name with mail or a port is no alias: SRV and MX stand at the name itself (RFC 2181)",
        holds: |case| {
            let is_service = |value: &Value| value["port"].is_number() || value["mail"] == true;
            matches!(
                case.rtype,
                RecordType::A | RecordType::AAAA | RecordType::CNAME | RecordType::PTR | RecordType::TXT
            ) && case.model.below(&case.name).any(|(_, value)| is_service(value) && is_name(value))
                && case.ours.answer.iter().all(|record| case.theirs.has(&record.0))
        },
    },
    Rule {
        reason: "addresses of what SRV and MX name are asked for by who wants them",
        holds: |case| {
            matches!(case.rtype, RecordType::SRV | RecordType::MX)
                && case.ours.answer_without_ttl() == case.theirs.answer_without_ttl()
                && case.ours.additional.is_empty()
        },
    },
];

#[test]
fn ours_answers_as_coredns_but_for_what_has_a_reason() {
    let Some(etcd) = Etcd::start("stock") else { return };
    let zones = [ZONE, REVERSE];
    let Some(stock) = CoreDns::on_etcd("stock", &[etcd.url()], &zones, "/skydns", &[]) else { return };
    let model = Model::draw(SEED);
    for (name, value) in &model.0 {
        let labels: Vec<String> = name.to_dotless().split('.').rev().map(str::to_owned).collect();
        etcd.put(&labels.join("/"), &value.to_string());
    }
    let url = etcd.url();
    let flags =
        ["--skydns", &url, "--skydns-zone", ZONE, "--skydns-zone", REVERSE, "--skydns-compat", "skydns"];
    let program = program(&flags);
    program.wait_for("h0.stock.test", RecordType::A, &["192.0.2.100"]);

    let (mut tally, mut unexplained) = (BTreeMap::<&str, usize>::new(), Vec::new());
    let questions = model.questions();
    for (name, rtype) in &questions {
        let [ours, theirs] =
            [program.dns(), stock.address()].map(|server| ask(server, &name.to_string(), *rtype));
        let case = Case { model: &model, name: name.clone(), rtype: *rtype, ours, theirs };
        if case.is_alike() {
            *tally.entry("alike").or_default() += 1;
        } else if let Some(rule) = RULES.iter().find(|rule| (rule.holds)(&case)) {
            *tally.entry(rule.reason).or_default() += 1;
        } else {
            unexplained.push(case.show());
        }
    }
    for (reason, count) in &tally {
        println!("{count} times: {reason}");
    }
    let shown: String = unexplained.iter().take(PRINTED_MAX).map(String::as_str).collect();
    assert!(
        unexplained.is_empty(),
        "of {} questions {} differ and no rule says why; the first:\n{shown}",
        questions.len(),
        unexplained.len()
    );
    assert!(questions.len() >= 600 && tally["alike"] * 2 > questions.len(), "{tally:?}");
    let unused: Vec<&str> =
        RULES.iter().map(|rule| rule.reason).filter(|reason| !tally.contains_key(reason)).collect();
    assert!(unused.is_empty(), "rules that explain nothing: {unused:#?}");
}

impl Case<'_> {
    fn is_apex(&self) -> bool {
        [ZONE, REVERSE].iter().any(|zone| self.name.to_dotless() == *zone)
    }

    /// The same code and the same records in each section; of one set the least TTL.
    fn is_alike(&self) -> bool {
        let (ours, theirs) = (&self.ours, &self.theirs);
        ours.code == theirs.code
            && ours.authoritative == theirs.authoritative
            && ours.answer_without_ttl() == theirs.answer_without_ttl()
            && ours.authority_without_serial() == theirs.authority_without_serial()
            && without_ttl(&ours.additional) == without_ttl(&theirs.additional)
            && (self.rtype == RecordType::SOA || least_ttls(&ours.answer) == least_ttls(&theirs.answer))
    }

    fn show(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "--- {} {}\nours:\n{}CoreDNS:\n{}keys:",
            self.name, self.rtype, self.ours, self.theirs
        );
        for (name, value) in self.model.below(&self.name).take(KEYS_PRINTED_MAX) {
            let _ = writeln!(text, "  {name} {value}");
        }
        text
    }
}

impl Reply {
    fn answer_of(&self, rtype: RecordType) -> Vec<&str> {
        let word = format!(" {rtype} ");
        self.answer
            .iter()
            .map(|(record, _)| record.as_str())
            .filter(|record| record.contains(&word))
            .collect()
    }

    fn has(&self, record: &str) -> bool {
        self.answer.iter().any(|(other, _)| other == record)
    }

    fn answer_without_ttl(&self) -> BTreeSet<String> {
        without_ttl(&self.answer).into_iter().map(|record| without_serial(&record)).collect()
    }

    fn authority_without_serial(&self) -> BTreeSet<String> {
        without_ttl(&self.authority).into_iter().map(|record| without_serial(&record)).collect()
    }
}

fn without_ttl(records: &[(String, u32)]) -> BTreeSet<String> {
    records.iter().map(|(record, _)| record.clone()).collect()
}

/// The serial of a stock server is the time.
fn without_serial(record: &str) -> String {
    let words: Vec<&str> = record.split(' ').collect();
    match words.get(1) {
        Some(&"SOA") => [&words[..4], &words[5..]].concat().join(" "),
        _ => record.to_owned(),
    }
}

/// Of each set the least TTL.
fn least_ttls(records: &[(String, u32)]) -> BTreeMap<String, u32> {
    let mut least = BTreeMap::new();
    for (record, ttl) in records {
        let set: String = record.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let entry = least.entry(set).or_insert(*ttl);
        *entry = (*entry).min(*ttl);
    }
    least
}

/// True of a value with a host name.
fn is_name(value: &Value) -> bool {
    value["host"].as_str().is_some_and(|host| host.parse::<std::net::IpAddr>().is_err())
}

impl Model {
    /// Keys as people and programs write them.
    fn draw(seed: u64) -> Self {
        let mut draw = Draw(seed);
        let mut keys = BTreeMap::new();
        let mut set = |name: &str, value: Value| drop(keys.insert(name.parse().unwrap(), value));
        for nth in 0..4 {
            set(&format!("h{nth}.{ZONE}"), json!({ "host": format!("192.0.2.{}", 100 + nth) }));
        }
        set(&format!("ns1.ns.dns.{ZONE}"), json!({ "host": "192.0.2.53" }));
        set(&format!("ns2.ns.dns.{ZONE}"), json!({ "host": "192.0.2.54", "ttl": 60 }));
        set(&format!("x1.apex.dns.{ZONE}"), json!({ "host": "192.0.2.200" }));
        set(&format!("1.{REVERSE}"), json!({ "host": format!("a.{ZONE}") }));
        set(&format!("lost.{ZONE}"), json!({ "host": format!("nowhere.{ZONE}") }));
        set(&format!("wild.{ZONE}"), json!({ "host": "192.0.2.99" }));
        set(&format!("own.{ZONE}"), json!({ "host": "192.0.2.1" }));
        set(&format!("x1.own.{ZONE}"), json!({ "host": "192.0.2.2" }));
        while keys.len() < KEYS {
            let name = draw.name();
            let value = draw.value();
            keys.insert(name.parse().unwrap(), value);
        }
        Self(keys)
    }

    /// What stands at a name and below it.
    fn below<'m>(&'m self, name: &'m Name) -> impl Iterator<Item = (&'m Name, &'m Value)> {
        self.0.iter().filter(|(key, _)| key.borrowed().is_at_or_below(name.borrowed()))
    }

    fn is_above_others(&self, name: &Name) -> bool {
        self.below(name).any(|(key, _)| key != name)
    }

    fn aliases_below(&self, name: &Name) -> usize {
        self.below(name).filter(|(_, value)| is_name(value) && !value["text"].is_string()).count()
    }

    /// Every name that there is or could be, for every type.
    fn questions(&self) -> Vec<(Name, RecordType)> {
        let mut names: BTreeSet<Name> = BTreeSet::new();
        for name in self.0.keys() {
            let inside = name.borrowed().suffixes();
            let inside = inside.take_while(|name| {
                [ZONE, REVERSE]
                    .iter()
                    .any(|zone| name.is_at_or_below(zone.parse::<Name>().unwrap().borrowed()))
            });
            names.extend(inside.map(|name| name.to_name()));
        }
        for missing in ["missing", "any.b0", "*.us.c1", "x9.a0"] {
            names.insert(format!("{missing}.{ZONE}").parse().unwrap());
        }
        let each = |name: Name| TYPES.map(|rtype| (name.clone(), rtype));
        names.into_iter().flat_map(each).collect()
    }
}

/// Choices out of one number.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    fn name(&mut self) -> String {
        let leaf = self.of(&["x1", "x2", "x3", "1a2b3c4d", "2a2b3c4d"]);
        let middle = self.of(&["", "eu.", "us.", "_tcp."]);
        format!("{leaf}.{middle}{}{}.{ZONE}", self.of(&["a", "b", "c", "d", "e", "f"]), self.below(4))
    }

    fn value(&mut self) -> Value {
        let address = format!("192.0.2.{}", 1 + self.below(9));
        let mut value = match self.below(12) {
            0..=4 => json!({ "host": address }),
            5 | 6 => json!({ "host": format!("2001:db8::{}", 1 + self.below(9)) }),
            7 => json!({ "host": format!("h{}.{ZONE}", self.below(4)) }),
            8 => json!({ "host": format!("h{}.{ZONE}", self.below(4)), "port": 80 + self.below(2) }),
            9 => json!({ "text": format!("text {}", self.below(9)) }),
            10 => json!({ "host": format!("h{}.{ZONE}", self.below(4)), "text": "beside a host" }),
            _ => json!({ "host": format!("h{}.{ZONE}", self.below(4)), "mail": true }),
        };
        let more: [(&str, usize, usize); 5] =
            [("ttl", 3, 600), ("priority", 3, 3), ("weight", 3, 50), ("port", 5, 3), ("targetstrip", 3, 2)];
        for (field, often, most) in more {
            if self.below(often) == 0 {
                value[field] = json!(1 + self.below(most));
            }
        }
        if self.below(6) == 0 {
            value["group"] = json!(self.of(&["g1", "g2"]));
        }
        value
    }
}
