//! Clusters whose copy of an intent is not the one that counts.
//!
//! Where several clusters hold the same object, what most of them say counts, whole, everywhere: in the others too.
//! Whoever applied something else there has to hear of it, and so has who waits for a change to be in force that one
//! cluster did not get.

use portolan_core::cluster::ClusterName;
use portolan_core::{Problem, Reason};

use super::draft::subject;
use super::objects::{Held, is_root};
use crate::object::Body;
use crate::origin::Origin;

/// What is said of each copy that does not count. A `DNSEndpoint` that we wrote is no intent, and each cluster has its own.
pub(super) fn told(held: &Held<'_>) -> Vec<Problem> {
    if matches!(&held.object.body, Body::DnsEndpoint(object) if object.is_ours()) {
        return Vec::new();
    }
    let (with, without) = (held.agreeing.len(), held.disagreeing.len());
    let counts = match (is_root(held.source), with) {
        (true, _) => "the one beside the clusters, which counts".to_owned(),
        (false, 1) => format!(
            "{}, whose counts: none is held by more clusters, and that one comes first by name",
            held.source
        ),
        (false, _) => format!("{}, whose counts: {with} of {} clusters hold it", held.source, with + without),
    };
    let problem = |(cluster, place): &(ClusterName, Origin)| Problem {
        subject: format!("{}: spec", subject(held.key, cluster)),
        reason: Reason::Disagreement,
        message: format!("{cluster} holds another than {counts}"),
        place: place.to_string(),
    };
    held.disagreeing.iter().map(problem).collect()
}
