//! Objects that the fleets of many tests have: a name, the Service that it leads to, and what stands behind that.

/// What clients ask for.
pub const NAME: &str = "shop.glb.example";

/// The namespace of the others.
pub const NAMESPACE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop}
";

/// A zone, and [`NAME`] in it, which leads to the Service.
pub const INTENTS: &str = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.glb.example, addresses: [192.0.2.53]}]
  admit: [{namespaces: [shop], hosts: ['*.glb.example']}]
---
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: shop, namespace: shop}
spec: {hosts: [shop.glb.example], backends: [{kind: Service, name: web}]}
";

/// A Domain of KubeFed's, and a record of it, which leads to the same Service.
pub const FEDERATED: &str = "
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: Domain
metadata: {name: fed, namespace: kube-federation-system}
domain: fed.example
---
apiVersion: multiclusterdns.kubefed.io/v1alpha1
kind: ServiceDNSRecord
metadata: {name: web, namespace: shop}
spec: {domainRef: fed, recordTTL: 60}
";

/// The Service `shop/web`, with a load balancer at this address.
#[must_use]
pub fn service(address: &str) -> String {
    format!(
        "
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80}}]}}
status: {{loadBalancer: {{ingress: [{{ip: {address}}}]}}}}
"
    )
}

/// The one endpoint behind it.
#[must_use]
pub fn slice(is_ready: bool) -> String {
    format!(
        "
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: web-1, namespace: shop, labels: {{kubernetes.io/service-name: web}}}}
addressType: IPv4
endpoints: [{{addresses: [10.1.2.3], conditions: {{ready: {is_ready}}}}}]
ports: [{{port: 8080}}]
"
    )
}

/// Both.
#[must_use]
pub fn workload(address: &str, is_ready: bool) -> String {
    format!("{}---{}", service(address), slice(is_ready))
}
