use portolan_kube::api::{INTENTS, REGISTRY};
use portolan_kube::manifest::{Given, given};
use portolan_kube::object::ObjectKey;
use portolan_kube::workload::Keep;
use serde_json::{Value, json};

use super::super::cluster::Reached;
use super::super::feed::Feed;
use super::*;
use crate::engine::{Engine, Event, root};

const NOW: i64 = 1_700_000_000;

/// A registrar without a server: it is told what a hub would tell.
struct Bench {
    engine: SharedEngine,
    registrar: Arc<Registrar>,
    feed: Feed,
    _reach: watch::Sender<Reached>,
}

impl Bench {
    fn new() -> Self {
        let engine = SharedEngine::new(Engine::new(NOW));
        let feed = Feed::start(engine.clone()).unwrap();
        let (sender, holds) = (feed.sender(), Arc::new(Holds::default()));
        let known = Arc::new(identity::Known::default());
        let past = Past::open(None, false);
        let (to, held) = (sender.clone(), holds.clone());
        let hub = Cluster::new("hub".into(), true, Keep::default(), to, held, past.clone());
        let (reach, hub_reach) = watch::channel(Reached::No);
        let start = Start { engine: engine.clone(), sender, holds, known, past };
        let taken = [ClusterName::from("hub")].into();
        let registrar = Registrar::new(start, Arc::new(hub), hub_reach, Believed::default(), taken);
        Self { engine, registrar, feed, _reach: reach }
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

    fn member(&self, name: &str) {
        let spec = json!({ "credentials": { "secret": "s" } });
        self.set(Kind::MemberCluster, json!({ "metadata": { "name": name }, "spec": spec }));
    }

    fn secret(&self, server: &str) {
        let text = |text: &str| portolan_kube::registry::secret::base64(text.as_bytes());
        let data = json!({ "server": text(server), "token": text("t") });
        self.set(Kind::Secret, json!({ "metadata": { "namespace": "portolan", "name": "s" }, "data": data }));
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
