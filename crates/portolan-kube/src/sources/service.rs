//! Services: load balancers, addresses inside, ports of Nodes, pods without a common address.
//!
//! | type | targets |
//! | --- | --- |
//! | any, with a `target` annotation | those that it names |
//! | LoadBalancer | `internal-hostname`: the cluster's address; else `externalIPs`, else every address and host name of its status |
//! | ClusterIP | the cluster's address, for `internal-hostname` or with `publish-internal-services` |
//! | ClusterIP `None` | pods (`headless`) |
//! | NodePort | Nodes, and SRV records for the ports (`node_port`) |
//! | ExternalName | `externalIPs`, else that name |

use portolan_core::fleet::Evidence;

use super::endpoint::Common;
use super::{Endpoint, Scene, headless, node_port};
use crate::object::{Kind, ObjectKey};
use crate::workload::{Service, ServiceSource, ServiceType};

/// What a headless Service has for an address.
const NO_ADDRESS: &str = "None";

/// The records of a Service.
pub(super) fn endpoints(scene: &mut Scene<'_, '_>, service: &Service) -> Vec<Endpoint> {
    let Some(source) = service.source.as_deref().filter(|source| scene.options.takes_type(source.kind))
    else {
        return Vec::new();
    };
    let mut given = Given::of(scene, service, source);
    let mut endpoints = Vec::new();
    if !scene.options.ignore_hostname_annotation {
        for (suffix, is_internal) in [("hostname", false), ("internal-hostname", true)] {
            for host in scene.annotations.hosts(suffix, scene.faults) {
                endpoints.extend(given.of_host(scene, &host, is_internal));
            }
        }
    }
    let endpoints = scene.combine(endpoints, Scene::paired);
    scene.combine(endpoints, |scene| {
        let hosts = scene.templated();
        hosts.iter().flat_map(|host| given.of_host(scene, host, false)).collect()
    })
}

/// What a Service gives every name alike, found out once.
struct Given<'s> {
    service: &'s Service,
    source: &'s ServiceSource,
    key: ObjectKey,
    common: Common,
    /// Those of the annotation.
    targets: Vec<String>,
    /// The addresses of Nodes, of a NodePort.
    nodes: Option<Vec<String>>,
}

impl<'s> Given<'s> {
    fn of(scene: &mut Scene<'_, '_>, service: &'s Service, source: &'s ServiceSource) -> Self {
        let targets = scene.annotations.targets(scene.faults);
        let key = ObjectKey { kind: Kind::Service, ..scene.object.key.clone() };
        Self { service, source, key, common: Common::of(scene), targets, nodes: None }
    }

    /// The records of a name.
    fn of_host(&mut self, scene: &mut Scene<'_, '_>, host: &str, is_internal: bool) -> Vec<Endpoint> {
        if !self.targets.is_empty() {
            // What stands behind another address than ours is known where there are slices to tell.
            let is_known = !scene.view.slices(&self.key).is_empty();
            let evidence = if is_known { self.evidence(scene) } else { Evidence::None };
            return self.common.of_host(host, &self.targets, evidence);
        }
        let is_headless = &*self.source.cluster_ip == NO_ADDRESS;
        match self.source.kind {
            ServiceType::ClusterIp if is_headless => {
                headless::endpoints(scene, &self.key, self.source, host, &self.common)
            }
            ServiceType::ClusterIp if is_internal || scene.options.publish_internal_services => {
                self.cluster_ip(scene, host)
            }
            ServiceType::ClusterIp => Vec::new(),
            ServiceType::LoadBalancer if is_internal => self.cluster_ip(scene, host),
            ServiceType::LoadBalancer => {
                let targets = self.entrances(self.service.balancer.all());
                self.common.of_host(host, &targets, self.evidence(scene))
            }
            ServiceType::NodePort => {
                let nodes = match self.nodes.take() {
                    Some(nodes) => nodes,
                    None => node_port::targets(scene, self.source),
                };
                let evidence = self.evidence(scene);
                let mut endpoints = node_port::ports(scene, self.source, host, &self.common, evidence);
                endpoints.extend(self.common.of_host(host, &nodes, evidence));
                self.nodes = Some(nodes);
                endpoints
            }
            ServiceType::ExternalName => {
                let targets = self.entrances(std::iter::once(&*self.source.external_name));
                self.common.of_host(host, &targets, Evidence::None)
            }
        }
    }

    fn cluster_ip(&self, scene: &Scene<'_, '_>, host: &str) -> Vec<Endpoint> {
        let target = Some(&*self.source.cluster_ip).filter(|text| *text != NO_ADDRESS);
        let targets: Vec<String> = target.map(Into::into).into_iter().collect();
        self.common.of_host(host, &targets, self.evidence(scene))
    }

    /// `externalIPs`, which count instead of everything else.
    fn entrances<'t>(&self, others: impl Iterator<Item = &'t str>) -> Vec<String> {
        match self.service.external_ips.is_empty() {
            true => others.map(Into::into).collect(),
            false => self.service.external_ips.iter().map(|ip| ip.as_ref().into()).collect(),
        }
    }

    fn evidence(&self, scene: &Scene<'_, '_>) -> Evidence {
        if scene.view.is_ready(&self.key) { Evidence::Ready } else { Evidence::NotReady }
    }
}
