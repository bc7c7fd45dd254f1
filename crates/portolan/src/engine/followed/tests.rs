use std::collections::BTreeMap;
use std::path::Path;

use portolan_core::Problem;
use portolan_kube::api::Topology;

use super::super::tests::events;
use super::*;

const NOW: i64 = 1_700_000_000;

fn member(name: &str) -> Vec<Event> {
    let text = "\napiVersion: portolan.dev/v1alpha1\nkind: MemberCluster\nmetadata: {name: NAME}\nspec: {}\n";
    events("", &text.replace("NAME", name))
}

/// A hub that was read, and a cluster that is followed and was not.
fn waiting() -> Engine {
    let mut engine = Engine::new(NOW);
    engine.take(["eu-1", "us-1"].map(|name| Event::Followed(name.into())).into(), NOW);
    let heard = [Event::Reached("eu-1".into()), Event::Heard("eu-1".into()), Event::Heard(root())];
    engine.take(heard.into(), NOW);
    engine
}

fn wrong(cluster: &str, reason: Reason) -> Event {
    let subject = format!("cluster {cluster}");
    let problem = Problem { subject, reason, message: "so it is".into(), place: String::new() };
    Event::Reading(cluster.into(), vec![problem])
}

/// Whether all is known after so many seconds.
fn is_complete(engine: &mut Engine, after: i64) -> bool {
    engine.tick(NOW + after, after);
    engine.snapshot().complete
}

/// Events that come after so many seconds.
fn take(engine: &mut Engine, events: Vec<Event>, after: i64) {
    engine.tick(NOW + after, after);
    engine.take(events, NOW + after);
}

#[test]
fn a_cluster_that_was_never_reached_is_waited_for_for_a_while() {
    let mut engine = waiting();
    assert!(!is_complete(&mut engine, UNREAD_MAX - 1));
    assert!(is_complete(&mut engine, UNREAD_MAX));
    let us: &ClusterName = &"us-1".into();
    assert_eq!(engine.fleet().clusters[us].silent_since, Some(NOW), "it counts as silent");
    assert_eq!(engine.unread().collect::<Vec<_>>(), [us], "nothing is known of it for that");
    // It is as any other that comes back.
    take(&mut engine, vec![Event::Reached(us.clone()), Event::Heard(us.clone())], 90);
    assert_eq!((engine.unread().count(), engine.fleet().clusters[us].silent_since), (0, None));
}

/// However long that takes: a large cluster is read for minutes.
#[test]
fn a_cluster_that_is_being_read_is_waited_for() {
    let mut engine = waiting();
    take(&mut engine, vec![Event::Reached("us-1".into())], 10);
    assert!(!is_complete(&mut engine, 10 * UNREAD_MAX));
    // An object of it that cannot be understood hinders nothing.
    take(&mut engine, vec![wrong("us-1", Reason::Invalid)], 10 * UNREAD_MAX);
    assert!(!is_complete(&mut engine, 20 * UNREAD_MAX));
    take(&mut engine, vec![Event::Heard("us-1".into())], 20 * UNREAD_MAX);
    assert!(engine.snapshot().complete);
}

#[test]
fn a_cluster_that_is_reached_and_refuses_to_be_read_is_not_waited_for_for_ever() {
    for what in
        [wrong("us-1", Reason::Unauthorized), wrong("us-1", Reason::Held), Event::Silent("us-1".into())]
    {
        let mut engine = waiting();
        take(&mut engine, vec![Event::Reached("us-1".into())], 10);
        take(&mut engine, vec![what.clone()], 40);
        assert!(!is_complete(&mut engine, 39 + UNREAD_MAX), "{what:?}");
        assert!(is_complete(&mut engine, 40 + UNREAD_MAX), "{what:?}");
    }
    // What passes begins anew.
    let mut engine = waiting();
    engine.take(vec![Event::Reached("us-1".into()), wrong("us-1", Reason::Unreadable)], NOW);
    take(&mut engine, vec![Event::Reading("us-1".into(), Vec::new())], 20);
    take(&mut engine, vec![wrong("us-1", Reason::Unreadable)], 40);
    assert!(!is_complete(&mut engine, 39 + UNREAD_MAX));
}

/// A `MemberCluster` whose credentials were forgotten, say.
#[test]
fn a_cluster_that_the_hub_describes_and_nobody_follows_is_waited_for_for_a_while() {
    let mut engine = waiting();
    engine.take([member("ap-1"), vec![Event::Heard("us-1".into())]].concat(), NOW);
    assert!(!is_complete(&mut engine, UNREAD_MAX - 1));
    assert!(is_complete(&mut engine, UNREAD_MAX));
    let silent = engine.fleet().clusters.iter().filter(|(_, cluster)| cluster.silent_since.is_some());
    assert_eq!(silent.map(|(name, _)| &*name.0).collect::<Vec<_>>(), ["ap-1"]);
    // In a fleet folder, which says all there is, nobody knows when it comes.
    let mut engine = Engine::new(NOW);
    engine.take([member("ap-1"), vec![Event::Heard(root())]].concat(), NOW);
    assert!(!is_complete(&mut engine, 100 * UNREAD_MAX));
}

#[test]
fn nothing_is_known_without_the_hub() {
    let mut engine = Engine::new(NOW);
    engine.take(vec![Event::Followed("eu-1".into()), Event::Followed("us-1".into())], NOW);
    engine.take(vec![Event::Heard("us-1".into())], NOW);
    assert!(!is_complete(&mut engine, 100 * UNREAD_MAX));
    take(&mut engine, vec![Event::Heard(root())], 100 * UNREAD_MAX);
    assert!(engine.snapshot().complete);
}

/// A policy names clusters; that nobody knows one of them is told once everybody is known.
#[test]
fn a_cluster_that_a_policy_names_and_nobody_knows_is_told_once_all_was_read() {
    let policy = "\napiVersion: portolan.dev/v1alpha1\nkind: SteeringPolicy\nmetadata: {name: near}\n\
                  spec: {order: [{type: Tiers, tiers: [{clusters: [us-1, us-l]}]}], weights: {eu-2: 3}}\n";
    let told = |engine: &Engine| {
        let strange = engine.problems().into_iter().filter(|problem| problem.reason == Reason::NotFound);
        strange.map(|problem| format!("{}: {}", problem.subject, problem.message)).collect::<Vec<_>>()
    };
    let mut engine = waiting();
    engine.take(events("", policy), NOW);
    assert_eq!(told(&engine), [""; 0], "us-1 is not read yet, and there may be others");
    engine.take(vec![Event::Heard("us-1".into())], NOW);
    let weight =
        "SteeringPolicy near: spec.weights[\"eu-2\"]: no cluster is called \"eu-2\"; did you mean \"eu-1\"?";
    let tier = "SteeringPolicy near: spec.order[0].tiers[0].clusters[1]: no cluster is called \"us-l\"; did you mean \
                \"us-1\"?";
    assert_eq!(told(&engine), [tier, weight]);
    // One that joins later is known, read or not; and one that leaves is not.
    engine.take(vec![Event::Followed("eu-2".into())], NOW);
    assert_eq!(told(&engine), [tier]);
    engine.take(vec![Event::Gone("eu-2".into())], NOW);
    assert_eq!(told(&engine), [tier, weight]);
    let mended = policy.replace("us-l", "eu-1").replace("eu-2", "us-1");
    engine.take(events("", &mended), NOW);
    assert_eq!(told(&engine), [""; 0]);
}

/// F-48: a machine that is started with a wrong time of day, and set to the right one in the midst of the start.
#[test]
fn a_clock_that_jumps_makes_no_cluster_late() {
    for jump in [-1_000_000_000, -3_600, 3_600, 1_000_000_000] {
        let mut engine = waiting();
        engine.tick(NOW + jump + 5, 5);
        assert!(!engine.snapshot().complete, "{jump}");
        engine.tick(NOW + jump + UNREAD_MAX - 1, UNREAD_MAX - 1);
        assert!(!engine.snapshot().complete, "{jump}");
        engine.tick(NOW + jump + UNREAD_MAX, UNREAD_MAX);
        assert!(engine.snapshot().complete, "{jump}");
        let us: &ClusterName = &"us-1".into();
        assert_eq!(engine.fleet().clusters[us].silent_since, Some(NOW + jump), "as the time of day is now");
    }
}

// === With a last good state ===

/// When the process begins again.
const AGAIN: i64 = NOW + 1_000;

fn followed(name: &str) -> Event {
    Event::Followed(name.into())
}

/// One that begins with what a state has.
fn begun(folder: &Path, now: i64) -> Engine {
    let mut engine = Engine::open(&folder.join("state"), now).unwrap();
    engine.has_hub("eu-1".into(), Topology::Hub);
    engine.resume(now);
    engine
}

/// The same again, after one that read the hub and us-1, which is drained while it is silent, and after these events.
fn begun_again(folder: &Path, more: Vec<Event>) -> Engine {
    let mut engine = begun(folder, NOW);
    let member = "\napiVersion: portolan.dev/v1alpha1\nkind: MemberCluster\nmetadata: {name: us-1}\nspec: {whenSilent: {type: Drain}}\n";
    engine.take(vec![followed("eu-1"), followed("us-1")], NOW);
    let heard = [Event::Heard("eu-1".into()), Event::Heard("us-1".into()), Event::Heard(root())];
    engine.take([events("", member), heard.into(), more].concat(), NOW);
    engine.close().unwrap();
    drop(engine);
    begun(folder, AGAIN)
}

/// The clusters that are silent, and drained therefore where that is asked for, each with since when.
fn silent(engine: &Engine) -> BTreeMap<&str, i64> {
    let clusters = engine.fleet().clusters.iter();
    let silent: BTreeMap<&str, i64> =
        clusters.filter_map(|(name, one)| Some((&*name.0, one.silent_since?))).collect();
    let us: &ClusterName = &"us-1".into();
    assert_eq!(engine.fleet().clusters[us].is_drained(), silent.contains_key("us-1"));
    silent
}

/// Events that come after so many seconds of the second life.
fn take_again(engine: &mut Engine, events: Vec<Event>, after: i64) {
    engine.tick(AGAIN + after, after);
    engine.take(events, AGAIN + after);
}

#[test]
fn a_cluster_that_was_heard_before_our_restart_is_not_silent_for_not_being_read_yet() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = begun_again(folder.path(), Vec::new());
    assert_eq!(silent(&engine), [].into());
    take_again(&mut engine, vec![followed("eu-1"), followed("us-1")], 0);
    assert_eq!(silent(&engine), [].into());
    take_again(&mut engine, vec![Event::Heard("eu-1".into()), Event::Heard(root())], 1);
    assert_eq!(silent(&engine), [].into(), "the hub is read, and nothing is known of the other");
    let us: &ClusterName = &"us-1".into();
    assert_eq!(engine.pulse().unwrap().heard[us], NOW, "what is known of it was true then");
    take_again(&mut engine, Vec::new(), UNREAD_MAX - 1);
    assert_eq!(silent(&engine), [].into());
    take_again(&mut engine, Vec::new(), UNREAD_MAX);
    assert_eq!(silent(&engine), [("us-1", NOW)].into(), "nothing of it is younger than the state");
    assert_eq!(engine.pulse().unwrap().heard[us], NOW);
    take_again(&mut engine, vec![Event::Reached(us.clone()), Event::Heard(us.clone())], 90);
    assert_eq!(silent(&engine), [].into());
}

#[test]
fn one_that_is_found_to_be_silent_is_so_since_it_was_last_heard() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = begun_again(folder.path(), Vec::new());
    take_again(&mut engine, vec![followed("eu-1"), followed("us-1")], 0);
    take_again(&mut engine, vec![Event::Silent("us-1".into())], 3);
    assert_eq!(silent(&engine), [("us-1", NOW)].into());
    let us: &ClusterName = &"us-1".into();
    assert_eq!(engine.pulse().unwrap().heard[us], NOW, "R-01: followers keep what they heard later");
}

#[test]
fn one_that_was_silent_before_is_so_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = begun_again(folder.path(), vec![Event::Silent("us-1".into())]);
    assert_eq!(silent(&engine), [("us-1", NOW)].into());
    take_again(&mut engine, vec![followed("eu-1"), followed("us-1"), Event::Heard(root())], 0);
    assert_eq!(silent(&engine), [("us-1", NOW)].into());
}

/// An operator need not wait until it is silent.
#[test]
fn one_that_was_not_read_yet_may_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = begun_again(folder.path(), Vec::new());
    let heard = vec![Event::Heard("eu-1".into()), Event::Heard(root())];
    take_again(&mut engine, [vec![followed("eu-1"), followed("us-1")], heard].concat(), 1);
    assert!(engine.forget("eu-1", AGAIN + 1).is_err(), "it is heard");
    engine.forget("us-1", AGAIN + 1).unwrap();
    assert!(!engine.fleet().clusters.contains_key("us-1"));
}

/// Which clusters are registered is known by the hub: one that it registers is followed once that was read.
#[test]
fn one_that_nobody_follows_yet_is_waited_for_by_the_hub() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = begun_again(folder.path(), Vec::new());
    take_again(&mut engine, vec![followed("eu-1")], 0);
    take_again(&mut engine, vec![Event::Reached("eu-1".into())], 1);
    // However long that takes.
    take_again(&mut engine, Vec::new(), 2 * UNREAD_MAX);
    assert_eq!(silent(&engine), [].into());
    let heard = vec![Event::Heard("eu-1".into()), Event::Heard(root())];
    take_again(&mut engine, heard, 2 * UNREAD_MAX);
    take_again(&mut engine, Vec::new(), 3 * UNREAD_MAX - 1);
    assert_eq!(silent(&engine), [].into());
    take_again(&mut engine, Vec::new(), 3 * UNREAD_MAX);
    assert_eq!(silent(&engine), [("us-1", NOW)].into());
    // Nor is it waited for where the hub is not reached.
    drop(engine);
    let folder = tempfile::tempdir().unwrap();
    let mut engine = begun_again(folder.path(), Vec::new());
    take_again(&mut engine, vec![followed("eu-1")], 0);
    take_again(&mut engine, Vec::new(), UNREAD_MAX - 1);
    assert_eq!(silent(&engine), [].into());
    take_again(&mut engine, Vec::new(), UNREAD_MAX);
    assert_eq!(silent(&engine), [("eu-1", NOW), ("us-1", NOW)].into());
}
