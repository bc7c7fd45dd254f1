//! The article's walk-through on three real API servers, and what may befall them.
//!
//! One fleet and one story: each step stands on what the one before it left.

use std::collections::BTreeMap;

pub(super) use portolan_testbed::shop::{NAME as SHOP, slice};
use portolan_testbed::{ApiServer, ExternalDns, Webhook, missing, part, shop};
use serde_json::Value;

use super::followed::{Followed, HUB_RIGHTS, MEMBER_RIGHTS};
use super::{compat, definitions};

/// The clusters, the address of each one's load balancer, and its region.
pub(super) const CLUSTERS: [(&str, &str); 3] =
    [("eu-1", "192.0.2.10"), ("us-1", "198.51.100.10"), ("ap-1", "203.0.113.10")];
pub(super) const GLOBAL: &str = "web.shop.fed.svc.fed.example";

fn fleet() -> Option<[ApiServer; 3]> {
    fleet_with(workload)
}

/// Three clusters, of which the first is the hub, each with what it runs.
pub(super) fn fleet_with(workload: fn(&ApiServer, &str, &str)) -> Option<[ApiServer; 3]> {
    let setup = portolan_testbed::Setup::default;
    let servers = ApiServer::start_all(CLUSTERS.map(|(name, _)| (name, setup())))?;
    for (server, (name, address)) in servers.iter().zip(CLUSTERS) {
        server.admin().apply(MEMBER_RIGHTS).unwrap();
        workload(server, name, address);
    }
    let hub = servers[0].admin();
    hub.apply(&format!("{}\n---\n{}\n---\n{HUB_RIGHTS}", definitions(), compat())).unwrap();
    hub.apply(&intents()).unwrap();
    Some(servers)
}

/// A name of ours, and one of KubeFed's.
pub(super) fn intents() -> String {
    format!("{}---{}", shop::INTENTS, shop::FEDERATED)
}

pub(super) fn workload(server: &ApiServer, cluster: &str, address: &str) {
    workload_with(server, cluster, address, &slice(true));
}

/// A Service behind a load balancer, and what tells of its endpoints.
pub(super) fn workload_with(server: &ApiServer, cluster: &str, address: &str, endpoints: &str) {
    let namespaces = ["shop", "kube-federation-system"]
        .map(|name| format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n---\n"));
    let objects = format!(
        "{}{}---
apiVersion: v1
kind: Node
metadata:
  name: n1
  labels: {{topology.kubernetes.io/region: r-{cluster}, topology.kubernetes.io/zone: z-{cluster}}}
---
{endpoints}",
        namespaces.concat(),
        shop::service(address)
    );
    server.admin().apply(&objects).unwrap();
}

#[test]
fn the_walk_through() {
    let Some(servers) = fleet() else { return };
    let [eu, us, ap] = &servers;
    let followed = Followed::start(&[eu, us, ap]);
    let [eu_ip, us_ip, ap_ip] = CLUSTERS.map(|(_, address)| address);

    // Objects in, answers right: the global name, and each region's.
    followed.wait_for(GLOBAL, &[eu_ip, us_ip, ap_ip]);
    followed.wait_for(SHOP, &[eu_ip, us_ip, ap_ip]);
    followed.wait_for("web.shop.fed.svc.r-us-1.fed.example", &[us_ip]);
    statuses_are_filled(&followed, eu);
    records_are_written(&followed, eu);
    what_turns_is_told(&followed, &servers);

    // One cluster's endpoints are gone, and come back.
    eu.admin().apply(&slice(false)).unwrap();
    followed.wait_for(SHOP, &[us_ip, ap_ip]);
    // Its region's name leads on to the global one.
    followed.wait_for("web.shop.fed.svc.r-eu-1.fed.example", &[us_ip, ap_ip]);
    eu.admin().apply(&slice(true)).unwrap();
    followed.wait_for(SHOP, &[eu_ip, us_ip, ap_ip]);

    // F-26: one cluster is cut off: connections are taken, and nobody answers.
    us.pause();
    followed.program.wait_for_status(&["cluster us-1", "is not reached"]);
    assert_eq!(followed.ask(SHOP).len(), 3, "answers stay");
    us.resume();
    followed.program.wait("us-1 to be heard again", || {
        (!followed.program.says(&["status", "-o", "json"]).contains("is not reached")).then_some(())
    });

    a_kind_that_is_deleted_is_held(&followed, eu);

    // Every API server gone, and the program started again: answers from the last good state.
    followed.program.wait_until_kept();
    followed.program.kill();
    servers.iter().for_each(ApiServer::kill);
    followed.program.start();
    followed.wait_for(SHOP, &[eu_ip, us_ip, ap_ip]);
    followed.program.wait_for_status(&["cluster eu-1", "is not reached"]);
    servers.iter().for_each(ApiServer::restart);
    followed.program.wait("all to be heard", || {
        (!followed.program.says(&["status", "-o", "json"]).contains("is not reached")).then_some(())
    });

    // The worst trap: a cluster whose store was wiped is held, not followed, until somebody says so.
    ap.wipe();
    ap.admin().apply(MEMBER_RIGHTS).unwrap();
    // Its old tokens are worth nothing; the program finds the new one in its kubeconfig by itself.
    followed.give_tokens(&[eu, us, ap]);
    followed.program.wait("ap-1 to be held", || {
        followed.program.says(&["holds"]).contains("ap-1\n  is another cluster").then_some(())
    });
    assert_eq!(followed.ask(SHOP).len(), 3, "answers stay");
    assert!(followed.program.says(&["holds", "--release", "ap-1"]).contains("ap-1 is released"));
    followed.wait_for(SHOP, &[eu_ip, us_ip]);
}

/// The status that KubeFed's own controllers would fill, and our conditions.
pub(super) fn statuses_are_filled(followed: &Followed, hub: &ApiServer) {
    let record = "/apis/multiclusterdns.kubefed.io/v1alpha1/namespaces/shop/servicednsrecords/web";
    let filled = followed.program.wait("the record's status", || {
        let status = hub.admin().get(record).unwrap()["status"].take();
        (status["dns"].as_array()?.len() == 3).then_some(status)
    });
    assert_eq!(filled["domain"], "fed.example");
    assert_eq!(filled["dns"][1]["cluster"], "eu-1");
    assert_eq!(filled["dns"][1]["loadBalancer"]["ingress"][0]["ip"], "192.0.2.10");
    assert_eq!(filled["dns"][1]["region"], "r-eu-1");
    let name = "/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames/shop";
    followed.program.wait("the name to be ready", || {
        let status = hub.admin().get(name).unwrap()["status"].take();
        let conditions = status["conditions"].as_array()?.clone();
        let all: BTreeMap<String, Value> = conditions
            .into_iter()
            .map(|c| (c["type"].as_str().unwrap().to_owned(), c["status"].clone()))
            .collect();
        let is_true = |type_| all.get(type_).is_some_and(|status| status == "True");
        ["Accepted", "Resolved", "Healthy", "Published", "Ready"].into_iter().all(is_true).then_some(())
    });
}

/// A name that nothing ready stands behind says so to `kubectl describe` too. And an object without our mark where
/// ours would stand is left alone, which the record says.
fn what_turns_is_told(followed: &Followed, servers: &[ApiServer; 3]) {
    let hub = &servers[0];
    let events = |reason: &str| {
        let all = hub.admin().get("/apis/events.k8s.io/v1/namespaces/shop/events").unwrap();
        let items = all["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .any(|event| event["reason"] == reason && event["reportingController"] == "portolan.dev/portolan")
    };
    for server in servers {
        server.admin().apply(&slice(false)).unwrap();
    }
    followed.program.wait("the event of a name that is down", || events("NoneReady").then_some(()));
    for server in servers {
        server.admin().apply(&slice(true)).unwrap();
    }
    hub.admin()
        .apply(
            "
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {name: global-other, namespace: shop}
spec: {endpoints: [{dnsName: other.glb.example, recordType: TXT, targets: [theirs]}]}
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: other, namespace: shop}
spec: {hosts: [more.glb.example], backends: [{kind: Service, name: web}]}
",
        )
        .unwrap();
    let name = "/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames/other";
    followed.program.wait("the record to say Conflict", || {
        hub.admin().get(name).unwrap()["status"].to_string().contains("\"Conflict\"").then_some(())
    });
    hub.admin().delete(name).unwrap();
    hub.admin()
        .delete("/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/global-other")
        .unwrap();
}

/// What federation writes is what a stock External-DNS publishes.
fn records_are_written(followed: &Followed, hub: &ApiServer) {
    // An older one may be set to read KubeFed's group.
    for group in ["externaldns.k8s.io", "multiclusterdns.kubefed.io"] {
        let all = format!("/apis/{group}/v1alpha1/namespaces/shop/dnsendpoints");
        followed.program.wait("the DNSEndpoints", || {
            let items = hub.admin().get(&all).unwrap()["items"].as_array()?.clone();
            let names: Vec<&str> =
                items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect();
            (names == ["global-shop", "service-web"]).then_some(())
        });
    }
    if missing::program(&part::EXTERNAL_DNS).is_none() {
        return;
    }
    let webhook = Webhook::start();
    let token = hub.admin().token("portolan", "portolan", 3_600).unwrap();
    let dns = ExternalDns::start(hub, &token, &webhook, &["--source=crd"]).unwrap();
    let published = dns.wait("External-DNS to publish", || webhook.targets(SHOP, "A"));
    assert_eq!(published, ["192.0.2.10", "198.51.100.10", "203.0.113.10"]);
}

/// Deleting a definition deletes every object of it; that is an accident more often than it is meant.
fn a_kind_that_is_deleted_is_held(followed: &Followed, hub: &ApiServer) {
    hub.admin()
        .delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/globalnames.portolan.dev")
        .unwrap();
    followed.program.wait("the kind to be held", || {
        followed.program.says(&["holds"]).contains("eu-1/globalnames.portolan.dev").then_some(())
    });
    assert_eq!(followed.ask(SHOP).len(), 3, "answers stay");
    hub.admin().apply(&format!("{}\n---\n{}", definitions(), intents())).unwrap();
    followed.program.wait("nothing to be held", || {
        followed.program.says(&["holds"]).contains("Nothing is held").then_some(())
    });
    assert_eq!(followed.ask(SHOP).len(), 3, "answers stay");
}

/// F-32: a right that is missing is told, in the server's own words, and is no reason to forget anything.
#[test]
fn a_right_that_is_missing_is_told() {
    let Some(server) = ApiServer::start("eu-1") else { return };
    workload(&server, "eu-1", "192.0.2.10");
    let hub = server.admin();
    hub.apply(&format!("{MEMBER_RIGHTS}\n---\n{}\n---\n{}\n---\n{HUB_RIGHTS}", definitions(), compat()))
        .unwrap();
    hub.apply(&intents()).unwrap();
    let followed = Followed::start(&[&server]);
    followed.wait_for(SHOP, &["192.0.2.10"]);
    hub.apply(&MEMBER_RIGHTS.replace("[endpointslices]", "[endpointslicez]")).unwrap();
    // Open watches go on for a while; those of a restarted server are asked for anew.
    server.restart();
    followed.program.wait_for_status(&["Unauthorized", "endpointslices"]);
    assert_eq!(followed.ask(SHOP).len(), 1, "answers stay");
}
