//! Where an API server has the kinds that we read.
//!
//! A kind may stand in several groups (KubeFed's had three names in its life), so a *resource* is what is
//! listed and watched, and its [`Kind`] is what its objects mean.

use crate::kinds::{BackendKind, GROUP, VERSION};
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::workload::Keep;
use crate::{dns_endpoint, gateway_api, istio, kubefed, openshift};

/// Something that an API server lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Its group; empty for the core group.
    pub group: &'static str,
    /// Its versions, the one to ask for first in front; a server may have only an older one. We read the same of
    /// each.
    pub versions: &'static [&'static str],
    /// Its name in paths: `services`.
    pub plural: &'static str,
    /// What its objects are.
    pub kind: Kind,
    /// Its kind in manifests, as that server spells it.
    pub spelt: &'static str,
}

const fn resource(
    group: &'static str,
    versions: &'static [&'static str],
    plural: &'static str,
    kind: Kind,
    spelt: &'static str,
) -> Resource {
    Resource { group, versions, plural, kind, spelt }
}

const V1: &[&str] = &["v1"];
const V1ALPHA1: &[&str] = &["v1alpha1"];

/// What every member of a fleet is watched for: Services and what stands behind them, and where it is.
pub const WORKLOAD: [Resource; 4] = [
    resource("", V1, "services", Kind::Service, "Service"),
    resource("discovery.k8s.io", V1, "endpointslices", Kind::EndpointSlice, "EndpointSlice"),
    resource("networking.k8s.io", V1, "ingresses", Kind::Ingress, "Ingress"),
    resource("", V1, "nodes", Kind::Node, "Node"),
];

/// What a member is watched for besides, where a source asks for it.
pub const SOURCED: [Resource; 12] = [
    resource("", V1, "pods", Kind::Pod, "Pod"),
    resource("", V1, "namespaces", Kind::Namespace, "Namespace"),
    resource(openshift::GROUP, V1, "routes", Kind::Route, "Route"),
    gateway_api(&["v1", "v1beta1"], "gateways", Kind::Gateway, "Gateway"),
    gateway_api(V1, "listenersets", Kind::ListenerSet, "ListenerSet"),
    gateway_api(&["v1", "v1beta1"], "httproutes", Kind::HttpRoute, "HTTPRoute"),
    gateway_api(&["v1", "v1alpha2"], "grpcroutes", Kind::GrpcRoute, "GRPCRoute"),
    gateway_api(&["v1", "v1alpha3", "v1alpha2"], "tlsroutes", Kind::TlsRoute, "TLSRoute"),
    gateway_api(&["v1", "v1alpha2"], "tcproutes", Kind::TcpRoute, "TCPRoute"),
    gateway_api(&["v1", "v1alpha2"], "udproutes", Kind::UdpRoute, "UDPRoute"),
    resource(istio::GROUP, ISTIO, "gateways", Kind::IstioGateway, "Gateway"),
    resource(istio::GROUP, ISTIO, "virtualservices", Kind::VirtualService, "VirtualService"),
];

const ISTIO: &[&str] = &["v1", "v1beta1", "v1alpha3"];

const fn gateway_api(
    versions: &'static [&'static str],
    plural: &'static str,
    kind: Kind,
    spelt: &'static str,
) -> Resource {
    resource(gateway_api::GROUP, versions, plural, kind, spelt)
}

/// What a member is watched for: what it runs, and what sources ask for.
#[must_use]
pub fn of_member(keep: &Keep) -> Vec<Resource> {
    let sourced = SOURCED.iter().filter(|resource| keep.reads(resource.kind));
    WORKLOAD.iter().chain(sourced).copied().collect()
}

/// True of what a member is watched for only once an intent asks for it, as sources do not. Services and their
/// EndpointSlices are not among them: nearly every intent asks for both, and the one without the other would be
/// evidence against a cluster.
#[must_use]
pub fn is_on_demand(resource: Resource, keep: &Keep) -> bool {
    let is_sourced = keep.reads(Kind::Ingress) || keep.reads(Kind::IstioGateway);
    resource.kind == Kind::Ingress && !is_sourced
}

/// True of a kind of intents that may ask for what is [watched on demand](is_on_demand).
#[must_use]
pub fn may_ask(kind: Kind) -> bool {
    matches!(kind, Kind::GlobalName | Kind::IngressDnsRecord)
}

/// True of an intent that asks for Ingresses, which are [watched on demand](is_on_demand).
#[must_use]
pub fn asks_for_ingresses(object: &Object) -> bool {
    match &object.body {
        Body::IngressDnsRecord(_) => true,
        Body::GlobalName(name) => {
            name.spec.backends.iter().any(|backend| matches!(backend.kind, BackendKind::Ingress))
        }
        _ => false,
    }
}

/// What the hub is watched for besides: who wants which names.
pub const INTENTS: [Resource; 19] = [
    resource(GROUP, &[VERSION], "zones", Kind::Zone, "Zone"),
    resource(GROUP, &[VERSION], "globalnames", Kind::GlobalName, "GlobalName"),
    resource(GROUP, &[VERSION], "steeringpolicies", Kind::SteeringPolicy, "SteeringPolicy"),
    resource(GROUP, &[VERSION], "memberclusters", Kind::MemberCluster, "MemberCluster"),
    resource("externaldns.k8s.io", V1ALPHA1, "dnsendpoints", Kind::DnsEndpoint, dns_endpoint::KIND),
    kubefed(0, "domains", Kind::Domain, "Domain"),
    kubefed(0, "servicednsrecords", Kind::ServiceDnsRecord, "ServiceDNSRecord"),
    kubefed(0, "ingressdnsrecords", Kind::IngressDnsRecord, "IngressDNSRecord"),
    kubefed(0, "multiclusterservicednsrecords", Kind::ServiceDnsRecord, "MultiClusterServiceDNSRecord"),
    kubefed(0, "multiclusteringressdnsrecords", Kind::IngressDnsRecord, "MultiClusterIngressDNSRecord"),
    kubefed(0, "dnsendpoints", Kind::DnsEndpoint, dns_endpoint::KIND),
    kubefed(1, "domains", Kind::Domain, "Domain"),
    kubefed(1, "servicednsrecords", Kind::ServiceDnsRecord, "ServiceDNSRecord"),
    kubefed(1, "ingressdnsrecords", Kind::IngressDnsRecord, "IngressDNSRecord"),
    kubefed(1, "dnsendpoints", Kind::DnsEndpoint, dns_endpoint::KIND),
    kubefed(2, "domains", Kind::Domain, "Domain"),
    kubefed(2, "servicednsrecords", Kind::ServiceDnsRecord, "ServiceDNSRecord"),
    kubefed(2, "ingressdnsrecords", Kind::IngressDnsRecord, "IngressDNSRecord"),
    kubefed(2, "dnsendpoints", Kind::DnsEndpoint, dns_endpoint::KIND),
];

/// How a fleet of clusters is held together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topology {
    /// One of them, the hub, holds the intents.
    #[default]
    Hub,
    /// Each holds them, and each has a process of its own, which takes that cluster for its hub: for what it believes,
    /// and writes to. What asks for names is asked of all.
    Mesh,
    /// One of them, the hub, holds the intents, and another process decides and writes there: what that hands over is
    /// followed, and no other cluster is reached.
    Follower,
}

/// What is asked of a cluster, by whose it is told as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// As its own; nothing where it only hands over what others decided.
    pub own: Vec<Resource>,
    /// As the root's, which is believed before all clusters: of the hub alone.
    pub root: Vec<Resource>,
}

impl Topology {
    /// What is asked of the hub, or of another cluster.
    ///
    /// | | as its own | as the root's |
    /// | --- | --- | --- |
    /// | the hub | what it runs | intents, which clusters there are |
    /// | another cluster | what it runs | |
    /// | the own cluster of a mesh | what it runs, who asks for names | who rules, which clusters there are |
    /// | another cluster of a mesh | what it runs, who asks for names | |
    /// | a hub that is followed | | what it hands over, who rules |
    #[must_use]
    pub fn asks(self, is_hub: bool, keep: &Keep) -> Asked {
        let (rulers, askers): (Vec<Resource>, Vec<Resource>) =
            INTENTS.into_iter().partition(|resource| rules(resource.kind));
        let (own, root) = match self {
            Self::Hub => (of_member(keep), [&INTENTS[..], &REGISTRY].concat()),
            Self::Mesh => ([of_member(keep), askers].concat(), [&rulers[..], &REGISTRY].concat()),
            Self::Follower => (Vec::new(), handed_over().collect()),
        };
        Asked { own, root: if is_hub { root } else { Vec::new() } }
    }
}

/// True of a kind that says what others may ask for, and how it is answered: believed from one place alone, as whoever
/// may make one has a say in all names.
#[must_use]
pub fn rules(kind: Kind) -> bool {
    matches!(kind, Kind::Zone | Kind::Domain | Kind::SteeringPolicy | Kind::MemberCluster)
}

/// What a hub is watched for by those who follow it: names that it hands over, and what is decided again from the same
/// objects.
pub fn handed_over() -> impl Iterator<Item = Resource> {
    let is_handed_over = |kind| rules(kind) || matches!(kind, Kind::DnsEndpoint | Kind::GlobalName);
    INTENTS.into_iter().filter(move |resource| is_handed_over(resource.kind))
}

/// The groups that `DNSEndpoint`s may stand in, External-DNS' own in front: a publisher reads one of them.
pub fn dns_endpoints() -> impl Iterator<Item = Resource> {
    INTENTS.into_iter().filter(|resource| resource.kind == Kind::DnsEndpoint)
}

/// What the hub is watched for besides, to know which clusters it registers (`MemberCluster` is an intent).
/// Manifests of these kinds are not read: they lead to clusters, not to names.
pub const REGISTRY: [Resource; 4] = [
    resource("core.kubefed.io", &["v1beta1"], "kubefedclusters", Kind::KubeFedCluster, "KubeFedCluster"),
    resource(
        "core.federation.k8s.io",
        &["v1alpha1"],
        "federatedclusters",
        Kind::FederatedCluster,
        "FederatedCluster",
    ),
    resource("clusterregistry.k8s.io", &["v1alpha1"], "clusters", Kind::RegistryCluster, "Cluster"),
    resource(
        "multicluster.x-k8s.io",
        &["v1alpha1"],
        "clusterprofiles",
        Kind::ClusterProfile,
        "ClusterProfile",
    ),
];

/// The Secrets of registered clusters, read in the namespaces alone that registrations lead to.
pub const SECRETS: Resource = resource("", &["v1"], "secrets", Kind::Secret, "Secret");

/// The resource of a manifest's apiVersion and kind.
#[must_use]
pub fn resource_of(api_version: &str, spelt: &str) -> Option<Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let fits = |resource: &&Resource| {
        (resource.group, resource.spelt) == (group, spelt) && resource.versions.contains(&version)
    };
    WORKLOAD.iter().chain(&SOURCED).chain(&INTENTS).find(fits).copied()
}

const fn kubefed(group: usize, plural: &'static str, kind: Kind, spelt: &'static str) -> Resource {
    resource(kubefed::GROUPS[group], V1ALPHA1, plural, kind, spelt)
}

impl Resource {
    /// The path that lists all of it, in every namespace, in the version to ask for first.
    #[must_use]
    pub fn path(&self) -> String {
        self.path_in(self.version())
    }

    /// The same in one of its versions.
    #[must_use]
    pub fn path_in(&self, version: &str) -> String {
        match self.group {
            "" => format!("/api/{version}/{}", self.plural),
            group => format!("/apis/{group}/{version}/{}", self.plural),
        }
    }

    /// The path that lists what one namespace has of it.
    #[must_use]
    pub fn path_within(&self, namespace: &str) -> String {
        let all = self.path();
        match all.rsplit_once('/') {
            Some((group, plural)) => format!("{group}/namespaces/{namespace}/{plural}"),
            None => all,
        }
    }

    /// The path of one object.
    #[must_use]
    pub fn path_of(&self, key: &ObjectKey) -> String {
        let all = self.path();
        let Some((group, plural)) = all.rsplit_once('/').filter(|_| self.kind.is_namespaced()) else {
            return format!("{all}/{}", key.name());
        };
        format!("{group}/namespaces/{}/{plural}/{}", key.namespace(), key.name())
    }

    /// As manifests write it.
    #[must_use]
    pub fn api_version(&self) -> String {
        match self.group {
            "" => self.version().to_owned(),
            group => format!("{group}/{}", self.version()),
        }
    }

    /// The version to ask for first.
    #[must_use]
    pub fn version(&self) -> &'static str {
        self.versions.first().copied().unwrap_or_default()
    }

    /// True of what no server lacks, whatever it says.
    #[must_use]
    pub fn is_everywhere(&self) -> bool {
        matches!(self.group, "" | "discovery.k8s.io")
    }

    /// True of what some servers have without a CRD: OpenShift's own, MicroShift has one.
    #[must_use]
    pub fn may_lack_crd(&self) -> bool {
        self.group == openshift::GROUP
    }

    /// The name of the CRD that it comes from; none of what every server has.
    #[must_use]
    pub fn crd(&self) -> Option<String> {
        let is_built_in = matches!(self.group, "" | "discovery.k8s.io" | "networking.k8s.io");
        (!is_built_in).then(|| format!("{}.{}", self.plural, self.group))
    }
}

impl std::fmt::Display for Resource {
    /// As `kubectl` takes it: `services`, `domains.multiclusterdns.kubefed.io`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.plural)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;

    /// The reader of manifests and this table know the same kinds.
    #[test]
    fn every_resource_is_read_as_its_kind() {
        let keep = Keep { kinds: SOURCED.iter().map(|resource| resource.kind).collect(), ..Keep::default() };
        for resource in WORKLOAD.iter().chain(&SOURCED).chain(&INTENTS) {
            for version in resource.versions {
                let (group, spelt) = (resource.group, resource.spelt);
                let api_version =
                    if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
                let text =
                    format!("apiVersion: {api_version}\nkind: {spelt}\nmetadata: {{name: x}}\nspec: {{}}\n");
                let manifest = manifest::read_keeping("f.yaml", text.as_bytes(), &keep);
                let kinds: Vec<Kind> = manifest.objects.iter().map(|at| at.object.key.kind()).collect();
                let refused: Vec<Kind> = manifest.refused.iter().map(|key| key.kind()).collect();
                assert_eq!([kinds, refused].concat(), [resource.kind], "{resource}: {:?}", manifest.problems);
                assert_eq!(resource_of(&api_version, spelt), Some(*resource));
            }
        }
    }

    #[test]
    fn a_member_is_watched_for_what_sources_ask() {
        assert_eq!(of_member(&Keep::default()), WORKLOAD);
        let keep = Keep { kinds: [Kind::Pod, Kind::Service].into(), ..Keep::default() };
        assert_eq!(of_member(&keep), [&WORKLOAD[..], &SOURCED[..1]].concat());
    }

    #[test]
    fn a_mesh_asks_every_cluster_who_asks_for_names() {
        let keep = Keep::default();
        let plurals = |resources: &[Resource]| {
            let kinds: std::collections::BTreeSet<&str> = resources.iter().map(|one| one.plural).collect();
            kinds.into_iter().collect::<Vec<_>>().join(" ")
        };
        let asked = |topology: Topology, is_hub| {
            let Asked { own, root } = topology.asks(is_hub, &keep);
            let own: Vec<Resource> = own.into_iter().filter(|one| !WORKLOAD.contains(one)).collect();
            let root: Vec<Resource> = root.into_iter().filter(|one| !REGISTRY.contains(one)).collect();
            (plurals(&own), plurals(&root))
        };
        let askers = "dnsendpoints globalnames ingressdnsrecords multiclusteringressdnsrecords \
                      multiclusterservicednsrecords servicednsrecords";
        let rulers = "domains memberclusters steeringpolicies zones";
        let texts = |own: &str, root: &str| (own.to_owned(), root.to_owned());
        assert_eq!(asked(Topology::Hub, true), texts("", &plurals(&INTENTS)));
        assert_eq!(asked(Topology::Hub, false), texts("", ""));
        assert_eq!(asked(Topology::Mesh, true), texts(askers, rulers));
        assert_eq!(asked(Topology::Mesh, false), texts(askers, ""));
        for (topology, is_hub, has_registry) in
            [(Topology::Hub, true, true), (Topology::Mesh, true, true), (Topology::Mesh, false, false)]
        {
            let Asked { own, root } = topology.asks(is_hub, &keep);
            assert!(own.starts_with(&WORKLOAD));
            assert_eq!(root.ends_with(&REGISTRY), has_registry);
        }
    }

    /// Nothing that it runs, and no other cluster.
    #[test]
    fn of_a_hub_that_is_followed_only_what_it_hands_over_is_asked() {
        let asked = |is_hub| Topology::Follower.asks(is_hub, &Keep::default());
        assert_eq!(asked(true), Asked { own: Vec::new(), root: handed_over().collect() });
        assert_eq!(asked(false), Asked { own: Vec::new(), root: Vec::new() });
    }

    #[test]
    fn ingresses_are_asked_for_by_intents_or_sources() {
        let on_demand = |kinds: &[Kind]| {
            let keep = Keep { kinds: kinds.iter().copied().collect(), ..Keep::default() };
            let watched = of_member(&keep).into_iter().filter(|resource| is_on_demand(*resource, &keep));
            watched.map(|resource| resource.kind).collect::<Vec<_>>()
        };
        assert_eq!(on_demand(&[]), [Kind::Ingress]);
        assert_eq!(on_demand(&[Kind::Service, Kind::Pod]), [Kind::Ingress]);
        assert_eq!(on_demand(&[Kind::Ingress]), []);
        assert_eq!(on_demand(&[Kind::IstioGateway]), [], "its gateways may name one");
        let asks = |text: &str| {
            let manifest = manifest::read("f.yaml", text.as_bytes());
            let object = &manifest.objects[0].object;
            (may_ask(object.key.kind()), asks_for_ingresses(object))
        };
        let name = |backends: &str| {
            asks(&format!(
                "{{apiVersion: portolan.dev/v1alpha1, kind: GlobalName, metadata: {{name: x}}, \
                 spec: {{hosts: [x.example], backends: [{backends}]}}}}"
            ))
        };
        assert_eq!(name("{kind: Service, name: a}"), (true, false));
        assert_eq!(name("{kind: Service, name: a}, {kind: Ingress, name: b}"), (true, true));
        let record = |kind: &str| {
            asks(&format!(
                "{{apiVersion: multiclusterdns.kubefed.io/v1alpha1, kind: {kind}, metadata: {{name: x}}, spec: {{domainRef: d, hosts: [x.example]}}}}"
            ))
        };
        assert_eq!(record("IngressDNSRecord"), (true, true));
        assert_eq!(record("ServiceDNSRecord"), (false, false));
    }

    #[test]
    fn paths_are_those_of_the_api() {
        let rows = [
            (WORKLOAD[0], "/api/v1/services", "v1", None),
            (WORKLOAD[1], "/apis/discovery.k8s.io/v1/endpointslices", "discovery.k8s.io/v1", None),
            (
                SOURCED[5],
                "/apis/gateway.networking.k8s.io/v1/httproutes",
                "gateway.networking.k8s.io/v1",
                Some("httproutes.gateway.networking.k8s.io"),
            ),
            (
                INTENTS[0],
                "/apis/portolan.dev/v1alpha1/zones",
                "portolan.dev/v1alpha1",
                Some("zones.portolan.dev"),
            ),
        ];
        for (resource, path, api_version, crd) in rows {
            assert_eq!(resource.path(), path);
            assert_eq!(resource.api_version(), api_version);
            assert_eq!(resource.crd().as_deref(), crd);
            assert_eq!(resource_of(api_version, resource.spelt), Some(resource));
        }
        let service = ObjectKey::new(Kind::Service, Some("shop"), "web");
        assert_eq!(WORKLOAD[0].path_of(&service), "/api/v1/namespaces/shop/services/web");
        let zone = ObjectKey::new(Kind::Zone, None, "glb");
        assert_eq!(INTENTS[0].path_of(&zone), "/apis/portolan.dev/v1alpha1/zones/glb");
        assert_eq!(SECRETS.path_within("portolan"), "/api/v1/namespaces/portolan/secrets");
    }
}
