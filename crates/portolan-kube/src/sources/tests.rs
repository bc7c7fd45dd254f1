//! What each source makes of objects, as tables. An option is said as on the command line, objects are
//! manifests, and what comes of the last of them is one line a record set.

mod gateway;
mod ingress;
mod options;
mod others;
mod room;
mod service;

use std::collections::BTreeMap;
use std::fmt::Write;

use portolan_core::fleet::Evidence;

use super::{Cluster, Offered, Options, View, all_of, offered};
use crate::manifest;
use crate::object::{Body, Kind, Object, ObjectKey};
use crate::workload::EndpointSlice;

/// Options out of `--source=service --publish-host-ip`; a list has its flag several times.
pub(crate) fn options(flags: &str) -> Options {
    let mut said: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for flag in flags.split("--").map(str::trim).filter(|flag| !flag.is_empty()) {
        let (option, text) = flag.split_once('=').unwrap_or((flag, "true"));
        said.entry(option).or_default().push(text.into());
    }
    let mut options = Options::default();
    for (option, texts) in said {
        assert_eq!(options.set(option, &texts), [], "{option}");
    }
    assert_eq!(options.faults(), []);
    options
}

/// A cluster of a test: a readiness is whether an EndpointSlice says so.
pub(super) struct Objects(BTreeMap<ObjectKey, Object>);

impl Objects {
    /// Reads manifests with what the options keep; the last object is the one that is asked for.
    pub(super) fn read(text: &str, options: &Options) -> (Self, ObjectKey) {
        let read = manifest::read_keeping("test.yaml", text.as_bytes(), &options.keep());
        assert_eq!(read.problems, [], "{text}");
        let objects: Vec<Object> = read.objects.iter().map(|located| (*located.object).clone()).collect();
        let last = objects.last().expect("there is an object").key.clone();
        (Self(objects.into_iter().map(|object| (object.key.clone(), object)).collect()), last)
    }

    pub(super) fn offered(&self, key: &ObjectKey, options: &Options) -> Offered {
        offered(&self.0[key], &mut View::new(self), options)
    }
}

impl Cluster for Objects {
    fn get(&self, key: &ObjectKey) -> Option<&Object> {
        self.0.get(key)
    }

    fn list(&self, kind: Kind, namespace: &str) -> Vec<&Object> {
        let is_one = |key: &&ObjectKey| key.kind() == kind && [key.namespace(), ""].contains(&namespace);
        self.0.keys().filter(is_one).map(|key| &self.0[key]).collect()
    }

    fn entrances(&self) -> Vec<&Object> {
        let all = self.0.range(all_of(Kind::Service, "")..).map(|(_, object)| object);
        all.filter(|object| matches!(&object.body, Body::Service(service) if service.source.is_some()))
            .collect()
    }

    fn slices(&self, service: &ObjectKey) -> Vec<&EndpointSlice> {
        let slices = self.list(Kind::EndpointSlice, service.namespace()).into_iter();
        slices
            .filter_map(|object| match &object.body {
                Body::EndpointSlice(slice) if slice.service.as_ref() == Some(service) => Some(slice),
                _ => None,
            })
            .collect()
    }

    fn is_ready(&self, service: &ObjectKey) -> bool {
        self.slices(service).iter().any(|slice| slice.has_ready)
    }
}

/// What a source gives, one line a set: `name TTL TYPE targets`, then what else there is.
pub(super) fn lines(offered: &Offered) -> String {
    let mut text = String::new();
    for endpoint in &offered.endpoints {
        let ttl = endpoint.ttl.map_or("-".into(), |ttl| ttl.seconds().to_string());
        let _ = write!(text, "{} {ttl} {} {}", endpoint.name, endpoint.rtype, endpoint.targets.join(","));
        if !endpoint.set.is_empty() {
            let _ = write!(text, " set={}", endpoint.set);
        }
        for property in &endpoint.properties {
            let _ = write!(text, " {}={}", property.name, property.value);
        }
        if endpoint.evidence != Evidence::None {
            let _ = write!(text, " ({:?})", endpoint.evidence);
        }
        text.push('\n');
    }
    for fault in offered.faults.iter() {
        let _ = writeln!(text, "{}: {}: {}", fault.reason, fault.field, fault.message);
    }
    text
}

/// Objects and flags in; lines that are expected, without indent and empty lines.
#[track_caller]
pub(super) fn check(flags: &str, objects: &str, expected: &str) {
    let options = options(flags);
    let (cluster, last) = Objects::read(objects, &options);
    let given = lines(&cluster.offered(&last, &options));
    let expected: String = expected.lines().map(str::trim).filter(|line| !line.is_empty()).fold(
        String::new(),
        |mut text, line| {
            let _ = writeln!(text, "{line}");
            text
        },
    );
    assert_eq!(given, expected, "{flags}\n{objects}");
}
