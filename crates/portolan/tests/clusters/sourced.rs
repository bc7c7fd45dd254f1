//! Names of routes, on a server that has an older version of their kinds.

use portolan_testbed::ApiServer;
use portolan_testbed::wait::wait;

use super::followed::{Followed, HUB_RIGHTS, MEMBER_RIGHTS, SOURCE_RIGHTS};
use super::{compat, definitions};

const NAME: &str = "app.glb.example";

/// Gateway API's kinds as an older cluster has them, without those that we do not need.
fn gateway_api() -> String {
    let definition = |plural: &str, kind: &str| {
        format!(
            "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {plural}.gateway.networking.k8s.io
  annotations: {{api-approved.kubernetes.io: 'https://github.com/kubernetes-sigs/gateway-api/pull/1'}}
spec:
  group: gateway.networking.k8s.io
  names: {{kind: {kind}, plural: {plural}}}
  scope: Namespaced
  versions:
  - name: v1beta1
    served: true
    storage: true
    subresources: {{status: {{}}}}
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"
        )
    };
    [("gateways", "Gateway"), ("httproutes", "HTTPRoute")]
        .map(|(plural, kind)| definition(plural, kind))
        .join("---\n")
}

const ROUTES: &str = "
apiVersion: gateway.networking.k8s.io/v1beta1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  gatewayClassName: any
  listeners: [{name: http, protocol: HTTP, port: 80}]
status: {addresses: [{type: IPAddress, value: 192.0.2.10}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: HTTPRoute
metadata: {name: app, namespace: shop}
spec:
  parentRefs: [{name: front}]
  hostnames: [app.glb.example]
status:
  parents:
  - parentRef: {name: front}
    controllerName: example.com/any
    conditions: [{type: Accepted, status: 'True', reason: Accepted, message: '', lastTransitionTime: '2026-01-01T00:00:00Z'}]
";

const ZONE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.glb.example, addresses: [192.0.2.53]}]
  admit: [{namespaces: [shop], clusters: ['*'], hosts: ['*.glb.example']}]
";

#[test]
fn routes_of_an_older_version_make_names() {
    let Some(server) = ApiServer::start("eu-1") else { return };
    let admin = server.admin();
    let rights = format!("{MEMBER_RIGHTS}\n---\n{HUB_RIGHTS}\n---\n{SOURCE_RIGHTS}");
    admin.apply(&format!("{rights}\n---\n{}\n---\n{}\n---\n{ZONE}", definitions(), compat())).unwrap();
    admin.apply(&gateway_api()).unwrap();
    wait("Gateway API's kinds", || admin.apply(ROUTES).ok());
    let followed = Followed::start_with(&[&server], &["--source", "gateway-httproute"]);
    followed.wait_for(NAME, &["192.0.2.10"]);
    let written = "/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/httproute-app";
    followed.program.wait("its DNSEndpoint", || admin.get(written).ok());
    admin.delete("/apis/gateway.networking.k8s.io/v1beta1/namespaces/shop/httproutes/app").unwrap();
    followed.wait_for(NAME, &[]);
}
