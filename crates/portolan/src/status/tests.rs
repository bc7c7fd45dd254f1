//! The tables of a small fleet, and what becomes of a large one.

use portolan_core::fleet::Evidence;
use portolan_core::{ClusterName, Problem, Reason};

use super::{Ages, FolderLost, HubSeen, Status};
use crate::clusters::Leader;
use crate::engine::tests::events;
use crate::engine::{Engine, Event, root};
use crate::explain::tests::{endpoint, facts, with};

const NOW: i64 = 1_770_003_600;

fn ages() -> Ages {
    Ages { now: NOW, heard: [(ClusterName::from("fra"), NOW - 12)].into(), ..Ages::default() }
}

fn small() -> Status {
    let both =
        |first| vec![endpoint("fra", "192.0.2.10", first), endpoint("sin", "192.0.2.30", Evidence::Ready)];
    let (snapshot, fleet) = with(vec![
        ("a.example.org", facts(None, None, both(Evidence::Ready))),
        ("b.example.org", facts(Some("split"), None, both(Evidence::NotReady))),
        ("c.example.com", facts(None, None, vec![endpoint("fra", "192.0.2.10", Evidence::Ready)])),
        (
            "d.example.org",
            facts(None, Some("a.example.org"), vec![endpoint("iad", "192.0.2.20", Evidence::Ready)]),
        ),
    ]);
    let problem = Problem {
        subject: "GlobalName shop/web (root): host c.example.com".to_owned(),
        reason: Reason::NoZone,
        message: "is in no zone; paste this Zone:\nkind: Zone".to_owned(),
        place: "web.yaml:3:1".to_owned(),
    };
    Status::of(&snapshot, &fleet, &[problem], &ages())
}

#[test]
fn tables() {
    let text = small().text(false, Some(140));
    let expected = "
Revision 5: 4 clusters, 4 names, 1 zone, 1 problem.

 CLUSTER  REGION  ZONES  PLACE  STATE     LAST HEARD          WEIGHT  NAMES
 fra      EU      -      EU/DE  Active    12 s ago            -       3
 iad      NA      -      NA/US  Draining  heard               -       1
 old      EU      -      EU/FR  Disabled  heard               -       0
 sin      AS      -      AS/SG  Active    silent for 1 h 0 min  -       2
";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&text).starts_with(&words(expected)), "{text}");
    for line in [
        "b.example.org A split GlobalName shop/web DOWN fra: no ready endpoint",
        "c.example.com A - GlobalName shop/web up fra: has a ready endpoint",
        "refused: no zone holds the name",
        "DOWN iad: draining",
        "alias of a.example.org",
        "a.example.org A - GlobalName shop/web up fra: has a ready endpoint",
        "example.org 1000 3 ns1.example.org -",
        "NoZone GlobalName shop/web (root): host c.example.com is in no zone; paste this Zone: web.yaml:3:1",
    ] {
        assert!(words(&text).contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("kind: Zone"), "what is for pasting is not in the table");
}

#[test]
fn names_with_something_amiss_come_first() {
    let names: Vec<String> = small().names.into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["b.example.org", "c.example.com", "d.example.org", "a.example.org"]);
}

#[test]
fn long_tables_are_cut_and_say_so() {
    let names: Vec<String> = (0..1_500).map(|n| format!("n{n:04}.example.org")).collect();
    let one = || facts(None, None, vec![endpoint("fra", "192.0.2.10", Evidence::Ready)]);
    let (snapshot, fleet) = with(names.iter().map(|name| (name.as_str(), one())).collect());
    let status = Status::of(&snapshot, &fleet, &[], &ages());
    let short = status.text(false, Some(120));
    assert!(short.contains("1,500 names"), "{short}");
    assert!(short.contains(" and 1480 more names; --all shows them"), "{short}");
    assert!(short.contains("n0019.example.org") && !short.contains("n0020.example.org"), "{short}");
    let long = status.text(true, Some(120));
    assert!(long.contains("n1499.example.org") && !long.contains("--all"));
}

#[test]
fn what_is_not_read_yet_is_said() {
    let (mut snapshot, fleet) = with(vec![]);
    snapshot.complete = false;
    let ages = Ages { state_from: Some(NOW - 7_200), ..ages() };
    let text = Status::of(&snapshot, &fleet, &[], &ages).text(false, Some(100));
    assert!(text.contains("Answers rest on the last good state of 2 h 0 min ago."), "{text}");
    assert!(text.contains("Not every cluster was read yet"), "{text}");
}

#[test]
fn json_reads_back() {
    let status = small();
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["version"], "v1alpha1");
    assert_eq!(json["clusters"][0]["heardAt"], NOW - 12);
    assert_eq!(json["clusters"][3]["silentSince"], 1_770_000_000);
    assert_eq!(json["names"][0]["members"][0]["verdict"], "Down");
    assert_eq!(json["zones"][0]["apex"], "example.org");
    assert_eq!(serde_json::from_value::<Status>(json).unwrap(), status);
}

#[test]
fn control_characters_are_escaped() {
    let mut status = small();
    status.problems[0].subject = "Service shop/a\tb\x1b[31m".to_owned();
    let text = status.text(false, Some(200));
    assert!(!text.contains('\x1b') && text.contains("a\\tb\\u{1b}[31m"), "{text}");
}

#[test]
fn a_lost_folder_is_said_above_the_tables() {
    let (snapshot, fleet) = with(vec![]);
    for (read_at, expected) in [
        (
            Some(NOW - 300),
            "The fleet is not read: /fleet is not there. Nothing is heard since 2026-02-02T03:35:00Z (5 min).",
        ),
        (None, "The fleet is not read: /fleet is not there. It was never read."),
    ] {
        let lost = FolderLost { why: "/fleet is not there".into(), read_at };
        let ages = Ages { folder_lost: Some(lost), ..ages() };
        let text = Status::of(&snapshot, &fleet, &[], &ages).text(false, Some(140));
        assert_eq!(text.lines().nth(1), Some(expected), "{text}");
        for row in ["not heard for 12 s", "not heard ", "silent for 1 h 0 min"] {
            assert!(text.contains(row), "{row}: {text}");
        }
        assert!(!text.contains(" ago"), "{text}");
    }
}

#[test]
fn a_name_is_broken_between_its_labels() {
    let long = "authentication-service.production-europe.internal.global.example.org";
    let (snapshot, fleet) =
        with(vec![(long, facts(None, None, vec![endpoint("fra", "192.0.2.10", Evidence::Ready)]))]);
    let text = Status::of(&snapshot, &fleet, &[], &ages()).text(true, Some(80));
    let first: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let labels: Vec<&str> = first.into_iter().filter(|word| word.len() > 1 && long.contains(word)).collect();
    assert!(labels.len() > 1 && labels.concat().starts_with(long), "{labels:?}\n{text}");
    assert!(labels.iter().all(|part| part.ends_with('.') || long.ends_with(part)), "{labels:?}\n{text}");
}

/// What an engine knows of its hub, and of who was not read, is what is told.
#[test]
fn an_engine_says_which_its_hub_is() {
    let mut engine = Engine::new(NOW);
    assert_eq!(Ages::of(&engine, NOW).hub, None);
    engine.has_hub("eu-1".into());
    engine.take(vec![Event::Followed("eu-1".into()), Event::Followed("us-1".into())], NOW);
    let hub = |is_read, zones| {
        Some(HubSeen { name: "eu-1".into(), is_read, zones, intents: 0, is_followed: false })
    };
    let ages = Ages::of(&engine, NOW);
    assert_eq!((ages.hub, ages.unread), (hub(false, 0), ["eu-1", "us-1"].map(ClusterName::from).into()));
    let zone =
        "\napiVersion: portolan.dev/v1alpha1\nkind: Zone\nmetadata: {name: glb}\nspec: {apex: glb.example}\n";
    engine.take([events("", zone), vec![Event::Heard("eu-1".into()), Event::Heard(root())]].concat(), NOW);
    let ages = Ages::of(&engine, NOW);
    assert_eq!((ages.hub, ages.unread), (hub(true, 1), ["us-1"].map(ClusterName::from).into()));
}

#[test]
fn the_hub_is_named_and_who_was_not_read() {
    let told = |hub: Option<HubSeen>, unread: usize| {
        let unread = (0..unread).map(|number| ClusterName::from(&*format!("c{number}"))).collect();
        let (snapshot, fleet) = with(Vec::new());
        let ages = Ages { hub, unread, ..ages() };
        let text = Status::of(&snapshot, &fleet, &[], &ages).text(false, Some(140));
        text.lines().skip(1).take_while(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(told(None, 0), [""; 0]);
    let hub =
        |is_read| HubSeen { name: "eu-1".into(), is_read, zones: 1, intents: 1_200, is_followed: false };
    assert_eq!(told(Some(hub(true)), 0), ["The hub is eu-1: 1 zone, 1,200 intents."]);
    let said = told(Some(hub(false)), 7);
    let unread = "Not read since the start: c0, c1, c2, c3, c4, c5 and 1 more.";
    assert_eq!(said, ["The hub is eu-1: it was not read since the start.", unread]);
}

#[test]
fn it_is_said_who_leads() {
    let told = |leader: Leader| {
        let (snapshot, fleet) = with(Vec::new());
        let ages = Ages { leader: Some(leader), ..ages() };
        let status = Status::of(&snapshot, &fleet, &[], &ages);
        let json = serde_json::to_value(&status).unwrap();
        assert_eq!(serde_json::from_value::<Status>(json).unwrap(), status);
        status.text(false, Some(140)).lines().nth(1).unwrap().to_owned()
    };
    let leader = |holder: &str, is_me| Leader {
        lease: "portolan/portolan-control".into(),
        me: "a_1".into(),
        holder: holder.into(),
        since: (!holder.is_empty()).then_some(NOW - 300),
        transitions: 3,
        trouble: None,
        is_me,
    };
    const LEASE: &str = "the Lease portolan/portolan-control";
    for (leader, expected) in [
        (leader("a_1", true), format!("This process leads (a_1) since 5 min ago, by {LEASE}.")),
        (
            leader("b_2", false),
            format!("b_2 leads since 5 min ago, by {LEASE}; this process (a_1) stands by."),
        ),
        (leader("", false), format!("Nobody holds {LEASE}: nothing is written.")),
        (
            Leader { trouble: Some("refused".into()), ..leader("a_1", false) },
            format!(
                "This process (a_1) had {LEASE} and could not renew it: it writes nothing. It is not reached: refused."
            ),
        ),
    ] {
        assert_eq!(told(leader), expected);
    }
}
