//! The `DNSEndpoint`s that a hub hands over, judged before they are taken.
//!
//! One that cannot be understood is refused as a manifest is that cannot: it stays what it was, and what was remembered
//! of it before our own restart stays too. So is one that was written before what was told of it (faults.md R-01): a
//! writer that woke up late must not take names back to what they were. What a server says after its past was found to
//! be another, and somebody said that it is to be believed, is compared with nothing.

use std::collections::BTreeMap;

use portolan_core::{Problem, Reason};

use super::Follower;
use crate::api::resource_of;
use crate::dns_endpoint::{DnsEndpoint, MARK};
use crate::endpoints::{Stamp, handed};
use crate::manifest::{Given, Refused};
use crate::object::{Body, Object, ObjectKey};

/// Who wrote last what was told of each object, which is known by its uid: one that was made anew begins anew.
#[derive(Debug, Default)]
pub(super) struct HandedOver(BTreeMap<ObjectKey, (Option<String>, Stamp)>);

impl Follower {
    /// What was given, or its refusal.
    pub(super) fn judged(&self, given: Given) -> Given {
        let Some(HandedOver(stamps)) = &self.handed else { return given };
        let Given::Object(object, mut problems) = given else { return given };
        let Some((endpoint, mark)) = ours(&object) else { return Given::Object(object, problems) };
        let key = &object.key;
        let older = || {
            let (uid, last) = stamps.get(key)?;
            let stamp = Stamp::of(mark).filter(|_| *uid == endpoint.metadata.uid)?;
            let rule = || {
                format!(
                    "epoch {} and revision {} are older than {} and {}, which were told before; what it said then stays",
                    stamp.epoch, stamp.revision, last.epoch, last.revision
                )
            };
            stamp.is_before(last).then(|| (format!("metadata.annotations[{MARK}]"), Reason::Conflict, rule()))
        };
        let Some((field, reason, message)) = handed(key, endpoint).err().or_else(older) else {
            return Given::Object(object, problems);
        };
        let subject = format!("{key}: {field}");
        problems.push(Problem { subject, reason, message, place: self.place.to_string() });
        let refused = Refused {
            key: key.clone(),
            resource: resource_of(&endpoint.api_version, &endpoint.kind),
            uid: endpoint.metadata.uid.clone(),
            generation: endpoint.metadata.generation,
            rest: None,
        };
        Given::Refused(Box::new(refused), problems)
    }

    /// Notes who wrote an object that is told.
    pub(super) fn note_stamp(&mut self, object: &Object) {
        let Some(HandedOver(stamps)) = &mut self.handed else { return };
        match ours(object)
            .and_then(|(endpoint, mark)| Some((endpoint.metadata.uid.clone(), Stamp::of(mark)?)))
        {
            Some(stamp) => stamps.insert(object.key.clone(), stamp),
            None => stamps.remove(&object.key),
        };
    }

    /// An object is no more: what comes with its name is another.
    pub(super) fn forget_stamp(&mut self, key: &ObjectKey) {
        if let Some(HandedOver(stamps)) = &mut self.handed {
            stamps.remove(key);
        }
    }
}

/// An object of ours, and its mark.
fn ours(object: &Object) -> Option<(&DnsEndpoint, &str)> {
    let Body::DnsEndpoint(endpoint) = &object.body else { return None };
    let mark = endpoint.metadata.annotations.as_ref()?.get(MARK)?;
    Some((endpoint, mark))
}

#[cfg(test)]
mod tests;
