//! Whose registrations count.
//!
//! `MemberCluster` is cluster-wide and so the platform team's. The others stand in namespaces, where a tenant
//! may be allowed to make them: one that says "send the token of that Secret to my server" must not be
//! believed. Only those of namespaces that the process' own configuration names are.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::object::Kind;

/// Where KubeFed and its registry keep their clusters, in all of their versions.
pub const KUBEFED_NAMESPACES: [&str; 3] =
    ["kube-federation-system", "federation-system", "kube-multicluster-public"];
/// Portolan's own namespace, where nothing else is said.
pub const NAMESPACE: &str = "portolan";
/// Most namespaces that may be named.
pub const NAMESPACES_MAX: usize = 64;

/// The namespaces of the hub that are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Believed {
    own: Arc<str>,
    others: BTreeSet<Arc<str>>,
}

impl Believed {
    /// Portolan's own namespace, and those of others.
    #[must_use]
    pub fn new<'n>(own: &str, others: impl IntoIterator<Item = &'n str>) -> Self {
        Self { own: own.into(), others: others.into_iter().map(Arc::from).collect() }
    }

    /// The namespace of our own Secrets.
    #[must_use]
    pub fn own(&self) -> &Arc<str> {
        &self.own
    }

    /// True when registrations of a kind count that stand in a namespace.
    ///
    /// A `ClusterProfile` has the token of a Secret of *our* namespace sent to a server that it names itself. So the
    /// namespaces of KubeFed, whose kinds lead to Secrets beside them, are none for it, whoever names them.
    #[must_use]
    pub fn is(&self, kind: Kind, namespace: &str) -> bool {
        let is_kubefeds = || kind == Kind::ClusterProfile && KUBEFED_NAMESPACES.contains(&namespace);
        *self.own == *namespace || (self.others.contains(namespace) && !is_kubefeds())
    }

    /// All of them, for messages.
    #[must_use]
    pub fn words(&self, kind: Kind) -> String {
        let all = std::iter::once(&self.own).chain(&self.others).map(AsRef::as_ref);
        let all: BTreeSet<&str> = all.filter(|namespace| self.is(kind, namespace)).collect();
        all.into_iter().collect::<Vec<_>>().join(", ")
    }
}

impl Default for Believed {
    /// As when nobody says anything.
    fn default() -> Self {
        Self::new(NAMESPACE, KUBEFED_NAMESPACES)
    }
}
