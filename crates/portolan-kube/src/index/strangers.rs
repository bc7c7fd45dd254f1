//! Clusters that policies name and nobody knows.
//!
//! A policy may name a cluster that is yet to come, so it is taken as it stands; but one whose name is misspelt looks
//! just like that, and steers nobody. So once all that is known to be there was read, each is told of.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_core::cluster::ClusterName;

use super::draft::placed;
use super::{About, Index};
use crate::object::{Body, Kind, ObjectKey};
use crate::settle;

/// Which clusters are known, read or not.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    /// All that is known to be there was read once.
    is_read: bool,
    followed: BTreeSet<ClusterName>,
    /// Something may have come, or gone.
    pub(super) is_news: bool,
    /// Those that the policies were last held against.
    known: BTreeSet<Arc<str>>,
}

impl Index {
    /// A cluster is followed, though nothing of it was read yet, until it is [forgotten](Index::forget).
    pub fn followed(&mut self, cluster: ClusterName) {
        self.strangers.followed.insert(cluster);
        self.strangers.is_news = true;
    }

    /// All that is known to be there was read once: from now on a cluster that nobody knows is told of.
    pub fn all_was_read(&mut self) {
        self.strangers.is_read = true;
        self.strangers.is_news = true;
    }

    /// A cluster is followed no more.
    pub(super) fn unfollowed(&mut self, cluster: &ClusterName) {
        self.strangers.followed.remove(cluster);
        self.strangers.is_news = true;
    }

    /// Looks at these policies, and at all where other clusters are known than before.
    pub(super) fn take_strangers(&mut self, mut policies: BTreeSet<Arc<str>>) {
        if !self.strangers.is_read {
            return;
        }
        if std::mem::take(&mut self.strangers.is_news) {
            let known = self.known_clusters();
            if known != self.strangers.known {
                self.strangers.known = known;
                policies.extend(self.objects.names_of(Kind::SteeringPolicy));
            }
        }
        self.step(policies.len());
        for name in policies {
            let key = ObjectKey::of(Kind::SteeringPolicy, "", &name);
            let mut problems = Vec::new();
            if let Some(held) = self.objects.held(&key)
                && let Body::SteeringPolicy(object) = &held.object.body
            {
                problems = placed(settle::strangers(object, &self.strangers.known), &held);
            }
            self.note(About::Strangers(name), problems);
        }
    }

    fn known_clusters(&self) -> BTreeSet<Arc<str>> {
        let given = self.given.clusters.keys().chain(&self.strangers.followed).map(|name| name.0.clone());
        given.chain(self.objects.names_of(Kind::MemberCluster)).collect()
    }
}
