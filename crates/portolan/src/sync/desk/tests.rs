use portolan_core::Reason;
use portolan_kube::api::dns_endpoints;
use portolan_kube::index::Lacks;

use super::*;
use crate::engine::root;
use crate::engine::tests::events;

pub(crate) fn endpoint(name: &str, host: &str, address: &str) -> Vec<Event> {
    events(
        "",
        &format!(
            "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {{name: {name}, namespace: shop}}\n\
             spec: {{endpoints: [{{dnsName: {host}, recordType: A, targets: [{address}]}}]}}\n"
        ),
    )
}

pub(crate) fn deleted(name: &str) -> Vec<Event> {
    let key = ObjectKey::new(Kind::DnsEndpoint, Some("shop"), name);
    vec![Event::Deleted { source: root(), key }]
}

pub(crate) fn heard() -> Vec<Event> {
    vec![Event::Heard(root())]
}

/// Objects of these names cannot be understood.
pub(crate) fn lacks(names: &[&str]) -> Vec<Event> {
    let key = |name: &&str| ObjectKey::new(Kind::DnsEndpoint, Some("shop"), name);
    vec![Event::Lacks(root(), Lacks { objects: names.iter().map(key).collect(), ..Lacks::default() })]
}

/// An object in a version of its author, in the first group that there is.
fn versioned(generation: i64) -> Vec<Event> {
    let resource = dns_endpoints().next().unwrap();
    let mut events = endpoint("a", "a.example", "192.0.2.1");
    let Some(Event::Set { object, .. }) = events.first().cloned() else { panic!("{events:?}") };
    let mut object = (*object).clone();
    if let Body::DnsEndpoint(endpoint) = &mut object.body {
        endpoint.metadata.generation = Some(generation);
    }
    let key = object.key.clone();
    events.insert(0, Event::Copy { resource, key, object: Some(object.into()) });
    events
}

fn names(task: Option<(Task, u64)>) -> String {
    match task {
        None => "nothing".into(),
        Some((Task::Whole(desired), _)) => format!("whole, {} sets", desired.sets.len()),
        Some((Task::Touched(names, desired), _)) => {
            let names: Vec<String> = names.iter().map(Name::to_dotless).collect();
            format!("{}, {} sets", names.join(" "), desired.sets.len())
        }
    }
}

#[test]
fn nothing_is_done_before_all_was_read() {
    let desk = Desk::new(1);
    desk.take(endpoint("a", "a.example", "192.0.2.1"));
    assert_eq!(names(desk.task(0, true)), "nothing");
    assert_eq!(desk.is_read(), Ok(false));
    desk.take(heard());
    assert_eq!(names(desk.task(0, false)), "whole, 1 sets");
    assert_eq!(names(desk.task(0, false)), "nothing");
    assert_eq!(names(desk.task(7, true)), "nothing", "nobody has that seat");
}

#[test]
fn each_publisher_takes_its_own() {
    let desk = Desk::new(2);
    desk.take(heard());
    for seat in [0, 1] {
        assert_eq!(names(desk.task(seat, false)), "whole, 0 sets");
    }
    desk.take(endpoint("a", "a.example", "192.0.2.1"));
    assert_eq!(names(desk.task(0, false)), "a.example, 1 sets");
    desk.take(endpoint("b", "b.example", "192.0.2.1"));
    desk.take(endpoint("a", "a.example", "192.0.2.1"));
    assert_eq!(names(desk.task(0, false)), "b.example, 1 sets", "a says nothing new");
    assert_eq!(names(desk.task(1, false)), "a.example b.example, 2 sets");
    desk.owed(1);
    assert_eq!(names(desk.task(1, false)), "whole, 2 sets");
    assert_eq!(names(desk.task(0, true)), "whole, 2 sets");
}

#[test]
fn what_is_gone_is_remembered_until_all_have_done_it() {
    let desk = Desk::new(2);
    desk.take(endpoint("a", "a.example", "192.0.2.1"));
    desk.take(heard());
    desk.take(deleted("a"));
    let gone = |seat| match desk.task(seat, true) {
        Some((Task::Whole(desired), turn)) => (desired.gone.names.len(), turn),
        other => panic!("{other:?}"),
    };
    let (count, turn) = gone(0);
    assert_eq!(count, 1);
    desk.seen(0, turn, true);
    assert_eq!(gone(0).0, 1, "the other one has not done it yet");
    desk.seen(1, turn, false);
    assert_eq!(gone(1).0, 1, "it has seen it, and not done it");
    desk.seen(1, turn, true);
    assert_eq!(gone(0).0, 0);
}

/// While something that is there cannot be understood, nothing goes.
#[test]
fn what_is_lacking_is_known() {
    let desk = Desk::new(1);
    let is_whole = || match desk.task(0, false) {
        Some((Task::Whole(desired), _)) => Some(desired.is_whole),
        _ => None,
    };
    desk.take(lacks(&["broken"]));
    desk.take(heard());
    assert_eq!(is_whole(), Some(false));
    desk.take(lacks(&[]));
    assert_eq!(is_whole(), Some(true), "that it is mended is news");
    assert_eq!(is_whole(), None);
}

#[test]
fn a_flood_is_one_look_at_everything() {
    let desk = Desk::new(1);
    desk.take(heard());
    drop(desk.task(0, false));
    let many =
        (0..=TOUCHED_MAX).flat_map(|n| endpoint(&format!("n{n}"), &format!("n{n}.example"), "192.0.2.1"));
    desk.take(many.collect());
    assert_eq!(names(desk.task(0, false)), format!("whole, {} sets", TOUCHED_MAX + 1));
}

#[test]
fn an_object_is_told_once_every_publisher_has_seen_it() {
    let desk = Desk::new(2);
    let told = || -> Vec<i64> { desk.statuses().iter().map(|(_, _, copy)| copy.generation).collect() };
    desk.take(versioned(1));
    desk.take(heard());
    let Some((_, turn)) = desk.task(0, false) else { panic!("it was read") };
    desk.seen(0, turn, false);
    assert_eq!(told(), [0; 0]);
    desk.seen(1, turn, false);
    assert_eq!(told(), [1]);
    assert_eq!(told(), [0; 0], "once");
    desk.take(versioned(1));
    assert_eq!(told(), [0; 0], "it is the one that it was");
    // It says the same of its names: there is nothing to do, and it was seen.
    drop(desk.task(1, false));
    desk.take(versioned(2));
    assert_eq!(names(desk.task(0, false)), "nothing");
    assert_eq!(told(), [0; 0]);
    assert_eq!(names(desk.task(1, false)), "nothing");
    assert_eq!(told(), [2]);
}

/// While a publisher sees nothing, as its DNS is down, an object that changes again and again is due once.
#[test]
fn what_is_due_is_no_more_than_there_are_objects() {
    let desk = Desk::new(1);
    desk.take(heard());
    for generation in 1..=50 {
        desk.take(versioned(generation));
    }
    assert_eq!(desk.lock().due.len(), 1);
    let key = ObjectKey::new(Kind::DnsEndpoint, Some("shop"), "a");
    desk.take(vec![Event::Copy { resource: dns_endpoints().next().unwrap(), key, object: None }]);
    assert_eq!(desk.lock().due.len(), 0, "it is no more");
}

#[test]
fn what_is_wrong_is_said_once() {
    let desk = Desk::new(1);
    let group = dns_endpoints().next().unwrap();
    let broken = || {
        let mut events = endpoint("a", "a.example", "nonsense");
        let Some(Event::Set { object, .. }) = events.first().cloned() else { panic!("{events:?}") };
        events.insert(0, Event::Copy { resource: group, key: object.key.clone(), object: Some(object) });
        events
    };
    let said = || -> Vec<String> { desk.unsaid().into_iter().map(|(_, _, _, said)| said.reason).collect() };
    desk.take(broken());
    assert_eq!(said(), ["Invalid"]);
    desk.take(broken());
    assert_eq!(said(), [""; 0]);
    let problem = Problem {
        subject: "crd/shop/a: a.example. A".into(),
        reason: Reason::Conflict,
        message: "belongs to the owner other".into(),
        place: String::new(),
    };
    let mut problems = Problems::default();
    problems.push(problem);
    desk.complain(&problems);
    assert_eq!(said(), ["Conflict"]);
    desk.complain(&problems);
    assert_eq!(said(), [""; 0]);
    assert_eq!(desk.problems().len(), 1);
    // What nobody has an object of, as in a server that publishes what it decides, is not gathered.
    problems.told[0].subject = "crd/shop/none: b.example. A".into();
    desk.complain(&problems);
    let state = desk.lock();
    assert_eq!((state.complaints.len(), state.unsaid.len()), (1, 0));
}
