//! An engine that follows another, fact by fact.

use portolan_core::{Fact, RecordType};
use portolan_kube::api::Topology;

use super::*;
use crate::engine::tests::{NOW, ZONE, events, record};
use crate::engine::{Event, UNREAD_MAX, root};

/// A control replica's, with these names.
fn control(names: &[(&str, &str)], now: i64) -> Engine {
    let mut engine = Engine::new(now);
    let records = names.iter().flat_map(|(name, address)| events("", &record(name, address)));
    let heard = vec![Event::Heard("eu-1".into()), Event::Heard(root())];
    engine.take(events("", ZONE).into_iter().chain(records).chain(heard).collect(), now);
    engine
}

fn follower() -> Engine {
    let mut engine = Engine::new(NOW);
    engine.follow_stream("https://control:1".to_owned());
    engine
}

fn address(engine: &Engine, name: &str) -> Option<String> {
    let name: portolan_core::Name = format!("{name}.glb.example").parse().unwrap();
    let snapshot = engine.snapshot();
    let data = snapshot.records(name.borrowed())?.pool(RecordType::A)?.set().data().next()?;
    Some(portolan_core::record::Present(RecordType::A, data).to_string())
}

/// Takes the whole of another.
fn takes(follower: &mut Engine, control: &Engine, is_believed: bool) -> bool {
    let pulse = control.pulse().expect("it has read all");
    follower.take_whole(control.fleet(), &pulse, is_believed, NOW)
}

#[test]
fn a_follower_answers_as_control_does() {
    let (mut follower, control) = (follower(), control(&[("web", "192.0.2.1"), ("api", "192.0.2.2")], NOW));
    assert!(!follower.snapshot().complete, "nothing was told");
    assert!(takes(&mut follower, &control, false));
    assert!(follower.snapshot().complete);
    assert_eq!(follower.fleet(), control.fleet());
    assert_eq!(address(&follower, "web"), Some("192.0.2.1".to_owned()));
    follower.tick(NOW + 1_000, 1_000);
    assert_eq!(follower.fleet(), control.fleet(), "time takes nothing away");
    let revision = follower.snapshot().revision;
    assert!(takes(&mut follower, &control, false));
    assert_eq!(follower.snapshot().revision, revision, "the same whole is no news");
}

/// Who follows a hub knows of each cluster what the hub knew when it was last found; else followers would keep what they
/// had of clusters that nobody hears.
#[test]
fn what_a_hub_hands_over_is_as_young_as_the_hub() {
    let mut control = Engine::new(NOW);
    control.has_hub("eu-1".into(), Topology::Follower);
    let member =
        "\napiVersion: portolan.dev/v1alpha1\nkind: MemberCluster\nmetadata: {name: eu-1}\nspec: {}\n";
    let events = events("", ZONE).into_iter().chain(events("", member));
    control.take(events.chain([Event::Heard(root())]).collect(), NOW);
    let heard = |control: &Engine| control.pulse().expect("it has read all").heard;
    assert_eq!(heard(&control), [("eu-1".into(), NOW)].into());
    control.seen(&root(), NOW + 60);
    assert_eq!(heard(&control), [("eu-1".into(), NOW + 60)].into());
}

/// who was started with nothing knows nothing of a cluster that it never read, however young that one's silence is.
#[test]
fn r_01_a_cluster_that_was_never_read_was_never_heard() {
    let mut control = Engine::new(NOW);
    control.has_hub("eu-1".into(), Topology::Hub);
    control.take(["eu-1", "us-1"].map(|name| Event::Followed(name.into())).into(), NOW);
    control.take(vec![Event::Heard("eu-1".into()), Event::Heard(root())], NOW);
    control.tick(NOW + UNREAD_MAX, UNREAD_MAX);
    let silent = |name: &str| control.fleet().clusters[&ClusterName::from(name)].silent_since.is_some();
    assert!(silent("us-1") && !silent("eu-1"));
    assert_eq!(control.pulse().expect("it waits for nobody any more").heard, [("eu-1".into(), NOW)].into());
}

#[test]
fn changes_are_taken_one_by_one() {
    let mut follower = follower();
    takes(&mut follower, &control(&[("web", "192.0.2.1")], NOW), false);
    let other = control(&[("web", "192.0.2.9"), ("new", "192.0.2.3")], NOW);
    let facts =
        other.fleet().names.iter().map(|(name, facts)| Fact::Name(name.to_name(), Some(facts.to_facts())));
    follower.take_told(facts.collect(), NOW);
    assert_eq!(address(&follower, "web"), Some("192.0.2.9".to_owned()));
    assert_eq!(address(&follower, "new"), Some("192.0.2.3".to_owned()));
    follower.take_told(vec![Fact::Name("new.glb.example".parse().unwrap(), None)], NOW);
    assert_eq!(address(&follower, "new"), None);
}

#[test]
fn who_has_not_read_all_is_not_followed() {
    assert_eq!(Engine::new(NOW).pulse(), None);
}

/// A replica that was not followed before, and lacks half: R-03.
#[test]
fn what_half_lacks_is_held_until_somebody_says_so() {
    let names: Vec<String> = (0..12).map(|number| format!("n{number}")).collect();
    let all: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "192.0.2.1")).collect();
    let mut follower = follower();
    takes(&mut follower, &control(&all, NOW), false);
    let mut few = all[..3].to_vec();
    few[0].1 = "192.0.2.7";
    let few = control(&few, NOW);
    assert!(!takes(&mut follower, &few, false));
    assert_eq!(follower.fleet().names.len(), 12);
    assert_eq!(address(&follower, "n0"), Some("192.0.2.7".to_owned()), "what it has is taken");
    assert!(follower.stream_held().unwrap().contains("lacks 9 of 12"), "{:?}", follower.stream_held());
    assert!(follower.problems().iter().any(|problem| problem.reason == Reason::Held));
    assert!(takes(&mut follower, &few, true));
    assert_eq!((follower.fleet().names.len(), follower.stream_held()), (3, None));
    let none = control(&[], NOW);
    assert!(!takes(&mut follower, &none, false), "all is more than half");
}

/// A replica whose hub was last read an hour ago says nothing of what was told a second ago.
#[test]
fn older_facts_are_not_taken_until_their_source_was_heard() {
    let mut follower = follower();
    takes(&mut follower, &control(&[("web", "192.0.2.2")], NOW), false);
    let old = control(&[("web", "192.0.2.1"), ("gone", "192.0.2.1")], NOW - 3_600);
    takes(&mut follower, &old, false);
    assert_eq!(address(&follower, "web"), Some("192.0.2.2".to_owned()));
    assert_eq!(address(&follower, "gone"), None, "what had ended does not come back");
    assert_eq!(follower.followed_stream().unwrap().kept.len(), 2, "{:?}", follower.followed_stream());
    let facts =
        old.fleet().names.iter().map(|(name, facts)| Fact::Name(name.to_name(), Some(facts.to_facts())));
    follower.take_told(facts.collect(), NOW);
    assert_eq!(address(&follower, "web"), Some("192.0.2.2".to_owned()));
    assert!(!follower.take_pulse(&old.pulse().unwrap(), NOW));
    let now = control(&[("web", "192.0.2.3")], NOW + 5);
    assert!(follower.take_pulse(&now.pulse().unwrap(), NOW), "the whole is to be taken");
    takes(&mut follower, &now, true);
    assert_eq!(address(&follower, "web"), Some("192.0.2.3".to_owned()));
    assert_eq!(follower.followed_stream().unwrap().kept, []);
}

#[test]
fn what_is_wrong_is_told_and_ages_grow() {
    let mut follower = follower();
    takes(&mut follower, &control(&[("web", "192.0.2.2")], NOW), false);
    follower.note_stream(Some(0), NOW);
    follower.trouble_stream(None);
    assert_eq!(
        (follower.data_age(NOW + 10), follower.data_age(NOW + 1_000)),
        (0, 1_000),
        "who is followed is told of"
    );
    let message = "nobody answers".to_owned();
    let problem =
        Problem { subject: "the stream".into(), reason: Reason::Silent, message, place: String::new() };
    follower.trouble_stream(Some(problem.clone()));
    follower.note_stream(None, NOW + 9);
    assert_eq!(follower.problems(), [problem]);
    let gauges = follower.gauges(NOW + 10);
    let stream = gauges.stream.unwrap();
    assert_eq!((stream.behind, stream.lag, gauges.data_age), (None, Some(10), 10));
    assert_eq!(address(&follower, "web"), Some("192.0.2.2".to_owned()));
}
