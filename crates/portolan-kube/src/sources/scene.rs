//! What a source has at hand.

use std::collections::BTreeSet;

use super::annotations::Annotations;
use super::endpoint::{Common, Endpoint};
use super::faults::Faults;
use super::options::Options;
use super::room::{NAMES_MAX, RECORDS_MAX, TARGETS_MAX, distinct};
use super::view::View;
use crate::object::Object;
use portolan_core::fleet::Evidence;

/// What a source has at hand for one object.
pub(super) struct Scene<'s, 'a> {
    pub(super) object: &'a Object,
    pub(super) annotations: Annotations<'a>,
    pub(super) options: &'s Options,
    pub(super) view: &'s mut View<'a>,
    pub(super) faults: &'s mut Faults,
    /// The names that the object wants.
    pub(super) wanted: &'s mut BTreeSet<String>,
}

impl Scene<'_, '_> {
    /// The names that the fqdn templates give; none when an object is not as they want it.
    pub(super) fn templated(&mut self) -> Vec<String> {
        let templates = &self.options.fqdn_template;
        self.options.templates_of(templates, "fqdn-template", self.object, self.faults)
    }

    /// `endpoints`, with or instead of what templates give: instead only where there are none.
    pub(super) fn combine(
        &mut self,
        mut endpoints: Vec<Endpoint>,
        templated: impl FnOnce(&mut Self) -> Vec<Endpoint>,
    ) -> Vec<Endpoint> {
        if self.options.has_templates() && (endpoints.is_empty() || self.options.combine_fqdn_annotation) {
            endpoints.extend(templated(self));
        }
        endpoints
    }

    /// What the object's annotations say of all its records.
    pub(super) fn common(&mut self) -> Common {
        Common {
            ttl: self.annotations.ttl(self.faults),
            set: self.annotations.set_identifier().into(),
            properties: self.annotations.properties(),
        }
    }

    /// The `name:target` pairs that templates give. What has no colon, or nothing on one side of it (a field
    /// that is not filled yet), is passed over.
    pub(super) fn paired(&mut self) -> Vec<Endpoint> {
        let templates = &self.options.fqdn_target_template;
        let pairs = self.options.templates_of(templates, "fqdn-target-template", self.object, self.faults);
        let pairs = self.hold(pairs, 1);
        let pairs = pairs.iter().filter_map(|pair| pair.split_once(':'));
        let pairs = pairs.map(|(host, target)| (host.trim(), target.trim()));
        let filled = pairs.filter(|(host, target)| !host.is_empty() && !target.is_empty());
        let of = |(host, target): (&str, &str)| {
            Common::default().of_host(host, &[target.to_owned()], Evidence::None)
        };
        filled.flat_map(of).collect()
    }

    /// Those of the hosts that there is room for when each has so many targets, each once.
    pub(super) fn hold(&mut self, hosts: Vec<String>, targets: usize) -> Vec<String> {
        let most = (RECORDS_MAX / targets.max(1)).clamp(1, NAMES_MAX);
        let what = match targets {
            0 | 1 => "names".to_owned(),
            targets => format!("names with {targets} targets"),
        };
        distinct(hosts, most, &what, "", self.faults)
    }

    /// Those of the targets that count, each once; `field` is where they stand.
    pub(super) fn few<'t>(&mut self, targets: impl Iterator<Item = &'t str>, field: &str) -> Vec<String> {
        distinct(targets.map(Into::into).collect(), TARGETS_MAX, "targets", field, self.faults)
    }

    /// Notes that the object wants these names, with or without a target.
    pub(super) fn want(&mut self, hosts: &[String]) {
        let dotless = |host: &String| host.strip_suffix('.').unwrap_or(host).to_owned();
        self.wanted.extend(hosts.iter().map(dotless));
    }
}
