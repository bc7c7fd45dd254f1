//! Whole zones: marks beside their sets, and what becomes of them when sets change.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::name::Name;
use crate::plan::{
    Current, Desired, Found, Gone, Labels, Mark, Options, Owner, Plan, PlanNumber, Properties, RecordSet,
    SyncPolicy, Wanted, plan,
};
use crate::record::{Rdata, RecordType, Target};
use crate::registry::{Affix, Cipher, Nonce, Registry, Text};
use crate::testing::name;

const WHOLE: &str = "heritage=external-dns,external-dns/owner=me,external-dns/resource=svc/a";
const YOURS: &str = "heritage=external-dns,external-dns/owner=you,external-dns/resource=svc/a";

type Key = (Name, RecordType, Arc<str>);
type Data = (Vec<Target>, Properties);
/// A rule, sets, the texts of marks, and whose each set is.
type Row<'r> = (&'r str, &'r [&'r str], &'r [String], &'r [&'r str]);

/// A zone as a DNS has it: marks are texts like any other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Zone {
    sets: BTreeMap<Key, Data>,
}

impl Zone {
    /// Lines of name, type and targets; a text is all that follows.
    pub(super) fn new(lines: &[&str]) -> Self {
        let mut zone = Self::default();
        for line in lines {
            let (head, data) = line.split_at(line.match_indices(' ').nth(1).unwrap().0);
            let (owner, rtype) = head.split_once(' ').unwrap();
            let rtype: RecordType = rtype.parse().unwrap();
            let data = data.trim();
            let targets: Vec<Target> = match rtype {
                RecordType::TXT => [Target::Record(rtype, Rdata::txt(data.as_bytes()).unwrap())].into(),
                _ => data.split(' ').map(target).collect(),
            };
            let set = zone.sets.entry((name(owner), rtype, "".into())).or_default();
            set.0.extend(targets);
        }
        zone
    }

    fn listed(&self) -> Vec<(RecordSet, Option<u64>)> {
        let set = |((name, rtype, identifier), (targets, properties)): (&Key, &Data)| {
            let mut set = RecordSet::new(name.clone(), *rtype, targets.iter().cloned().collect(), None);
            set.identifier = identifier.clone();
            set.properties = properties.clone();
            (set, Some(1))
        };
        self.sets.iter().map(set).collect()
    }

    /// Each record as text.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |((name, rtype, _), (targets, _)): (&Key, &Data)| {
            targets
                .iter()
                .map(|target| format!("{} {rtype} {}", name.to_dotless(), plain(target)))
                .collect::<Vec<_>>()
        };
        let mut lines: Vec<String> = self.sets.iter().flat_map(line).collect();
        lines.sort();
        lines
    }

    /// One round of a publisher, as a shell would do it.
    pub(super) fn round(&mut self, registry: &Registry, asked: &[&str], options: &Options) -> Plan {
        let mut desired = wish(asked);
        assert!(registry.admit(&mut desired).is_empty());
        let reading = registry.read(self.listed(), options);
        let current = Current { sets: reading.sets.clone(), applied: None };
        let plan = plan(&current, &desired, PlanNumber { epoch: 1, revision: 1 }, options);
        let mut drawn = 0_u8;
        let mut nonce = || {
            drawn += 1;
            [drawn; 12]
        };
        for change in &plan.changes {
            let texts = registry.write(change, &reading, options, &mut nonce);
            for act in &change.acts {
                self.act(act);
            }
            texts.iter().for_each(|text| self.text(text));
        }
        plan
    }

    fn act(&mut self, act: &crate::plan::Act) {
        use crate::plan::Act;
        let key = |set: &RecordSet| (set.name.clone(), set.rtype, set.identifier.clone());
        match act {
            Act::Create(new) | Act::Update { new, .. } => {
                let targets = new.set.targets.iter().cloned().collect();
                self.sets.insert(key(&new.set), (targets, new.set.properties.clone()));
            }
            Act::Delete(old) => drop(self.sets.remove(&key(&old.set))),
        }
    }

    fn text(&mut self, text: &Text) {
        let record = |data: &Rdata| Target::Record(RecordType::TXT, data.clone());
        match text {
            Text::Put { name, identifier, data } => {
                let set = self.sets.entry((name.clone(), RecordType::TXT, identifier.clone())).or_default();
                set.0.push(record(data));
            }
            Text::Remove { name, identifier, data, .. } => {
                let key = (name.clone(), RecordType::TXT, identifier.clone());
                let set = self.sets.get_mut(&key).expect("it was read there");
                set.0.retain(|target| *target != record(data));
                if set.0.is_empty() {
                    self.sets.remove(&key);
                }
            }
        }
    }
}

fn target(text: &str) -> Target {
    text.parse().map_or_else(|_| Target::Host(name(text)), Target::Address)
}

fn plain(target: &Target) -> String {
    match target {
        Target::Host(name) => name.to_dotless(),
        target => target.to_string().trim_matches('"').to_string(),
    }
}

/// Everything that vanishes was deleted.
fn wish(lines: &[&str]) -> Desired {
    let zone = Zone::new(lines);
    let wanted = |(set, _)| Wanted { set, resource: "svc/a".into(), labels: Labels::new() };
    let gone = Gone { resources: ["svc/a".into(), "".into()].into(), ..Gone::default() };
    Desired { sets: zone.listed().into_iter().map(wanted).collect(), stays: [].into(), gone, is_whole: true }
}

pub(super) fn options() -> Options {
    Options::new(Owner::new("me").unwrap(), SyncPolicy::Sync)
}

fn marks(zone: &Zone, registry: &Registry) -> Vec<String> {
    let whose = |found: &Found| {
        let mark = match &found.mark {
            Mark::None => "nobody".into(),
            Mark::Unreadable => "?".into(),
            Mark::Claims(claims) => {
                claims.iter().map(|claim| claim.owner.as_str()).collect::<Vec<_>>().join("+")
            }
        };
        let outdated = if found.outdated { " outdated" } else { "" };
        format!("{} {} {mark}{outdated}", found.set.name.to_dotless(), found.set.rtype)
    };
    let mut lines: Vec<String> = registry.read(zone.listed(), &options()).sets.iter().map(whose).collect();
    lines.sort();
    lines
}

#[test]
fn marks_stand_beside_their_sets() {
    let whole =
        |owner: &str, mark: &str| format!("{mark} TXT {}", WHOLE.replace("=me", &format!("={owner}")));
    let rows: [Row<'_>; 9] = [
        (
            "of its type",
            &["foo.x A 192.0.2.1", "foo.x AAAA 2001:db8::1"],
            &[whole("me", "a-foo.x"), whole("you", "aaaa-foo.x")],
            &["foo.x A me", "foo.x AAAA you"],
        ),
        (
            "without a type: of all but AAAA",
            &["foo.x A 192.0.2.1", "foo.x AAAA 2001:db8::1"],
            &[whole("me", "foo.x")],
            &["foo.x A me outdated", "foo.x AAAA nobody", "foo.x MX me outdated"],
        ),
        (
            "both: the newer counts",
            &["foo.x A 192.0.2.1"],
            &[whole("me", "a-foo.x"), whole("you", "foo.x")],
            &["foo.x A me"],
        ),
        ("of another type", &["foo.x CNAME lb.y"], &[whole("me", "a-foo.x")], &["foo.x CNAME nobody"]),
        (
            "without an owner",
            &["foo.x A 192.0.2.1"],
            &["a-foo.x TXT heritage=external-dns,external-dns/resource=svc/a".into()],
            &["foo.x A ?"],
        ),
        (
            "another's heritage is somebody's text",
            &["foo.x A 192.0.2.1"],
            &["a-foo.x TXT heritage=mate,mate/owner=me".into()],
            &["a-foo.x TXT nobody", "foo.x A nobody"],
        ),
        (
            "so is any other text",
            &["foo.x A 192.0.2.1"],
            &["foo.x TXT v=spf1 -all".into()],
            &["foo.x A nobody", "foo.x TXT nobody"],
        ),
        (
            "of several owners",
            &["foo.x A 192.0.2.1"],
            &[
                "a-foo.x TXT heritage=portolan,portolan/owner=me,portolan/targets=192.0.2.1".into(),
                "a-foo.x TXT heritage=portolan,portolan/owner=b,portolan/targets=192.0.2.1".into(),
            ],
            &["foo.x A b+me"],
        ),
        (
            "twice one owner",
            &["foo.x A 192.0.2.1"],
            &[
                whole("me", "a-foo.x"),
                "a-foo.x TXT heritage=portolan,portolan/owner=me,portolan/targets=192.0.2.1".into(),
            ],
            &["foo.x A me outdated"],
        ),
    ];
    for (rule, sets, texts, expected) in rows {
        let lines: Vec<&str> = sets.iter().copied().chain(texts.iter().map(String::as_str)).collect();
        let mut zone = Zone::new(&lines);
        if expected.iter().any(|line| line.contains(" MX ")) {
            let mail = Target::Record(RecordType::MX, Rdata::mx(10, &name("m.x")));
            zone.sets.insert((name("foo.x"), RecordType::MX, "".into()), ([mail].into(), Properties::new()));
        }
        assert_eq!(marks(&zone, &Registry::default()), expected, "{rule}");
    }
}

#[test]
fn an_alias_of_type_a_may_have_the_mark_of_an_alias() {
    let mut zone = Zone::new(&["foo.x A lb.y", &format!("cname-foo.x TXT {WHOLE}")]);
    let key = (name("foo.x"), RecordType::A, Arc::from(""));
    assert_eq!(marks(&zone, &Registry::default()), ["foo.x A nobody"]);
    zone.sets.get_mut(&key).unwrap().1.insert("alias".into(), "true".into());
    assert_eq!(marks(&zone, &Registry::default()), ["foo.x A me outdated"]);
}

#[test]
fn a_zone_is_taken_over_and_given_back_in_place() {
    let registry = Registry::default();
    let mark = format!("a-foo.x TXT {WHOLE}");
    let yours = format!("a-other.x TXT {YOURS}");
    let lines = ["foo.x A 192.0.2.1", &mark, "other.x A 192.0.2.1", &yours];
    let mut zone = Zone::new(&lines);
    let before = zone.clone();
    // Nothing is written on the way.
    let plan = zone.round(&registry, &["foo.x A 192.0.2.1"], &options());
    assert_eq!((plan.changes.len(), &zone), (0, &before));
    zone.round(&registry, &["foo.x A 192.0.2.2", "new.x CNAME lb.y"], &options());
    let new = format!("cname-new.x TXT {WHOLE}");
    let now =
        Zone::new(&["foo.x A 192.0.2.2", &mark, "other.x A 192.0.2.1", &yours, "new.x CNAME lb.y", &new]);
    assert_eq!(zone.lines(), now.lines());
}

#[test]
fn older_marks_become_current_ones_and_nothing_of_them_stays() {
    let registry = Registry::default();
    let mut zone = Zone::new(&["foo.x A 192.0.2.1", &format!("foo.x TXT {WHOLE}"), "foo.x TXT v=spf1 -all"]);
    zone.round(&registry, &["foo.x A 192.0.2.1"], &options());
    let mark = format!("a-foo.x TXT {WHOLE}");
    assert_eq!(zone.lines(), [&mark, "foo.x A 192.0.2.1", "foo.x TXT v=spf1 -all"]);
    // 0.12 to 0.17 wrote both; both go.
    let mut zone = Zone::new(&["foo.x A 192.0.2.1", &format!("foo.x TXT {WHOLE}"), &mark]);
    zone.round(&registry, &[], &options());
    assert_eq!(zone.lines(), [""; 0]);
}

#[test]
fn a_mark_that_another_set_needs_stays() {
    let registry = Registry::default();
    let mark = format!("foo.x TXT {WHOLE}");
    let mut zone = Zone::new(&["foo.x A 192.0.2.1", &mark]);
    let mail = Target::Record(RecordType::MX, Rdata::mx(10, &name("m.x")));
    zone.sets.insert((name("foo.x"), RecordType::MX, "".into()), ([mail].into(), Properties::new()));
    zone.round(&registry, &["bar.x A 192.0.2.1"], &options());
    assert_eq!(marks(&zone, &registry), ["bar.x A me", "foo.x MX me outdated"]);
    // With both managed, both go, and the mark with them.
    let managed = [RecordType::A, RecordType::MX].into();
    zone.round(&registry, &[], &Options { managed, ..options() });
    assert_eq!(zone.lines(), [""; 0]);
}

#[test]
fn after_a_thousand_updates_and_a_delete_nothing_is_left() {
    let registry =
        Registry { affix: Affix::new("", "-%{record_type}", "any").unwrap(), ..Registry::default() };
    let mut zone = Zone::default();
    for round in 0..1_000 {
        let asked = match round % 3 {
            0 => format!("*.x A 192.0.2.{}", round % 250),
            1 => format!("*.x CNAME lb{round}.y"),
            _ => format!("*.x AAAA 2001:db8::{round}"),
        };
        let options = Options { shares: round % 2 == 0, ..options() };
        zone.round(&registry, &[&asked], &options);
        assert_eq!(zone.lines().len(), 2, "{:?}", zone.lines());
    }
    zone.round(&registry, &[], &options());
    assert_eq!(zone.lines(), [""; 0]);
}

#[test]
fn owners_put_and_remove_their_own_texts() {
    let registry = Registry::default();
    let mut zone = Zone::default();
    let (me, you) = (
        Options { shares: true, ..options() },
        Options { shares: true, owner: Owner::new("you").unwrap(), ..options() },
    );
    zone.round(&registry, &["foo.x A 192.0.2.1"], &me);
    zone.round(&registry, &["foo.x A 192.0.2.2"], &you);
    assert_eq!(
        zone.lines(),
        [
            "a-foo.x TXT heritage=portolan,portolan/owner=me,portolan/resource=svc/a,portolan/targets=192.0.2.1",
            "a-foo.x TXT heritage=portolan,portolan/owner=you,portolan/resource=svc/a,portolan/targets=192.0.2.2",
            "foo.x A 192.0.2.1",
            "foo.x A 192.0.2.2",
        ]
    );
    zone.round(&registry, &[], &me);
    assert_eq!(zone.lines().len(), 2);
    zone.round(&registry, &[], &you);
    assert_eq!(zone.lines(), [""; 0]);
}

#[test]
fn what_cannot_be_marked_is_refused_before_it_is_made() {
    let registry = Registry { affix: Affix::new("", "", "any").unwrap(), ..Registry::default() };
    let long = format!("{}.x A 192.0.2.1", "a".repeat(62));
    let mut desired = wish(&[&long, "*.x A 192.0.2.1", "any.x A 192.0.2.1", "ok.x A 192.0.2.1"]);
    let caa = RecordSet::new(
        name("caa.x"),
        RecordType::CAA,
        [Target::Record(RecordType::CAA, Rdata::from_wire(&[0]).unwrap())].into_iter().collect(),
        None,
    );
    desired.sets.push(Wanted { set: caa, resource: "svc/a".into(), labels: Labels::new() });
    let ok = desired.sets.iter_mut().find(|wanted| wanted.set.name == name("ok.x")).unwrap();
    ok.labels =
        [("note".into(), "a,b".into()), ("owner".into(), "evil".into()), ("team".into(), "web".into())]
            .into();
    let mut problems: Vec<String> =
        registry.admit(&mut desired).told.iter().map(ToString::to_string).collect();
    problems.sort();
    assert_eq!(problems.len(), 4, "{problems:#?}");
    for (problem, rule) in problems.iter().zip([
        "the name of its mark has a label of more than 63 octets",
        "its mark a-any.x. is that of *.x. too",
        "its mark caa-caa.x. would be read as that of another set",
        "the label \"note\" has a comma",
    ]) {
        assert!(problem.contains(rule), "{problem}");
    }
    let left: Vec<String> = desired.sets.iter().map(|wanted| wanted.set.to_string()).collect();
    assert_eq!(left, ["*.x. A", "ok.x. A"]);
    assert_eq!(desired.sets[1].labels, [("team".into(), "web".into())].into());
    assert_eq!(desired.stays.len(), 3);
}

/// A mark that is longer than a record would not be written, and its set be left behind as nobody's.
#[test]
fn labels_that_no_mark_has_room_for_are_left_out() {
    let registry = Registry::default();
    let me = options();
    let mut desired = wish(&["foo.x A 192.0.2.1"]);
    desired.sets[0].labels = [("note".into(), "x".repeat(70_000).into())].into();
    let problems = registry.admit(&mut desired);
    assert!(problems.told[0].message.contains("its labels have 70004 octets"), "{problems:?}");
    let reading = registry.read([], &me);
    let plan = plan(&Current::default(), &desired, PlanNumber { epoch: 1, revision: 1 }, &me);
    let texts = registry.write(&plan.changes[0], &reading, &me, &mut || [0; 12]);
    assert!(matches!(texts.as_slice(), [Text::Put { .. }]), "{texts:?}");
}

#[test]
fn strays_are_marks_of_our_own_about_nothing() {
    let registry = Registry::default();
    let zone = Zone::new(&[
        "foo.x A 192.0.2.1",
        &format!("a-foo.x TXT {WHOLE}"),
        &format!("aaaa-foo.x TXT {WHOLE}"),
        &format!("a-gone.x TXT {WHOLE}"),
        &format!("a-yours.x TXT {YOURS}"),
        &format!("mx-foo.x TXT {WHOLE}"),
        &format!("old.x TXT {WHOLE}"),
    ]);
    let reading = registry.read(zone.listed(), &options());
    let strays: Vec<String> = registry
        .strays(&reading, &options())
        .map(|text| match text {
            Text::Remove { name, .. } => name.to_dotless(),
            Text::Put { name, .. } => format!("put {name}"),
        })
        .collect();
    assert_eq!(strays, ["aaaa-foo.x", "a-gone.x"]);
    // What comes takes over the mark that was left behind.
    let mut zone = zone;
    zone.round(&registry, &["foo.x A 192.0.2.1", "gone.x A 192.0.2.1"], &options());
    assert_eq!(zone.lines().iter().filter(|line| line.starts_with("a-gone.x")).count(), 1);
}

/// Sets the text beside its nonce, and knows its own.
struct Beside(&'static str);

impl Cipher for Beside {
    fn open(&self, sealed: &str) -> Option<String> {
        let (key, rest) = sealed.split_once('!')?;
        let (_, text) = rest.split_once('!')?;
        (key == self.0).then(|| text.replace('~', ","))
    }

    fn seal(&self, text: &str, nonce: Nonce) -> String {
        format!("{}!{}!{}", self.0, nonce[0], text.replace(',', "~"))
    }
}

#[test]
fn texts_are_sealed_and_opened() {
    let plain = Registry::default();
    let opens = Registry { cipher: Some(Arc::new(Beside("k"))), ..Registry::default() };
    let seals = Registry { seals: true, ..opens.clone() };
    let mut zone = Zone::default();
    zone.round(&seals, &["foo.x A 192.0.2.1"], &options());
    assert_eq!(zone.lines()[0], format!("a-foo.x TXT k!1!{}", WHOLE.replace(',', "~")));
    assert_eq!(marks(&zone, &opens), ["foo.x A me"]);
    // An update that does not change what the mark says leaves it, with its nonce.
    let sealed = zone.lines()[0].clone();
    zone.round(&seals, &["foo.x A 192.0.2.2", "bar.x A 192.0.2.1"], &options());
    assert!(zone.lines().contains(&sealed));
    // What is from before sealing is read, and stays until there is a reason to write it.
    let mut old = Zone::default();
    old.round(&plain, &["foo.x A 192.0.2.1"], &options());
    assert_eq!(marks(&old, &seals), ["foo.x A me"]);
    zone.round(&opens, &[], &options());
    assert_eq!(zone.lines(), [""; 0]);
}

#[test]
fn what_is_sealed_with_another_key_is_somebodys() {
    let sealed = "yi6vVATlgYN0enXBIupVK2atNUKtajofWMroWtvZjUanFZXlWvqjJPpjmMd91kv86bZj+syQEP0uR3TK6eFVV7oKFh/NxYyh238FjZ+25zlXW9TgbLoMalUNOkhKFdfXkLeeaqJjePB59t+kQBYX+ZEryK652asPs6M+xTIvtg07N7WWZ6SjJujm0RRISg==";
    let zone = Zone::new(&["foo.x A 192.0.2.1", &format!("a-foo.x TXT {sealed}")]);
    let registry = Registry::default();
    assert_eq!(marks(&zone, &registry), ["a-foo.x TXT nobody", "foo.x A ?"]);
    let reading = registry.read(zone.listed(), &options());
    assert_eq!(
        reading.problems.told[0].to_string(),
        "foo.x. A: Invalid: its mark a-foo.x. TXT may be sealed with a key that is not given; the set is left alone"
    );
    // So it is not adopted either.
    let mut zone = zone;
    let adopts = Options { adopts: true, ..options() };
    assert_eq!(zone.round(&registry, &["foo.x A 192.0.2.2"], &adopts).changes.len(), 0);
    // Beside a claim that can be read it is somebody's text.
    let zone =
        Zone::new(&["foo.x A 192.0.2.1", &format!("a-foo.x TXT {sealed}"), &format!("a-foo.x TXT {WHOLE}")]);
    assert_eq!(marks(&zone, &registry), ["a-foo.x TXT nobody", "foo.x A me"]);
}

#[test]
fn where_a_mark_stands_counts_for_its_owner_alone() {
    // A type in the affix, and marks from before it was there.
    let registry = Registry { affix: Affix::new("", "-%{record_type}", "").unwrap(), ..Registry::default() };
    let mut zone = Zone::new(&["foo.x A 192.0.2.1", &format!("a-foo-.x TXT {WHOLE}")]);
    assert_eq!(marks(&zone, &registry), ["foo.x A me outdated"]);
    zone.round(&registry, &["foo.x A 192.0.2.1"], &options());
    assert_eq!(zone.lines(), ["foo-a.x TXT ".to_owned() + WHOLE, "foo.x A 192.0.2.1".into()]);
    // Another owner's, twice: ours is in order, and there is nothing to write.
    let claims = |owner: &str, targets: &str| {
        format!(
            "a-foo.x TXT heritage=portolan,portolan/owner={owner},portolan/resource=svc/a,portolan/targets={targets}"
        )
    };
    let (mine, once, twice) =
        (claims("me", "192.0.2.1"), claims("you", "192.0.2.2"), claims("you", "192.0.2.3"));
    let mut zone = Zone::new(&["foo.x A 192.0.2.1 192.0.2.2 192.0.2.3", &mine, &once, &twice]);
    let shares = Options { shares: true, ..options() };
    assert_eq!(zone.round(&Registry::default(), &["foo.x A 192.0.2.1"], &shares).changes, []);
}

#[test]
fn a_former_owners_marks_go_as_ours_come() {
    let former = Some(Owner::new("you").unwrap());
    let mut zone = Zone::new(&["foo.x A 192.0.2.1", &format!("a-foo.x TXT {YOURS}")]);
    zone.round(&Registry::default(), &["foo.x A 192.0.2.1"], &Options { former, ..options() });
    assert_eq!(zone.lines(), [format!("a-foo.x TXT {WHOLE}"), "foo.x A 192.0.2.1".into()]);
}
