//! `portolan sync` on a real API server and a real etcd, with the rights that we ship.

use std::collections::BTreeMap;

use portolan_store::kv::etcd::{Etcd as Store, Options};
use portolan_store::kv::{Kv as _, Span};
use portolan_testbed::program::printed;
use portolan_testbed::{ApiServer, Etcd, Program};
use serde_json::Value;

use super::BINARY;

const RIGHTS: &str = include_str!("../../../../deploy/rbac/sync.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// An API server with records, an etcd to publish them to, and the program between them.
struct Stage {
    server: ApiServer,
    etcd: Etcd,
    program: Program,
    args: Vec<String>,
}

impl Stage {
    fn new(name: &str, more: &[&str]) -> Option<Self> {
        let (server, kubeconfig) = read_from(name)?;
        let etcd = Etcd::start(&format!("{name}-dns"))?;
        let url = etcd.url();
        let args = ["sync", "--kubeconfig", &kubeconfig, "--provider", "etcd", "--etcd", &url];
        let args: Vec<String> =
            args.iter().chain(&["--owner-id", "me"]).chain(more).map(|arg| (*arg).to_owned()).collect();
        let program = Program::new(BINARY, "sync").with(&args);
        Some(Self { server, etcd, program, args })
    }

    /// Writes an object of a group with one record for each name and list of targets.
    fn put_in(&self, group: &str, object: &str, records: &[(&str, &str)]) -> Value {
        put_in(&self.server, group, object, records)
    }

    fn put(&self, object: &str, records: &[(&str, &str)]) -> Value {
        self.put_in("externaldns.k8s.io", object, records)
    }

    fn delete(&self, object: &str) {
        self.server.admin().delete(&path(object)).unwrap();
    }

    /// What etcd has: the addresses of each name, as keys spell it.
    fn hosts(&self) -> BTreeMap<String, Vec<String>> {
        let mut hosts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in self.values() {
            if let Some(host) = value["host"].as_str().filter(|host| !host.is_empty()) {
                let name = key.rsplit_once('/').map_or("", |(name, _)| name);
                hosts.entry(name.to_owned()).or_default().push(host.to_owned());
            }
        }
        hosts.values_mut().for_each(|all| all.sort());
        hosts
    }

    fn values(&self) -> Vec<(String, Value)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = async {
            let store = Store::new(Options::new(vec![self.etcd.url()])).unwrap();
            store.range(Span::prefix(b"/skydns/"), None, 10_000).await.unwrap().pairs
        };
        let pairs = runtime.block_on(read).into_iter();
        let value = |octets: &[u8]| serde_json::from_slice(octets).unwrap();
        pairs.map(|pair| (String::from_utf8(pair.key).unwrap(), value(&pair.value))).collect()
    }

    /// Waits until a name has just these addresses; none: it is gone.
    #[track_caller]
    fn wait_for(&self, name: &str, addresses: &[&str]) {
        self.program.wait(&format!("{name} to be {addresses:?}"), || {
            (self.addresses(name) == addresses).then_some(())
        });
    }

    fn addresses(&self, name: &str) -> Vec<String> {
        let labels: Vec<&str> = name.rsplit('.').collect();
        self.hosts().remove(&format!("/skydns/{}", labels.join("/"))).unwrap_or_default()
    }
}

/// An API server whose `DNSEndpoint`s we may read, with the file that leads there.
pub(crate) fn read_from(name: &str) -> Option<(ApiServer, String)> {
    let server = ApiServer::start(name)?;
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}";
    let compat = printed(BINARY, &["crds", "--compat"]);
    server.admin().apply(&format!("{namespace}\n---\n{RIGHTS}\n---\n{compat}")).unwrap();
    let token = server.admin().token("portolan", "portolan-sync", TOKEN_SECONDS).unwrap();
    let kubeconfig = server.kubeconfig(&token).display().to_string();
    Some((server, kubeconfig))
}

/// Writes an object of a group with one record for each name and list of targets.
pub(crate) fn put_in(server: &ApiServer, group: &str, object: &str, records: &[(&str, &str)]) -> Value {
    let endpoint = |(name, targets): &(&str, &str)| {
        format!("{{dnsName: {name}, recordType: A, recordTTL: 60, targets: [{targets}]}}")
    };
    let endpoints: Vec<String> = records.iter().map(endpoint).collect();
    let object = format!(
        "apiVersion: {group}/v1alpha1\nkind: DNSEndpoint\nmetadata: {{name: {object}, namespace: shop}}\n\
         spec: {{endpoints: [{}]}}",
        endpoints.join(", ")
    );
    server.admin().apply(&object).unwrap().remove(0)
}

fn path(object: &str) -> String {
    format!("/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/{object}")
}

/// Add, change, remove, delete, and what the objects are told.
#[test]
fn what_objects_say_is_published_at_once() {
    let Some(stage) = Stage::new("sync-on", &[]) else { return };
    stage.program.start();
    let made = stage.put("web", &[("web.example.org", "192.0.2.1"), ("api.example.org", "192.0.2.5")]);
    stage.wait_for("web.example.org", &["192.0.2.1"]);
    stage.wait_for("api.example.org", &["192.0.2.5"]);
    assert!(stage.values().iter().any(|(_, value)| value["ttl"] == 60), "{:?}", stage.values());
    stage.program.wait("the status", || {
        let object = stage.server.admin().get(&path("web")).unwrap();
        (object["status"]["observedGeneration"] == made["metadata"]["generation"]).then_some(())
    });

    stage.put("web", &[("web.example.org", "192.0.2.1, 192.0.2.2"), ("api.example.org", "192.0.2.5")]);
    stage.wait_for("web.example.org", &["192.0.2.1", "192.0.2.2"]);
    stage.put("web", &[("web.example.org", "192.0.2.2")]);
    stage.wait_for("web.example.org", &["192.0.2.2"]);
    stage.wait_for("api.example.org", &[]);

    // One that stands in KubeFed's group too is one, and goes with its last copy.
    stage.put_in("multiclusterdns.kubefed.io", "both", &[("both.example.org", "192.0.2.7")]);
    stage.put("both", &[("both.example.org", "192.0.2.8")]);
    stage.wait_for("both.example.org", &["192.0.2.8"]);
    stage.delete("both");
    stage.wait_for("both.example.org", &["192.0.2.7"]);

    // B-30: what breaks a rule costs itself, and its object is told.
    stage.put("broken", &[("broken.example.org", "nonsense"), ("fine.example.org", "192.0.2.9")]);
    stage.wait_for("fine.example.org", &["192.0.2.9"]);
    stage.program.wait("the event", || {
        let all = stage.server.admin().get("/apis/events.k8s.io/v1/namespaces/shop/events").unwrap();
        let items = all["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .any(|event| event["regarding"]["name"] == "broken" && event["reason"] == "Invalid")
            .then_some(())
    });

    stage.delete("web");
    stage.wait_for("web.example.org", &[]);
    stage.delete("broken");
    stage.wait_for("fine.example.org", &[]);
    stage.program.stop();
    let left: Vec<String> = stage.values().into_iter().map(|(key, _)| key).collect();
    assert!(left.iter().all(|key| key.contains("both")), "keys are left: {left:?}");
}

/// F-27, R-03: what went while nobody looked is held when it is everything, and goes when somebody says so.
#[test]
fn what_vanishes_is_held_until_it_is_released() {
    let Some(stage) = Stage::new("sync-held", &[]) else { return };
    for n in 0..12 {
        stage.put(&format!("n{n}"), &[(&format!("n{n}.example.org"), "192.0.2.1")]);
    }
    stage.program.start();
    stage.wait_for("n11.example.org", &["192.0.2.1"]);
    stage.program.kill();
    for n in 0..12 {
        stage.delete(&format!("n{n}"));
    }
    stage.program.start();
    let held = || Some(stage.program.says(&["holds"])).filter(|said| said.contains("etcd/"));
    let said = stage.program.wait("the hold", held);
    assert!(said.contains("nothing is asked for any more of the 12 names"), "{said}");
    stage.wait_for("n0.example.org", &["192.0.2.1"]);
    assert!(stage.program.says(&["status"]).contains("portolan sync"), "it knows of holds alone");
    // What comes meanwhile is published.
    stage.put("new", &[("new.example.org", "192.0.2.3")]);
    stage.wait_for("new.example.org", &["192.0.2.3"]);
    let said = stage.program.wait("the hold", held);
    let id = said.lines().next().unwrap();
    assert!(stage.program.says(&["holds", "--release", id]).contains("is released"));
    stage.wait_for("n0.example.org", &[]);
    stage.wait_for("n11.example.org", &[]);
    stage.wait_for("new.example.org", &["192.0.2.3"]);
    stage.program.wait("nothing to be held", || {
        stage.program.says(&["holds"]).contains("Nothing is held").then_some(())
    });
}

#[test]
fn one_round_and_what_it_would_do() {
    let Some(stage) = Stage::new("sync-once", &["--domain-filter", "example.org"]) else { return };
    let dry = stage.program.run(&["--dry-run"]);
    assert_eq!((dry.code, dry.out.contains("Nothing to do")), (0, true), "{}{}", dry.out, dry.err);
    stage.put("web", &[("web.example.org", "192.0.2.1"), ("web.example.net", "192.0.2.1")]);
    let dry = stage.program.run(&["--dry-run"]);
    assert_eq!(dry.code, 2, "{}{}", dry.out, dry.err);
    assert!(dry.out.contains("create") && dry.out.contains("web.example.org"), "{}", dry.out);
    assert!(!dry.out.contains("example.net"), "{}", dry.out);
    let dry = stage.program.run(&["--dry-run", "--output", "json"]);
    let plan: Value = serde_json::from_str(&dry.out).unwrap();
    assert_eq!((dry.code, &plan["changes"][0]["name"]), (2, &"web.example.org".into()), "{plan}");
    assert_eq!(stage.hosts().len(), 0, "a dry run writes nothing");

    let once = stage.program.run(&["--once"]);
    assert_eq!((once.code, once.out.contains("1 created")), (0, true), "{}{}", once.out, once.err);
    stage.wait_for("web.example.org", &["192.0.2.1"]);
    assert_eq!(stage.program.run(&["--dry-run"]).code, 0);

    // The last name, deleted while nobody watched.
    stage.delete("web");
    let once = stage.program.run(&["--once"]);
    assert_eq!(once.code, 1, "{}{}", once.out, once.err);
    let id = once.err.lines().find_map(|line| line.strip_prefix("held: ")).unwrap();
    let (id, _) = id.split_once(": ").unwrap();
    assert!(once.err.contains("web.example.org"), "{}", once.err);
    assert!(once.err.contains(&format!("run the same command again with --release {id} ")), "{}", once.err);
    assert_eq!(stage.program.run(&["--once", "--release", "etcd/0"]).code, 1, "of another hold");
    stage.wait_for("web.example.org", &["192.0.2.1"]);
    assert_eq!(stage.program.run(&["--dry-run"]).code, 2, "something is left to be said");
    let once = stage.program.run(&["--once", "--release", id]);
    assert_eq!((once.code, once.out.contains("1 deleted")), (0, true), "{}{}", once.out, once.err);
    stage.wait_for("web.example.org", &[]);
    assert_eq!(stage.values(), [], "no mark is left");

    let wrong = stage.program.run(&["--release", id]);
    assert_eq!((wrong.code, wrong.err.contains("portolan holds --release")), (2, true), "{}", wrong.err);
    let wrong = stage.program.run(&["--once", "--policy", "all"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    assert!(wrong.err.contains("policy"), "{}", wrong.err);
}

/// F-50: of two with one Lease one publishes. The other claims nothing while it waits, and goes on where that one ends or is
/// lost.
#[test]
fn of_two_with_one_lease_one_publishes() {
    let lease = ["--lease", "portolan-sync", "--lease-seconds", "3"];
    let Some(stage) = Stage::new("sync-two", &lease) else { return };
    let first = &stage.program;
    first.start();
    stage.put("web", &[("web.example.org", "192.0.2.1")]);
    stage.wait_for("web.example.org", &["192.0.2.1"]);
    let second = Program::new(BINARY, "sync-second").with(&stage.args);
    second.start();
    second.wait("it to stand by", || second.log().contains("another process leads").then_some(()));
    stage.put("web", &[("web.example.org", "192.0.2.2")]);
    stage.wait_for("web.example.org", &["192.0.2.2"]);
    first.stop();
    stage.put("web", &[("web.example.org", "192.0.2.3")]);
    second.wait("it to publish", || (stage.addresses("web.example.org") == ["192.0.2.3"]).then_some(()));
    first.start();
    second.kill();
    stage.put("web", &[("web.example.org", "192.0.2.4")]);
    stage.wait_for("web.example.org", &["192.0.2.4"]);
    for program in [first, &second] {
        assert!(!program.log().contains("publishes as this owner"), "{}", program.log());
    }
}

/// F-32: each right that is missing is told, in the server's own words.
#[test]
fn a_right_that_is_missing_is_told() {
    let Some(stage) = Stage::new("sync-rights", &[]) else { return };
    stage.put("web", &[("web.example.org", "192.0.2.1")]);
    // The server takes a moment to know of other rights.
    let without = |what: &str, code: i32| {
        assert!(RIGHTS.contains(what), "{what}");
        stage.server.admin().apply(&RIGHTS.replace(what, "[nothing]")).unwrap();
        stage.program.wait(what, || Some(stage.program.run(&["--once"])).filter(|once| once.code == code))
    };
    let once = without("[dnsendpoints]", 1);
    assert!(once.err.contains("dnsendpoints") && once.err.contains("forbidden"), "{}", once.err);
    assert_eq!(stage.hosts().len(), 0);
    let once = without("[namespaces]", 1);
    assert!(once.err.contains("namespaces"), "{}", once.err);
    // Who may not write statuses publishes all the same.
    without("[dnsendpoints/status]", 0);
    stage.wait_for("web.example.org", &["192.0.2.1"]);
}
