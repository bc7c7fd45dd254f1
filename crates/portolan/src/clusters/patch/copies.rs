//! Intents as the hub's watches last gave them, so that a status is written without asking for its object first.
//!
//! A copy is worth one write: from then on the object is another, and is so again when its watch tells of it. A copy
//! that is not the latest does no harm, as it bears its version, with which the server refuses it. So what has no room
//! here is merely asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portolan_kube::api::Resource;
use portolan_kube::object::ObjectKey;
use serde_json::Value;

use super::write::At;

/// Most octets of all copies together: a hub of 100,000 intents.
const COPIES_OCTETS_MAX: usize = 64 << 20;

/// Intents as they stand in the hub, as JSON.
#[derive(Debug, Default)]
pub(in super::super) struct Copies(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    copies: BTreeMap<At, Arc<str>>,
    octets: usize,
}

impl Copies {
    /// Notes an object as its watch gives it. Which manager has which field is left out: of a status that is written,
    /// the server knows it, and it is half of the object.
    pub(in super::super) fn note(&self, resource: Resource, key: ObjectKey, object: &mut Value) {
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            metadata.remove("managedFields");
        }
        let at = At { key, resource };
        let text = object.to_string();
        let mut kept = self.lock();
        kept.take(&at);
        if kept.octets + text.len() <= COPIES_OCTETS_MAX {
            kept.octets += text.len();
            kept.copies.insert(at, text.into());
        }
    }

    /// An object is no more.
    pub(in super::super) fn forget(&self, resource: Resource, key: ObjectKey) {
        self.lock().take(&At { key, resource });
    }

    /// The copy of an object, if there is one.
    pub(super) fn get(&self, at: &At) -> Option<Arc<str>> {
        self.lock().copies.get(at).cloned()
    }

    /// A copy was written from: it is the object no more, if its watch has not told of another meanwhile.
    pub(super) fn spent(&self, at: &At, copy: &Arc<str>) {
        let mut kept = self.lock();
        if kept.copies.get(at).is_some_and(|now| Arc::ptr_eq(now, copy)) {
            kept.take(at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn take(&mut self, at: &At) {
        if let Some(text) = self.copies.remove(at) {
            self.octets -= text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use portolan_kube::api::INTENTS;
    use serde_json::json;

    use super::*;

    fn at(name: &str) -> At {
        At { key: ObjectKey::new(INTENTS[1].kind, Some("shop"), name), resource: INTENTS[1] }
    }

    fn note(copies: &Copies, name: &str, version: &str, octets: usize) {
        let mut object = json!({
            "metadata": {"resourceVersion": version, "managedFields": [1]}, "spec": "x".repeat(octets),
        });
        let At { key, resource } = at(name);
        copies.note(resource, key, &mut object);
    }

    #[test]
    fn a_copy_is_worth_one_write() {
        let copies = Copies::default();
        note(&copies, "a", "1", 1);
        let first = copies.get(&at("a")).unwrap();
        assert_eq!(&*first, r#"{"metadata":{"resourceVersion":"1"},"spec":"x"}"#);
        copies.spent(&at("a"), &first);
        assert_eq!(copies.get(&at("a")), None);
        // Its watch was faster than the answer to the write.
        note(&copies, "a", "1", 1);
        let first = copies.get(&at("a")).unwrap();
        note(&copies, "a", "2", 1);
        copies.spent(&at("a"), &first);
        assert!(copies.get(&at("a")).unwrap().contains("\"2\""));
        copies.forget(at("a").resource, at("a").key);
        assert_eq!((copies.get(&at("a")), copies.lock().octets), (None, 0));
    }

    #[test]
    fn copies_take_no_more_than_their_room() {
        let copies = Copies::default();
        for number in 0..70 {
            note(&copies, &number.to_string(), "1", 1 << 20);
        }
        let kept = (0..70).filter(|number| copies.get(&at(&number.to_string())).is_some()).count();
        assert_eq!(kept, 63);
        copies.forget(at("0").resource, at("0").key);
        note(&copies, "69", "1", 1 << 20);
        assert!(copies.get(&at("69")).is_some());
        // One that grows is none until there is room for it.
        note(&copies, "69", "2", 8 << 20);
        assert!(copies.get(&at("69")).is_none());
        assert!(copies.lock().octets <= COPIES_OCTETS_MAX);
    }
}
