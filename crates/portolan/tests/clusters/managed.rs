//! The walk-through with Kubernetes' own controllers beside each API server: they make the EndpointSlices of
//! Services and Pods, and delete what a namespace held. Pods are what the test says, as there are no nodes.

use portolan_testbed::{ApiServer, ControllerManager};

use super::followed::Followed;
use super::walk::{CLUSTERS, GLOBAL, SHOP, fleet_with, statuses_are_filled, workload_with};

fn workload(server: &ApiServer, cluster: &str, address: &str) {
    workload_with(server, cluster, address, &format!("{ACCOUNT}---{}", pod(true)));
}

/// Pods run as somebody.
const ACCOUNT: &str = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: shop}
";

fn pod(is_ready: bool) -> String {
    let ready = if is_ready { "True" } else { "False" };
    format!(
        "
apiVersion: v1
kind: Pod
metadata: {{name: web-1, namespace: shop, labels: {{app: web}}}}
spec: {{nodeName: n1, containers: [{{name: web, image: web}}]}}
status:
  phase: Running
  podIP: 10.1.2.3
  podIPs: [{{ip: 10.1.2.3}}]
  conditions: [{{type: Ready, status: '{ready}'}}]
"
    )
}

#[test]
fn the_walk_through_with_controllers() {
    let Some(servers) = fleet_with(workload) else { return };
    let [eu, us, ap] = &servers;
    let managers: Vec<_> = servers.iter().map_while(ControllerManager::start).collect();
    if managers.len() < servers.len() {
        return;
    }
    let followed = Followed::start(&[eu, us, ap]);
    let [eu_ip, us_ip, ap_ip] = CLUSTERS.map(|(_, address)| address);
    followed.wait_for(GLOBAL, &[eu_ip, us_ip, ap_ip]);
    followed.wait_for(SHOP, &[eu_ip, us_ip, ap_ip]);
    statuses_are_filled(&followed, eu);

    // A pod turns unready, and ready again; another is deleted, and made again.
    eu.admin().apply(&pod(false)).unwrap();
    followed.wait_for(SHOP, &[us_ip, ap_ip]);
    eu.admin().apply(&pod(true)).unwrap();
    followed.wait_for(SHOP, &[eu_ip, us_ip, ap_ip]);
    us.admin().delete("/api/v1/namespaces/shop/pods/web-1?gracePeriodSeconds=0").unwrap();
    followed.wait_for(SHOP, &[eu_ip, ap_ip]);
    us.admin().apply(&pod(true)).unwrap();
    followed.wait_for(SHOP, &[eu_ip, us_ip, ap_ip]);

    // Every API server gone, and the program started again: answers from the last good state.
    followed.program.wait_until_kept();
    followed.program.kill();
    servers.iter().for_each(ApiServer::kill);
    followed.program.start();
    followed.wait_for(SHOP, &[eu_ip, us_ip, ap_ip]);
    servers.iter().for_each(ApiServer::restart);

    // A namespace that is deleted takes all it held with it: deletions that are told are believed.
    ap.admin().delete("/api/v1/namespaces/shop").unwrap();
    followed.wait_for(SHOP, &[eu_ip, us_ip]);
}
