//! Where the objects stand that problems are about.
//!
//! What is found out once facts are all that is left knows no file. It names the object, and the object is
//! looked up here; the field of a host too, so that `check` can point at its line.

use portolan_core::{Name, Problem};

use super::Index;
use super::claims::Claimant;
use super::draft::subject;
use super::zones::Basis;
use crate::hosts;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::origin::Origin;

impl Index {
    /// A problem whose subject begins with an object (`GlobalName shop/web: ...`, or `zone example.com: ...` for
    /// the `Zone` of that apex), with the place of the copy that counts.
    #[must_use]
    pub fn placed(&self, mut problem: Problem) -> Problem {
        let (object, field) = match problem.subject.split_once(": ") {
            Some((object, field)) => (object, format!(": {field}")),
            None => (problem.subject.as_str(), String::new()),
        };
        if problem.place.is_empty()
            && let Some((object, place)) = self.whereabouts(object)
        {
            problem.subject = object + &field;
            problem.place = place.to_string();
        }
        problem
    }

    /// An object as problems name it, with its source, and where it stands.
    #[must_use]
    pub fn whereabouts(&self, object: &str) -> Option<(String, Origin)> {
        let key = match object.strip_prefix("zone ") {
            Some(apex) => match &self.zones.at(&apex.parse().ok()?)?.by {
                Basis::Own { key, .. } | Basis::Implied { key, .. } => key.clone(),
                Basis::Remembered => return None,
            },
            None => key_of(object)?,
        };
        let held = self.objects.held(&key)?;
        Some((subject(held.key, held.source), held.place.clone()))
    }

    /// Who claims a name, as problems name it, with the field that has the name where there is one.
    pub(super) fn claimed_at(&self, by: &Claimant, name: &Name) -> String {
        let field = self.objects.held(by.key()).and_then(|held| host_field(held.object, name));
        field.map_or_else(|| by.subject.clone(), |field| format!("{}: {field}", by.subject))
    }
}

/// The field of an object that has a host.
pub(super) fn host_field(object: &Object, name: &Name) -> Option<String> {
    let is_it = |text: &str| hosts::host(text).is_ok_and(|host| host == *name);
    let in_hosts = |texts: &[String]| {
        let nth = texts.iter().position(|text| is_it(text))?;
        Some(format!("spec.hosts[{nth}]"))
    };
    match &object.body {
        Body::GlobalName(object) => in_hosts(&object.spec.hosts),
        Body::IngressDnsRecord(record) => in_hosts(&record.spec.hosts),
        Body::DnsEndpoint(object) => {
            let nth = object.spec.endpoints.iter().position(|record| is_it(&record.dns_name))?;
            Some(format!("spec.endpoints[{nth}].dnsName"))
        }
        _ => None,
    }
}

/// `GlobalName shop/web` as a key.
fn key_of(object: &str) -> Option<ObjectKey> {
    let (kind, name) = object.split_once(' ')?;
    let kind = Kind::of_owner(kind)?;
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    Some(ObjectKey::of(kind, namespace, name))
}
