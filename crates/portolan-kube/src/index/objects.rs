//! The objects of all sources, and which copy of one counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::cluster::{ClusterName, Sources};

use super::lacks::Lacks;
use super::source::{Source, affects};
use crate::manifest::Located;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::origin::Origin;

/// The objects of all sources.
#[derive(Debug, Default)]
pub(super) struct Objects {
    sources: BTreeMap<ClusterName, Source>,
    /// Who has an object of a kind that is one intent wherever it stands.
    holders: BTreeMap<ObjectKey, BTreeSet<ClusterName>>,
}

/// The copy of an intent that counts.
#[derive(Clone, Debug)]
pub(super) struct Held<'a> {
    pub(super) key: &'a ObjectKey,
    /// Where the copy stands.
    pub(super) source: &'a ClusterName,
    pub(super) object: &'a Object,
    pub(super) place: &'a Origin,
    /// Everybody who holds the object, whatever the copy says.
    pub(super) held_by: Sources,
    /// Those whose copy says the same as this one.
    pub(super) agreeing: Vec<ClusterName>,
    /// Those whose copy says something else, each with where it stands.
    pub(super) disagreeing: Vec<(ClusterName, Origin)>,
}

impl Objects {
    /// Takes an object; returns whose meaning changed.
    pub(super) fn set(
        &mut self,
        source: &ClusterName,
        object: Arc<Object>,
        place: &Origin,
    ) -> Vec<ObjectKey> {
        if is_intent(object.key.kind()) {
            self.holders.entry(object.key.clone()).or_default().insert(source.clone());
        }
        self.entry(source).set(Located { object, place: place.clone() })
    }

    /// Whose meaning changes when an object goes; nobody's when it is not there.
    pub(super) fn affected_by(&self, source: &ClusterName, key: &ObjectKey) -> Vec<ObjectKey> {
        let located = self.sources.get(source).and_then(|source| source.get(key));
        located.map_or_else(Vec::new, |located| affects(key, &located.object).collect())
    }

    /// Takes an object away.
    pub(super) fn delete(&mut self, source: &ClusterName, key: &ObjectKey) {
        if let Some(source) = self.sources.get_mut(source) {
            source.delete(key);
        }
        self.release(source, key);
    }

    /// Notes that a source was read; true when it was for the first time.
    pub(super) fn hear(&mut self, source: &ClusterName) -> bool {
        let source = self.entry(source);
        source.silent_since = None;
        let is_first = !std::mem::replace(&mut source.is_read, true);
        if is_first {
            source.pack();
        }
        is_first
    }

    /// Notes what of a source could not be read; true when that is news.
    pub(super) fn lack(&mut self, source: &ClusterName, lacks: Lacks) -> bool {
        let before = &mut self.entry(source).lacks;
        let is_news = *before != lacks;
        *before = lacks;
        is_news
    }

    /// True of a source of which something could not be read.
    pub(super) fn is_partial(&self, source: &str) -> bool {
        self.sources.get(source).is_some_and(|source| !source.lacks.is_empty())
    }

    /// True when an object may stand in what could not be read of a source.
    pub(super) fn may_lack(&self, source: &str, key: &ObjectKey) -> bool {
        let is_unread = |source: &Source| {
            source.get_whole(key).is_none() && source.lacks.may_have(|kind| kind == key.kind(), |k| k == key)
        };
        self.sources.get(source).is_some_and(is_unread)
    }

    /// The same of any object of such a kind that is such a one.
    pub(super) fn may_lack_any(
        &self,
        source: &str,
        kinds: impl Fn(Kind) -> bool,
        is_it: impl Fn(&ObjectKey) -> bool,
    ) -> bool {
        self.sources.get(source).is_some_and(|source| source.lacks.may_have(kinds, is_it))
    }

    /// Notes that a source is silent.
    pub(super) fn silence(&mut self, source: &ClusterName, since: i64) {
        self.entry(source).silent_since = Some(since);
    }

    /// Drops a source with all that it gave.
    pub(super) fn forget(&mut self, source: &ClusterName) {
        let gone = self.sources.remove(source).unwrap_or_default();
        for key in gone.objects.keys() {
            self.release(source, key);
        }
    }

    /// A source, heard or not.
    pub(super) fn source(&self, name: &ClusterName) -> Option<&Source> {
        self.sources.get(name)
    }

    /// The same, by a borrowed name.
    pub(super) fn source_named(&self, name: &str) -> Option<&Source> {
        self.sources.get(name)
    }

    /// True of a source that was read, if only in part.
    pub(super) fn is_read(&self, name: &str) -> bool {
        self.sources.get(name).is_some_and(|source| source.is_read)
    }

    /// How many objects of a source are kept.
    pub(super) fn count(&self, name: &ClusterName) -> usize {
        self.sources.get(name).map_or(0, |source| source.objects.len())
    }

    /// The clusters that were read; the root is none.
    pub(super) fn clusters(&self) -> impl Iterator<Item = (&ClusterName, &Source)> {
        self.sources.iter().filter(|(name, source)| !is_root(name) && source.is_read)
    }

    /// The names of all objects of an intent's kind, in any namespace.
    pub(super) fn names_of(&self, kind: Kind) -> impl Iterator<Item = Arc<str>> {
        self.keys_of(kind).map(|key| key.name().into())
    }

    /// The keys of all objects of an intent's kind.
    pub(super) fn keys_of(&self, kind: Kind) -> impl Iterator<Item = &ObjectKey> {
        let first = ObjectKey::of(kind, "", "");
        self.holders.range(first..).map(|(key, _)| key).take_while(move |key| key.kind() == kind)
    }

    /// True when a source that was read holds an intent.
    pub(super) fn is_held(&self, key: &ObjectKey) -> bool {
        self.holders.get(key).is_some_and(|all| all.iter().any(|source| self.is_read(&source.0)))
    }

    /// The copy of an intent that counts: the root's, else the one that says what most clusters say (of
    /// equally many, the first by cluster). One that counts in part does so only where none is whole.
    pub(super) fn held(&self, key: &ObjectKey) -> Option<Held<'_>> {
        let (key, holders) = self.holders.get_key_value(key)?;
        let copy = |name| self.sources.get_key_value(name).filter(|(_, source)| source.is_read);
        let copies = holders.iter().filter_map(copy);
        let copies: Vec<_> = copies.filter_map(|(name, source)| Some((name, source.get(key)?))).collect();
        let held_by: Sources = copies.iter().map(|(name, _)| (*name).clone()).collect();
        let is_whole = |(_, located): &&Copy<'_>| !located.object.in_part;
        let whole: Vec<_> = copies.iter().filter(is_whole).copied().collect();
        let counting = if whole.is_empty() { &copies } else { &whole };
        let (source, located) = match counting.first() {
            Some(root) if is_root(root.0) => *root,
            _ => *most_common(counting)?,
        };
        let (mut agreeing, mut disagreeing) = (Vec::new(), Vec::new());
        for (name, other) in &copies {
            match says_the_same(&other.object, &located.object) {
                true => agreeing.push((*name).clone()),
                false => disagreeing.push(((*name).clone(), other.place.clone())),
            }
        }
        Some(Held {
            key,
            source,
            object: &located.object,
            place: &located.place,
            held_by,
            agreeing,
            disagreeing,
        })
    }

    fn entry(&mut self, source: &ClusterName) -> &mut Source {
        self.sources.entry(source.clone()).or_default()
    }

    fn release(&mut self, source: &ClusterName, key: &ObjectKey) {
        if let Some(holders) = self.holders.get_mut(key) {
            holders.remove(source);
            if holders.is_empty() {
                self.holders.remove(key);
            }
        }
    }
}

/// True of the fleet folder's root.
pub(super) fn is_root(source: &ClusterName) -> bool {
    source.0.is_empty()
}

/// Kinds of which all copies are one object; of the others each cluster has its own.
pub(super) fn is_intent(kind: Kind) -> bool {
    match kind {
        Kind::Service | Kind::EndpointSlice | Kind::Endpoints | Kind::Ingress | Kind::Node => false,
        Kind::Pod | Kind::Namespace | Kind::Gateway | Kind::ListenerSet | Kind::HttpRoute => false,
        Kind::GrpcRoute | Kind::TlsRoute | Kind::TcpRoute | Kind::UdpRoute | Kind::Route => false,
        Kind::IstioGateway | Kind::VirtualService => false,
        // Told to the registry alone.
        Kind::KubeFedCluster | Kind::FederatedCluster | Kind::RegistryCluster => false,
        Kind::ClusterProfile | Kind::Secret => false,
        Kind::Domain | Kind::ServiceDnsRecord | Kind::IngressDnsRecord | Kind::DnsEndpoint => true,
        Kind::Zone | Kind::GlobalName | Kind::SteeringPolicy | Kind::MemberCluster => true,
    }
}

/// One source's copy of an intent.
type Copy<'a> = (&'a ClusterName, &'a Located);

/// The first copy of those that say what most say. Copies stand by cluster, so the first group of the
/// largest wins a tie.
fn most_common<'c, 'a>(copies: &'c [Copy<'a>]) -> Option<&'c Copy<'a>> {
    let mut groups: Vec<(&Copy<'a>, usize)> = Vec::new();
    for copy in copies {
        match groups.iter_mut().find(|(first, _)| says_the_same(&first.1.object, &copy.1.object)) {
            Some((_, count)) => *count += 1,
            None => groups.push((copy, 1)),
        }
    }
    let most = groups.iter().map(|(_, count)| *count).max()?;
    groups.into_iter().find(|(_, count)| *count == most).map(|(first, _)| first)
}

/// True when two copies ask for the same; metadata and status do not count.
fn says_the_same(a: &Object, b: &Object) -> bool {
    match (&a.body, &b.body) {
        (Body::Domain(a), Body::Domain(b)) => a.domain == b.domain && a.name_server == b.name_server,
        (Body::ServiceDnsRecord(a), Body::ServiceDnsRecord(b)) => a.spec == b.spec,
        (Body::IngressDnsRecord(a), Body::IngressDnsRecord(b)) => a.spec == b.spec,
        (Body::DnsEndpoint(a), Body::DnsEndpoint(b)) => a.spec == b.spec && a.is_ours() == b.is_ours(),
        (Body::Zone(a), Body::Zone(b)) => a.spec == b.spec,
        (Body::GlobalName(a), Body::GlobalName(b)) => a.spec == b.spec,
        (Body::SteeringPolicy(a), Body::SteeringPolicy(b)) => a.spec == b.spec,
        (Body::MemberCluster(a), Body::MemberCluster(b)) => a.spec == b.spec,
        _ => false,
    }
}
