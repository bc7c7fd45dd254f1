//! A hub, and those in other clusters that follow what it hands over: answers compared name by name and client by client,
//! the hub lost, and the hub moved to another cluster while everybody asks.
//!
//! F-55, R-01, R-02, R-04.

use std::collections::BTreeSet;

use portolan_testbed::ask::RecordType;
use portolan_testbed::shop::slice;
use portolan_testbed::{ApiServer, Program, Setup};
use serde_json::Value;

use super::followed::{HUB_RIGHTS, MEMBER_RIGHTS};
use super::meter::Meter;
use super::walk::{GLOBAL, SHOP, intents, workload};
use super::{compat, definitions};

/// The rights that we ship for followers.
const FOLLOWER_RIGHTS: &str = include_str!("../../../../deploy/rbac/follower.yaml");
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;
/// The clusters, and the address of each one's load balancer.
const EU: (&str, &str) = ("eu-1", "192.0.2.10");
const US: (&str, &str) = ("us-1", "198.51.100.10");
/// A client near each of them, and one of no known place.
const CLIENTS: [&str; 3] = ["203.0.113.7", "203.0.113.130", "192.0.2.200"];

/// Where clusters stand, and how a name is steered by that.
const STEERING: &str = "
apiVersion: portolan.dev/v1alpha1
kind: MemberCluster
metadata: {name: eu-1}
spec: {location: {place: EU/DE}, weight: 3}
---
apiVersion: portolan.dev/v1alpha1
kind: MemberCluster
metadata: {name: us-1}
spec: {location: {place: NA/US}}
---
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: near}
spec:
  hosts: ['near.glb.example']
  order: [{type: Geo, networks: [{cidr: 203.0.113.0/25, place: EU/FR}, {cidr: 203.0.113.128/25, place: NA/CA}]}]
---
apiVersion: portolan.dev/v1alpha1
kind: SteeringPolicy
metadata: {name: heavy}
spec: {pick: {type: Weighted, answers: 1}, weights: {us-1: 7}, ttl: 41}
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: near, namespace: shop}
spec: {hosts: [near.glb.example], backends: [{kind: Service, name: web}], ttl: 20}
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: heavy, namespace: shop}
spec: {hosts: [heavy.glb.example], backends: [{kind: Service, name: web}], policy: heavy}
";

/// Every name, and one that is not there.
const NAMES: [&str; 8] = [
    SHOP,
    "near.glb.example",
    "heavy.glb.example",
    GLOBAL,
    "web.shop.fed.svc.r-us-1.fed.example",
    "web.shop.fed.svc.z-eu-1.r-eu-1.fed.example",
    "ns1.glb.example",
    "nobody.glb.example",
];

/// What is in every hub, and every cluster.
fn servers() -> Option<[ApiServer; 2]> {
    let setup = || Setup { audit: true, ..Setup::default() };
    let servers = ApiServer::start_all([(EU.0, setup()), (US.0, setup())])?;
    for (server, (name, address)) in servers.iter().zip([EU, US]) {
        let rights = [MEMBER_RIGHTS, HUB_RIGHTS, FOLLOWER_RIGHTS, &definitions(), &compat()].join("\n---\n");
        server.admin().apply(&rights).unwrap();
        workload(server, name, address);
    }
    Some(servers)
}

fn applied() -> String {
    format!("{}---{STEERING}", intents())
}

/// A control that follows both clusters, and writes to its hub; it answers too, to be compared with.
fn control(servers: &[ApiServer; 2], hub: &str) -> Program {
    let program = program(&format!("control-{hub}")).with(["--hub", hub]);
    let context = |server: &ApiServer| server.context(&token(server, "portolan"));
    write_kubeconfig(&program, &[context(&servers[0]), context(&servers[1])]);
    program.start();
    program
}

/// Who follows a hub, and has a credential of it alone.
struct Follower {
    program: Program,
    token: String,
}

impl Follower {
    fn start(name: &str, hub: &ApiServer) -> Self {
        let mut follower = Self { program: program(name).with(["--follow-hub"]), token: String::new() };
        follower.turn_to(hub);
        follower.program.start();
        follower
    }

    /// Gives it another hub's credential.
    fn turn_to(&mut self, hub: &ApiServer) {
        self.token = token(hub, "portolan-follower");
        write_kubeconfig(&self.program, &[hub.context(&self.token)]);
    }

    /// Waits until what it answers is what the hub's control answers: every name, to every client.
    #[track_caller]
    fn wait_until_it_answers_as(&self, control: &Program) {
        self.program.wait("the follower to answer as the hub does", || {
            (decisions(&self.program) == decisions(control)).then_some(())
        });
    }

    #[track_caller]
    fn wait_for(&self, name: &str, addresses: &[&str]) {
        self.program.wait_for(name, RecordType::A, addresses);
    }
}

/// Its kubeconfig and its last good state are kept from one run to the next.
fn program(name: &str) -> Program {
    Program::new(env!("CARGO_BIN_EXE_portolan"), name)
        .with(["run", "--workers", "1", "--listen", "127.0.0.1:0"])
        .with_file("--kubeconfig", "kubeconfig")
        .with_file("--state", "state")
}

fn token(server: &ApiServer, account: &str) -> String {
    server.admin().token("portolan", account, TOKEN_SECONDS).unwrap()
}

fn write_kubeconfig(program: &Program, contexts: &[portolan_testbed::kubeconfig::Context]) {
    let text = portolan_testbed::kubeconfig::text(contexts);
    std::fs::write(program.at("kubeconfig"), text).unwrap();
}

/// What is decided for each name and client, but for what is drawn for one answer, and what is a process' own.
fn decisions(program: &Program) -> Vec<Value> {
    let mut all = Vec::new();
    for (name, client) in NAMES.iter().flat_map(|name| CLIENTS.map(|client| (*name, client))) {
        let said = program.says(&["explain", name, "A", "--from", client, "-o", "json"]);
        let mut said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{name}: {said}"));
        said["revision"] = Value::Null;
        said["zone"]["serial"] = Value::Null;
        said["known"] = Value::Null;
        said["answer"]["authority"] = Value::Null;
        let is_drawn = name == "heavy.glb.example";
        for hop in said["hops"].as_array_mut().unwrap() {
            hop["pick"] = Value::Null;
            for member in hop["members"].as_array_mut().into_iter().flatten() {
                member["picked"] = Value::Null;
            }
        }
        if is_drawn {
            said["answer"]["records"] = Value::Null;
        } else if let Some(records) = said["answer"]["records"].as_array_mut() {
            records.sort_by_key(Value::to_string);
        }
        all.push(said);
    }
    all
}

#[test]
fn followers_answer_as_the_hub_does() {
    let Some(servers) = servers() else { return };
    let [eu, us] = &servers;
    eu.admin().apply(&applied()).unwrap();
    let control = control(&servers, EU.0);
    let followers = ["first", "second"].map(|name| Follower::start(name, eu));
    let all = |look: &dyn Fn(&Follower)| followers.iter().for_each(look);
    let (both, eu_alone, us_alone) = (&[EU.1, US.1][..], &[EU.1][..], &[US.1][..]);
    let alike = || all(&|follower| follower.wait_until_it_answers_as(&control));

    all(&|follower| follower.wait_for(SHOP, both));
    all(&|follower| follower.wait_for(GLOBAL, both));
    alike();

    // Nothing stands behind one cluster's Service any more, and its region's name leads on.
    us.admin().apply(&slice(false)).unwrap();
    all(&|follower| follower.wait_for(SHOP, eu_alone));
    all(&|follower| follower.wait_for("web.shop.fed.svc.r-us-1.fed.example", eu_alone));
    alike();
    us.admin().apply(&slice(true)).unwrap();
    all(&|follower| follower.wait_for(SHOP, both));

    // What followers read themselves: a policy, an operator's word, an intent.
    eu.admin().apply(&STEERING.replace("us-1: 7", "us-1: 2").replace("ttl: 41", "ttl: 43")).unwrap();
    alike();
    eu.admin()
        .apply(&STEERING.replace("spec: {location: {place: EU/DE}, weight: 3}", "spec: {state: Draining}"))
        .unwrap();
    all(&|follower| follower.wait_for(SHOP, us_alone));
    alike();
    eu.admin().apply(STEERING).unwrap();
    all(&|follower| follower.wait_for(SHOP, both));
    eu.admin().delete("/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames/heavy").unwrap();
    all(&|follower| follower.wait_for("heavy.glb.example", &[]));
    eu.admin().apply(STEERING).unwrap();
    alike();
    a_bad_mark_is_told_and_taken_by_nobody(eu, &followers, &control);

    the_hub_is_lost_and_comes_back(&servers, &followers, &control);
    a_hub_that_was_wiped_is_held(eu, &followers, &control);
}

/// Answers stay, and what changed meanwhile is caught up with, by a new writer.
fn the_hub_is_lost_and_comes_back(servers: &[ApiServer; 2], followers: &[Follower; 2], control: &Program) {
    let [eu, us] = servers;
    let all = |look: &dyn Fn(&Follower)| followers.iter().for_each(look);
    // The hub's control is lost, then its API server, then the followers themselves: answers stay.
    let before = decisions(&followers[0].program);
    control.kill();
    all(&|follower| follower.program.wait_until_kept());
    eu.kill();
    all(&|follower| follower.program.wait_for_status(&["is not reached"]));
    all(&|follower| assert_eq!(decisions(&follower.program), before));
    all(&|follower| {
        follower.program.kill();
        follower.program.start();
        follower.wait_for(SHOP, &[EU.1, US.1]);
        assert_eq!(decisions(&follower.program), before, "from the last good state");
    });

    // It is back: what changed meanwhile is caught up with, by a new writer.
    us.admin().apply(&slice(false)).unwrap();
    eu.restart();
    control.start();
    all(&|follower| follower.wait_for(SHOP, &[EU.1]));
    all(&|follower| follower.wait_until_it_answers_as(control));
    for follower in followers {
        assert_eq!(eu.writes_of(&follower.token), [""; 0], "a follower writes nothing");
    }
}

/// It is another one: whatever it lacks takes nothing away.
fn a_hub_that_was_wiped_is_held(eu: &ApiServer, followers: &[Follower; 2], control: &Program) {
    let all = |look: &dyn Fn(&Follower)| followers.iter().for_each(look);
    control.kill();
    all(&|follower| follower.program.wait_until_kept());
    eu.wipe();
    eu.admin().apply(&[FOLLOWER_RIGHTS, &definitions(), &compat()].join("\n---\n")).unwrap();
    let token = token(eu, "portolan-follower");
    all(&|follower| {
        write_kubeconfig(&follower.program, &[eu.context(&token)]);
        follower.program.wait("the hub to be held", || {
            follower.program.says(&["holds"]).contains("eu-1\n  is another cluster").then_some(())
        });
        follower.wait_for(SHOP, &[EU.1]);
    });
}

/// Somebody writes nonsense over an object of ours: followers keep what it said, say what is wrong, and the hub puts it
/// right.
fn a_bad_mark_is_told_and_taken_by_nobody(hub: &ApiServer, followers: &[Follower; 2], control: &Program) {
    let path = "/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/global-shop";
    // The hub's control sees nothing of it.
    control.pause();
    let mut object = hub.admin().get(path).unwrap();
    object["metadata"]["annotations"]["portolan.dev/endpoints"] = "{\"version\":9}".into();
    hub.admin().send("PUT", path, Some(("application/json", &object.to_string()))).unwrap();
    for follower in followers {
        follower
            .program
            .wait_for_status(&["DNSEndpoint shop/global-shop: metadata.annotations", "9 is not known"]);
        follower.wait_for(SHOP, &[EU.1, US.1]);
    }
    control.resume();
    for follower in followers {
        follower.program.wait("what is wrong to be over", || {
            (!follower.program.says(&["status", "-o", "json"]).contains("9 is not known")).then_some(())
        });
        follower.wait_until_it_answers_as(control);
    }
}

/// `docs/how-to/move-the-hub.md`, step by step, while a meter asks.
#[test]
fn the_hub_is_moved_and_no_answer_is_lost() {
    let Some(servers) = servers() else { return };
    let [old, new] = &servers;
    old.admin().apply(&applied()).unwrap();
    let before = control(&servers, EU.0);
    let mut followers = ["first", "second"].map(|name| Follower::start(name, old));
    let both: BTreeSet<String> = [EU.1, US.1].map(str::to_owned).into();
    for follower in &followers {
        follower.wait_for(SHOP, &[EU.1, US.1]);
        follower.wait_for(GLOBAL, &[EU.1, US.1]);
        follower.wait_until_it_answers_as(&before);
    }
    let meter = Meter::start([SHOP, GLOBAL], &both);
    meter.ask(&followers.each_ref().map(|follower| follower.program.dns()));

    // 1, 2. Definitions and rights stand in the new hub already; what was applied to the old one is copied.
    copy(old, new);
    // 3. The new hub's control, beside the old one.
    let after = control(&servers, US.0);
    after.wait_for(SHOP, RecordType::A, &[EU.1, US.1]);
    after.wait("both to decide alike", || (decisions(&after) == decisions(&before)).then_some(()));
    after.wait("the same to be written", || (handed_over(old) == handed_over(new)).then_some(()));
    // 4. The old hub's control ends.
    before.stop();
    // 5. Followers turn to the new hub, one after the other.
    for nth in 0..followers.len() {
        let others: Vec<_> = followers.iter().enumerate().filter(|(other, _)| *other != nth).collect();
        let others: Vec<_> = others.into_iter().map(|(_, follower)| follower.program.dns()).collect();
        meter.ask(&others);
        let follower = &mut followers[nth];
        follower.turn_to(new);
        follower.program.stop();
        follower.program.start();
        follower.program.wait("the new hub to be read", || {
            let status = follower.program.says(&["status"]);
            status.contains("The hub that is followed, and not written to, is us-1: 2 zones").then_some(())
        });
        follower.wait_until_it_answers_as(&after);
        meter.ask(&followers.each_ref().map(|follower| follower.program.dns()));
    }
    // 6. The old hub goes, and with it everything in it but what it runs.
    let answers = decisions(&followers[0].program);
    old.kill();
    for follower in &followers {
        follower.wait_for(SHOP, &[EU.1, US.1]);
    }
    assert_eq!(decisions(&followers[0].program), answers);
    let (asked, wrong) = meter.stop();
    assert_eq!(wrong, [""; 0]);
    assert!(asked > 100, "{asked}");

    // The new hub leads: what turns in a cluster is answered.
    new.admin().apply(&slice(false)).unwrap();
    for follower in &followers {
        follower.wait_for(SHOP, &[EU.1]);
    }
}

/// Copies what was applied to a hub: without what its API server and its control added.
fn copy(from: &ApiServer, to: &ApiServer) {
    const LISTS: [&str; 6] = [
        "/apis/portolan.dev/v1alpha1/zones",
        "/apis/portolan.dev/v1alpha1/memberclusters",
        "/apis/portolan.dev/v1alpha1/steeringpolicies",
        "/apis/portolan.dev/v1alpha1/globalnames",
        "/apis/multiclusterdns.kubefed.io/v1alpha1/domains",
        "/apis/multiclusterdns.kubefed.io/v1alpha1/servicednsrecords",
    ];
    for list in LISTS {
        let all = from.admin().get(list).unwrap();
        let (api_version, kind) =
            (all["apiVersion"].clone(), all["kind"].as_str().unwrap().replace("List", ""));
        for item in all["items"].as_array().unwrap() {
            let metadata = serde_json::json!({ "name": item["metadata"]["name"], "namespace": item["metadata"]["namespace"] });
            let mut object = item.clone();
            object["apiVersion"] = api_version.clone();
            object["kind"] = kind.clone().into();
            object["metadata"] = metadata;
            object.as_object_mut().unwrap().remove("status");
            if object["metadata"]["namespace"].is_null() {
                object["metadata"].as_object_mut().unwrap().remove("namespace");
            }
            to.admin().apply(&object.to_string()).unwrap();
        }
    }
}

/// The names and members that a hub hands over, without who wrote them.
fn handed_over(hub: &ApiServer) -> Vec<(Value, Value, Value)> {
    let all = hub.admin().get("/apis/externaldns.k8s.io/v1alpha1/dnsendpoints").unwrap();
    let items = all["items"].as_array().unwrap().clone();
    let read = |item: Value| {
        let mark = item["metadata"]["annotations"]["portolan.dev/endpoints"].as_str().unwrap_or("{}");
        let mark: Value = serde_json::from_str(mark).unwrap();
        (
            item["metadata"]["name"].clone(),
            item["spec"].clone(),
            serde_json::json!([mark["endpoints"], mark["names"]]),
        )
    };
    items.into_iter().map(read).collect()
}
