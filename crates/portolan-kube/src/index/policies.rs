//! Steering policies, with the files of networks that they name.

use std::collections::BTreeSet;

use portolan_core::Problem;
use portolan_core::cluster::ClusterName;
use portolan_core::fleet::Fact;
use portolan_core::policy::PolicyName;

use super::draft::placed;
use super::objects::Objects;
use super::{About, Index};
use crate::object::{Body, Kind, ObjectKey};
use crate::{settle, status};

impl Index {
    /// Looks at the policies that something touched.
    pub(super) fn take_policies(&mut self, out: &mut Vec<Fact>) {
        let policies = std::mem::take(&mut self.dirty.policies);
        for name in &policies {
            self.step(1);
            let key = ObjectKey::of(Kind::SteeringPolicy, "", name);
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
            self.note(About::Policy(name.clone()), problems);
            self.give(Fact::Policy(policy_name, policy), out);
        }
        self.take_strangers(policies);
    }

    /// What of a policy was refused first, if anything was: it is used without that.
    #[must_use]
    pub fn refusal_of(&self, policy: &PolicyName) -> Option<Problem> {
        let noted = self.problems.get(&About::Policy(policy.0.clone())).into_iter().flatten();
        let held = self.objects.held(&ObjectKey::new(Kind::SteeringPolicy, None, &policy.0));
        let object = held.map(|held| held.object).filter(|object| object.in_part);
        let refused = object.map_or_else(Vec::new, |object| settle::refusals(&object.body));
        noted.cloned().chain(refused).find(status::is_refusal)
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
