//! What a value tells beside its target: the group, and where the target is and how it stands with it.
//!
//! In a plan these are properties of a set ([`GROUP`], as External-DNS has it, and [`ENDPOINTS`]); what other makes of DNS
//! have properties for is nothing to etcd and left out, so that it makes no difference.

use std::sync::Arc;

use portolan_core::plan::{RecordSet, Wanted};
use portolan_core::record::{RecordType, Target};
use portolan_store::skydns::{Placed, Value};
use serde::{Deserialize, Serialize};

/// The property with the group of a set (`coredns/group`).
pub const GROUP: &str = "coredns/group";
/// The property with what is known of a set's targets: a JSON list of objects with `target`, and `cluster`, `ready` and
/// `weight` where they are known. One that is not among the set's targets is kept beside them, and not answered.
pub const ENDPOINTS: &str = "portolan/endpoints";

/// What is known of one target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Member {
    /// An address, or a host name without its dot.
    pub(super) target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<String>,
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub(super) ready: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) weight: Option<u32>,
}

impl Member {
    /// What a value says of its target; none when it says nothing.
    pub(super) fn of(target: &Target, value: &Value) -> Option<Self> {
        let placed = value.placed.as_ref()?;
        let (cluster, ready, weight) = (placed.cluster.clone(), placed.ready, placed.weight);
        let member = Self { target: text(target), cluster, ready, weight };
        (placed.withheld || member.says_something()).then_some(member)
    }

    fn says_something(&self) -> bool {
        self.cluster.is_some() || !self.ready || self.weight.is_some()
    }

    /// Writes it into our field of a value.
    pub(super) fn put(&self, placed: &mut Placed) {
        placed.cluster.clone_from(&self.cluster);
        placed.ready = self.ready;
        placed.weight = self.weight;
    }
}

/// What is known of the targets of a set, and of others that are kept beside them.
pub(super) fn members(set: &RecordSet) -> Vec<(Target, Member)> {
    let Some(list) = set.properties.get(ENDPOINTS) else { return Vec::new() };
    let members: Vec<Member> = serde_json::from_str(list).unwrap_or_default();
    let known = |member: Member| {
        let target = parse(set, &member.target)?;
        let member = Member { target: text(&target), ..member };
        (member.says_something() || !set.targets.contains(&target)).then_some((target, member))
    };
    let mut members: Vec<(Target, Member)> = members.into_iter().filter_map(known).collect();
    members.sort_unstable();
    members.dedup_by(|a, b| a.0 == b.0);
    members
}

/// The property of these members; none of none.
pub(super) fn property(mut members: Vec<Member>) -> Option<Arc<str>> {
    members.sort_unstable();
    let text = || serde_json::to_string(&members).expect("it is texts and numbers");
    (!members.is_empty()).then(|| text().into())
}

/// What is wanted as it comes back from a list.
pub(super) fn adjust(mut wanted: Wanted) -> Wanted {
    let members = members(&wanted.set).into_iter().map(|(_, member)| member).collect();
    let endpoints = property(members);
    let properties = &mut wanted.set.properties;
    properties.retain(|name, value| &**name == GROUP && !value.is_empty());
    properties.extend(endpoints.map(|endpoints| (ENDPOINTS.into(), endpoints)));
    wanted
}

fn parse(set: &RecordSet, text: &str) -> Option<Target> {
    match set.rtype {
        RecordType::A | RecordType::AAAA => {
            text.parse().ok().map(Target::Address).filter(|target| target.record_type() == set.rtype)
        }
        RecordType::CNAME => text.parse().ok().map(Target::Host),
        _ => set.targets.iter().find(|target| target.to_string() == text).cloned(),
    }
}

fn text(target: &Target) -> String {
    match target {
        Target::Host(name) => name.to_dotless(),
        _ => target.to_string(),
    }
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_yes(flag: &bool) -> bool {
    *flag
}
