//! The differences that are known, each with its reason.
//!
//! A record may differ in more than one way. So a rule takes out of a difference what it explains, and what all
//! rules together leave is what nobody has explained. Objects that were made to show a difference have names
//! that say so, and a rule is for those names alone.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::record::{Difference, Record};

pub(crate) struct Rule {
    pub(crate) reason: &'static str,
    /// Makes both alike as far as the reason goes; false when it has nothing to do with the difference.
    takes: fn(&mut Difference) -> bool,
}

pub(crate) const RULES: &[Rule] = &[
    Rule {
        reason: "a publisher drops the properties of providers that are not its own; what `portolan endpoints` prints \
                 is for whichever publisher comes after it",
        takes: |d| {
            let is_kept = |name: &str| !name.contains('/') || name.starts_with("webhook/");
            let (Some(ours), Some(_)) = (&mut d.ours, &d.theirs) else { return false };
            let count = ours.properties.len();
            ours.properties.retain(|(name, _)| is_kept(name));
            ours.properties.len() < count
        },
    },
    Rule {
        reason: "in External-DNS the records of one object have one list of properties, which dropping some of one \
                 record's empties for the others",
        takes: |d| {
            let Some(theirs) = &mut d.theirs else { return false };
            let count = theirs.properties.len();
            theirs.properties.retain(|(name, _)| !name.is_empty());
            theirs.properties.len() < count
        },
    },
    Rule {
        reason: "names, addresses and texts are spelt in one way: in lower case, IPv6 as RFC 5952 has it, TXT in quotes, \
                 aliases without and mail servers with the dot at their end",
        takes: |d| {
            let Some(theirs) = &mut d.theirs else { return false };
            let targets = theirs.targets.iter().map(|target| spelt(&d.key.rtype, target)).collect();
            let spelt = Record { name: theirs.name.to_ascii_lowercase(), targets, ..theirs.clone() };
            let changes = spelt != *theirs;
            *theirs = spelt;
            changes
        },
    },
    Rule {
        reason: "both prefixes of annotations are read; External-DNS reads one",
        takes: |d| !d.has("--annotation-prefix") && is_about(d, &["older"]) && settle(d),
    },
    Rule {
        reason: "an empty item of a list is no name: it is told, and the others count",
        takes: |d| {
            if d.key.name.is_empty() && d.ours.is_none() {
                return settle(d);
            }
            let Some(theirs) = d.theirs.as_mut().filter(|_| d.key.rtype == "PTR") else { return false };
            theirs.targets.remove("")
        },
    },
    Rule {
        reason: "what is no host name is told and not published",
        takes: |d| {
            let is_made = is_about(d, &["bad!name.", "b\u{fc}cher.", "no-host"]);
            // A name below a wildcard's: `*` is a whole first label.
            let is_below_wildcard = d.key.name.contains("._tcp.*.");
            (is_made || is_below_wildcard) && d.ours.is_none() && settle(d)
        },
    },
    Rule {
        reason: "a host that is none is told, and no template stands in for it",
        takes: |d| is_about(d, &["long-label."]) && d.ours.is_none() && settle(d),
    },
    Rule {
        reason: "an address that is not there yet is no target",
        takes: |d| {
            let is_empty =
                d.theirs.as_ref().is_some_and(|theirs| theirs.targets == BTreeSet::from([String::new()]));
            is_empty && d.ours.is_none() && settle(d)
        },
    },
    Rule {
        reason: "an IPv4-mapped IPv6 address is an A record",
        takes: |d| is_about(d, &["mapped"]) && settle(d),
    },
    Rule {
        reason: "addresses that nobody can use are left out, and told",
        takes: |d| {
            let is_less = d.ours.is_none() || is_part_of_theirs(d);
            is_about(d, &["unusable"]) && is_less && settle(d)
        },
    },
    Rule {
        reason: "what is not ready is left out where something is; External-DNS knows no readiness",
        takes: |d| is_about(d, &["half-ready.", "pods-half-ready."]) && is_part_of_theirs(d) && settle(d),
    },
    Rule {
        reason: "readiness takes no last target away: where none is ready all stand; External-DNS leaves out a pod that is \
                 not ready, and Nodes whose pods are worse than another's",
        takes: |d| is_about(d, &["db-1.db", "local.", "local-"]) && d.theirs.is_none() && settle(d),
    },
    Rule {
        reason: "a name belongs to one namespace; External-DNS merges across namespaces",
        takes: |d| is_about(d, &["shared."]) && is_part_of_theirs(d) && settle(d),
    },
    Rule {
        reason: "a name belongs to the oldest object that wants it, while it has no target too: one of another kind does not \
                 stand in for it",
        takes: |d| d.key.name.contains("-drawn-") && d.ours.is_none() && settle(d),
    },
    Rule {
        reason: "an alias has one target (RFC 1034 section 3.6.2), the first in the order of DNS; External-DNS publishes \
                 all that an object has, and of several objects the least text",
        takes: |d| {
            let (Some(ours), Some(theirs)) = (&d.ours, &mut d.theirs) else { return false };
            let is_one_of = ours.targets.is_subset(&theirs.targets) || meets(&d.key.name);
            if d.key.rtype != "CNAME"
                || ours.targets.len() != 1
                || !is_one_of
                || ours.targets == theirs.targets
            {
                return false;
            }
            theirs.targets.clone_from(&ours.targets);
            true
        },
    },
    Rule {
        reason: "objects of one kind and namespace share a name whatever their TTLs; of different TTLs External-DNS \
                 publishes one object's record (but of Services)",
        takes: |d| {
            let is_of_service = [".svc.", ".inside."].iter().any(|kind| d.key.name.contains(kind));
            let is_merged = meets(&d.key.name) && !is_of_service && !d.key.name.starts_with("merged");
            let (Some(ours), Some(theirs)) = (&d.ours, &mut d.theirs) else { return false };
            let is_part =
                theirs.targets.len() < ours.targets.len() && theirs.targets.is_subset(&ours.targets);
            if !is_part || !is_merged {
                return false;
            }
            theirs.targets.clone_from(&ours.targets);
            true
        },
    },
    Rule {
        reason: "of one name and type the least TTL of all counts (RFC 2181 section 5.2); of merged Services \
                 External-DNS takes the first one's, and looks for reverse names after that",
        takes: |d| {
            let is_met = is_about(d, &["merged"]) || meets(&d.key.name);
            let (Some(ours), Some(theirs)) = (&d.ours, &mut d.theirs) else { return false };
            let is_less = ours.ttl.is_some_and(|ttl| theirs.ttl.is_none_or(|other| ttl < other));
            if !is_less || !is_met {
                return false;
            }
            theirs.ttl = ours.ttl;
            true
        },
    },
    Rule {
        reason: "a Service none of whose targets is in the networks that are asked for says nothing of the others' TTL",
        takes: |d| {
            let is_drawn = d.has("--exclude-target-net") && meets(&d.key.name);
            let (Some(ours), Some(theirs)) = (&d.ours, &mut d.theirs) else { return false };
            if !is_drawn || ours.ttl.is_some() {
                return false;
            }
            theirs.ttl = None;
            true
        },
    },
    Rule {
        reason: "a target that stands in a set does not stand beside the sets too",
        takes: |d| {
            let is_beside = d.key.name == "set.example.com" && d.key.set.is_empty();
            is_beside && d.has("--force-default-targets") && d.ours.is_none() && settle(d)
        },
    },
    Rule {
        reason: "what somebody wrote in a DNSEndpoint is made whatever types are managed",
        takes: |d| {
            let is_other = !["A", "AAAA", "CNAME"].contains(&d.key.rtype.as_str());
            let is_unmanaged = !d.has("theirs:--managed-record-types") && d.theirs.is_none();
            is_other && d.is_of("crd") && is_unmanaged && settle(d)
        },
    },
    Rule {
        reason: "an annotation filter takes DNSEndpoints one by one; in External-DNS one that it does not take hides others",
        takes: |d| d.is_of("crd") && d.has("--annotation-filter") && d.theirs.is_none() && settle(d),
    },
    Rule {
        reason: "a record without targets is told; External-DNS publishes nothing under its name",
        takes: |d| d.key.name == "crd-empty.example.com" && d.ours.is_none() && settle(d),
    },
    Rule {
        reason: "the host of an SRV record needs no dot at its end; External-DNS passes over one that has none",
        takes: |d| d.key.name == "_dotless._udp.crd.example.com" && d.theirs.is_none() && settle(d),
    },
    Rule {
        reason: "forced default targets take the place of addresses and aliases; in External-DNS of every record that \
                 somebody wrote, but for addresses with a dot at their end",
        takes: |d| {
            let is_forced = d.is_of("crd") && d.has("--force-default-targets");
            let is_one = d.key.name == "crd-dotted.example.com" || d.ours.is_none();
            is_forced && d.key.rtype == "CNAME" && is_one && settle(d)
        },
    },
];

/// The rules that explain a difference, by their place; none when something of it is left.
pub(crate) fn explain(difference: &Difference) -> Option<Vec<usize>> {
    let mut rest = difference.clone();
    let mut used = Vec::new();
    for (nth, rule) in RULES.iter().enumerate() {
        if rest.ours != rest.theirs && (rule.takes)(&mut rest) {
            used.push(nth);
        }
    }
    (rest.ours == rest.theirs).then_some(used)
}

/// Leaves nothing of a difference.
fn settle(d: &mut Difference) -> bool {
    d.theirs.clone_from(&d.ours);
    true
}

/// True of a record of such a name, and of a reverse one that leads to it.
fn is_about(d: &Difference, starts: &[&str]) -> bool {
    let is_one = |name: &str| starts.iter().any(|start| name.starts_with(start));
    let records = [&d.ours, &d.theirs].into_iter().flatten();
    let mut leads_to = records.flat_map(|record| &record.targets).filter(|_| d.key.rtype == "PTR");
    is_one(&d.key.name) || leads_to.any(|target| is_one(target))
}

/// True when ours has some of their targets, and nothing else is different.
fn is_part_of_theirs(d: &Difference) -> bool {
    let (Some(ours), Some(theirs)) = (&d.ours, &d.theirs) else { return false };
    let targets = ours.targets.clone();
    targets.is_subset(&theirs.targets) && Record { targets, ..theirs.clone() } == *ours
}

/// True of names that several objects want.
fn meets(name: &str) -> bool {
    let is_drawn = name.contains(".drawn-");
    is_drawn || ["merged", "ing-merged", "all.nodes."].iter().any(|start| name.starts_with(start))
}

fn spelt(rtype: &str, target: &str) -> String {
    match (rtype, target.parse::<IpAddr>()) {
        (_, Ok(address)) => address.to_string(),
        ("TXT", _) if target.starts_with('"') => target.to_owned(),
        ("TXT", _) => format!("\"{target}\""),
        ("MX", _) => format!("{target}."),
        ("CNAME" | "PTR", _) => target.trim_end_matches('.').to_ascii_lowercase(),
        _ => target.to_owned(),
    }
}
