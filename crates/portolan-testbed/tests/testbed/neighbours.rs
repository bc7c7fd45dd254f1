//! Kubernetes' controllers and External-DNS beside one API server.

use portolan_testbed::wait::wait;
use portolan_testbed::{ApiServer, ControllerManager, ExternalDns, Webhook};
use serde_json::Value;

/// The controllers pass over a Pod whose Node is not there.
const SERVICE_WITH_A_POD: &str = "
apiVersion: v1
kind: Node
metadata: {name: node-1, labels: {topology.kubernetes.io/zone: a}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 80}]
status:
  loadBalancer: {ingress: [{ip: 192.0.2.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  nodeName: node-1
  containers: [{name: web, image: web}]
status:
  phase: Running
  podIP: 10.1.0.1
  podIPs: [{ip: 10.1.0.1}]
  conditions: [{type: Ready, status: 'True'}]
";

/// External-DNS' own definition.
const DNS_ENDPOINT_CRD: &str =
    include_str!("../../../portolan-kube/compat/dnsendpoints.externaldns.k8s.io.yaml");

const ENDPOINT: &str = "
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {name: shop}
spec:
  endpoints:
  - {dnsName: shop.example.com, recordType: A, recordTTL: 30, targets: [192.0.2.1, 198.51.100.1]}
";

#[test]
fn controllers_and_external_dns_do_their_work() {
    let Some(server) = ApiServer::start("neighbours") else { return };
    let controllers = ControllerManager::start(&server);
    server.admin().apply(DNS_ENDPOINT_CRD).unwrap();
    server.admin().apply(ENDPOINT).unwrap();
    server.admin().apply(ExternalDns::ACCOUNT).unwrap();
    let token = server.admin().token("default", "external-dns", 3600).unwrap();
    let webhook = Webhook::start();
    let external_dns = ExternalDns::start(&server, &token, &webhook, &["--source=crd"]);
    if let Some(external_dns) = external_dns {
        let published = |wanted: Option<&[&str]>| {
            let is_so = || webhook.targets("shop.example.com", "A").as_deref().map(<[_]>::to_vec);
            external_dns.wait(&format!("{wanted:?} in the webhook"), || {
                (is_so() == wanted.map(|targets| targets.iter().map(|one| (*one).to_owned()).collect()))
                    .then_some(())
            });
        };
        published(Some(&["192.0.2.1", "198.51.100.1"]));
        server.admin().apply(&ENDPOINT.replace(", 198.51.100.1", "")).unwrap();
        published(Some(&["192.0.2.1"]));
        server
            .admin()
            .delete("/apis/externaldns.k8s.io/v1alpha1/namespaces/default/dnsendpoints/shop")
            .unwrap();
        published(None);
    }
    if controllers.is_some() {
        server.admin().apply(SERVICE_WITH_A_POD).unwrap();
        let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
        let ready = wait("an EndpointSlice with a ready endpoint", || {
            let list = server.admin().get(slices).unwrap();
            let endpoint = &list["items"][0]["endpoints"][0];
            let found = [&endpoint["addresses"][0], &endpoint["zone"]].map(Value::clone);
            (endpoint["conditions"]["ready"] == true).then_some(found)
        });
        assert_eq!(ready, ["10.1.0.1", "a"]);
    }
}
