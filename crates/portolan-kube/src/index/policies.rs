//! Steering policies, with the files of networks that they name.

use std::collections::BTreeSet;

use portolan_core::cluster::ClusterName;
use portolan_core::fleet::Fact;
use portolan_core::policy::PolicyName;

use super::draft::placed;
use super::objects::Objects;
use super::{About, Index};
use crate::object::{Body, Kind, ObjectKey};
use crate::settle;

impl Index {
    /// Looks at the policies that something touched.
    pub(super) fn take_policies(&mut self, out: &mut Vec<Fact>) {
        for name in std::mem::take(&mut self.dirty.policies) {
            self.step(1);
            let key = ObjectKey { kind: Kind::SteeringPolicy, namespace: "".into(), name: name.clone() };
            let policy_name = PolicyName(name.clone());
            let mut problems = Vec::new();
            let policy = match self.objects.held(&key) {
                Some(held) => {
                    let Body::SteeringPolicy(object) = &held.object.body else { continue };
                    let mut csv = |path: &str| self.networks.get(held.source, path);
                    let (mut policy, found) = settle::policy(object, &mut csv);
                    let known = self.memory.fleet.policies.get(&policy_name).map(|known| &known.held_by);
                    policy.held_by.clone_from(&held.held_by);
                    policy.held_by.extend(self.memory.policy_holders(&self.objects, &policy_name, known));
                    problems = placed(found, &held);
                    Some(policy)
                }
                None => self.memory.policy(&self.objects, &policy_name).cloned(),
            };
            self.note(About::Policy(name), problems);
            self.give(Fact::Policy(policy_name, policy), out);
        }
    }
}

/// The files that policies name.
pub(super) fn networks_wanted(objects: &Objects) -> BTreeSet<(ClusterName, String)> {
    let held = objects.keys_of(Kind::SteeringPolicy).filter_map(|key| objects.held(key));
    let files = held.filter_map(|held| match &held.object.body {
        Body::SteeringPolicy(object) => Some((held.source, object)),
        _ => None,
    });
    let named = files.flat_map(|(source, object)| {
        let files = object.spec.order.iter().filter_map(|stage| stage.networks_file.clone());
        files.map(move |file| (source.clone(), file))
    });
    named.collect()
}
