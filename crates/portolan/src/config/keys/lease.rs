//! The keys of the Lease, by which one of several replicas writes.

use portolan_kube::lease::SECONDS_MAX;

use super::{Form, Key};

/// Longest name of a Lease, in octets: that of any object.
const NAME_OCTETS_MAX: usize = 253;

/// Which.
pub(super) const NAME: Key = Key {
    name: "lease",
    flag: "lease",
    env: "PORTOLAN_LEASE",
    form: Form::Text(NAME_OCTETS_MAX),
    value: "NAME",
    default: "none: this process writes, whoever else does",
    help: "Write only while this process holds the Lease of this name, so that one of several replicas does",
    more: "A `coordination.k8s.io/v1` Lease in Portolan's own namespace (`namespace`) of the hub; of `portolan sync`, of the cluster that it reads. \
           Every replica follows clusters and answers; the holder alone writes statuses, `DNSEndpoint`s and tokens, and publishes. Replicas \
           that do the same work name the same Lease. `portolan-control` and `portolan-sync` are those that `deploy/rbac` gives rights to. \
           See [several replicas](../how-to/operate.md#several-replicas).",
    example: "portolan-control",
};

/// For how long.
pub(super) const SECONDS: Key = Key {
    name: "leaseSeconds",
    flag: "lease-seconds",
    env: "PORTOLAN_LEASE_SECONDS",
    form: Form::Number(SECONDS_MAX as usize),
    value: "N",
    default: "15",
    help: "How long the holder of the Lease may be silent before another takes it, in seconds; 3 or more",
    more: "It counts on two thirds of that itself, and renews it after two fifteenths: of 15 s, 10 s and 2 s, as Kubernetes' own components.",
    example: "15",
};
