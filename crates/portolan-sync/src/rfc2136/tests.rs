//! | module | what it owns |
//! | --- | --- |
//! | `drafts` | steps as demands and deeds, in words |
//! | `plans` | the number that a zone has |
//! | `transfers` | zones out of messages, whole or not at all |
//! | `scripted` | a server that says what it is told to: faults, lies, garbage |
//! | `real` | BIND, Knot and PowerDNS: the battery, and what is theirs alone |
//! | `takeover` | a zone that External-DNS wrote, taken over and given back |

mod drafts;
mod plans;
mod real;
mod scripted;
mod takeover;
mod transfers;

use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;

use portolan_core::plan::{Act, Change, Found, Mark, Marked, PlanNumber, Targets};
use portolan_core::record::{Rdata, Target};
use portolan_core::registry::{Listed, Text};
use portolan_testbed::name_server::{KEY_ALGORITHM, KEY_NAME, KEY_SECRET};

use super::*;
use crate::provider::Step;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn key() -> TsigKey {
    TsigKey::new(name(KEY_NAME), KEY_ALGORITHM, KEY_SECRET).unwrap()
}

/// A publisher to one server, signed.
fn options(address: SocketAddr, zones: &[&str]) -> Options {
    let server = Server { host: address.ip().to_string(), port: address.port() };
    let zones = zones.iter().map(|zone| name(zone)).collect();
    let draw = || RandomState::new().hash_one(0_u8);
    let options = Options::new(server, zones, Arc::new(SystemTime::now), Arc::new(draw));
    Options { key: Some(key()), ..options }
}

fn rfc2136(options: Options) -> Rfc2136 {
    Rfc2136::new(options).unwrap()
}

/// A set in words: `shop.example.net A 192.0.2.1 192.0.2.2 ttl=60`, without a TTL when none is named.
fn set(line: &str) -> RecordSet {
    let mut words = line.split(' ');
    let owner = name(words.next().unwrap());
    let rtype: RecordType = words.next().unwrap().parse().unwrap();
    let words: Vec<&str> = words.collect();
    let ttl = words.iter().find_map(|word| word.strip_prefix("ttl="));
    let ttl = ttl.map(|ttl| Ttl::from_seconds(ttl.parse().unwrap()).unwrap());
    let targets: Targets =
        words.iter().filter(|word| !word.starts_with("ttl=")).map(|word| target(rtype, word)).collect();
    RecordSet::new(owner, rtype, targets, ttl)
}

fn target(rtype: RecordType, word: &str) -> Target {
    match rtype {
        RecordType::A | RecordType::AAAA => Target::Address(word.parse().unwrap()),
        RecordType::CNAME => Target::Host(name(word)),
        RecordType::TXT => Target::Record(rtype, Rdata::txt(word.as_bytes()).unwrap()),
        RecordType::MX => Target::Record(rtype, Rdata::mx(10, &name(word))),
        _ => Target::Record(rtype, Rdata::name(&name(word))),
    }
}

/// A step that makes the sets of a name others, as they were listed; texts are put with `+` and removed with `-`.
fn step(before: &[&str], after: &[&str], texts: &[&str]) -> Step {
    let [before, after] = [before, after].map(|lines| lines.iter().map(|line| set(line)).collect::<Vec<_>>());
    let own = after.first().or(before.first()).unwrap().name.clone();
    let listed: Vec<Listed> = before.iter().map(|set| (set.clone(), None)).collect();
    let at = |sets: &[RecordSet], of: &RecordSet| {
        sets.iter().find(|set| set.name == of.name && set.rtype == of.rtype).cloned()
    };
    let found =
        |set: &RecordSet| Found { set: set.clone(), mark: Mark::None, outdated: false, version: None };
    let marked = |set: &RecordSet| Marked { set: set.clone(), mark: Mark::None };
    let mut acts = Vec::new();
    for new in &after {
        match at(&before, new) {
            None => acts.push(Act::Create(marked(new))),
            Some(old) if old != *new => acts.push(Act::Update { old: found(&old), new: marked(new) }),
            Some(_) => {}
        }
    }
    // What others have there stays, as do the texts of other names.
    let gone =
        before.iter().filter(|old| old.name == own && old.ttl != Some(FOREIGN) && at(&after, old).is_none());
    acts.extend(gone.map(|old| Act::Delete(found(old))));
    Step {
        change: Change { name: own, seen: Vec::new(), acts },
        texts: texts.iter().map(|text| mark(text)).collect(),
        seen: listed,
    }
}

/// The TTL of what stays without being wanted.
const FOREIGN: Ttl = Ttl::from_seconds(77).expect("77 is a TTL");

fn mark(line: &str) -> Text {
    let (sign, line) = line.split_at(1);
    let (owner, text) = line.split_once(' ').unwrap();
    let (owner, data) = (name(owner), Rdata::txt(text.as_bytes()).unwrap());
    let identifier = Arc::from("");
    match sign {
        "+" => Text::Put { name: owner, identifier, data },
        _ => Text::Remove { name: owner, identifier, data, version: None },
    }
}

/// The next batch of a publisher that has listed.
fn batch(steps: Vec<Step>) -> Batch {
    Batch { number: PlanNumber { epoch: 1, revision: 1 }, follows: None, steps }
}

#[test]
fn keys_have_algorithms_that_there_are_and_secrets_in_base64() {
    for algorithm in ALGORITHMS.into_iter().chain(["hmac-sha256.", "HMAC-SHA512"]) {
        assert!(TsigKey::new(name("k"), algorithm, KEY_SECRET).is_ok(), "{algorithm}");
    }
    let fault = |algorithm: &str, secret: &str| TsigKey::new(name("k"), algorithm, secret).unwrap_err();
    assert_eq!(fault("hmac-md5", KEY_SECRET), KeyError::Algorithm("hmac-md5".into()));
    assert_eq!(fault("hmac-sha224", KEY_SECRET), KeyError::Algorithm("hmac-sha224".into()));
    assert_eq!(fault("hmac-sha256", ""), KeyError::Secret);
    assert_eq!(fault("hmac-sha256", "not base64!"), KeyError::Secret);
    let shown = format!("{:?} {}", key(), fault("hmac-sha256", "c2VjcmV0*"));
    assert!(!shown.contains("c2Vjc"), "secrets are not shown: {shown}");
}

#[test]
fn options_have_servers_and_zones() {
    let good = || options(SocketAddr::from(([127, 0, 0, 1], 53)), &["example.net"]);
    let fault = |options: Options| Rfc2136::new(options).unwrap_err();
    assert_eq!(fault(Options { servers: Vec::new(), ..good() }), OptionsError::Servers(0));
    assert_eq!(fault(Options { zones: Vec::new(), ..good() }), OptionsError::Zones(0));
    assert_eq!(fault(Options { changes_max: 0, ..good() }), OptionsError::Changes);
}

#[test]
fn servers_take_turns_as_they_are_told() {
    let servers = ["a", "b", "c"].map(|host| Server { host: host.into(), port: 53 });
    let good = options(SocketAddr::from(([127, 0, 0, 1], 53)), &["example.net"]);
    let firsts = |order: Order, draw: u64| {
        let draw: Arc<dyn Fn() -> u64 + Send + Sync> = Arc::new(move || draw);
        let provider = rfc2136(Options { servers: servers.to_vec(), order, draw, ..good.clone() });
        let rings = [(); 4].map(|()| {
            provider.ring(&provider.lists).iter().map(|server| server.host.clone()).collect::<String>()
        });
        assert_eq!(provider.ring(&provider.changes).len(), 3);
        rings
    };
    assert_eq!(firsts(Order::AsGiven, 1), ["abc", "abc", "abc", "abc"]);
    assert_eq!(firsts(Order::RoundRobin, 0), ["abc", "bca", "cab", "abc"]);
    assert_eq!(firsts(Order::Random, 5), ["cab", "cab", "cab", "cab"]);
}

#[tokio::test]
async fn ttls_have_a_floor() {
    let good = options(SocketAddr::from(([127, 0, 0, 1], 53)), &["example.net"]);
    let wanted = |line: &str| Wanted { set: set(line), resource: "".into(), labels: Default::default() };
    let lines = [
        "a.example.net A 192.0.2.1",
        "a.example.net A 192.0.2.1 ttl=10",
        "a.example.net A 192.0.2.1 ttl=600",
    ];
    for (floor, expected) in [
        (0, [None, Some(10), Some(600)]),
        (20, [None, Some(20), Some(600)]),
        (60, [Some(60), Some(60), Some(600)]),
    ] {
        let provider = rfc2136(Options { ttl_min: Ttl::from_seconds(floor).unwrap(), ..good.clone() });
        let adjusted = provider.adjust(lines.map(wanted).to_vec()).await.unwrap();
        let ttls: Vec<Option<u32>> = adjusted.iter().map(|wanted| wanted.set.ttl.map(Ttl::seconds)).collect();
        assert_eq!(ttls, expected, "floor {floor}");
    }
}
