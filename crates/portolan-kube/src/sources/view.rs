//! The other objects of a cluster, as a source looks at them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use portolan_core::Name;

use crate::hosts;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::selector::Selector;
use crate::workload::{EndpointSlice, Pairs, Pod};

/// The objects of one cluster.
pub trait Cluster {
    /// An object.
    fn get(&self, key: &ObjectKey) -> Option<&Object>;

    /// All objects of a kind, in one namespace or (with an empty one) in all, by key.
    fn list(&self, kind: Kind, namespace: &str) -> Vec<&Object>;

    /// The Services that an Istio gateway may stand behind: those with an address, in whatever namespace.
    fn entrances(&self) -> Vec<&Object>;

    /// The EndpointSlices of a Service.
    fn slices(&self, service: &ObjectKey) -> Vec<&EndpointSlice>;

    /// True when a Service has a ready endpoint.
    fn is_ready(&self, service: &ObjectKey) -> bool;
}

/// A cluster, and what was looked at in it.
///
/// A key without a name stands for every object of its kind and namespace; without a namespace either, of its
/// kind. One of a pod whose name is a label with its value stands for the pods that have it. EndpointSlices are looked at for their Service alone, and so not noted.
pub struct View<'a> {
    cluster: &'a dyn Cluster,
    used: BTreeSet<ObjectKey>,
    steps: usize,
    addresses: Option<Addresses<'a>>,
    hosts: BTreeSet<Name>,
}

/// The addresses of a host name; none while it is not resolved.
pub type Addresses<'a> = &'a dyn Fn(&Name) -> &'a [IpAddr];

impl<'a> View<'a> {
    /// Nothing was looked at yet.
    #[must_use]
    pub fn new(cluster: &'a dyn Cluster) -> Self {
        Self { cluster, used: BTreeSet::new(), steps: 0, addresses: None, hosts: BTreeSet::new() }
    }

    /// The same with addresses for host names.
    #[must_use]
    pub fn resolving(self, addresses: Addresses<'a>) -> Self {
        Self { addresses: Some(addresses), ..self }
    }

    /// The host names whose addresses were asked for, resolved or not.
    pub fn take_hosts(&mut self) -> BTreeSet<Name> {
        std::mem::take(&mut self.hosts)
    }

    /// What was looked at, there or not.
    #[must_use]
    pub fn used(self) -> BTreeSet<ObjectKey> {
        self.used
    }

    /// How many objects were looked at so far, each as often as it was: what it cost, counted and not timed.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    pub(super) fn get(&mut self, key: &ObjectKey) -> Option<&'a Object> {
        self.steps += 1;
        if !self.used.contains(key) {
            self.used.insert(key.clone());
        }
        self.cluster.get(key)
    }

    pub(super) fn list(&mut self, kind: Kind, namespace: &str) -> Vec<&'a Object> {
        self.used.insert(all_of(kind, namespace));
        let all = self.cluster.list(kind, namespace);
        self.steps += all.len();
        all
    }

    /// The pods of a namespace that have all of these labels. Of the labels that one is noted which the fewest pods
    /// there have: a change of a pod without it is no concern of who asks.
    pub(super) fn pods(&mut self, namespace: &str, labels: &Pairs) -> Vec<&'a Pod> {
        let all = self.cluster.list(Kind::Pod, namespace);
        self.steps += all.len();
        let pod = |object: &'a Object| if let Body::Pod(pod) = &object.body { Some(&**pod) } else { None };
        let all: Vec<&Pod> = all.into_iter().filter_map(pod).collect();
        let have =
            |key: &str, value: &str| all.iter().filter(|pod| pod.meta.labels.get(key) == Some(value)).count();
        let rarest = labels.iter().min_by_key(|(key, value)| have(key, value));
        self.used.insert(match rarest {
            Some((key, value)) => labelled(namespace, key, value),
            None => all_of(Kind::Pod, namespace),
        });
        let selector = Selector::of_map(labels.iter());
        all.into_iter().filter(|pod| selector.takes(&pod.meta.labels)).collect()
    }

    pub(super) fn entrances(&mut self) -> Vec<&'a Object> {
        self.used.insert(all_of(Kind::Service, ""));
        let all = self.cluster.entrances();
        self.steps += all.len();
        all
    }

    /// What stands for a target: of a host name its addresses, where it is resolved.
    pub(super) fn resolved(&mut self, target: String) -> Vec<String> {
        let host = match target.parse::<IpAddr>() {
            Ok(_) => None,
            Err(_) => hosts::plain_host(&target).ok(),
        };
        let (Some(host), Some(addresses)) = (host, self.addresses) else { return vec![target] };
        let addresses = addresses(&host);
        self.hosts.insert(host);
        if addresses.is_empty() { vec![target] } else { addresses.iter().map(ToString::to_string).collect() }
    }

    pub(super) fn slices(&mut self, service: &ObjectKey) -> Vec<&'a EndpointSlice> {
        let slices = self.cluster.slices(service);
        self.steps += slices.len();
        slices
    }

    pub(super) fn is_ready(&mut self, service: &ObjectKey) -> bool {
        self.steps += 1;
        self.cluster.is_ready(service)
    }
}

/// The key that stands for every pod of a namespace with a label; no pod has such a name.
pub(crate) fn labelled(namespace: &str, key: &str, value: &str) -> ObjectKey {
    ObjectKey::of(Kind::Pod, namespace, &format!("{key}={value}"))
}

/// The key that stands for every object of a kind, in one namespace or in all.
#[must_use]
pub(crate) fn all_of(kind: Kind, namespace: &str) -> ObjectKey {
    ObjectKey::of(kind, namespace, "")
}
