//! Services: load balancers, addresses inside, ports of Nodes, pods without a common address.
//!
//! | type | targets |
//! | --- | --- |
//! | any, with a `target` annotation | those that it names |
//! | LoadBalancer | `internal-hostname`: the cluster's address; else `externalIPs`, else every address and host name of its status, with `resolve-service-load-balancer-hostname` of a host name its addresses |
//! | ClusterIP | the cluster's address, for `internal-hostname` or with `publish-internal-services` |
//! | ClusterIP `None` | pods (`headless`) |
//! | NodePort | Nodes, and SRV records for the ports (`node_port`) |
//! | ExternalName | `externalIPs`, else that name |

use portolan_core::fleet::Evidence;

use super::endpoint::{Common, Endpoint};
use super::scene::Scene;
use super::{headless, node_port};
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
    let key = scene.object.key.of_kind(Kind::Service);
    let given = Given { service, source, key, common: scene.common() };
    let mut endpoints = Vec::new();
    if !scene.options.ignore_hostname_annotation {
        for (suffix, is_internal) in [("hostname", false), ("internal-hostname", true)] {
            let hosts = scene.annotations.hosts(suffix, scene.faults);
            endpoints.extend(given.of_hosts(scene, hosts, is_internal));
        }
    }
    let endpoints = scene.combine(endpoints, Scene::paired);
    scene.combine(endpoints, |scene| {
        let hosts = scene.templated();
        given.of_hosts(scene, hosts, false)
    })
}

/// A Service, and what its records have in common.
struct Given<'s> {
    service: &'s Service,
    source: &'s ServiceSource,
    key: ObjectKey,
    common: Common,
}

/// What stands behind every name of a Service alike.
enum Behind<'a> {
    Targets(Vec<String>, Evidence),
    /// Nodes by their readiness, and the readiness of the Service.
    Nodes(Vec<(Vec<String>, Evidence)>, Evidence),
    Pods(Vec<headless::Backing<'a>>),
}

impl Given<'_> {
    /// The records of names.
    fn of_hosts(&self, scene: &mut Scene<'_, '_>, hosts: Vec<String>, is_internal: bool) -> Vec<Endpoint> {
        if hosts.is_empty() {
            return Vec::new();
        }
        let Some(behind) = self.behind(scene, is_internal) else { return Vec::new() };
        let hosts = scene.hold(hosts, behind.size(self.source));
        scene.want(&hosts);
        hosts.iter().flat_map(|host| self.of_host(scene, host, &behind)).collect()
    }

    fn of_host(&self, scene: &Scene<'_, '_>, host: &str, behind: &Behind<'_>) -> Vec<Endpoint> {
        match behind {
            Behind::Targets(targets, evidence) => self.common.of_host(host, targets, *evidence),
            Behind::Nodes(nodes, evidence) => {
                let mut endpoints = node_port::ports(scene, self.source, host, &self.common, *evidence);
                for (targets, evidence) in nodes {
                    endpoints.extend(self.common.of_host(host, targets, *evidence));
                }
                endpoints
            }
            Behind::Pods(pods) => headless::endpoints(pods, host, &self.common),
        }
    }

    /// What stands behind a name; nothing behind one of a Service inside that nobody publishes.
    fn behind<'a>(&self, scene: &mut Scene<'_, 'a>, is_internal: bool) -> Option<Behind<'a>> {
        let named = scene.annotations.targets(scene.faults);
        if !named.is_empty() {
            // What stands behind another address than ours is known where there are slices to tell.
            let is_known = !scene.view.slices(&self.key).is_empty();
            let evidence = if is_known { self.evidence(scene) } else { Evidence::None };
            return Some(Behind::Targets(named, evidence));
        }
        let is_headless = &*self.source.cluster_ip == NO_ADDRESS;
        Some(match self.source.kind {
            ServiceType::ClusterIp if is_headless => {
                Behind::Pods(headless::pods(scene, &self.key, self.source))
            }
            ServiceType::ClusterIp if is_internal || scene.options.publish_internal_services => {
                self.cluster_ip(scene)
            }
            ServiceType::ClusterIp => return None,
            ServiceType::LoadBalancer if is_internal => self.cluster_ip(scene),
            ServiceType::LoadBalancer => {
                let mut targets = self.entrances(scene, self.service.balancer.all());
                if scene.options.resolve_service_load_balancer_hostname {
                    targets = targets.into_iter().flat_map(|target| scene.view.resolved(target)).collect();
                }
                Behind::Targets(targets, self.evidence(scene))
            }
            ServiceType::NodePort => {
                let evidence = self.evidence(scene);
                Behind::Nodes(node_port::targets(scene, self.source, evidence), evidence)
            }
            ServiceType::ExternalName => {
                let targets = self.entrances(scene, std::iter::once(&*self.source.external_name));
                Behind::Targets(targets, Evidence::None)
            }
        })
    }

    fn cluster_ip<'a>(&self, scene: &mut Scene<'_, 'a>) -> Behind<'a> {
        let target = Some(&*self.source.cluster_ip).filter(|text| *text != NO_ADDRESS);
        let targets = target.map(Into::into).into_iter().collect();
        Behind::Targets(targets, self.evidence(scene))
    }

    /// `externalIPs`, which count instead of everything else.
    fn entrances<'t>(&self, scene: &mut Scene<'_, '_>, others: impl Iterator<Item = &'t str>) -> Vec<String> {
        match self.service.external_ips.is_empty() {
            true => scene.few(others, "status.loadBalancer.ingress"),
            false => scene.few(self.service.external_ips.iter().map(|ip| &**ip), "spec.externalIPs"),
        }
    }

    fn evidence(&self, scene: &mut Scene<'_, '_>) -> Evidence {
        if scene.view.is_ready(&self.key) { Evidence::Ready } else { Evidence::NotReady }
    }
}

impl Behind<'_> {
    /// How many records each name has of it.
    fn size(&self, service: &ServiceSource) -> usize {
        match self {
            Self::Targets(targets, _) => targets.len(),
            Self::Nodes(nodes, _) => {
                nodes.iter().map(|(targets, _)| targets.len()).sum::<usize>() + service.ports.len()
            }
            Self::Pods(pods) => headless::size(pods),
        }
    }
}
