//! Random states, against a model that is slow and obvious: External-DNS' loop, list by list, and the two rules on top.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::select;

use super::bench::{Dns, desired, found, options, written};
use crate::plan::{
    Act, Change, Claim, Desired, Extent, Found, Mark, Options, Owner, RecordSet, SyncPolicy, Targets, Wanted,
};
use crate::record::{RecordType, Target};
use crate::testing::name;

const NAMES: [&str; 4] = ["a.x", "b.x", "c.x", "d.x"];
const MARKS: [&str; 5] = [" by=me", " by=me", " by=you", "", " by=?"];
const RESOURCES: [&str; 4] = ["", " for=svc/a", " for=svc/b", " for=svc/c"];
const SETTINGS: [&str; 6] = ["", "", " ttl=60", " ttl=300", " ttl=0", " aws/weight=1"];
const IDENTIFIERS: [&str; 4] = ["", "", "", " id=b"];

fn arb_data() -> impl Strategy<Value = &'static str> {
    select(vec![
        "A 192.0.2.1",
        "A 192.0.2.2",
        "A 192.0.2.10 192.0.2.9",
        "AAAA 2001:db8::1",
        "AAAA 2001:db8::1 2001:db8::2",
        "CNAME lb.y",
        "CNAME a-b.y",
        "TXT hello",
    ])
}

/// A set as a line has it, without a mark.
fn arb_set() -> impl Strategy<Value = String> {
    let set = (
        select(&NAMES[..]),
        arb_data(),
        select(&SETTINGS[..]),
        select(&IDENTIFIERS[..]),
        select(&RESOURCES[..]),
    );
    set.prop_map(|(name, data, setting, id, resource)| format!("{name} {data}{setting}{id}{resource}"))
}

fn arb_there() -> impl Strategy<Value = Vec<String>> {
    let line = (arb_set(), select(&MARKS[..])).prop_map(|(set, mark)| set + mark);
    proptest::collection::vec(line, 0..8)
}

fn arb_asked() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(arb_set(), 0..8)
}

fn arb_policy() -> impl Strategy<Value = SyncPolicy> {
    select(vec![SyncPolicy::Sync, SyncPolicy::Sync, SyncPolicy::UpsertOnly, SyncPolicy::CreateOnly])
}

fn wish(lines: &[String]) -> Desired {
    let mut desired = desired(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    // An empty wish is held, which is tested apart.
    desired.gone.names = NAMES.iter().map(|text| name(text)).collect();
    desired
}

/// The acts at a name, in no order.
#[derive(Default)]
struct Acts<'m> {
    creates: Vec<&'m Wanted>,
    updates: Vec<(&'m Found, &'m Wanted)>,
    deletes: Vec<&'m Found>,
    placed: bool,
}

fn owned(found: &Found) -> bool {
    matches!(&found.mark, Mark::Claims(claims) if claims.iter().any(|claim| claim.owner.as_str() == "me"))
}

fn resource(found: &Found) -> &str {
    let Mark::Claims(claims) = &found.mark else { return "" };
    claims.first().map_or("", |claim| &claim.resource)
}

fn texts(wanted: &Wanted) -> Vec<String> {
    let mut texts: Vec<String> = wanted.set.targets.iter().map(dotless).collect();
    texts.sort();
    texts
}

fn dotless(target: &Target) -> String {
    match target {
        Target::Host(name) => name.to_dotless(),
        target => target.to_string(),
    }
}

/// `Targets.IsLess`, and what this project adds for the case that neither is.
fn less(a: &Wanted, b: &Wanted) -> Ordering {
    let (x, y) = (texts(a), texts(b));
    let targets = x.len().cmp(&y.len()).then_with(|| {
        for (x, y) in x.iter().zip(&y) {
            match (x.parse::<IpAddr>(), y.parse::<IpAddr>()) {
                _ if x == y => {}
                (Ok(x), Ok(y)) => return x.cmp(&y),
                (Ok(_), Err(_)) => return Ordering::Less,
                (Err(_), Ok(_)) => return Ordering::Greater,
                (Err(_), Err(_)) => return x.cmp(y),
            }
        }
        Ordering::Equal
    });
    let ttl = |wanted: &Wanted| wanted.set.ttl.map_or(0, |ttl| ttl.seconds());
    targets
        .then_with(|| a.resource.cmp(&b.resource))
        .then_with(|| ttl(a).cmp(&ttl(b)))
        .then_with(|| a.set.properties.len().cmp(&b.set.properties.len()))
}

fn excludes(a: RecordType, b: RecordType) -> bool {
    a != b && [a, b].contains(&RecordType::CNAME)
}

/// `Plan.Calculate` for one name, and then the two rules.
fn model<'m>(there: &[&'m Found], asked: &[&'m Wanted], policy: SyncPolicy) -> Acts<'m> {
    let managed = |rtype| [RecordType::A, RecordType::AAAA, RecordType::CNAME].contains(&rtype);
    let asked: Vec<&Wanted> = asked.iter().copied().filter(|wanted| managed(wanted.set.rtype)).collect();
    let mut acts = Acts::default();
    for id in ["", "b"] {
        let current: Vec<&Found> =
            there.iter().copied().filter(|f| &*f.set.identifier == id && managed(f.set.rtype)).collect();
        let mut candidates: Vec<&Wanted> =
            asked.iter().copied().filter(|w| &*w.set.identifier == id).collect();
        if candidates.iter().any(|w| w.set.rtype != RecordType::CNAME) {
            candidates.retain(|w| w.set.rtype != RecordType::CNAME);
        }
        candidates.sort_by(|a, b| less(a, b));
        let is_ours = current.iter().all(|found| owned(found));
        for rtype in [RecordType::A, RecordType::AAAA, RecordType::CNAME] {
            let now = current.iter().copied().find(|found| found.set.rtype == rtype);
            let of_type: Vec<&Wanted> = candidates.iter().copied().filter(|w| w.set.rtype == rtype).collect();
            let Some(first) = of_type.first() else {
                acts.deletes.extend(now.filter(|found| owned(found)));
                continue;
            };
            let Some(now) = now else {
                if is_ours {
                    acts.creates.push(first);
                }
                continue;
            };
            if !owned(now) {
                continue;
            }
            let same = of_type.iter().find(|w| *w.resource == *resource(now));
            let winner = same.unwrap_or(first);
            let ttl = winner.set.ttl.filter(|ttl| ttl.seconds() > 0);
            acts.placed = true;
            if ttl.is_some() && ttl != now.set.ttl
                || winner.set.targets != now.set.targets
                || winner.set.properties != now.set.properties
            {
                acts.updates.push((now, winner));
            }
        }
    }
    match policy {
        SyncPolicy::Sync => {}
        SyncPolicy::UpsertOnly => {}
        SyncPolicy::CreateOnly => {
            acts.updates.clear();
            acts.deletes.clear();
        }
    }
    loop {
        let before = (acts.creates.len(), acts.deletes.len());
        if policy == SyncPolicy::UpsertOnly {
            let creates = acts.creates.clone();
            acts.deletes.retain(|d| creates.iter().any(|c| excludes(c.set.rtype, d.set.rtype)));
        }
        if !asked.is_empty() && acts.creates.is_empty() && !acts.placed {
            acts.deletes.clear();
        }
        let stays: Vec<&Found> = there.iter().copied().filter(|f| !acts.deletes.contains(f)).collect();
        let others = acts.creates.iter().any(|c| c.set.rtype != RecordType::CNAME);
        acts.creates.retain(|c| {
            let loses = others && c.set.rtype == RecordType::CNAME;
            !loses && stays.iter().all(|f| !excludes(c.set.rtype, f.set.rtype))
        });
        if before == (acts.creates.len(), acts.deletes.len()) {
            return acts;
        }
    }
}

/// The acts of the model over all names, sorted texts.
fn expected(dns: &Dns, desired: &Desired, policy: SyncPolicy) -> Vec<String> {
    let mut lines = Vec::new();
    for text in NAMES {
        let there = dns.at(&name(text));
        let asked: Vec<&Wanted> =
            desired.sets.iter().filter(|wanted| wanted.set.name == name(text)).collect();
        let acts = model(&there, &asked, policy);
        let set = |set: &RecordSet| {
            format!(
                "{} {} {:?}",
                set,
                set.targets.iter().map(dotless).collect::<Vec<_>>().join(" "),
                set.properties
            )
        };
        let ttl = |set: &RecordSet| set.ttl.map_or(0, |ttl| ttl.seconds());
        lines.extend(acts.creates.iter().map(|w| format!("create {} {}", set(&w.set), ttl(&w.set))));
        lines.extend(acts.updates.iter().map(|(_, w)| format!("update {} {}", set(&w.set), ttl(&w.set))));
        lines.extend(acts.deletes.iter().map(|f| format!("delete {} {}", set(&f.set), ttl(&f.set))));
    }
    lines.sort();
    lines
}

fn planned(changes: &[Change]) -> Vec<String> {
    let set = |set: &RecordSet| {
        let targets = set.targets.iter().map(dotless).collect::<Vec<_>>().join(" ");
        format!("{} {} {:?} {}", set, targets, set.properties, set.ttl.map_or(0, |ttl| ttl.seconds()))
    };
    let act = |act: &Act| match act {
        Act::Create(new) => format!("create {}", set(&new.set)),
        Act::Update { new, .. } => format!("update {}", set(&new.set)),
        Act::Delete(old) => format!("delete {}", set(&old.set)),
    };
    let mut lines: Vec<String> = changes.iter().flat_map(|change| &change.acts).map(act).collect();
    lines.sort();
    lines
}

fn is_mixed(sets: &[&Found]) -> bool {
    sets.iter().any(|a| sets.iter().any(|b| excludes(a.set.rtype, b.set.rtype)))
}

/// Carries a plan out, name by name and act by act, and checks what must hold all the way.
fn carry_out(dns: &mut Dns, changes: &[Change], options: &Options) {
    for change in changes {
        let before = dns.clone();
        let mut stepped = dns.clone();
        assert!(stepped.step(change), "the name is as it was seen");
        let (was, is) = (before.at(&change.name), stepped.at(&change.name));
        was.iter().for_each(|found| check_others(found, &is, options));
        assert!(!is_mixed(&is) || is_mixed(&was), "an alias came beside other records");
        let deletes = change.acts.iter().filter_map(|act| match act {
            Act::Delete(old) => Some(old.set.rtype),
            Act::Create(_) | Act::Update { .. } => None,
        });
        let comes = |rtype| {
            change.acts.iter().any(|act| matches!(act, Act::Create(new) if excludes(new.set.rtype, rtype)))
        };
        let replaces = deletes.into_iter().any(comes);
        for act in &change.acts {
            dns.act(act);
            assert!(
                replaces || is.is_empty() || !dns.at(&change.name).is_empty(),
                "the name is empty on the way"
            );
        }
        for other in NAMES.iter().map(|text| name(text)).filter(|other| *other != change.name) {
            assert_eq!(dns.at(&other), before.at(&other));
        }
    }
}

/// That what others have of a set is there still.
fn check_others(found: &Found, after: &[&Found], options: &Options) {
    let others: Vec<&Claim> = match &found.mark {
        Mark::None if options.adopts => return,
        Mark::Claims(claims) => claims.iter().filter(|claim| !options.is_us(&claim.owner)).collect(),
        Mark::None | Mark::Unreadable => Vec::new(),
    };
    let is_ours = matches!(&found.mark, Mark::Claims(claims) if others.len() < claims.len());
    let targets = |claim: &Claim| match &claim.extent {
        Extent::Whole => None,
        Extent::Targets(targets) => Some(targets.clone()),
    };
    let all: Option<Vec<Targets>> = others.iter().map(|claim| targets(claim)).collect();
    match all {
        Some(all) if is_ours || options.shares && !all.is_empty() => {
            let now = after.iter().find(|now| now.set.key() == found.set.key());
            if all.is_empty() {
                return;
            }
            let now = now.expect("what others claim stays");
            let Mark::Claims(claims) = &now.mark else { unreachable!("claims stay") };
            assert!(others.iter().all(|claim| claims.contains(claim)), "{now:?}");
            let kept =
                found.set.targets.iter().filter(|target| all.iter().any(|targets| targets.contains(target)));
            kept.for_each(|target| assert!(now.set.targets.contains(target), "{target} is gone"));
        }
        _ => assert!(after.contains(&found), "touched {found:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// What is planned is what the model plans; carried out it touches nothing of others, empties no name on the
    /// way, and leaves nothing to do.
    #[test]
    fn plans_are_those_of_the_model(there in arb_there(), asked in arb_asked(), policy in arb_policy()) {
        let mut dns = Dns::new(there.iter().map(|line| found(line)));
        let desired = wish(&asked);
        let options = Options { policy, ..options() };
        let plan = dns.plan(&desired, &options);
        prop_assert_eq!(planned(&plan.changes), expected(&dns, &desired, policy));
        dns.applied = Some(plan.number);
        carry_out(&mut dns, &plan.changes, &options);
        prop_assert_eq!(written(&dns.plan(&desired, &options)), [""; 0]);
    }

    /// The same for whatever a publisher may be told: it converges, and touches no one else's.
    #[test]
    fn whatever_it_is_told_it_converges(
        there in arb_there(),
        asked in arb_asked(),
        policy in arb_policy(),
        told in any::<[bool; 5]>(),
        others in arb_claims(),
    ) {
        let mut dns = Dns::new(there.iter().chain(&others).map(|line| found(line)));
        let mut desired = wish(&asked);
        let [adopts, shares, is_whole, is_told, is_former] = told;
        let former = is_former.then(|| Owner::new("old").unwrap());
        let options = Options { policy, adopts, shares, former, ..options() };
        desired.is_whole = is_whole;
        if !is_told {
            desired.gone.names.clear();
        }
        let plan = dns.plan(&desired, &options);
        dns.applied = Some(plan.number);
        let had: Vec<_> = NAMES.iter().map(|text| name(text)).filter(|name| !dns.at(name).is_empty()).collect();
        let kept = had.iter().filter(|name| {
            let is_held = plan.hold.as_ref().is_some_and(|hold| hold.names.contains(name));
            is_held || !is_whole || desired.sets.iter().any(|wanted| wanted.set.name == **name && options.manages(wanted.set.rtype))
        });
        let kept: Vec<_> = kept.cloned().collect();
        carry_out(&mut dns, &plan.changes, &options);
        for name in kept {
            prop_assert!(!dns.at(&name).is_empty(), "{} is gone", name);
        }
        let again = dns.plan(&desired, &options);
        prop_assert_eq!(written(&again), [""; 0]);
        prop_assert_eq!(again.hold.map(|hold| hold.id), plan.hold.map(|hold| hold.id));
    }
}

/// Sets that several owners claim targets of, or a former owner.
fn arb_claims() -> impl Strategy<Value = Vec<String>> {
    let marks = [
        " by=you:192.0.2.7",
        " by=me:192.0.2.1 by=you:192.0.2.7",
        " by=me:192.0.2.7 by=you:192.0.2.7",
        " by=old:192.0.2.1 by=you:192.0.2.7",
        " by=old",
        " by=me by=you:192.0.2.7",
        " by=me:192.0.2.1",
    ];
    let line = (select(&NAMES[..]), select(marks.to_vec()), select(&SETTINGS[..]));
    let line = line.prop_map(|(name, mark, setting)| format!("{name} A 192.0.2.1 192.0.2.7{setting}{mark}"));
    proptest::collection::vec(line, 0..4)
}
