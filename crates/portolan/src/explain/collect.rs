//! The trace that writes down what it hears, name by name.

use portolan_core::answer::{Match, Member, Step, Trace};
use portolan_core::fleet::NameView;
use portolan_core::policy::{AllDown, Pick, PolicyName, Stage, UnknownLocation};
use portolan_core::zone::file::FileNode;
use portolan_core::zone::{Records, Steering};
use portolan_core::{Fleet, Name, NameRef, RecordType, Snapshot};

use crate::explain::members::Members;
use crate::explain::{AliasSeen, AnswerSeen, Found, Hop, PickSeen, PolicySeen, TierSeen, ZoneSeen};

/// Hears the steps of one decision.
pub(super) struct Collector<'a> {
    snapshot: &'a Snapshot,
    fleet: &'a Fleet,
    zone: Option<ZoneSeen>,
    hops: Vec<Walked>,
}

/// A hop under way: what was heard of the pool is put together with the facts at the end.
#[derive(Default)]
struct Walked {
    hop: Hop,
    /// The name whose records were found: the hop's, or the wildcard's.
    source: Option<Name>,
    pool: Option<RecordType>,
    /// The tier of each member of the pool, in the pool's order.
    tiers: Vec<u8>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, fleet: &'a Fleet) -> Self {
        Self { snapshot, fleet, zone: None, hops: Vec::new() }
    }

    /// What was heard, completed from the facts and from the answer that it came to.
    pub(super) fn finish(self, question: &Name, answer: &AnswerSeen) -> (Option<ZoneSeen>, Vec<Hop>) {
        let Self { snapshot, fleet, zone, mut hops } = self;
        if hops.is_empty() {
            hops.push(nowhere(fleet, question, snapshot.complete));
        }
        let apex = zone.as_ref().map(|zone| zone.apex.as_str());
        let complete = |walked: Walked| {
            let Walked { mut hop, source, pool, tiers } = walked;
            let known =
                |name: &Name| Some((snapshot.records(name.borrowed()), fleet.names.get(name.borrowed())?));
            if let Some((records, facts)) = source.as_ref().and_then(known) {
                let members = Members { snapshot, fleet, records, facts: &facts.to_facts() };
                hop.members = members.seen(pool, &tiers, &hop.name, answer);
            }
            if hop.ends.is_none() {
                let records = source.as_ref().and_then(|name| snapshot.records(name.borrowed()));
                hop.ends = why_it_ends(&hop, apex, records);
            }
            hop
        };
        let hops = hops.into_iter().map(complete).collect();
        (zone, hops)
    }

    fn current(&mut self) -> &mut Walked {
        if self.hops.is_empty() {
            self.hops.push(Walked::default());
        }
        self.hops.last_mut().expect("one was pushed when there was none")
    }

    fn name(&mut self, name: NameRef<'_>, found: Match) {
        let wildcard = (found == Match::Wildcard).then(|| self.wildcard_of(name)).flatten();
        let hop = Hop {
            name: name.to_name().to_dotless(),
            found: match found {
                Match::Exact => Found::Exact,
                Match::Wildcard => Found::Wildcard,
                Match::Empty => Found::Empty,
                Match::Missing => Found::Missing,
                Match::Cut => Found::Delegated,
                Match::Redirected => Found::Redirected,
            },
            wildcard: wildcard.as_ref().map(Name::to_dotless),
            ..Hop::default()
        };
        let source = wildcard.or_else(|| Some(name.to_name()));
        self.hops.push(Walked { hop, source, ..Walked::default() });
    }

    /// The wildcard that a name was found by: the nearest one above it.
    fn wildcard_of(&self, name: NameRef<'_>) -> Option<Name> {
        let above = name.suffixes().skip(1).filter_map(|n| n.to_name().prepend("*").ok());
        above.into_iter().find(|wildcard| self.snapshot.records(wildcard.borrowed()).is_some())
    }

    fn steered(&mut self, policy: Option<&PolicyName>) {
        let (snapshot, fleet) = (self.snapshot, self.fleet);
        let walked = self.current();
        let Some(name) = &walked.source else { return };
        let Some(facts) = fleet.names.get(name.borrowed()) else { return };
        walked.hop.owner = Some(facts.owner().to_string());
        let records = snapshot.records(name.borrowed());
        walked.hop.policy = records.map(|records| policy_seen(fleet, name, &facts, records, policy));
    }

    fn file(&mut self, node: FileNode<'_>, answers: bool) {
        let hop = &mut self.current().hop;
        hop.owner = Some("the zone file".to_owned());
        hop.ends = Some(if answers {
            "its zone file has this, for every client".to_owned()
        } else {
            let types: Vec<String> = node.sets().map(|set| set.rtype.to_string()).collect();
            format!("its zone file has no records of this type, only {}", types.join(", "))
        });
    }

    fn redirected(&mut self, owner: NameRef<'_>) {
        let hop = &mut self.current().hop;
        hop.dname = Some(owner.to_name().to_dotless());
        hop.owner = Some("the zone file".to_owned());
    }

    fn member(&mut self, member: Member<'_>) {
        self.current().tiers.push(member.tier);
    }
}

impl Trace for Collector<'_> {
    fn note(&mut self, step: Step<'_>) {
        match step {
            Step::Zone(apex, serial) => {
                self.zone = Some(ZoneSeen { apex: apex.to_name().to_dotless(), serial });
            }
            Step::NoZone => {}
            Step::Name(name, found) => self.name(name, found),
            Step::Redirected(owner) => self.redirected(owner),
            Step::Steered(policy) => self.steered(policy),
            Step::File(node, answers) => self.file(node, answers),
            Step::Pool(rtype) => {
                self.current().hop.rtype = Some(rtype.to_string());
                self.current().pool = Some(rtype);
            }
            Step::Client(_, place) => self.current().hop.places.push(place.map(ToString::to_string)),
            Step::Scope(bits) => self.current().hop.scope = bits,
            Step::Member(member) => self.member(member),
            Step::Tier(tier, healthy, wanted, used) => {
                let tier = TierSeen { tier: u16::from(tier) + 1, healthy, wanted, used };
                self.current().hop.tiers.push(tier);
            }
            Step::AllDown(what) => self.current().hop.all_down = Some(all_down(what)),
            Step::Alias(target, why) => {
                let target = target.to_name().to_dotless();
                self.current().hop.alias = Some(AliasSeen { target, because: why.to_owned() });
            }
            Step::Pick(how, records) => {
                self.current().hop.pick = Some(PickSeen { how: pick(how), records });
            }
            Step::Halved(ttl) => self.current().hop.halved_ttl = Some(ttl.seconds()),
            Step::ChainEnds(why) => self.current().hop.ends = Some(why.to_owned()),
            Step::NotReady if self.hops.is_empty() => {}
            Step::NotReady => self.current().hop.ends = Some(NOT_READY.to_owned()),
            Step::NotWhole => self.current().hop.ends = Some(NOT_WHOLE.to_owned()),
        }
    }
}

const NOT_READY: &str = "not every cluster was read yet, so nothing is denied";
const NOT_WHOLE: &str = "the zone's file was not wholly read, so nothing is denied that it may have";

/// The hop of a name in no zone of ours: an object may make it all the same.
fn nowhere(fleet: &Fleet, name: &Name, complete: bool) -> Walked {
    let ends = if complete { "no zone of ours holds the name, so it is refused" } else { NOT_READY };
    let hop = Hop {
        name: name.to_dotless(),
        owner: fleet.names.get(name.borrowed()).map(|facts| facts.owner().to_string()),
        ends: Some(ends.to_owned()),
        ..Hop::default()
    };
    Walked { hop, ..Walked::default() }
}

/// Why there was nothing more to look at, where the trace does not say.
fn why_it_ends(hop: &Hop, apex: Option<&str>, records: Option<&Records>) -> Option<String> {
    if hop.pick.is_some() || hop.alias.is_some() || hop.all_down.is_some() {
        return None;
    }
    let why = match hop.found {
        _ if apex == Some(hop.name.as_str()) => "it is the zone's apex; the Zone answers",
        Found::Delegated => "it is delegated to other name servers",
        Found::Redirected => "a DNAME redirects it",
        Found::Missing => "there is no such name",
        Found::Empty => "it has no records, only names below it",
        Found::Exact | Found::Wildcard => {
            let types = records.into_iter().flat_map(|records| records.pools());
            let types: Vec<String> = types.map(|pool| pool.rtype.to_string()).collect();
            return Some(format!("it has no records of this type, only {}", types.join(", ")));
        }
    };
    Some(why.to_owned())
}

fn policy_seen(
    fleet: &Fleet,
    name: &Name,
    facts: &NameView<'_>,
    records: &Records,
    policy: Option<&PolicyName>,
) -> PolicySeen {
    let Steering { policy: says, .. } = records.policy();
    let hosts = says.hosts.iter().filter(|glob| glob.fits(name.borrowed())).max_by_key(|g| g.specificity());
    let because = match (policy, hosts) {
        (None, _) => "no policy is for it".to_owned(),
        (Some(_), _) if facts.policy == policy.map(|policy| &*policy.0) => "its object names it".to_owned(),
        (Some(_), Some(host)) => format!("its hosts have {host}"),
        (Some(_), None) => match fleet.zone_of(name.borrowed()) {
            Some((apex, _)) => format!("it is the default of zone {}", apex.to_dotless()),
            None => "it is the zone's default".to_owned(),
        },
    };
    // One that an object names and that is not there is passed over.
    let because = match facts.policy.filter(|wanted| policy.is_none_or(|policy| *policy.0 != **wanted)) {
        Some(wanted) => format!("its object names {wanted:?}, which is not there; {because}"),
        None => because,
    };
    PolicySeen {
        name: policy.map(ToString::to_string),
        because,
        order: says.order.iter().map(|stage| stage_words(stage, &says.unknown_location)).collect(),
        pick: pick(says.pick),
        minimum_healthy: says.minimum_healthy,
        all_down: all_down(&says.all_down),
    }
}

fn stage_words(stage: &Stage, unknown: &UnknownLocation) -> String {
    match (stage, unknown) {
        (Stage::Geo(_), UnknownLocation::Even) => "Geo".to_owned(),
        (Stage::Geo(_), UnknownLocation::Place(place)) => format!("Geo (unknown place: as in {place})"),
        (Stage::Tiers(tiers), _) => {
            let tier = |t: &Vec<_>| t.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            format!("Tiers [{}]", tiers.iter().map(tier).collect::<Vec<_>>().join(" | "))
        }
    }
}

fn pick(pick: Pick) -> String {
    match pick {
        Pick::All => "All".to_owned(),
        Pick::First(count) => format!("First {count}"),
        Pick::Weighted(count) => format!("Weighted {count}"),
    }
}

fn all_down(what: &AllDown) -> String {
    match what {
        AllDown::ServeAll => "ServeAll".to_owned(),
        AllDown::Fallback(name) => format!("Fallback {}", name.to_dotless()),
        AllDown::Empty => "Empty".to_owned(),
        AllDown::Refuse => "Refuse".to_owned(),
    }
}
