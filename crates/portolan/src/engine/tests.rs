mod unheard;
use portolan_core::{Reason, RecordType};
use portolan_kube::manifest;

use super::*;

pub(crate) const NOW: i64 = 1_700_000_000;

pub(crate) const ZONE: &str = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.elsewhere.example}]
  admit: [{namespaces: ['*'], clusters: ['*'], hosts: ['*.glb.example']}]
";

pub(crate) fn record(name: &str, address: &str) -> String {
    format!(
        "
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {{name: {name}, namespace: shop}}
spec: {{endpoints: [{{dnsName: {name}.glb.example, recordType: A, targets: [{address}]}}]}}
"
    )
}

/// What a source tells of the objects of a manifest.
pub(crate) fn events(source: &str, text: &str) -> Vec<Event> {
    let manifest = manifest::read("test.yaml", text.as_bytes());
    assert_eq!(manifest.problems, [], "{text}");
    let source = ClusterName::from(source);
    let set =
        |at: manifest::Located| Event::Set { source: source.clone(), object: at.object, place: at.place };
    manifest.objects.into_iter().map(set).collect()
}

fn started() -> Engine {
    let mut engine = Engine::new(NOW);
    let heard = vec![Event::Heard("eu-1".into()), Event::Heard(root())];
    engine.take([events("", ZONE), heard].concat(), NOW);
    engine
}

fn address(engine: &Engine, name: &str) -> Option<String> {
    let name: Name = format!("{name}.glb.example").parse().unwrap();
    let snapshot = engine.snapshot();
    let data = snapshot.records(name.borrowed())?.pool(RecordType::A)?.set().data().next()?;
    Some(portolan_core::record::Present(RecordType::A, data).to_string())
}

fn serial(engine: &Engine) -> u32 {
    engine.snapshot().zones().next().map(|zone| zone.serial).unwrap()
}

#[test]
fn a_batch_is_one_revision_and_one_serial() {
    let mut engine = started();
    let (revision, before) = (engine.snapshot().revision, serial(&engine));
    let both = [record("a", "192.0.2.1"), record("b", "192.0.2.2")].join("---");
    engine.take(events("eu-1", &both), NOW);
    assert_eq!(engine.snapshot().revision, revision + 1);
    assert_eq!(serial(&engine), before + 1);
    assert_eq!(address(&engine, "a").as_deref(), Some("192.0.2.1"));
    engine.take(events("eu-1", &both), NOW);
    assert_eq!((engine.snapshot().revision, serial(&engine)), (revision + 1, before + 1), "no news");
}

#[test]
fn a_name_is_denied_only_when_the_root_was_read() {
    let mut engine = Engine::new(NOW);
    assert!(!engine.snapshot().complete);
    engine.take(vec![Event::Silent(root())], NOW);
    assert!(!engine.snapshot().complete && engine.state_from().is_none());
    engine.take(vec![Event::Heard(root())], NOW);
    assert!(engine.snapshot().complete);
}

#[test]
fn a_name_is_denied_only_when_every_known_cluster_was_read() {
    let member = |state: &str| {
        format!(
            "apiVersion: portolan.dev/v1alpha1\nkind: MemberCluster\nmetadata: {{name: eu-1}}\nspec: {{state: {state}}}\n"
        )
    };
    let mut engine = Engine::new(NOW);
    engine.take([events("", &member("Active")), vec![Event::Heard(root())]].concat(), NOW);
    assert!(!engine.snapshot().complete, "eu-1 was never read");
    assert!(
        engine.problems().iter().any(|p| p.message.contains("was never read")),
        "{:?}",
        engine.problems()
    );
    engine.take(vec![Event::Heard("eu-1".into())], NOW);
    assert!(engine.snapshot().complete);
    let mut engine = Engine::new(NOW);
    engine.take([events("", &member("Disabled")), vec![Event::Heard(root())]].concat(), NOW);
    assert!(engine.snapshot().complete, "a disabled cluster is not waited for");
}

/// A cluster that is followed is waited for, whether or not anything describes it.
#[test]
fn a_name_is_denied_only_when_every_followed_cluster_was_read() {
    let mut engine = Engine::new(NOW);
    let followed = ["eu-1", "us-1"].map(|name| Event::Followed(name.into()));
    engine.take(followed.into(), NOW);
    engine.take(vec![Event::Heard(root()), Event::Heard("eu-1".into())], NOW);
    assert!(!engine.snapshot().complete, "us-1 was never read");
    assert_eq!(engine.unread().collect::<Vec<_>>(), [&ClusterName::from("us-1")]);
    engine.take(vec![Event::Silent("us-1".into())], NOW);
    assert!(!engine.snapshot().complete, "silence says nothing");
    engine.forget("us-1", NOW).unwrap();
    engine.take(vec![Event::Heard("eu-1".into())], NOW);
    assert!(engine.snapshot().complete, "it is not waited for any more");
    // After that it may come as a new one does.
    engine.take(vec![Event::Heard("us-1".into())], NOW);
    assert_eq!(engine.unread().count(), 0);
}

#[test]
fn a_silent_cluster_is_forgotten_on_demand_only() {
    let mut engine = started();
    engine.take(events("eu-1", &record("a", "192.0.2.1")), NOW);
    let refused = engine.forget("eu-1", NOW).unwrap_err().to_string();
    assert!(refused.contains("is heard"), "{refused}");
    let unknown = engine.forget("eu-9", NOW).unwrap_err().to_string();
    assert!(unknown.contains("no cluster is called \"eu-9\""), "{unknown}");

    engine.take(vec![Event::Silent("eu-1".into())], NOW + 10);
    assert!(address(&engine, "a").is_some(), "a silent cluster's names stay");
    assert_eq!(engine.data_age(NOW + 15), 5);
    assert!(engine.problems().iter().any(|problem| problem.reason == Reason::Silent));
    engine.forget("eu-1", NOW + 20).unwrap();
    assert!(address(&engine, "a").is_none() && engine.fleet().clusters.is_empty());
    assert_eq!(engine.data_age(NOW + 20), 0);
}

/// F-41: what it offered is gone in one step, though it is heard, and nothing of the others is.
#[test]
fn a_cluster_that_is_no_member_any_more_is_gone_at_once() {
    let mut engine = started();
    let reading = |problems| Event::Reading("eu-1".into(), problems);
    let problem = Problem {
        subject: "cluster eu-1".into(),
        reason: Reason::Silent,
        message: "is not reached".into(),
        place: String::new(),
    };
    engine.take([events("eu-1", &record("a", "192.0.2.1")), vec![reading(vec![problem])]].concat(), NOW);
    engine.take([vec![Event::Heard("us-1".into())], events("us-1", &record("b", "192.0.2.2"))].concat(), NOW);
    let revision = engine.snapshot().revision;
    engine.take(vec![Event::Gone("eu-1".into())], NOW);
    assert_eq!(engine.snapshot().revision, revision + 1);
    assert_eq!(address(&engine, "a"), None);
    assert_eq!(address(&engine, "b").as_deref(), Some("192.0.2.2"));
    assert!(!engine.fleet().clusters.contains_key("eu-1"));
    assert_eq!(engine.problems(), []);
    // It may come again, as a new one.
    engine.take([events("eu-1", &record("a", "192.0.2.3")), vec![Event::Heard("eu-1".into())]].concat(), NOW);
    assert_eq!(address(&engine, "a").as_deref(), Some("192.0.2.3"));
}

#[test]
fn a_lost_root_changes_nothing_but_the_age_of_data() {
    let mut engine = started();
    let problem = Problem {
        subject: "/fleet".into(),
        reason: Reason::Unreadable,
        message: "is not there".into(),
        place: String::new(),
    };
    let revision = engine.snapshot().revision;
    engine.take(vec![Event::Silent(root()), Event::Reading(root(), vec![problem.clone()])], NOW + 100);
    assert_eq!(engine.snapshot().revision, revision);
    assert_eq!((engine.data_age(NOW + 160), engine.problems()), (160, vec![problem.clone()]));
    assert_eq!(engine.root_lost(), Some((&problem, Some(NOW))));
    assert_eq!(engine.heard_at(&"eu-1".into()), Some(NOW));
    assert_eq!(engine.gauges(NOW + 160).clusters["silent"], 1, "nothing of it is heard");
    engine.take(vec![Event::Heard(root()), Event::Reading(root(), Vec::new())], NOW + 200);
    assert_eq!((engine.data_age(NOW + 200), engine.problems()), (0, Vec::new()));
    assert_eq!((engine.root_lost(), engine.gauges(NOW + 200).clusters["silent"]), (None, 0));
}

#[test]
fn a_source_is_heard_each_time_it_is_looked_at() {
    let mut engine = started();
    let at = |engine: &Engine| engine.heard_at(&"eu-1".into());
    engine.still_true(NOW + 60);
    assert_eq!(at(&engine), Some(NOW + 60));
    engine.take(vec![Event::Silent("eu-1".into())], NOW + 70);
    assert_eq!(at(&engine), Some(NOW + 60), "it was gone by then");
    engine.still_true(NOW + 120);
    assert_eq!(at(&engine), Some(NOW + 60));
    engine.take(vec![Event::Heard("eu-1".into())], NOW + 130);
    assert_eq!((at(&engine), engine.heard_at(&"us-9".into())), (Some(NOW + 130), None));
}

/// A compile with a fault in it: it panics over every batch that has `bad` in it.
fn faulty(fleet: &Fleet, before: &Snapshot, touched: &Touched) -> Compiled {
    let bad: Name = "bad.glb.example".parse().unwrap();
    assert!(!touched.names.contains(&bad), "the fault that this test makes");
    compile(fleet, before, touched)
}

#[test]
fn a_panic_costs_the_name_that_it_is_over() {
    let mut engine = started();
    engine.take(events("eu-1", &record("bad", "192.0.2.1")), NOW);
    engine.compile = faulty;
    let batch = [record("a", "192.0.2.2"), record("bad", "192.0.2.3"), record("c", "192.0.2.4")].join("---");
    engine.take(events("eu-1", &batch), NOW);
    let found = ["a", "bad", "c"].map(|name| address(&engine, name).unwrap());
    assert_eq!(found, ["192.0.2.2", "192.0.2.1", "192.0.2.4"], "bad stays as it was, the others go on");
    assert_eq!(engine.gauges(NOW).panics, 2, "the batch, and the name alone");
    let problems = engine.problems();
    assert!(
        problems.iter().any(|p| p.subject == "bad.glb.example." && p.message.contains("stays as it was")),
        "{problems:?}"
    );

    engine.compile = compile;
    engine.take(events("eu-1", &record("bad", "192.0.2.5")), NOW);
    assert_eq!(address(&engine, "bad").as_deref(), Some("192.0.2.5"));
    assert!(engine.problems().is_empty());
}

#[test]
fn networks_reach_the_policy_that_names_them_and_no_other_file_is_looked_at() {
    let policy = "
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: near}
spec: {order: [{type: Geo, networksFile: nets.csv}]}
";
    let csv = |path: &str, text: Option<&str>| Event::Networks {
        source: root(),
        path: path.into(),
        text: text.map(Arc::from),
    };
    let mut engine = started();
    engine.take(vec![csv("costs.csv", Some("these,are,no,networks\n"))], NOW);
    assert_eq!(engine.problems(), []);
    engine.take(events("", policy), NOW);
    assert_eq!(engine.problems().len(), 1, "the file is not there");
    engine.take(vec![csv("nets.csv", Some("cidr,place\n192.0.2.0/24,EU/DE\n"))], NOW);
    assert_eq!(engine.problems(), []);
    engine.take(vec![csv("nets.csv", None)], NOW);
    assert_eq!(engine.problems().len(), 1, "the file is gone");
}

const WEB: &str = "
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: web, namespace: shop}
spec: {hosts: [web.glb.example], backends: [{kind: Service, name: web}]}
";

/// A Service with this entry in its status.
fn service(entry: &str) -> Vec<Event> {
    events(
        "eu-1",
        &format!(
            "
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{type: LoadBalancer}}
status: {{loadBalancer: {{ingress: [{entry}]}}}}
"
        ),
    )
}

fn resolved(addresses: &[&str]) -> Event {
    let addresses: Vec<std::net::IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    let found = Resolution { count: addresses.len(), addresses, ..Resolution::default() };
    Event::Resolved("lb.elb.example".parse().unwrap(), Some(found))
}

#[test]
fn host_names_are_wanted_resolved_and_no_sign_of_life() {
    let mut engine = Engine::new(NOW);
    let mut wanted = engine.resolve_hosts();
    let heard = vec![Event::Heard("eu-1".into()), Event::Heard(root())];
    let objects = [events("", ZONE), events("", WEB), service("{hostname: lb.elb.example}")].concat();
    engine.take([objects, heard].concat(), NOW);
    let lb: Name = "lb.elb.example".parse().unwrap();
    assert_eq!((wanted.now(), address(&engine, "web")), (Some([(lb.clone(), true)].into()), None));
    engine.take(vec![resolved(&["192.0.2.1"])], NOW + 50);
    assert_eq!(address(&engine, "web").as_deref(), Some("192.0.2.1"));
    assert_eq!(engine.heard_at(&"eu-1".into()), Some(NOW), "nobody looked at the cluster");
    assert_eq!(wanted.now(), None);
    engine.take(service("{ip: 192.0.2.9}"), NOW + 60);
    assert_eq!(wanted.now(), Some([(lb, false)].into()));
}

#[test]
fn a_resolved_address_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut batch = [events("", ZONE), events("", WEB), service("{hostname: lb.elb.example}")].concat();
    batch.extend([Event::Heard("eu-1".into()), Event::Heard(root())]);
    let mut serials = Vec::new();
    for start in 0..3 {
        let mut engine = Engine::open(&path, NOW + start).unwrap();
        let _wanted = engine.resolve_hosts();
        engine.resume(NOW + start);
        engine.take(batch.clone(), NOW + start);
        if start == 0 {
            engine.take(vec![resolved(&["192.0.2.1"])], NOW);
        }
        assert_eq!(address(&engine, "web").as_deref(), Some("192.0.2.1"), "start {start}");
        serials.push(serial(&engine));
        engine.close().unwrap();
    }
    assert_eq!(serials, [serials[0]; 3], "nothing has changed");
}

#[test]
fn a_status_that_goes_empty_ends_by_time_alone() {
    let mut engine = Engine::new(NOW);
    engine.keep_balancers(120);
    let heard = vec![Event::Heard("eu-1".into()), Event::Heard(root())];
    engine.take([events("", ZONE), events("", WEB), service("{ip: 192.0.2.1}"), heard].concat(), NOW);
    engine.take(service(""), NOW + 10);
    for (now, steady, expected) in [(10, 0, true), (3_730, 119, true), (-3_470, 119, true), (9, 120, false)] {
        engine.tick(NOW + now, steady);
        assert_eq!(address(&engine, "web").is_some(), expected, "{steady}");
        assert_eq!(engine.problems().iter().any(|problem| problem.reason == Reason::Kept), expected);
    }
    assert_eq!(engine.heard_at(&"eu-1".into()), Some(NOW + 10), "time is no sign of life");
}

fn resumed(path: &std::path::Path, now: i64) -> Engine {
    let mut engine = Engine::open(path, now).unwrap();
    engine.resume(now);
    engine
}

#[test]
fn the_last_good_state_answers_until_the_folder_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut engine = Engine::open(&path, NOW).unwrap();
    let mut batch = [events("", ZONE), events("eu-1", &record("a", "192.0.2.1"))].concat();
    batch.extend([Event::Heard("eu-1".into()), Event::Heard(root())]);
    engine.take(batch.clone(), NOW);
    let before = serial(&engine);
    engine.close().unwrap();
    drop(engine);

    let mut engine = resumed(&path, NOW + 60);
    assert!(engine.snapshot().complete && !engine.is_fresh());
    assert_eq!((address(&engine, "a").as_deref(), serial(&engine)), (Some("192.0.2.1"), before));
    assert_eq!((engine.state_from(), engine.data_age(NOW + 60)), (Some(NOW), 60));
    engine.take(vec![Event::Silent(root())], NOW + 60);
    let since = engine.fleet().clusters.values().map(|cluster| cluster.silent_since).collect::<Vec<_>>();
    assert_eq!(since, [None], "nobody can tell which clusters went while the folder is not there itself");
    assert_eq!(address(&engine, "a").as_deref(), Some("192.0.2.1"));
    engine.take(batch, NOW + 90);
    assert_eq!((engine.state_from(), engine.data_age(NOW + 90), serial(&engine)), (None, 0, before));
}

#[test]
fn what_went_while_nobody_looked_is_gone_once_the_folder_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut engine = Engine::open(&path, NOW).unwrap();
    let both = [record("a", "192.0.2.1"), record("b", "192.0.2.2")].join("---");
    let heard = [Event::Heard("eu-1".into()), Event::Heard(root())];
    engine.take([events("", ZONE), events("eu-1", &both), heard.to_vec()].concat(), NOW);
    engine.close().unwrap();
    drop(engine);
    let mut engine = resumed(&path, NOW);
    engine.take([events("", ZONE), events("eu-1", &record("b", "192.0.2.2")), heard.to_vec()].concat(), NOW);
    assert_eq!((address(&engine, "a"), address(&engine, "b").as_deref()), (None, Some("192.0.2.2")));
}

/// A zone file of these names, each with an address or, behind it, with another type.
fn zone_file(engine: &Engine, apex: &str, names: &[&str]) -> Arc<portolan_core::zone::ZoneFile> {
    zone_file_of(engine, apex, 7, names)
}

fn zone_file_of(
    engine: &Engine,
    apex: &str,
    serial: u32,
    names: &[&str],
) -> Arc<portolan_core::zone::ZoneFile> {
    let apex: Name = apex.parse().unwrap();
    let mut gather = portolan_core::zone::file::Gather::new();
    let ttl = portolan_core::Ttl::DEFAULT;
    let soa = portolan_core::record::Soa {
        mname: apex.clone(),
        rname: apex.clone(),
        serial,
        refresh: 1,
        retry: 1,
        expire: 1,
        minimum: 1,
    };
    let soa = portolan_core::record::Rdata::soa(&soa);
    gather.add(apex.borrowed(), RecordType::SOA, ttl, soa.as_wire());
    gather.add(apex.borrowed(), RecordType::NS, ttl, apex.as_wire());
    for name in names {
        let (name, rtype) = name.split_once(' ').unwrap_or((name, "A"));
        let data = if rtype == "A" { &[192, 0, 2, 9] } else { apex.as_wire() };
        gather.add(apex.prepend(name).unwrap().borrowed(), rtype.parse().unwrap(), ttl, data);
    }
    let seed = engine.snapshot().seed();
    Arc::new(portolan_core::zone::ZoneFile::build(&apex, seed, vec![gather]).unwrap().0)
}

/// A restart reads the zone files first; so nothing has changed when the last good state is published.
#[test]
fn a_restart_keeps_the_serial_of_a_zone_of_fleet_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut batch = [events("", ZONE), events("eu-1", &record("a", "192.0.2.1"))].concat();
    batch.extend([Event::Heard("eu-1".into()), Event::Heard(root())]);
    let mut serials = Vec::new();
    // The file's own serial is another matter, once the fleet has a say in the zone.
    for (start, serial_of_file) in [(0, 7), (1, 8), (2, u32::try_from(NOW).unwrap() + 1_000)] {
        let mut engine = Engine::open(&path, NOW + start).unwrap();
        let file = zone_file_of(&engine, "glb.example", serial_of_file, &["a", "b"]);
        engine.take_zone_file(&"glb.example".parse().unwrap(), Some(file), Vec::new(), NOW + start);
        engine.resume(NOW + start);
        if start > 0 {
            assert_eq!(address(&engine, "a").as_deref(), Some("192.0.2.1"));
            assert_eq!(conflicts(&engine).len(), 1, "what both have is told from the start");
            serials.push(serial(&engine));
        }
        engine.take(batch.clone(), NOW + start);
        serials.push(serial(&engine));
        engine.close().unwrap();
    }
    assert_eq!(serials, [serials[0]; 5]);
}

#[test]
fn a_zone_of_a_file_goes_on_after_its_serial_when_the_fleet_joins() {
    let apex: Name = "glb.example".parse().unwrap();
    let check = |serial_of_file: u32, shared: u32| {
        let mut engine = Engine::new(NOW);
        let file = zone_file_of(&engine, "glb.example", serial_of_file, &["b"]);
        engine.take_zone_file(&apex, Some(file), Vec::new(), NOW);
        assert_eq!(serial(&engine), serial_of_file);
        engine.take([events("", ZONE), vec![Event::Heard(root())]].concat(), NOW);
        assert_eq!(serial(&engine), shared);
    };
    let now = u32::try_from(NOW).unwrap();
    check(now + 5, now + 6);
    // The clock is further.
    check(7, now);
}

fn conflicts(engine: &Engine) -> Vec<String> {
    let all = engine.problems();
    all.iter().filter(|problem| problem.reason == Reason::Conflict).map(|p| p.message.clone()).collect()
}

#[test]
fn names_that_a_zone_file_has_too_are_told() {
    let mut engine = started();
    engine.take(events("eu-1", &record("a", "192.0.2.1")), NOW);
    let file = zone_file(&engine, "glb.example", &["a", "b", "c"]);
    let apex: Name = "glb.example".parse().unwrap();
    engine.take_zone_file(&apex, Some(file), Vec::new(), NOW);
    let told = |name: &str| {
        format!(
            "{name}.glb.example is in the zone file and also of DNSEndpoint shop/{name}, which is answered"
        )
    };
    assert_eq!(conflicts(&engine), [told("a")]);
    assert_eq!(address(&engine, "a").as_deref(), Some("192.0.2.1"));
    // Names of the fleet that come and go afterwards.
    engine.take(events("eu-1", &record("b", "192.0.2.2")), NOW);
    assert_eq!(conflicts(&engine), [told("a"), told("b")]);
    let key = events("eu-1", &record("a", "192.0.2.1")).into_iter().find_map(|event| match event {
        Event::Set { object, .. } => Some(object.key.clone()),
        _ => None,
    });
    engine.take(vec![Event::Deleted { source: "eu-1".into(), key: key.unwrap() }], NOW);
    assert_eq!(conflicts(&engine), [told("b")]);
    // A new file.
    let file = zone_file(&engine, "glb.example", &["c"]);
    engine.take_zone_file(&apex, Some(file), Vec::new(), NOW);
    assert_eq!(conflicts(&engine), [""; 0]);
}

#[test]
fn names_below_what_a_zone_file_gives_away_are_told() {
    let mut engine = started();
    let file = zone_file(&engine, "glb.example", &["cut NS", "d DNAME"]);
    engine.take_zone_file(&"glb.example".parse().unwrap(), Some(file), Vec::new(), NOW);
    for name in ["a.cut", "a.d", "a"] {
        engine.take(events("eu-1", &record(name, "192.0.2.1")), NOW);
    }
    let below_cut = "a.cut.glb.example of DNSEndpoint shop/a.cut is not answered: the zone file delegates cut.glb.example";
    let below_dname = "a.d.glb.example of DNSEndpoint shop/a.d is answered, but resolvers that know the DNAME of the zone \
                       file at d.glb.example go elsewhere for it";
    assert_eq!(conflicts(&engine), [below_cut, below_dname]);
    assert_eq!(address(&engine, "a.d").as_deref(), Some("192.0.2.1"));
    // What the fleet has where the file delegates hides that from the names below.
    let cut = events("eu-1", &record("cut", "192.0.2.1"));
    engine.take(cut.clone(), NOW);
    let hidden = "cut.glb.example is in the zone file and also of DNSEndpoint shop/cut, which is answered";
    assert_eq!(conflicts(&engine), [below_dname, hidden]);
    assert_eq!(address(&engine, "a.cut").as_deref(), Some("192.0.2.1"));
    let gone = cut.into_iter().find_map(|event| match event {
        Event::Set { source, object, .. } => Some(Event::Deleted { source, key: object.key.clone() }),
        _ => None,
    });
    engine.take(vec![gone.unwrap()], NOW);
    assert_eq!(conflicts(&engine), [below_cut, below_dname]);
}

/// A change of a name at which a file delegates costs what any change costs, and its coming and going what is below it.
#[test]
fn a_name_at_a_delegation_costs_no_walk_over_the_fleet() {
    let mut engine = started();
    let file = zone_file(&engine, "glb.example", &["cut NS"]);
    engine.take_zone_file(&"glb.example".parse().unwrap(), Some(file), Vec::new(), NOW);
    for number in 0..100 {
        engine.take(events("eu-1", &record(&format!("n{number}"), "192.0.2.1")), NOW);
    }
    engine.take(events("eu-1", &record("a.cut", "192.0.2.1")), NOW);
    let cost = |engine: &mut Engine, text: &str| {
        let before = engine.zone_files.steps;
        engine.take(events("eu-1", text), NOW);
        engine.zone_files.steps - before
    };
    assert_eq!(cost(&mut engine, &record("n1", "192.0.2.2")), 1);
    assert_eq!(cost(&mut engine, &record("cut", "192.0.2.1")), 2, "it comes, and a.cut is below it");
    assert_eq!(cost(&mut engine, &record("cut", "192.0.2.2")), 1, "it is another");
}

/// Zone files are taken before the last good state is published: then all names are looked up, each once.
#[test]
fn many_zone_files_cost_one_walk_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let mut engine = Engine::open(&path, NOW).unwrap();
    let mut batch = [events("", ZONE), events("eu-1", &record("a", "192.0.2.1"))].concat();
    batch.extend(
        [
            events("eu-1", &record("b.sub", "192.0.2.1")),
            vec![Event::Heard("eu-1".into()), Event::Heard(root())],
        ]
        .concat(),
    );
    engine.take(batch, NOW);
    engine.close().unwrap();
    drop(engine);
    let mut engine = Engine::open(&path, NOW).unwrap();
    for apex in ["glb.example", "sub.glb.example", "other.example"] {
        let file = zone_file(&engine, apex, &["a", "b"]);
        engine.take_zone_file(&apex.parse().unwrap(), Some(file), Vec::new(), NOW);
    }
    assert_eq!(engine.zone_files.steps, 0);
    engine.resume(NOW);
    assert_eq!(engine.zone_files.steps, 2, "two names");
    assert_eq!(conflicts(&engine).len(), 2, "{:?}", conflicts(&engine));
}

#[test]
fn of_many_names_that_a_zone_file_has_too_the_number_is_told() {
    let mut engine = started();
    let names: Vec<String> = (0..30).map(|number| format!("n{number}")).collect();
    for name in &names {
        engine.take(events("eu-1", &record(name, "192.0.2.1")), NOW);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let file = zone_file(&engine, "glb.example", &names);
    engine.take_zone_file(&"glb.example".parse().unwrap(), Some(file), Vec::new(), NOW);
    let told = conflicts(&engine);
    assert_eq!(told.len(), 21);
    assert!(told.iter().any(|line| line.starts_with("10 more names of the fleet")), "{told:?}");
}

#[test]
fn a_zone_file_that_gives_nothing_takes_nothing_away() {
    let mut engine = started();
    let apex: Name = "files.example".parse().unwrap();
    let file = zone_file(&engine, "files.example", &["a"]);
    engine.take_zone_file(&apex, Some(file), Vec::new(), NOW);
    let problem = Problem {
        subject: "zone files.example".into(),
        reason: Reason::Unreadable,
        message: "is not there".into(),
        place: "x".into(),
    };
    engine.take_zone_file(&apex, None, vec![problem.clone()], NOW);
    assert_eq!(engine.problems(), [problem]);
    let zones: Vec<String> = engine.snapshot().zones().map(|zone| zone.apex.to_dotless()).collect();
    assert_eq!(zones, ["glb.example", "files.example"]);
    assert!(engine.snapshot().zones().any(|zone| zone.apex == apex && zone.serial == 7));
}
