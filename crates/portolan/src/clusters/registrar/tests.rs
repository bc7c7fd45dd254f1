use portolan_kube::api::{INTENTS, REGISTRY, Topology};
use portolan_kube::manifest::{Given, given};
use portolan_kube::object::ObjectKey;
use portolan_kube::registry::secret::{RENEW, base64};
use portolan_kube::workload::Keep;
use serde_json::{Value, json};

use super::super::cluster;
use super::super::cluster::Reached;
use super::super::feed::Feed;
use super::*;
use crate::engine::{Engine, Event, root};

const NOW: i64 = 1_700_000_000;

/// What one cluster says of itself, under whatever name.
fn said() -> identity::Said {
    identity::Said { uid: "u".into(), version: 7 }
}

/// A registrar without a server: it is told what a hub would tell.
struct Bench {
    engine: SharedEngine,
    registrar: Arc<Registrar>,
    feed: Feed,
    reach: watch::Sender<Reached>,
}

impl Bench {
    fn new() -> Self {
        Self::with(Past::open(None, false))
    }

    /// One that knows what clusters were before.
    fn with(past: Arc<Past>) -> Self {
        let engine = SharedEngine::new(Engine::new(NOW));
        let feed = Feed::start(engine.clone()).unwrap();
        let (sender, holds) = (feed.sender(), Arc::new(Holds::default()));
        let known = Arc::new(identity::Known::default());
        let (to, held) = (sender.clone(), holds.clone());
        let demand = Arc::new(Demand::default());
        let topology = Topology::Hub;
        let asked = topology.asks(true, &Keep::default());
        let hub = Cluster::new("hub".into(), asked, Keep::default(), demand.clone(), to, held, past.clone());
        let (reach, hub_reach) = watch::channel(Reached::No);
        let keep = Keep::default();
        let gate = Gate::always_open();
        let start =
            Start { engine: engine.clone(), sender, holds, known, past, keep, demand, gate, topology };
        let taken = [ClusterName::from("hub")].into();
        let registrar = Registrar::new(start, Arc::new(hub), hub_reach, Believed::default(), taken);
        Self { engine, registrar, feed, reach }
    }

    fn hear(&self, kind: Kind, namespace: Option<&str>, news: &[News]) {
        let resource = INTENTS.iter().chain(&REGISTRY).chain([&SECRETS]).find(|one| one.kind == kind);
        self.registrar.hear(*resource.unwrap(), namespace, news);
    }

    /// An object, with what a follower tells besides when it has read a list.
    fn set(&self, kind: Kind, value: Value) {
        let Given::Object(object, _) = given(kind, value, "hub", &Keep::default()) else {
            panic!("a test's objects are of the right types")
        };
        let namespace = (kind == Kind::Secret).then_some("portolan");
        self.hear(kind, namespace, &[News::Set(Arc::new(object)), News::Problems, News::Read]);
    }

    /// The kinds of the registry, each read to its end, with nothing in it.
    fn read(&self, but: &[Kind]) {
        for resource in INTENTS.iter().chain(&REGISTRY).filter(|resource| Registry::is_about(resource.kind)) {
            let read = if but.contains(&resource.kind) { News::ReadInPart } else { News::Read };
            self.hear(resource.kind, None, &[News::Problems, read]);
        }
    }

    /// A cluster that the last good state knows, and that is not heard.
    fn remembered(&self, name: &str) {
        let name = ClusterName::from(name);
        let events = [Event::Heard(name.clone()), Event::Heard(root()), Event::Silent(name)];
        self.engine.lock().take(events.into(), NOW);
    }

    fn member(&self, name: &str) {
        let spec = json!({ "credentials": { "secret": "s" } });
        self.set(Kind::MemberCluster, json!({ "metadata": { "name": name }, "spec": spec }));
    }

    fn secret(&self, server: &str) {
        self.secret_of(server, "t", &json!({}));
    }

    fn secret_of(&self, server: &str, token: &str, annotations: &Value) {
        let text = |text: &str| base64(text.as_bytes());
        let data = json!({ "server": text(server), "token": text(token) });
        let metadata = json!({ "namespace": "portolan", "name": "s", "annotations": annotations });
        self.set(Kind::Secret, json!({ "metadata": metadata, "data": data }));
    }

    /// The members, each with the server that it is reached at.
    fn members(&self) -> String {
        let state = self.registrar.state();
        let shown = |(name, one): (&ClusterName, &Registered)| match &*one.access.borrow() {
            Some(access) => format!("{name}={}", access.server),
            None => format!("{name}=?"),
        };
        state.members.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    /// The engine, when it has taken all that was told.
    fn settled(mut self) -> SharedEngine {
        self.feed.stop();
        self.engine
    }
}

#[test]
fn credentials_come_change_and_stay() {
    let bench = Bench::new();
    bench.member("eu-1");
    assert_eq!(bench.members(), "eu-1=?");
    bench.secret("https://192.0.2.1");
    assert_eq!(bench.members(), "eu-1=https://192.0.2.1");
    let mut access = bench.registrar.state().members["eu-1"].access.subscribe();
    bench.secret("https://192.0.2.2");
    assert_eq!(bench.members(), "eu-1=https://192.0.2.2");
    assert!(access.has_changed().unwrap());
    access.mark_unchanged();
    bench.secret("https://192.0.2.2");
    assert!(!access.has_changed().unwrap(), "no news");
    // A Secret that goes, or is broken, takes nothing away.
    bench.secret("http://192.0.2.3");
    bench.hear(
        Kind::Secret,
        Some("portolan"),
        &[News::Deleted(ObjectKey::new(Kind::Secret, Some("portolan"), "s"))],
    );
    assert_eq!(bench.members(), "eu-1=https://192.0.2.2");
    // Nor does an object that loses its credentials.
    bench.set(Kind::MemberCluster, json!({ "metadata": { "name": "eu-1" }, "spec": {} }));
    assert_eq!(bench.members(), "eu-1=https://192.0.2.2");
    let problems: Vec<String> = bench.settled().lock().problems().iter().map(ToString::to_string).collect();
    let told = "hub: MemberCluster eu-1: spec.credentials: Incomplete: was taken away";
    assert!(problems.iter().any(|problem| problem.starts_with(told)), "{problems:#?}");
}

/// What nobody has read yet must not be denied, from the moment in which its registration is known.
#[test]
fn a_cluster_is_waited_for_from_its_registration_on_and_gone_with_it() {
    let (bench, gone) = (Bench::new(), Bench::new());
    for bench in [&bench, &gone] {
        bench.set(
            Kind::KubeFedCluster,
            json!({
                "metadata": { "namespace": "kube-federation-system", "name": "eu-1" },
                "spec": { "apiEndpoint": "192.0.2.1", "secretRef": { "name": "s" } },
            }),
        );
        bench.registrar.start.sender.events(vec![Event::Heard(root())]);
    }
    let key = ObjectKey::new(Kind::KubeFedCluster, Some("kube-federation-system"), "eu-1");
    gone.hear(Kind::KubeFedCluster, None, &[News::Deleted(key)]);
    assert_eq!((bench.members().as_str(), gone.members().as_str()), ("eu-1=?", ""));
    assert!(!bench.settled().lock().snapshot().complete, "eu-1 was never read");
    let engine = gone.settled();
    assert_eq!(engine.lock().problems(), []);
}

/// A lost list or a kind that is not there tells nothing, and so changes nothing.
#[test]
fn only_a_deletion_takes_a_member_away() {
    let bench = Bench::new();
    bench.member("eu-1");
    bench.hear(Kind::MemberCluster, None, &[News::Problems, News::WentBack, News::Read]);
    assert_eq!(bench.members(), "eu-1=?");
    bench.hear(
        Kind::MemberCluster,
        None,
        &[News::Deleted(ObjectKey::new(Kind::MemberCluster, None, "eu-1"))],
    );
    assert_eq!(bench.members(), "");
}

#[test]
fn a_name_that_is_taken_is_told() {
    let bench = Bench::new();
    bench.member("hub");
    assert_eq!(bench.members(), "");
    let problems: Vec<String> = bench.settled().lock().problems().iter().map(ToString::to_string).collect();
    let told = "hub: MemberCluster hub: spec.credentials.secret: Duplicate: a context";
    assert!(problems.iter().any(|problem| problem.starts_with(told)), "{problems:#?}");
}

/// Whoever clears a field by mistake must not lose a cluster for it.
#[test]
fn a_slip_in_a_registration_forgets_no_cluster() {
    let bench = Bench::new();
    let kubefed = |secret: &str| {
        let metadata = json!({ "namespace": "kube-federation-system", "name": "eu-1" });
        let spec = json!({ "apiEndpoint": "192.0.2.1", "secretRef": { "name": secret } });
        bench.set(Kind::KubeFedCluster, json!({ "metadata": metadata, "spec": spec }));
    };
    kubefed("s");
    kubefed("");
    assert_eq!(bench.members(), "eu-1=?");
}

/// B-34: what is deleted and made again in one breath is another, whatever it leads to.
#[test]
fn a_registration_that_is_made_again_begins_anew() {
    let bench = Bench::new();
    bench.member("eu-1");
    bench.secret("https://192.0.2.1");
    let cluster = || bench.registrar.state().members["eu-1"].cluster.clone();
    let before = cluster();
    let manifest = json!({ "metadata": { "name": "eu-1" }, "spec": { "credentials": { "secret": "s" } } });
    let Given::Object(again, _) = given(Kind::MemberCluster, manifest, "hub", &Keep::default()) else {
        panic!("it is a MemberCluster")
    };
    let news = [News::Deleted(again.key.clone()), News::Set(Arc::new(again))];
    bench.hear(Kind::MemberCluster, None, &news);
    assert_eq!(bench.members(), "eu-1=https://192.0.2.1");
    assert!(!Arc::ptr_eq(&before, &cluster()), "nothing of the earlier one counts any more");
    assert!(before.resources().is_empty());
    // It begins when the earlier one has ended: until then each would take the other's notes away.
    assert_eq!(bench.registrar.state().leaving.len(), 1);
    let _ = bench.registrar.arrange();
    assert!(bench.registrar.state().members["eu-1"].running.is_none());
}

fn noted(clusters: &[(&str, &str, &str)]) -> (tempfile::TempDir, Arc<Past>) {
    let folder = tempfile::tempdir().unwrap();
    let past = Past::open(Some(&folder.path().join("state")), true);
    for (name, hub, by) in clusters {
        let by = ObjectKey::new(Kind::KubeFedCluster, Some(by), name);
        past.note_registered(&(*name).into(), &(*hub).into(), &by);
    }
    (folder, past)
}

/// What was noted of a cluster that was never reached since our own start goes with it, too: the next of its name
/// is no "other cluster".
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_noted_of_a_cluster_goes_with_it() {
    let (_folder, past) = noted(&[]);
    let name = ClusterName::from("eu-1");
    past.note_said(&name, &said());
    let bench = Bench::with(past.clone());
    let running = tokio::spawn(bench.registrar.clone().run());
    bench.member("eu-1");
    assert_eq!(bench.registrar.start.known.claim(&said(), &"twin".into(), Counts::Read), Some(name.clone()));
    bench.hear(
        Kind::MemberCluster,
        None,
        &[News::Deleted(ObjectKey::new(Kind::MemberCluster, None, "eu-1"))],
    );
    let mut looks = 0;
    while past.said(&name).is_some() {
        looks += 1;
        assert!(looks < 1_000, "it is not forgotten");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(bench.registrar.start.known.claim(&said(), &"twin".into(), Counts::Read), None);
    running.abort();
}

/// The hub was read whole, and has no registration of a cluster that it registered before our own restart.
#[test]
fn what_was_deleted_while_nobody_ran_goes() {
    const KUBEFED: &str = "kube-federation-system";
    let known = |set: &dyn Fn(&Bench), but: &[Kind], by: (&str, &str)| {
        let (_folder, past) = noted(&[("us-1", by.0, by.1)]);
        let bench = Bench::with(past.clone());
        ["us-1", "ap-1"].into_iter().for_each(|name| bench.remembered(name));
        set(&bench);
        bench.read(but);
        let engine = bench.settled();
        let known: Vec<String> = engine.lock().fleet().clusters.keys().map(ToString::to_string).collect();
        assert_eq!(known.contains(&"us-1".into()), !past.registered(&by.0.into()).is_empty());
        known.join(" ")
    };
    let object = |namespace: &str, kind: Kind| {
        let metadata = json!({ "namespace": namespace, "name": "us-1" });
        (kind, json!({ "metadata": metadata, "spec": { "secretRef": { "name": "" } } }))
    };
    let nothing = |_: &Bench| {};
    // One that no registration made (a context, say) stays.
    assert_eq!(known(&nothing, &[], ("hub", KUBEFED)), "ap-1");
    // A list that is doubted, or was not read to its end, tells nothing.
    for kind in [Kind::MemberCluster, Kind::KubeFedCluster, Kind::ClusterProfile] {
        assert_eq!(known(&nothing, &[kind], ("hub", KUBEFED)), "ap-1 us-1", "{kind}");
    }
    // It was registered elsewhere: this is another hub.
    assert_eq!(known(&nothing, &[], ("other", KUBEFED)), "ap-1 us-1");
    // The object is there, though nothing can be made of it, or it is not believed any more; or another is.
    for (namespace, by) in [(KUBEFED, KUBEFED), ("shop", "shop"), (KUBEFED, "federation-system")] {
        let set = |bench: &Bench| {
            let (kind, object) = object(namespace, Kind::KubeFedCluster);
            bench.set(kind, object);
        };
        assert_eq!(known(&set, &[], ("hub", by)), "ap-1 us-1", "{namespace}");
    }
    // One of another namespace, which is not believed, is none.
    let set = |bench: &Bench| {
        let (kind, object) = object("shop", Kind::KubeFedCluster);
        bench.set(kind, object);
    };
    assert_eq!(known(&set, &[], ("hub", KUBEFED)), "ap-1");
    let refused = |bench: &Bench| {
        let key = ObjectKey::new(Kind::KubeFedCluster, Some(KUBEFED), "us-1");
        bench.registrar.hub.refused(REGISTRY[0], &[key].into());
    };
    assert_eq!(known(&refused, &[], ("hub", KUBEFED)), "ap-1 us-1");
}

/// Once it is seen that nothing can be read of an object, its deletion is told by nothing but that.
#[test]
fn a_registration_that_was_never_understood_goes_with_its_object() {
    let (_folder, past) = noted(&[("us-1", "hub", "kube-federation-system")]);
    let bench = Bench::with(past);
    bench.remembered("us-1");
    let key = ObjectKey::new(Kind::KubeFedCluster, Some("kube-federation-system"), "us-1");
    bench.registrar.hub.refused(REGISTRY[0], &[key].into());
    bench.read(&[]);
    assert_eq!(bench.registrar.state().remembered.len(), 1);
    bench.registrar.hub.refused(REGISTRY[0], &BTreeSet::new());
    bench.hear(Kind::KubeFedCluster, None, &[News::Problems]);
    assert!(bench.settled().lock().fleet().clusters.is_empty());
}

/// Which of two names of one cluster is followed is the same after a restart, though the one that goes first cannot
/// be reached then.
#[test]
fn a_restart_decides_anew_about_no_duplicate() {
    let (_folder, past) = noted(&[]);
    past.note_said(&"old".into(), &said());
    let bench = Bench::with(past);
    for (name, created) in [("young", "2026-02-01T00:00:00Z"), ("old", "2026-01-01T00:00:00Z")] {
        let spec = json!({ "credentials": { "secret": "s" } });
        let metadata = json!({ "name": name, "creationTimestamp": created });
        bench.set(Kind::MemberCluster, json!({ "metadata": metadata, "spec": spec }));
    }
    let known = &bench.registrar.start.known;
    assert_eq!(known.claim(&said(), &"young".into(), Counts::Read), Some("old".into()));
    assert_eq!(known.claim(&said(), &"old".into(), Counts::Nothing), None);
}

// === Tokens ===

/// Two names with one Secret have one token. And who is not reached is asked for none, and has nothing to rest for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_due_once_and_where_its_cluster_is_reached() {
    let bench = Bench::new();
    ["a", "b"].into_iter().for_each(|name| bench.member(name));
    let claims = base64(br#"{"iat":1000,"exp":4600}"#);
    let token = format!("e30.{}.c2ln", claims.trim_end_matches('='));
    bench.secret_of("https://192.0.2.1", &token, &json!({ RENEW: "portolan/portolan" }));
    let doors = ["a", "b"].map(|name| {
        let (opens, door) = watch::channel(None);
        let running = Running { door, stop: oneshot::channel().0, task: tokio::spawn(async {}) };
        bench.registrar.state().members.get_mut(name).unwrap().running = Some(running);
        opens
    });
    let due = || {
        let due = bench.registrar.due(|_, _| true);
        due.into_iter().map(|due| due.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    let client = super::super::tests::server(|_, _, _| None);
    doors[1].send_replace(Some(client.clone()));
    assert_eq!(due(), "", "the hub is not reached");
    bench.reach.send_replace(Reached::Yes { client: client.clone(), life: cluster::Life::default() });
    assert_eq!(due(), "b");
    doors[0].send_replace(Some(client));
    assert_eq!(due(), "a");
    assert_eq!(bench.registrar.renewals().len(), 2);
}

/// What is told of tokens is what is so now: one that was renewed by hand, or is another's to renew, is told of no more.
#[test]
fn what_is_told_of_tokens_is_told_while_it_is_so() {
    for (is_still, expected) in [(true, 1), (false, 0)] {
        let bench = Bench::new();
        bench.member("eu-1");
        bench.secret("https://192.0.2.1");
        let why = |name: &str| (ClusterName::from(name), (Reason::Unreadable, "was not renewed".to_owned()));
        bench.registrar.not_renewed([why("eu-1"), why("gone")].into());
        if !is_still {
            bench.registrar.not_renewed(BTreeMap::new());
        }
        let engine = bench.settled();
        let problems: Vec<String> = engine.lock().problems().iter().map(ToString::to_string).collect();
        let told = "hub: MemberCluster eu-1: spec.credentials.secret: Unreadable: was not renewed";
        assert_eq!(problems.iter().filter(|problem| *problem == told).count(), expected, "{problems:#?}");
        assert!(problems.iter().all(|problem| !problem.contains("gone")), "{problems:#?}");
    }
}
