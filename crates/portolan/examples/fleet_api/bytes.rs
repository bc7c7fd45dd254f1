//! The bytes that scripted API servers send: made once, but for the address of the cluster.

use std::fmt;

/// How large a fleet is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) clusters: usize,
    pub(crate) services: usize,
    pub(crate) names: usize,
}

/// What stands where a cluster's part of an address goes: as long as that part.
const CLUSTER: &str = "ccc.ccc";

impl Size {
    pub(crate) fn objects(&self) -> usize {
        self.clusters * self.services * 2 + self.names
    }

    pub(crate) fn octets(&self) -> usize {
        let each =
            |make: fn(usize) -> String| (0..self.services).map(|number| make(number).len()).sum::<usize>();
        self.clusters * (each(service) + each(|number| slice(number, true, 100)))
            + self.names * global_name(0).len()
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = [service(0).len(), slice(0, true, 100).len()];
        write!(
            f,
            "{} clusters x {} Services ({} octets) and EndpointSlices ({} octets), {} names",
            self.clusters, self.services, sizes[0], sizes[1], self.names
        )
    }
}

/// An event of a watch.
pub(crate) fn event(type_: &str, object: &str) -> String {
    format!("{{\"type\":\"{type_}\",\"object\":{object}}}\n")
}

/// Puts a cluster's part of addresses in.
pub(crate) fn of_cluster(text: &str, cluster: usize) -> String {
    text.replace(CLUSTER, &format!("{}.{}", 100 + cluster / 100, 100 + cluster % 100))
}

/// As a cloud's controllers leave it behind.
pub(crate) fn service(number: usize) -> String {
    let last = number % 250 + 1;
    format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{{\"name\":\"web-{number}\",\"namespace\":\"shop-{space}\",\
         \"uid\":\"0d1c5d5e-6a0b-4b0e-9d0e-{number:012}\",\"resourceVersion\":\"100\",\"creationTimestamp\":\"2026-01-01T00:00:00Z\",\
         \"labels\":{{\"app.kubernetes.io/name\":\"web-{number}\",\"app.kubernetes.io/part-of\":\"shop\"}},\
         \"finalizers\":[\"service.kubernetes.io/load-balancer-cleanup\"],\
         \"managedFields\":[{{\"manager\":\"kubectl\",\"operation\":\"Apply\",\"apiVersion\":\"v1\",\"time\":\"2026-01-01T00:00:00Z\",\
         \"fieldsType\":\"FieldsV1\",\"fieldsV1\":{{\"f:spec\":{{\"f:ports\":{{}},\"f:selector\":{{}},\"f:type\":{{}}}}}}}},\
         {{\"manager\":\"cloud-controller-manager\",\"operation\":\"Update\",\"apiVersion\":\"v1\",\"time\":\"2026-01-01T00:00:00Z\",\
         \"fieldsType\":\"FieldsV1\",\"fieldsV1\":{{\"f:status\":{{\"f:loadBalancer\":{{\"f:ingress\":{{}}}}}}}},\"subresource\":\"status\"}}]}},\
         \"spec\":{{\"type\":\"LoadBalancer\",\"clusterIP\":\"10.96.7.{last}\",\"clusterIPs\":[\"10.96.7.{last}\"],\
         \"ipFamilies\":[\"IPv4\"],\"ipFamilyPolicy\":\"SingleStack\",\"sessionAffinity\":\"None\",\
         \"externalTrafficPolicy\":\"Cluster\",\"internalTrafficPolicy\":\"Cluster\",\"allocateLoadBalancerNodePorts\":true,\
         \"ports\":[{{\"name\":\"https\",\"protocol\":\"TCP\",\"port\":443,\"targetPort\":8443,\"nodePort\":31443}}],\
         \"selector\":{{\"app.kubernetes.io/name\":\"web-{number}\"}}}},\
         \"status\":{{\"loadBalancer\":{{\"ingress\":[{{\"ip\":\"11.{CLUSTER}.{last}\",\"ipMode\":\"VIP\"}}]}}}}}}",
        space = number % 50
    )
}

/// Three endpoints, of which all are ready or none.
pub(crate) fn slice(number: usize, is_ready: bool, version: u64) -> String {
    let endpoint = |host: usize| {
        format!(
            "{{\"addresses\":[\"10.1.{}.{host}\"],\"conditions\":{{\"ready\":{is_ready},\"serving\":{is_ready},\"terminating\":false}},\
             \"nodeName\":\"node-{host}\",\"zone\":\"zone-{host}\",\
             \"targetRef\":{{\"kind\":\"Pod\",\"namespace\":\"shop-{space}\",\"name\":\"web-{number}-{host}\",\
             \"uid\":\"7e1c5d5e-6a0b-4b0e-9d0e-{number:012}\"}}}}",
            number % 250,
            space = number % 50
        )
    };
    format!(
        "{{\"apiVersion\":\"discovery.k8s.io/v1\",\"kind\":\"EndpointSlice\",\"metadata\":{{\"name\":\"web-{number}-x7k2p\",\
         \"namespace\":\"shop-{space}\",\"generateName\":\"web-{number}-\",\"uid\":\"5f1c5d5e-6a0b-4b0e-9d0e-{number:012}\",\
         \"resourceVersion\":\"{version}\",\"generation\":3,\"creationTimestamp\":\"2026-01-01T00:00:00Z\",\
         \"labels\":{{\"kubernetes.io/service-name\":\"web-{number}\",\
         \"endpointslice.kubernetes.io/managed-by\":\"endpointslice-controller.k8s.io\"}},\
         \"ownerReferences\":[{{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"name\":\"web-{number}\",\
         \"uid\":\"0d1c5d5e-6a0b-4b0e-9d0e-{number:012}\",\"controller\":true,\"blockOwnerDeletion\":true}}]}},\
         \"addressType\":\"IPv4\",\"endpoints\":[{},{},{}],\
         \"ports\":[{{\"name\":\"https\",\"protocol\":\"TCP\",\"port\":8443}}]}}",
        endpoint(1),
        endpoint(2),
        endpoint(3),
        space = number % 50
    )
}

pub(crate) fn zone() -> String {
    "{\"apiVersion\":\"portolan.dev/v1alpha1\",\"kind\":\"Zone\",\"metadata\":{\"name\":\"glb\",\"resourceVersion\":\"100\",\
     \"uid\":\"zone\"},\"spec\":{\"apex\":\"glb.example\",\"nameServers\":[{\"name\":\"ns1.elsewhere.example\"}],\
     \"admit\":[{\"namespaces\":[\"*\"],\"hosts\":[\"*.glb.example\"]}]}}"
        .to_owned()
}

pub(crate) fn global_name(number: usize) -> String {
    format!(
        "{{\"apiVersion\":\"portolan.dev/v1alpha1\",\"kind\":\"GlobalName\",\"metadata\":{{\"name\":\"web-{number}\",\
         \"namespace\":\"shop-{}\",\"uid\":\"9a1c5d5e-6a0b-4b0e-9d0e-{number:012}\",\"generation\":1,\"resourceVersion\":\"100\",\
         \"creationTimestamp\":\"2026-01-01T00:00:00Z\"}},\"spec\":{{\"hosts\":[\"web-{number}.glb.example\"],\
         \"backends\":[{{\"kind\":\"Service\",\"name\":\"web-{number}\"}}]}}}}",
        number % 50
    )
}

/// Nothing happened up to a version; `is_end` ends the initial objects of a stream.
pub(crate) fn bookmark(version: u64, is_end: bool) -> String {
    let end = if is_end { "\"k8s.io/initial-events-end\":\"true\"" } else { "" };
    let metadata = format!("{{\"resourceVersion\":\"{version}\",\"annotations\":{{{end}}}}}");
    event("BOOKMARK", &format!("{{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{metadata}}}"))
}
