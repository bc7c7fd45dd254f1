//! Steps as demands and deeds, in words.

use super::super::memory::{Memory, Zones};
use super::super::message::{Deed, Demand};
use super::super::update::{draft, zone_of};
use super::*;

fn zones() -> Zones {
    Zones::new(["example.net", "sub.example.net"].map(name))
}

fn present(target: &(RecordType, &Rdata)) -> String {
    portolan_core::record::Present(target.0, target.1.as_wire()).to_string()
}

fn demand(demand: &Demand) -> String {
    match demand {
        Demand::NotInUse(name) => format!("{name} is free"),
        Demand::NoSet(name, rtype) => format!("{name} has no {rtype}"),
        Demand::Holds(name, rtype, data) => format!("{name} {rtype} {}", present(&(*rtype, data))),
    }
}

fn deed(deed: &Deed) -> String {
    match deed {
        Deed::DropSet(name, rtype) => format!("-{name} {rtype}"),
        Deed::Drop(name, rtype, data) => format!("-{name} {rtype} {}", present(&(*rtype, data))),
        Deed::Add(name, rtype, ttl, data) => {
            format!("+{name} {} {rtype} {}", ttl.seconds(), present(&(*rtype, data)))
        }
    }
}

/// Demands and deeds of a step, without the zone's name; or the rule that it breaks.
fn drafted(step: &Step) -> Result<(Vec<String>, Vec<String>), String> {
    let short = |text: String| text.replace(".example.net.", "");
    zone_of(step, &zones())?;
    let draft = draft(step, &zones(), &Memory::default())?;
    let demands = draft.demands.iter().map(demand).map(short).collect();
    Ok((demands, draft.deeds.iter().map(deed).map(short).collect()))
}

fn check(step: &Step, demands: &[&str], deeds: &[&str]) {
    let (mut found, done) = drafted(step).unwrap();
    found.sort();
    let mut demands = demands.to_vec();
    demands.sort_unstable();
    assert_eq!(found, demands, "{step:#?}");
    assert_eq!(done, deeds, "{step:#?}");
}

#[test]
fn what_comes_to_a_free_name() {
    let step = step(&[], &["a.example.net A 192.0.2.1 192.0.2.2 ttl=60"], &["+a-a.example.net mark"]);
    check(
        &step,
        &["a is free", "a-a has no TXT", "a-a has no CNAME"],
        &["+a-a 60 TXT \"mark\"", "+a 60 A 192.0.2.1", "+a 60 A 192.0.2.2"],
    );
}

#[test]
fn what_changes_goes_whole_and_comes_anew() {
    let before = ["a.example.net A 192.0.2.1 ttl=60", "a-a.example.net TXT old his ttl=90"];
    let step = step(
        &before,
        &["a.example.net A 192.0.2.2 ttl=60", before[1]],
        &["+a-a.example.net mark", "-a-a.example.net old"],
    );
    check(
        &step,
        &["a A 192.0.2.1", "a-a TXT \"his\"", "a-a TXT \"old\""],
        &["-a-a TXT", "-a A", "+a-a 90 TXT \"his\"", "+a-a 90 TXT \"mark\"", "+a 60 A 192.0.2.2"],
    );
}

#[test]
fn r_17_another_type_is_one_message_and_the_old_goes_first() {
    let step = step(&["a.example.net CNAME lb.example.org ttl=60"], &["a.example.net A 192.0.2.2"], &[]);
    check(&step, &["a CNAME lb.example.org.", "a has no A"], &["-a CNAME", "+a 30 A 192.0.2.2"]);
}

#[test]
fn an_alias_comes_only_where_nothing_else_has_come() {
    let step = step(&["a.example.net A 192.0.2.2 ttl=60"], &["a.example.net CNAME lb.example.org"], &[]);
    let (demands, deeds) = drafted(&step).unwrap();
    for other in
        ["a A 192.0.2.2", "a has no AAAA", "a has no CNAME", "a has no TXT", "a has no MX", "a has no HTTPS"]
    {
        assert!(demands.contains(&other.to_owned()), "{other}: {demands:?}");
    }
    assert_eq!(deeds, ["-a A", "+a 30 CNAME lb.example.org."]);
}

#[test]
fn what_others_have_there_is_demanded_and_stays() {
    let step = step(&["a.example.net MX mail.example.org ttl=77"], &["a.example.net A 192.0.2.1"], &[]);
    check(&step, &["a MX 10 mail.example.org.", "a has no A", "a has no CNAME"], &["+a 30 A 192.0.2.1"]);
}

#[test]
fn what_goes_takes_no_text_of_others_along() {
    let before = ["a.example.net A 192.0.2.1 ttl=60", "a.example.net TXT mark his ttl=77"];
    let step = step(&before, &[], &["-a.example.net mark"]);
    check(
        &step,
        &["a A 192.0.2.1", "a TXT \"his\"", "a TXT \"mark\""],
        &["-a A", "-a TXT", "+a 77 TXT \"his\""],
    );
}

#[test]
fn name_servers_of_a_zone_come_before_others_go() {
    let before = ["example.net NS ns1.example.net ttl=60", "example.net SOA ns1.example.net ttl=60"];
    let changes = step(&before, &["example.net NS ns2.example.net ttl=60", before[1]], &[]);
    let (demands, deeds) = drafted(&changes).unwrap();
    assert_eq!(demands, ["example.net. NS ns1"]);
    assert_eq!(deeds, ["+example.net. 60 NS ns2", "-example.net. NS ns1"]);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let with_identifier = {
        let mut step = step(&[], &["a.example.net A 192.0.2.1"], &[]);
        for act in &mut step.change.acts {
            if let Act::Create(new) = act {
                new.set.identifier = "eu".into();
            }
        }
        step
    };
    for (step, rule) in [
        (
            step(&[], &["a.example.org A 192.0.2.1"], &[]),
            "a.example.org. is in none of the zones that are given",
        ),
        (
            step(&[], &["example.net A 192.0.2.1"], &["+a-example.net mark"]),
            "its mark a-example.net. is not in the zone example.net.",
        ),
        (
            step(&[], &["sub.example.net A 192.0.2.1"], &["+a-sub.example.net mark"]),
            "is not in the zone sub.example.net.",
        ),
        (with_identifier, "such a DNS has no set identifiers"),
        (step(&["example.net NS ns1.example.net ttl=60"], &[], &[]), "a zone keeps its name servers"),
        (step(&[], &["a.example.net NSEC b.example.net"], &[]), "is made by the server itself"),
        (
            step(&["a.example.net TXT his ttl=77"], &["a.example.net CNAME lb.example.org"], &[]),
            "an alias stands alone, and a.example.net. TXT is there",
        ),
    ] {
        let said = drafted(&step).unwrap_err();
        assert!(said.contains(rule), "{said:?} says nothing of {rule:?}");
    }
    let mut memory = Memory::default();
    memory.note(&set("a-a.example.net CNAME b.example.net"));
    let step = step(&[], &["a.example.net A 192.0.2.1"], &["+a-a.example.net mark"]);
    let said = draft(&step, &zones(), &memory).unwrap_err();
    assert_eq!(said, "its mark a-a.example.net. cannot be made: an alias stands there");
}

#[test]
fn the_longest_zone_has_the_name() {
    let zone = |text: &str| zones().of(name(text).borrowed()).map(ToString::to_string);
    assert_eq!(zone("a.sub.example.net").as_deref(), Some("sub.example.net."));
    assert_eq!(zone("sub.example.net").as_deref(), Some("sub.example.net."));
    assert_eq!(zone("asub.example.net").as_deref(), Some("example.net."));
    assert_eq!(zone("example.org"), None);
}
