//! Sets and plans as text, and a DNS that plans are applied to.
//!
//! ```text
//!   foo.x A 192.0.2.1 192.0.2.2 by=me for=svc/a ttl=300 id=b alias=true
//! ```
//!
//! `by=OWNER` claims the whole, `by=OWNER:TARGET;TARGET` these targets (several are several claims), `by=?` cannot be
//! read; without it nobody has it. A target with letters that is no address is a host name, of other types text.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::plan::{
    Act, Change, Claim, Current, Desired, Extent, Found, Gone, Labels, Mark, Marked, Options, Owner, Plan,
    PlanNumber, Properties, RecordSet, SyncPolicy, Targets, Wanted, plan,
};
use crate::record::{Rdata, RecordType, Target, Ttl};
use crate::testing::name;

pub(super) fn options() -> Options {
    Options::new(Owner::new("me").unwrap(), SyncPolicy::Sync)
}

/// A rule, what is there, what is asked for, and the acts.
pub(super) type Row =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

struct Words {
    set: RecordSet,
    mark: Mark,
    resource: Arc<str>,
}

fn target(rtype: RecordType, text: &str) -> Target {
    match (rtype, text.parse()) {
        (_, Ok(address)) => Target::Address(address),
        (RecordType::A | RecordType::AAAA | RecordType::CNAME, Err(_)) => Target::Host(name(text)),
        _ => Target::Record(rtype, Rdata::txt(text.as_bytes()).unwrap()),
    }
}

fn words(line: &str) -> Words {
    let mut words = line.split(' ');
    let (owner, rtype) = (name(words.next().unwrap()), words.next().unwrap().parse().unwrap());
    let mut set = RecordSet::new(owner, rtype, Targets::default(), None);
    let (mut claims, mut is_unreadable, mut resource) = (Vec::new(), false, "");
    let mut targets = Vec::new();
    for word in words {
        match word.split_once('=') {
            None => targets.push(target(rtype, word)),
            Some(("by", "?")) => is_unreadable = true,
            Some(("by", by)) => claims.push(by),
            Some(("for", text)) => resource = text,
            Some(("ttl", text)) => set.ttl = Ttl::from_seconds(text.parse().unwrap()),
            Some(("id", text)) => set.identifier = text.into(),
            Some((key, value)) => drop(set.properties.insert(key.into(), value.into())),
        }
    }
    set.targets = targets.into_iter().collect();
    let claim = |by: &str| {
        let (owner, targets) =
            by.split_once(':').map_or((by, None), |(owner, targets)| (owner, Some(targets)));
        let targets = targets.map(|targets| targets.split(';').map(|text| target(rtype, text)).collect());
        let extent = targets.map_or(Extent::Whole, Extent::Targets);
        let resource = if owner == "me" { resource } else { "" };
        Claim { owner: Owner::new(owner).unwrap(), resource: resource.into(), labels: Labels::new(), extent }
    };
    let mut claims: Vec<Claim> = claims.into_iter().map(claim).collect();
    claims.sort();
    let mark = match () {
        () if is_unreadable => Mark::Unreadable,
        () if claims.is_empty() => Mark::None,
        () => Mark::Claims(claims),
    };
    Words { set, mark, resource: resource.into() }
}

pub(super) fn found(line: &str) -> Found {
    let words = words(line);
    Found { set: words.set, mark: words.mark, outdated: false, version: None }
}

pub(super) fn wanted(line: &str) -> Wanted {
    let words = words(line);
    Wanted { set: words.set, resource: words.resource, labels: Labels::new() }
}

pub(super) fn desired(lines: &[&str]) -> Desired {
    Desired {
        sets: lines.iter().map(|line| wanted(line)).collect(),
        stays: [].into(),
        gone: Gone::default(),
        is_whole: true,
    }
}

/// The acts of a plan of these sets, as text.
pub(super) fn acts(there: &[&str], asked: &[&str], options: &Options) -> Vec<String> {
    let current = Current { sets: there.iter().map(|line| found(line)).collect(), applied: None };
    let plan = plan(&current, &desired(asked), PlanNumber { epoch: 1, revision: 1 }, options);
    written(&plan)
}

/// That a plan of these sets has these acts, and that nothing is left to do behind it.
pub(super) fn check(rule: &str, there: &[&str], asked: &[&str], options: &Options, expected: &[&str]) {
    assert_eq!(acts(there, asked, options), expected, "{rule}");
    let mut dns = Dns::new(there.iter().map(|line| found(line)));
    let plan = dns.plan(&desired(asked), options);
    assert!(dns.apply(&plan), "{rule}");
    let again = dns.plan(&desired(asked), options);
    assert_eq!(written(&again), [""; 0], "{rule}, again");
}

pub(super) fn written(plan: &Plan) -> Vec<String> {
    let acts = plan.changes.iter().flat_map(|change| &change.acts);
    acts.map(|act| match act {
        Act::Create(new) => format!("create {}", text(&new.set, &new.mark)),
        Act::Update { old, new } => {
            let before = old.set.targets.iter().map(plain).collect::<Vec<_>>().join(" ");
            format!("update {} (was {before})", text(&new.set, &new.mark))
        }
        Act::Delete(old) => format!("delete {}", text(&old.set, &old.mark)),
    })
    .collect()
}

fn plain(target: &Target) -> String {
    match target {
        Target::Host(name) => name.to_dotless(),
        target => target.to_string(),
    }
}

/// As [`words`] reads it, without resources.
fn text(set: &RecordSet, mark: &Mark) -> String {
    let mut text = format!("{} {}", set.name.to_dotless(), set.rtype);
    set.targets.iter().for_each(|target| text += &format!(" {}", plain(target)));
    match mark {
        Mark::None => {}
        Mark::Unreadable => text += " by=?",
        Mark::Claims(claims) => claims.iter().for_each(|claim| {
            text += &format!(" by={}", claim.owner);
            if let Extent::Targets(targets) = &claim.extent {
                text += &format!(":{}", targets.iter().map(plain).collect::<Vec<_>>().join(";"));
            }
        }),
    }
    if let Some(ttl) = set.ttl {
        text += &format!(" ttl={}", ttl.seconds());
    }
    if !set.identifier.is_empty() {
        text += &format!(" id={}", set.identifier);
    }
    set.properties.iter().for_each(|(key, value)| text += &format!(" {key}={value}"));
    text
}

/// A DNS that plans are applied to, name by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Dns {
    pub(super) sets: BTreeMap<Key, Found>,
    pub(super) applied: Option<PlanNumber>,
    version: u64,
}

pub(super) type Key = (crate::Name, RecordType, Arc<str>);

fn key(set: &RecordSet) -> Key {
    (set.name.clone(), set.rtype, set.identifier.clone())
}

impl Dns {
    pub(super) fn new(sets: impl IntoIterator<Item = Found>) -> Self {
        let mut dns = Self::default();
        for mut set in sets {
            dns.version += 1;
            set.version = Some(dns.version);
            dns.sets.entry(key(&set.set)).or_insert(set);
        }
        dns
    }

    pub(super) fn current(&self) -> Current {
        Current { sets: self.sets.values().cloned().collect(), applied: self.applied }
    }

    /// A plan with the next number.
    pub(super) fn plan(&self, desired: &Desired, options: &Options) -> Plan {
        let revision = self.applied.map_or(0, |number| number.revision) + 1;
        plan(&self.current(), desired, PlanNumber { epoch: 1, revision }, options)
    }

    /// All of it, unless it is refused.
    pub(super) fn apply(&mut self, plan: &Plan) -> bool {
        if plan.is_superseded || self.applied != plan.follows {
            return false;
        }
        self.applied = Some(plan.number);
        plan.changes.iter().all(|change| self.step(change))
    }

    /// One name, while it is as it was seen.
    pub(super) fn step(&mut self, change: &Change) -> bool {
        if self.at(&change.name) != change.seen.iter().collect::<Vec<_>>() {
            return false;
        }
        for act in &change.acts {
            self.act(act);
        }
        true
    }

    pub(super) fn act(&mut self, act: &Act) {
        match act {
            Act::Create(new) => assert!(self.put(new).is_none(), "{new:?}"),
            Act::Update { old, new } => assert_eq!(self.put(new).as_ref(), Some(old)),
            Act::Delete(old) => assert_eq!(self.sets.remove(&key(&old.set)).as_ref(), Some(old)),
        }
    }

    fn put(&mut self, new: &Marked) -> Option<Found> {
        self.version += 1;
        let (set, mark) = (new.set.clone(), new.mark.clone());
        self.sets.insert(key(&set), Found { set, mark, outdated: false, version: Some(self.version) })
    }

    /// The sets of a name, as a plan has seen them.
    pub(super) fn at(&self, name: &crate::Name) -> Vec<&Found> {
        let mut sets: Vec<&Found> = self.sets.values().filter(|found| found.set.name == *name).collect();
        sets.sort_by(|a, b| a.set.key().cmp(&b.set.key()));
        sets
    }

    /// Each set as text.
    pub(super) fn lines(&self) -> Vec<String> {
        self.sets.values().map(|found| text(&found.set, &found.mark)).collect()
    }
}

/// Settings for one make of DNS, as words.
pub(super) fn properties(words: &[(&str, &str)]) -> Properties {
    words.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}
