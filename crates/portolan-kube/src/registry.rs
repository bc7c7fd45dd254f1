//! Which clusters the hub registers, and how each is reached: registry objects and Secrets in, clusters and
//! problems out.
//!
//! ```text
//!   MemberCluster ─┐
//!   KubeFedCluster ├─▶ candidates by name ─▶ the first by precedence ─▶ its Secret ─▶ Access
//!   FederatedCluster   (believed from       (others: Duplicate)         (pure rules:   or a Problem: object,
//!   ClusterProfile ┘    named namespaces)                                what is refused)  field, value, rule
//! ```
//!
//! Several systems keep registries of clusters, and a fleet that moves from one to the other has two of them
//! for a while. So a name may be registered more than once, and the first by precedence counts: a context of
//! the operator's own file (such names are told to [`Registry::new`]), then
//! `MemberCluster`, `KubeFedCluster`, `FederatedCluster`, `ClusterProfile`.
//!
//! Credentials in a Secret were written by somebody who may write there, not by who started this process. They
//! must make it neither run a program, nor read a file, nor talk to a proxy or to a server that nobody
//! vouches for: whatever could is refused ([`access`], [`kubeconfig`]).
//!
//! | module | what it owns |
//! | --- | --- |
//! | [`objects`] | others' kinds, as far as they are read |
//! | [`secret`] | what of a Secret is kept, never shown |
//! | [`access`] | how a cluster is reached, and what such words must be |
//! | [`kubeconfig`] | the same out of a kubeconfig that came from a Secret |
//! | [`token`] | how long a token lives, and whose it is |
//! | [`rights`] | what the manifests of rights allow, and how they are made for another namespace |
//!
//! Who follows the hub keeps what follows from here: a name that is registered no more is gone only when its
//! object was deleted, which is for [`crate::follow`] to believe.

pub mod access;
mod believed;
mod candidate;
pub mod kubeconfig;
pub mod objects;
pub mod rights;
pub mod secret;
pub mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::{CLUSTERS_MAX, ClusterName};
use portolan_core::{Problem, Reason};

use self::access::{Access, Shown};
pub use self::believed::{Believed, KUBEFED_NAMESPACES, NAMESPACE, NAMESPACES_MAX};
use self::candidate::Candidate;
use self::secret::Secret;
use self::token::{Life, Renewal};
use crate::index::time_in_words;
use crate::object::{Body, Kind, Object, ObjectKey};

/// Most Secrets that are kept; those above it are not there.
pub const SECRETS_MAX: usize = 4 * CLUSTERS_MAX;
/// Most registrations of namespaces that are not believed that are told one by one: any tenant may make some.
pub const STRANGERS_TOLD_MAX: usize = 100;

/// The objects that register clusters, and the Secrets of their namespaces.
#[derive(Debug)]
pub struct Registry {
    believed: Believed,
    /// Names that are followed by other means than a registration.
    taken: BTreeSet<ClusterName>,
    objects: BTreeMap<ObjectKey, Arc<Object>>,
    /// Registrations of namespaces that are not believed; nothing else of them is kept.
    strangers: BTreeSet<ObjectKey>,
    /// Namespaces whose Secrets were read whole.
    read: BTreeSet<Arc<str>>,
    /// Whose objects they are, for problems.
    place: Arc<str>,
}

/// What a registry comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The clusters to follow, by name; without a way to reach one it is known all the same.
    pub clusters: BTreeMap<ClusterName, Registered>,
    /// Every name that some object stands for, with credentials or without: such a cluster is not gone.
    pub named: BTreeSet<ClusterName>,
    /// What is wrong with the objects and Secrets.
    pub problems: Vec<Problem>,
}

/// A registered cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Registered {
    /// The object that counts.
    pub by: ObjectKey,
    /// When that was made, in seconds since 1970.
    pub since: i64,
    /// Its Secret, as an object of the hub.
    pub secret: ObjectKey,
    /// How it is reached; none when that is refused, or not known yet.
    pub access: Option<Access>,
    /// The token that we are to renew, where that was asked of us.
    pub renewal: Option<Renewal>,
    /// How long its token lives, whoever renews it; none where it does not say.
    pub life: Option<Life>,
}

impl Registry {
    /// An empty one. Names in `taken` are followed by other means; `place` says whose the objects are.
    #[must_use]
    pub fn new(believed: Believed, taken: BTreeSet<ClusterName>, place: Arc<str>) -> Self {
        let (objects, strangers, read) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { believed, taken, objects, strangers, read, place }
    }

    /// True of the kinds that are told here.
    #[must_use]
    pub fn is_about(kind: Kind) -> bool {
        kind == Kind::MemberCluster || is_foreign(kind)
    }

    /// Takes an object, new or changed; false when it says what it did, as most do whose status was written.
    pub fn set(&mut self, object: Arc<Object>) -> bool {
        let key = &object.key;
        if self.is_stranger(key) {
            return key.kind() != Kind::RegistryCluster && self.strangers.insert(key.clone());
        }
        let known = self.objects.get(key);
        if known.is_some() && object.in_part {
            return false;
        }
        if known
            .is_some_and(|known| known.created == object.created && says_the_same(&known.body, &object.body))
        {
            return false;
        }
        let is_taken = key.kind() != Kind::Secret || known.is_some() || !self.has_all_secrets();
        if is_taken {
            self.objects.insert(key.clone(), object);
        }
        is_taken
    }

    /// Takes an object away.
    pub fn delete(&mut self, key: &ObjectKey) {
        self.objects.remove(key);
        self.strangers.remove(key);
    }

    /// True while an object registers a cluster of this name, with credentials or without.
    #[must_use]
    pub fn names(&self, name: &ClusterName) -> bool {
        self.objects.keys().any(|key| *key.name() == *name.0 && registers(key.kind()))
    }

    /// True of an object that is there, believed or not; it is named as messages do.
    #[must_use]
    pub fn has(&self, object: &str) -> bool {
        self.objects.keys().chain(&self.strangers).any(|key| key.to_string() == object)
    }

    /// The Secrets of a namespace were read whole: one that is not there is missing from now on.
    pub fn secrets_read(&mut self, namespace: &str) {
        self.read.insert(namespace.into());
    }

    /// The namespaces whose Secrets are asked for: of no others anything is read.
    #[must_use]
    pub fn secret_namespaces(&self) -> BTreeSet<Arc<str>> {
        let candidates = self.objects.values().filter_map(|object| self.candidate(object).ok().flatten());
        candidates.map(|candidate| candidate.secret.namespace().into()).collect()
    }

    /// The clusters, and what is wrong.
    #[must_use]
    pub fn found(&self) -> Found {
        let mut found = Found::default();
        let mut by_name: BTreeMap<ClusterName, Vec<Candidate<'_>>> = BTreeMap::new();
        for object in self.objects.values().filter(|object| registers(object.key.kind())) {
            let name = ClusterName(object.key.name().into());
            // What is refused, or has no credentials, is no order to forget a cluster.
            found.named.insert(name.clone());
            match self.candidate(object) {
                Err(problem) => found.problems.push(problem),
                Ok(None) => {}
                Ok(Some(candidate)) => by_name.entry(name).or_default().push(candidate),
            }
        }
        self.tell_strangers(&mut found.problems);
        let mut first = Vec::new();
        for (name, mut candidates) in by_name {
            candidates.sort_by_key(Candidate::rank);
            first.extend(self.first(name, candidates, &mut found.problems));
        }
        self.within_limit(&mut first, &mut found.problems);
        for (name, candidate) in first {
            let registered = self.registered(&candidate, &mut found.problems);
            found.clusters.insert(name, registered);
        }
        found
    }

    /// The candidate that counts; the others are told.
    fn first<'a>(
        &self,
        name: ClusterName,
        candidates: Vec<Candidate<'a>>,
        problems: &mut Vec<Problem>,
    ) -> Option<(ClusterName, Candidate<'a>)> {
        let mut candidates = candidates.into_iter();
        let first = if self.taken.contains(&name) { None } else { candidates.next() };
        let why = match &first {
            None => {
                "a context of the kubeconfig file, or the own cluster, has this name and counts".to_owned()
            }
            Some(first) => format!("{} registers a cluster of this name too, and counts", first.object.key),
        };
        for other in candidates {
            let access = self.secret(&other.secret).and_then(|secret| other.access(secret).ok());
            let ends = access.as_ref().and_then(Life::of_access);
            let ends = ends.map_or(String::new(), |life| {
                format!("; the token of this one ends at {}, and is not renewed", time_in_words(life.to))
            });
            problems.push(self.problem(other.object, other.field, Reason::Duplicate, format!("{why}{ends}")));
        }
        Some((name, first?))
    }

    /// Tells of those that are not believed.
    fn tell_strangers(&self, problems: &mut Vec<Problem>) {
        for key in self.strangers.iter().take(STRANGERS_TOLD_MAX) {
            let message = format!(
                "{} is no namespace whose {}s are believed; these are {}",
                Shown(key.namespace()),
                key.kind(),
                self.believed.words(key.kind())
            );
            problems.push(self.problem_of(key, "metadata.namespace", Reason::NotAdmitted, message));
        }
        if let Some(last) = self.strangers.iter().nth(STRANGERS_TOLD_MAX) {
            let more = self.strangers.len() - STRANGERS_TOLD_MAX;
            let message =
                format!("and {more} registrations in all of namespaces that are not believed are not told");
            problems.push(self.problem_of(last, "metadata.namespace", Reason::LimitReached, message));
        }
    }

    /// Leaves out the youngest of more clusters than a fleet may have.
    fn within_limit(&self, first: &mut Vec<(ClusterName, Candidate<'_>)>, problems: &mut Vec<Problem>) {
        let room = CLUSTERS_MAX.saturating_sub(self.taken.len());
        if first.len() <= room {
            return;
        }
        first.sort_by_key(|(_, candidate)| (candidate.object.created, candidate.object.key.clone()));
        for (_, candidate) in first.split_off(room) {
            let message = format!(
                "is one cluster too many: a fleet has at most {CLUSTERS_MAX}, and the youngest are left out"
            );
            problems.push(self.problem(candidate.object, candidate.field, Reason::LimitReached, message));
        }
    }

    fn registered(&self, candidate: &Candidate<'_>, problems: &mut Vec<Problem>) -> Registered {
        let (by, since, key) =
            (candidate.object.key.clone(), candidate.object.created, candidate.secret.clone());
        let mut registered = Registered { by, since, secret: key, access: None, renewal: None, life: None };
        let mut tell = |field: &str, reason: Reason, message: String| {
            problems.push(self.problem(candidate.object, field, reason, message));
        };
        let Some(secret) = self.secret(&candidate.secret) else {
            if self.has_all_secrets() {
                let message =
                    format!("{} is not there, or above the {SECRETS_MAX} that are read", registered.secret);
                tell(candidate.field, Reason::LimitReached, message);
            } else if self.read.contains(candidate.secret.namespace()) {
                tell(candidate.field, Reason::NotFound, format!("{} is not there", registered.secret));
            }
            return registered;
        };
        match candidate.access(secret) {
            Ok(access) => {
                match Renewal::of(secret, &access, candidate.object.key.kind()) {
                    Ok(renewal) => registered.renewal = renewal,
                    Err(why) => {
                        let message = format!("{}: its token is not renewed: {why}", registered.secret);
                        tell(candidate.field, Reason::Incomplete, message);
                    }
                }
                registered.life = Life::of_access(&access);
                registered.access = Some(access);
            }
            Err(refusals) => {
                refusals.into_iter().for_each(|(field, message)| tell(&field, Reason::Invalid, message));
            }
        }
        registered
    }

    fn secret(&self, key: &ObjectKey) -> Option<&Secret> {
        match &self.objects.get(key)?.body {
            Body::Secret(secret) => Some(secret),
            _ => None,
        }
    }

    /// True of an object of a namespace that is not believed.
    fn is_stranger(&self, key: &ObjectKey) -> bool {
        is_foreign(key.kind()) && key.kind() != Kind::Secret && !self.believed.is(key.kind(), key.namespace())
    }

    /// True when no more Secrets are taken.
    fn has_all_secrets(&self) -> bool {
        self.objects.keys().filter(|key| key.kind() == Kind::Secret).count() >= SECRETS_MAX
    }

    fn problem(&self, object: &Object, field: &str, reason: Reason, message: String) -> Problem {
        self.problem_of(&object.key, field, reason, message)
    }

    fn problem_of(&self, key: &ObjectKey, field: &str, reason: Reason, message: String) -> Problem {
        Problem { subject: format!("{key}: {field}"), reason, message, place: self.place.to_string() }
    }
}

/// True of the kinds each of whose objects stands for a cluster of its name.
fn registers(kind: Kind) -> bool {
    matches!(kind, Kind::MemberCluster | Kind::KubeFedCluster | Kind::FederatedCluster | Kind::ClusterProfile)
}

/// True when two states of an object register the same.
fn says_the_same(a: &Body, b: &Body) -> bool {
    match (a, b) {
        (Body::MemberCluster(a), Body::MemberCluster(b)) => a.spec.credentials == b.spec.credentials,
        (Body::KubeFedCluster(a), Body::KubeFedCluster(b)) => a.spec == b.spec,
        (Body::FederatedCluster(a), Body::FederatedCluster(b)) => a.spec == b.spec,
        (Body::RegistryCluster(a), Body::RegistryCluster(b)) => a.spec == b.spec,
        (Body::ClusterProfile(a), Body::ClusterProfile(b)) => a.status == b.status,
        (Body::Secret(a), Body::Secret(b)) => a == b,
        _ => false,
    }
}

/// Kinds of the registry that nothing else is told of.
#[must_use]
pub fn is_foreign(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::KubeFedCluster
            | Kind::FederatedCluster
            | Kind::RegistryCluster
            | Kind::ClusterProfile
            | Kind::Secret
    )
}

#[cfg(test)]
mod tests;
