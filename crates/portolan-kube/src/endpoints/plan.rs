//! What to write, so that an API server has the objects that federation would write.
//!
//! Only what bears our mark is ever changed or deleted. An object of the same name without it is somebody
//! else's: it stays, and the record is told ([`Reason::Conflict`]). And while not all of the fleet was read,
//! nothing that stands is taken back: what a cluster offers that was not read is not known to be gone, nor what
//! an intent asks for that nobody can understand.
//!
//! What is written stands in External-DNS' group, and in those of KubeFed's that the hub has: each is planned by
//! itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portolan_core::{Problem, Reason};

use super::members::Members;
use crate::api::Resource;
use crate::dns_endpoint::{DnsEndpoint, GROUP, MARK, RecordSpec};
use crate::object::{Body, Kind, Object, ObjectKey};

/// What to write.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Objects that are not there, or say something else.
    pub put: Vec<DnsEndpoint>,
    /// Objects of ours that nothing asks for any more.
    pub delete: Vec<ObjectKey>,
    /// Objects of others that stand where one of ours would.
    pub conflicts: Vec<Problem>,
    /// Objects that would go or lose targets, and stay as they are.
    pub kept: Vec<ObjectKey>,
}

/// What changes the objects that are there in a group into those that are wanted. Those that it may not `lessen`
/// do not go, and lose no target.
#[must_use]
pub fn plan<'o>(
    group: Resource,
    wanted: &[DnsEndpoint],
    there: impl Iterator<Item = &'o Arc<Object>>,
    lessens: impl Fn(&ObjectKey) -> bool,
) -> Plan {
    let mut there: BTreeMap<&ObjectKey, &DnsEndpoint> = there
        .filter_map(|object| match &object.body {
            Body::DnsEndpoint(endpoint) => Some((&object.key, &**endpoint)),
            _ => None,
        })
        .collect();
    let mut plan = Plan::default();
    for object in wanted {
        let name = object.metadata.name.as_deref().unwrap_or_default();
        let key = ObjectKey::new(Kind::DnsEndpoint, object.metadata.namespace.as_deref(), name);
        match there.remove(&key) {
            Some(known) if !known.is_ours() => plan.conflicts.push(conflict(group, &key)),
            Some(known) if says_the_same(known, object) => {}
            Some(known) if is_less(object, known) && !lessens(&key) => plan.kept.push(key),
            _ => plan.put.push(DnsEndpoint { api_version: group.api_version(), ..object.clone() }),
        }
    }
    for (key, _) in there.into_iter().filter(|(_, known)| known.is_ours()) {
        let goes = if lessens(key) { &mut plan.delete } else { &mut plan.kept };
        goes.push(key.clone());
    }
    plan
}

/// Somebody else's object stands where ours would.
fn conflict(group: Resource, key: &ObjectKey) -> Problem {
    let of_group = if group.group == GROUP { String::new() } else { format!("of {} ", group.group) };
    Problem {
        subject: key.to_string(),
        reason: Reason::Conflict,
        message: format!(
            "{of_group}bears no annotation {MARK}, so it is not ours; it is left alone, and a publisher does not get \
             what it should hold"
        ),
        place: String::new(),
    }
}

/// True when an object lacks a target that another has.
fn is_less(object: &DnsEndpoint, than: &DnsEndpoint) -> bool {
    !targets(than).is_subset(&targets(object))
}

/// Every target, with the name, type and set that it stands in.
fn targets(object: &DnsEndpoint) -> BTreeSet<(&str, &str, Option<&str>, &str)> {
    let mut all = BTreeSet::new();
    for record in &object.spec.endpoints {
        let set = record.set_identifier.as_deref();
        all.extend(
            record.targets.iter().map(|target| (&*record.dns_name, &*record.record_type, set, &**target)),
        );
    }
    all
}

/// True when the records, the members and what is told of names are the same, whoever wrote them and when.
fn says_the_same(known: &DnsEndpoint, wanted: &DnsEndpoint) -> bool {
    let members = |object: &DnsEndpoint| {
        let mark = object.metadata.annotations.as_ref()?.get(MARK)?;
        let Members { endpoints, names, .. } = serde_json::from_str(mark).ok()?;
        Some((endpoints, names))
    };
    // KubeFed's definition has no room for what sets a record apart, and its API server drops it: to write that
    // again and again would change nothing.
    let has_room = known.api_version.starts_with(GROUP) || !known.spec.endpoints.iter().all(is_bare);
    let says = |object: &DnsEndpoint| object.spec.endpoints.iter().cloned().map(bare).collect::<Vec<_>>();
    let is_same = if has_room { known.spec == wanted.spec } else { says(known) == says(wanted) };
    is_same && members(known) == members(wanted)
}

/// A record without what sets it apart from others of its name and type.
fn bare(record: RecordSpec) -> RecordSpec {
    RecordSpec { set_identifier: None, provider_specific: Vec::new(), ..record }
}

fn is_bare(record: &RecordSpec) -> bool {
    record.set_identifier.is_none() && record.provider_specific.is_empty()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;
    use crate::api::dns_endpoints;
    use crate::dns_endpoint::ProviderProperty;
    use crate::object::Read;
    use crate::workload::Keep;

    fn group(text: &str) -> Resource {
        dns_endpoints().find(|resource| resource.group == text).unwrap()
    }

    fn endpoint(name: &str, target: &str, mark: Option<&str>) -> DnsEndpoint {
        let metadata = ObjectMeta {
            name: Some(name.into()),
            namespace: Some("shop".into()),
            annotations: mark.map(|mark| [(MARK.to_owned(), mark.to_owned())].into()),
            ..ObjectMeta::default()
        };
        let record = RecordSpec {
            dns_name: "shop.example.net".into(),
            targets: vec![target.into()],
            record_type: "A".into(),
            ..RecordSpec::default()
        };
        DnsEndpoint::new(metadata, vec![record])
    }

    fn planned(wanted: &[DnsEndpoint], there: &[DnsEndpoint]) -> (Vec<String>, Vec<String>, usize) {
        let there: Vec<Arc<Object>> =
            there.iter().map(|object| Arc::new(object.clone().object(&Keep::default()))).collect();
        let plan = plan(group(GROUP), wanted, there.iter(), |_| true);
        let put = plan.put.iter().map(|object| object.metadata.name.clone().unwrap_or_default());
        (put.collect(), plan.delete.iter().map(|key| key.name().to_string()).collect(), plan.conflicts.len())
    }

    #[test]
    fn only_what_differs_and_is_ours_is_written() {
        const MEMBERS: &str = r#"{"version":1,"endpoints":[]}"#;
        const LATER: &str = r#"{"version":1,"endpoints":[],"epoch":7,"revision":9}"#;
        const OTHER: &str = r#"{"version":1,"endpoints":[{"name":"a","type":"A","target":"192.0.2.1","ready":false,"weight":1}]}"#;
        let wanted = [endpoint("a", "192.0.2.1", Some(MEMBERS))];
        let text = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let rows: &[(Option<DnsEndpoint>, &[&str], usize)] = &[
            (None, &["a"], 0),
            (Some(endpoint("a", "192.0.2.1", Some(MEMBERS))), &[], 0),
            (Some(endpoint("a", "192.0.2.1", Some(LATER))), &[], 0),
            (Some(endpoint("a", "192.0.2.1", Some(OTHER))), &["a"], 0),
            (Some(endpoint("a", "192.0.2.9", Some(MEMBERS))), &["a"], 0),
            (Some(endpoint("a", "192.0.2.1", Some("garbage"))), &["a"], 0),
            (Some(endpoint("a", "192.0.2.1", None)), &[], 1),
        ];
        for (there, put, conflicts) in rows {
            let there: Vec<DnsEndpoint> = there.iter().cloned().collect();
            assert_eq!(planned(&wanted, &there), (text(put), vec![], *conflicts), "{there:?}");
        }
        // What nothing asks for goes, if it is ours.
        let there = [endpoint("old", "192.0.2.1", Some(MEMBERS)), endpoint("foreign", "192.0.2.1", None)];
        assert_eq!(planned(&wanted, &there), (text(&["a"]), text(&["old"]), 0));
    }

    #[test]
    fn while_not_all_is_read_nothing_is_taken_back() {
        const MEMBERS: &str = r#"{"version":1,"endpoints":[]}"#;
        let with = |targets: &[&str]| {
            let mut object = endpoint("a", "", Some(MEMBERS));
            object.spec.endpoints[0].targets = targets.iter().map(|target| (*target).to_owned()).collect();
            object
        };
        let rows: [(&[&str], &[&str], bool); 4] = [
            (&["192.0.2.1"], &["192.0.2.1", "192.0.2.2"], true),
            (&["192.0.2.1", "192.0.2.2"], &["192.0.2.1"], false),
            (&["192.0.2.1"], &["192.0.2.2"], false),
            (&["192.0.2.1"], &[], false),
        ];
        for (before, wanted, is_put) in rows {
            let there = [Arc::new(with(before).object(&Keep::default()))];
            let wanted: Vec<DnsEndpoint> = if wanted.is_empty() { vec![] } else { vec![with(wanted)] };
            let plan = plan(group(GROUP), &wanted, there.iter(), |_| false);
            assert_eq!((plan.put.len(), plan.kept.len()), (usize::from(is_put), usize::from(!is_put)));
            assert_eq!(plan.delete, []);
        }
    }

    /// KubeFed's definition drops what sets records apart; who wrote it again each time would never end.
    #[test]
    fn what_a_group_has_no_room_for_is_not_missed() {
        const MEMBERS: &str = r#"{"version":1,"endpoints":[]}"#;
        const KUBEFED: &str = "multiclusterdns.kubefed.io";
        let mut wanted = endpoint("a", "192.0.2.1", Some(MEMBERS));
        wanted.spec.endpoints[0].set_identifier = Some("eu".into());
        wanted.spec.endpoints[0].provider_specific =
            vec![ProviderProperty { name: "aws/weight".into(), value: "1".into() }];
        let in_group = |object: &DnsEndpoint, group: Resource| {
            let object = DnsEndpoint { api_version: group.api_version(), ..object.clone() };
            Arc::new(object.object(&Keep::default()))
        };
        let (mut dropped, mut other) = (wanted.clone(), wanted.clone());
        dropped.spec.endpoints[0] = bare(dropped.spec.endpoints[0].clone());
        other.spec.endpoints[0].set_identifier = Some("us".into());
        for (group, there, is_put) in [
            (group(KUBEFED), &wanted, false),
            (group(KUBEFED), &dropped, false),
            (group(KUBEFED), &other, true),
            (group(GROUP), &dropped, true),
        ] {
            let plan = plan(group, &[wanted.clone()], [in_group(there, group)].iter(), |_| true);
            let put: Vec<String> = plan.put.iter().map(|object| object.api_version.clone()).collect();
            let expected = if is_put { vec![group.api_version()] } else { vec![] };
            assert_eq!(put, expected, "{there:?}");
        }
    }

    #[test]
    fn a_conflict_says_in_which_group() {
        let wanted = [endpoint("a", "192.0.2.1", Some("{}"))];
        for (text, begins) in
            [(GROUP, "bears no"), ("multiclusterdns.kubefed.io", "of multiclusterdns.kubefed.io bears no")]
        {
            let there = [Arc::new(endpoint("a", "192.0.2.1", None).object(&Keep::default()))];
            let plan = plan(group(text), &wanted, there.iter(), |_| true);
            assert_eq!((plan.put.len(), plan.delete.len(), plan.conflicts.len()), (0, 0, 1));
            assert!(plan.conflicts[0].message.starts_with(begins), "{}", plan.conflicts[0].message);
        }
    }

    /// An older release wrote less, and whoever may write an object may write its mark.
    #[test]
    fn what_is_told_of_names_is_put_right_too() {
        let marked = |rest: &str| {
            let mark = format!(r#"{{"version":1,"endpoints":[]{rest}}}"#);
            let annotations = Some([(MARK.to_owned(), mark)].into());
            DnsEndpoint::new(ObjectMeta { annotations, ..ObjectMeta::default() }, Vec::new())
        };
        let wanted = marked(r#","names":[{"name":"a.example","ttl":5}]"#);
        for (known, is_same) in [
            (r#","names":[{"name":"a.example","ttl":5}],"epoch":7,"revision":9"#, true),
            ("", false),
            (r#","names":[{"name":"a.example","ttl":6}]"#, false),
            (r#","names":[{"name":"a.example","ttl":5,"fallback":"b.example"}]"#, false),
        ] {
            assert_eq!(says_the_same(&marked(known), &wanted), is_same, "{known}");
        }
    }
}
