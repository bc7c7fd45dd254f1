//! What of a source is there and could not be read.
//!
//! Such a source is heard *in part*: what it gave counts, and what the last good state has of it stays where
//! nothing that it gave replaces it, for half a file must not look like the deletion of the other half. It is
//! heard whole once nothing is lacking, and then what is missing is gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Index;
use crate::object::{Kind, ObjectKey};
use portolan_core::cluster::ClusterName;

/// What of a source was never read, though it is there. What was read once is not lacking: it stays as it was
/// until somebody deletes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacks {
    /// Files that may hold anything.
    pub files: BTreeSet<Arc<str>>,
    /// Objects that are there, and were never whole: a type of them is wrong, or a value not allowed.
    pub objects: BTreeSet<ObjectKey>,
    /// Kinds that may have more objects than were given.
    pub kinds: BTreeSet<Kind>,
}

impl Lacks {
    /// True when all was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.objects.is_empty() && self.kinds.is_empty()
    }

    /// True when an object of such a kind, and of them such a one, may be something that was not read.
    pub(super) fn may_have(&self, kinds: impl Fn(Kind) -> bool, is_it: impl Fn(&ObjectKey) -> bool) -> bool {
        !self.files.is_empty()
            || self.kinds.iter().any(|kind| kinds(*kind))
            || self.objects.iter().any(|key| kinds(key.kind()) && is_it(key))
    }
}

impl Index {
    /// Says what of a source could not be read, in place of what was said before. To be said before the source
    /// is first heard; of one that was heard whole it changes nothing.
    pub fn lacks(&mut self, source: &ClusterName, lacks: Lacks) {
        let is_news = self.objects.lack(source, lacks);
        if is_news && self.objects.is_read(&source.0) && self.memory.awaits(&source.0) {
            let memory = self.memory.hear(&self.objects, source);
            self.dirty.recall(memory);
        }
    }

    /// True when a cluster was heard in part, and what tells whether a backend of a record is ready in it
    /// was not.
    pub(super) fn lacks_readiness(&self, cluster: &str, record: &ObjectKey) -> bool {
        let tell = |kind| matches!(kind, Kind::EndpointSlice | Kind::Endpoints);
        let is_near = |key: &ObjectKey| key.is_in(record.namespace());
        let Some(source) =
            self.objects.source_named(cluster).filter(|source| source.lacks.may_have(tell, is_near))
        else {
            return false;
        };
        let uses = self.drafted.get(record).into_iter().flat_map(|drafted| &drafted.uses);
        // A Service that is a source object stands behind itself.
        let mut backends = uses.chain((record.kind() == Kind::Service).then_some(record));
        self.memory.awaits(cluster) && backends.any(|backend| source.is_readiness_untold(backend))
    }
}
