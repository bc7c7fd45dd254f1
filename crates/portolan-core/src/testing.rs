//! Builders for this crate's tests: a fleet in a few words, and answers as text.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::answer::{AliasBuf, Query, answer};
use crate::cluster::{Cluster, Sources};
use crate::compile::{Change, compile};
use crate::draw::Draw;
use crate::fleet::{Endpoint, Evidence, Fact, Fleet, NameFacts, Owner, Touched, ZoneFacts};
use crate::policy::{Policy, PolicyName};
use crate::publish::Serials;
use crate::record::{Present, Rdata, Soa, Target};
use crate::zone::file::Gather;
use crate::zone::{Snapshot, ZoneFile};
use crate::{Client, ClusterName, Name, RecordType, Ttl};

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn cluster(place: &str) -> Cluster {
    Cluster { place: place.parse().ok(), ..Cluster::default() }
}

/// `target` is an address or, with letters, a host name.
pub(crate) fn endpoint(cluster: &str, target: &str) -> Endpoint {
    let target = target.parse().map_or_else(|_| Target::Host(name(target)), Target::Address);
    Endpoint {
        cluster: (!cluster.is_empty()).then(|| ClusterName::from(cluster)),
        targets: [target].into(),
        evidence: Evidence::Ready,
        weight: None,
        ttl: None,
    }
}

pub(crate) fn down(mut endpoint: Endpoint) -> Endpoint {
    endpoint.evidence = Evidence::NotReady;
    endpoint
}

pub(crate) fn facts(endpoints: impl IntoIterator<Item = Endpoint>) -> NameFacts {
    NameFacts {
        owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: "web".into() },
        ttl: None,
        default_ttl: Ttl::DEFAULT,
        policy: None,
        fallback: None,
        endpoints: endpoints.into_iter().collect(),
        held_by: Sources::new(),
    }
}

pub(crate) fn zone_facts() -> ZoneFacts {
    let soa = Soa {
        mname: name("ns1.example"),
        rname: name("hostmaster.example"),
        serial: 0,
        refresh: 7200,
        retry: 1800,
        expire: 86400,
        minimum: 30,
    };
    let name_servers = [name("ns1.example")].into();
    ZoneFacts { soa, name_servers, ttl: Ttl::KUBEFED, policy: None, held_by: Sources::new() }
}

/// A zone file with an SOA, and records by the labels before the apex.
pub(crate) fn zone_file(apex: &str, seed: u64, records: &[(&str, RecordType, &[u8])]) -> ZoneFile {
    let apex = name(apex);
    let mut gather = Gather::new();
    gather.add(apex.borrowed(), RecordType::SOA, Ttl::DEFAULT, Rdata::soa(&zone_facts().soa).as_wire());
    for (labels, rtype, data) in records {
        let owner = labels.rsplit('.').fold(apex.clone(), |above, label| above.prepend(label).unwrap());
        gather.add(owner.borrowed(), *rtype, Ttl::DEFAULT, data);
    }
    ZoneFile::build(&apex, seed, [gather].into()).unwrap().0
}

/// A fleet, its snapshot, and its serials.
pub(crate) struct World {
    pub(crate) fleet: Fleet,
    pub(crate) snapshot: Snapshot,
    pub(crate) serials: Serials,
    pub(crate) steps: u64,
    pub(crate) changes: Vec<Change>,
    pub(crate) problems: Vec<String>,
}

impl World {
    /// With the zone `example` and nothing in it.
    pub(crate) fn new() -> Self {
        let mut snapshot = Snapshot::new(7);
        snapshot.complete = true;
        let mut world = Self {
            fleet: Fleet::default(),
            snapshot,
            serials: Serials { first: 100, ..Serials::default() },
            steps: 0,
            changes: Vec::new(),
            problems: Vec::new(),
        };
        world.zone("example", Some(zone_facts()));
        world
    }

    pub(crate) fn apply(&mut self, facts: impl IntoIterator<Item = Fact>) {
        let touched = self.fleet.apply(facts);
        self.compile(&touched);
    }

    fn compile(&mut self, touched: &Touched) {
        let compiled = compile(&self.fleet, &self.snapshot, touched);
        self.steps = compiled.steps;
        self.changes = compiled.changes.clone();
        self.problems = compiled.problems.values().flatten().map(ToString::to_string).collect();
        let revision = self.snapshot.revision + 1;
        self.snapshot = self.snapshot.publish(compiled, &mut self.serials, revision);
    }

    /// The records of a zone file, or none any more.
    pub(crate) fn file(&mut self, apex: &str, records: Option<&[(&str, RecordType, &[u8])]>) {
        let file = records.map(|records| zone_file(apex, self.snapshot.seed(), records).into());
        self.snapshot = self.snapshot.with_file(&name(apex), file, &mut self.serials);
    }

    /// What could be read of a zone file that is damaged, or nothing.
    pub(crate) fn damaged_file(&mut self, apex: &str, records: Option<&[(&str, RecordType, &[u8])]>) {
        let read = records.map(|records| zone_file(apex, self.snapshot.seed(), records).in_part());
        let file = read.unwrap_or_else(|| ZoneFile::unread(&name(apex)));
        self.snapshot = self.snapshot.with_file(&name(apex), Some(file.into()), &mut self.serials);
    }

    pub(crate) fn name(&mut self, at: &str, facts: Option<NameFacts>) {
        self.apply([Fact::Name(name(at), facts)]);
    }

    pub(crate) fn zone(&mut self, at: &str, facts: Option<ZoneFacts>) {
        self.apply([Fact::Zone(name(at), facts)]);
    }

    pub(crate) fn cluster(&mut self, at: &str, facts: Option<Cluster>) {
        self.apply([Fact::Cluster(ClusterName::from(at), facts)]);
    }

    pub(crate) fn policy(&mut self, at: &str, facts: Option<Policy>) {
        self.apply([Fact::Policy(PolicyName(at.into()), facts)]);
    }

    pub(crate) fn serial(&self, apex: &str) -> u32 {
        self.snapshot.zones().find(|z| z.apex == name(apex)).map_or(0, |z| z.serial)
    }

    /// The answer in one line: `NoError aa | www.example. 30 A 192.0.2.1 | authority… | scope`, records sorted.
    pub(crate) fn ask(&self, at: &str, rtype: &str, from: &str) -> String {
        ask(&self.snapshot, at, rtype, from, 1)
    }
}

/// See [`World::ask`].
pub(crate) fn ask(snapshot: &Snapshot, at: &str, rtype: &str, from: &str, draw: u64) -> String {
    let at = name(at);
    let rtype: RecordType = rtype.parse().unwrap();
    let query = Query { name: at.borrowed(), rtype, client: Client { address: from.parse().unwrap() } };
    let mut aliases = AliasBuf::new();
    let got = answer(snapshot, &query, Draw(draw), &mut (), &mut aliases);
    let mut line = format!("{:?}{}", got.rcode, if got.authoritative { " aa" } else { "" });
    let sections = [&got.answers[..], got.authority.as_slice(), &got.additional[..]];
    for (section, mark) in sections.iter().zip(["", "authority ", "additional "]) {
        for set in *section {
            let mut data: Vec<String> =
                got.rdata(set).map(|wire| Present(set.rtype(), wire).to_string()).collect();
            data.sort();
            line +=
                &format!(" | {mark}{} {} {} {}", set.owner, set.ttl.seconds(), set.rtype(), data.join(", "));
        }
    }
    if got.scope > 0 {
        line += &format!(" | scope {}", got.scope);
    }
    if let Some(ede) = got.ede {
        line += &format!(" | {ede:?}");
    }
    line
}
