//! A start on a state that was never true, or where nothing is found.

use super::*;

/// A process that ends before anything was heard must not have the next one deny what nobody knows.
#[test]
fn who_heard_nothing_leaves_nothing_to_rest_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    for _ in 0..2 {
        let mut engine = resumed(&path, NOW);
        assert!(!engine.snapshot().complete, "names that are in no zone yet are unknown, and not refused");
        assert_eq!(engine.state_from(), None);
        engine.close().unwrap();
        assert!(path.exists(), "its serials are kept");
    }
}

/// A folder that is not there at a restart changes no answer, as it changes none while the process runs: not for
/// clusters that drain when they are silent either. Once it is there, those that it lacks are.
#[test]
fn a_cluster_is_silent_after_a_restart_only_where_the_folder_lacks_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut engine = Engine::open(&path, NOW).unwrap();
    let batch = |clusters: &[&str]| {
        let heard = clusters.iter().flat_map(|name| {
            let own = record(&format!("of-{name}"), "192.0.2.1");
            [events(name, &own), vec![Event::Heard((*name).into())]].concat()
        });
        [heard.collect(), events("", ZONE), vec![Event::Heard(root())]].concat()
    };
    engine.take(batch(&["eu-1", "us-1"]), NOW);
    engine.close().unwrap();
    drop(engine);

    let silent = |engine: &Engine| -> Vec<Option<i64>> {
        engine.fleet().clusters.values().map(|cluster| cluster.silent_since).collect()
    };
    let mut engine = resumed(&path, NOW + 60);
    engine.take(vec![Event::Silent(root())], NOW + 60);
    engine.tick(NOW + 600, 540);
    assert_eq!(silent(&engine), [None, None]);
    engine.take(batch(&["eu-1"]), NOW + 700);
    assert_eq!(silent(&engine), [None, Some(NOW)], "silent since the state was true");
    assert!(address(&engine, "of-us-1").is_some(), "what it offered stays");
    engine.take(vec![Event::Silent(root())], NOW + 705);
    assert_eq!(engine.state_from(), None, "it was read meanwhile");
    engine.take(batch(&["us-1"]), NOW + 710);
    assert_eq!(silent(&engine), [None, None]);
}
