//! What is said of a record that nothing stands behind.
//!
//! A record whose Service is misspelt looks like one whose Service is not rolled out yet: both have no
//! address anywhere, and their name is not there. So whoever looks through the clusters for what a record
//! names notes here what there was, and the record is told in words where was looked and for what.

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::Evidence;
use portolan_core::{Name, Problem, Reason};

use super::Index;
use super::draft::Draft;
use super::places::host_field;
use super::source::Source;
use super::world::World;
use crate::few::Few;
use crate::ingress;
use crate::manifest::Located;
use crate::object::{Body, ObjectKey};

/// Most clusters that a message lists, and most hosts that one Ingress is told of.
const LISTED_MAX: usize = 16;

/// What the clusters had of one Service or Ingress.
pub(super) struct Backing<'a> {
    key: &'a ObjectKey,
    looked_in: Vec<&'a ClusterName>,
    is_there: bool,
    has_address: bool,
}

impl<'a> Backing<'a> {
    /// Nothing was looked at yet.
    pub(super) fn of(key: &'a ObjectKey) -> Self {
        Self { key, looked_in: Vec::new(), is_there: false, has_address: false }
    }

    /// Looks for it in a cluster.
    pub(super) fn look(&mut self, cluster: &'a ClusterName, source: &'a Source) -> Option<&'a Located> {
        self.looked_in.push(cluster);
        let located = source.get(self.key);
        self.is_there |= located.is_some();
        located
    }

    /// The cluster that was looked in offers an address.
    pub(super) fn found(&mut self) {
        self.has_address = true;
    }

    /// Counts the clusters that were looked in, and tells the record when there is nothing, at the field that names
    /// it. While no cluster was heard at all, nothing is known.
    pub(super) fn judge(&self, draft: &mut Draft<'_>, field: Option<String>, world: World<'_>) {
        draft.steps += self.looked_in.len();
        if self.has_address {
            return;
        }
        draft.is_wanting = true;
        let unheard: Vec<&ClusterName> =
            world.clusters.keys().filter(|name| !world.objects.is_read(&name.0)).collect();
        if self.looked_in.is_empty() && !unheard.is_empty() {
            return;
        }
        let key = self.key;
        let message = match (self.is_there, self.looked_in.is_empty()) {
            (true, _) => format!("{key} has no load balancer address in any cluster"),
            (false, true) => format!("no cluster has {key} (no cluster is known)"),
            (false, false) => format!("no cluster has {key} (looked in {})", list(&self.looked_in)),
        };
        let message = match unheard.as_slice() {
            [] => message,
            unheard => format!("{message}; not heard yet: {}", list(unheard)),
        };
        incomplete(draft, field, message);
    }
}

/// Tells a record for which of its hosts an Ingress has no rule, once for all clusters where it is so.
pub(super) fn without_rules(draft: &mut Draft<'_>) {
    for ((key, hosts), clusters) in std::mem::take(&mut draft.unruled) {
        let field = hosts.first().and_then(|host| host_field(draft.held.object, host));
        let clusters: Vec<&ClusterName> = clusters.iter().collect();
        let message = no_rule(&format!("{key} ({})", list(&clusters)), &hosts);
        incomplete(draft, field, message);
    }
}

impl Index {
    /// Why nothing behind a cluster's offer for a name can be ready, when it is an Ingress that leads the name
    /// nowhere: `Ingress shop/front has no rule for shop.example.com`.
    #[must_use]
    pub fn without_rule(&self, name: &Name, cluster: &ClusterName) -> Option<String> {
        let source = self.objects.source(cluster)?;
        let claim = self.given.names.get(name.borrowed()).and_then(|facts| {
            Few::all_of(self.claims.get(name))
                .iter()
                .find(|claim| claim.facts.view().owner() == facts.owner())
        })?;
        let uses = &self.drafted.get(claim.by.key())?.uses;
        let has_rule = |key: &ObjectKey| match &source.get(key)?.object.body {
            Body::Ingress(object) => Some(ingress::Routes::of(object, |_| Evidence::None).has_rule(name)),
            _ => None,
        };
        let unruled = uses.iter().find(|key| has_rule(key) == Some(false))?;
        Some(no_rule(&unruled.to_string(), std::slice::from_ref(name)))
    }
}

fn no_rule(ingress: &str, hosts: &[Name]) -> String {
    let listed: Vec<String> = hosts.iter().take(LISTED_MAX).map(Name::to_dotless).collect();
    let more = match hosts.len() - listed.len() {
        0 => String::new(),
        more => format!(" and {more} more hosts"),
    };
    format!("{ingress} has no rule for {}{more}", listed.join(", "))
}

fn incomplete(draft: &mut Draft<'_>, field: Option<String>, message: String) {
    match field {
        Some(field) => draft.problem(field, Reason::Incomplete, message),
        None => draft.problems.push(Problem {
            subject: draft.subject(),
            reason: Reason::Incomplete,
            message,
            place: draft.held.place.to_string(),
        }),
    }
}

/// The names of clusters, as many as a message bears.
fn list(clusters: &[&ClusterName]) -> String {
    let names: Vec<&str> = clusters.iter().take(LISTED_MAX).map(|name| &*name.0).collect();
    match clusters.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}
