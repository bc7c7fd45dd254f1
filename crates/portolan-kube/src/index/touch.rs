//! What an event makes necessary to look at again.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::Name;
use portolan_core::cluster::ClusterName;
use portolan_core::fleet::Touched;

use super::Index;
use super::draft::domain_reference;
use super::source::affects;
use crate::object::{Kind, ObjectKey};

/// What the next [`Index::take`] looks at.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    pub(super) clusters: BTreeSet<ClusterName>,
    /// Zones are few and nested, so they are looked at all together.
    pub(super) zones: bool,
    /// Apexes whose fact may be another without an object having changed.
    pub(super) apexes: BTreeSet<Name>,
    pub(super) policies: BTreeSet<Arc<str>>,
    pub(super) records: BTreeSet<ObjectKey>,
    /// Source objects, by cluster.
    pub(super) sourced: BTreeSet<(ClusterName, ObjectKey)>,
    pub(super) names: BTreeSet<Name>,
}

impl Dirty {
    /// Adds what memory has another word on.
    pub(super) fn recall(&mut self, touched: Touched) {
        self.zones |= !touched.zones.is_empty();
        self.clusters.extend(touched.clusters);
        self.apexes.extend(touched.zones);
        self.policies.extend(touched.policies.into_iter().map(|policy| policy.0));
        self.names.extend(touched.names);
    }
}

impl Index {
    /// Notes what depends on an object of a source. One that was not heard yet does not count.
    pub(super) fn touch(&mut self, source: &ClusterName, key: &ObjectKey) {
        if !self.objects.is_read(&source.0) {
            return;
        }
        self.step(1);
        self.touch_sourced(source, key);
        match key.kind() {
            Kind::Service => self.touch_service(source, key),
            Kind::Ingress | Kind::EndpointSlice | Kind::Endpoints => self.touch_users(key),
            Kind::Node => _ = self.dirty.clusters.insert(source.clone()),
            Kind::MemberCluster => _ = self.dirty.clusters.insert(ClusterName(key.name().into())),
            Kind::SteeringPolicy => _ = self.dirty.policies.insert(key.name().into()),
            Kind::Domain => {
                self.dirty.zones = true;
                self.touch_users(&domain_reference(key.name()));
            }
            Kind::Zone => {
                self.dirty.zones = true;
                self.dirty.records.insert(key.clone());
            }
            Kind::ServiceDnsRecord | Kind::IngressDnsRecord | Kind::DnsEndpoint | Kind::GlobalName => {
                self.dirty.records.insert(key.clone());
                self.touch_users(key);
            }
            // Only sources ask for these.
            Kind::Pod | Kind::Namespace | Kind::Gateway | Kind::ListenerSet | Kind::HttpRoute => {}
            Kind::GrpcRoute | Kind::TlsRoute | Kind::TcpRoute | Kind::UdpRoute | Kind::Route => {}
            Kind::IstioGateway | Kind::VirtualService => {}
            // The registry alone is told of these.
            Kind::KubeFedCluster | Kind::FederatedCluster | Kind::RegistryCluster => {}
            Kind::ClusterProfile | Kind::Secret => {}
        }
    }

    /// Notes what depends on anything of a source.
    pub(super) fn touch_all(&mut self, source: &ClusterName) {
        let Some(of) = self.objects.source(source) else { return };
        let affected: BTreeSet<ObjectKey> =
            of.objects.iter().flat_map(|(key, located)| affects(key, &located.object)).collect();
        for key in affected {
            self.touch(source, &key);
        }
    }

    /// Notes the records that a cluster more or less may complete, or that say where was looked.
    pub(super) fn touch_wanting(&mut self) {
        self.step(self.wanting.len());
        self.dirty.records.extend(self.wanting.iter().cloned());
    }

    /// The cluster that is forgotten because its last `MemberCluster` went while it was silent.
    pub(super) fn forgotten_with(&self, key: &ObjectKey) -> Option<ClusterName> {
        let cluster = ClusterName(key.name().into());
        let is_gone = key.kind() == Kind::MemberCluster && !self.objects.is_held(key);
        let is_silent = match self.objects.source(&cluster) {
            Some(source) => source.silent_since.is_some(),
            None => {
                self.memory.fleet.clusters.get(&cluster).is_some_and(|known| known.silent_since.is_some())
            }
        };
        (is_gone && is_silent).then_some(cluster)
    }

    fn touch_service(&mut self, source: &ClusterName, service: &ObjectKey) {
        self.touch_users(service);
        let Some(of) = self.objects.source(source) else { return };
        let ingresses: Vec<ObjectKey> = of.ingresses_to(service).cloned().collect();
        for ingress in ingresses {
            self.touch_sourced(source, &ingress);
            self.touch_users(&ingress);
        }
    }

    fn touch_users(&mut self, key: &ObjectKey) {
        let users: Vec<ObjectKey> = self.users.of(key).cloned().collect();
        self.step(users.len());
        self.dirty.records.extend(users);
    }
}
