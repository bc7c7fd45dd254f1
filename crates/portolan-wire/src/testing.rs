//! Builders for this crate's tests: packets octet by octet, and a small world that answers them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};

use portolan_core::Draw;
use portolan_core::answer::{AliasBuf, answer};
use portolan_core::cluster::Sources;
use portolan_core::compile::compile;
use portolan_core::fleet::{Endpoint, Evidence, Fact, Fleet, NameFacts, Owner, ZoneFacts};
use portolan_core::name::NameBuf;
use portolan_core::place::NetworkMap;
use portolan_core::policy::{Policy, PolicyName, Stage};
use portolan_core::publish::Serials;
use portolan_core::record::{Rdata, Soa};
use portolan_core::zone::ZoneFile;
use portolan_core::zone::file::Gather;
use portolan_core::{Answer, ClusterName, Name, RecordType, Snapshot, Target, Ttl};

use crate::{Decoded, Limits, Request, Transport, decode, encode, encode_error, encode_identity};

/// Where packets come from.
pub(crate) const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));
pub(crate) const UDP: Limits<'_> = Limits { transport: Transport::Udp, nsid: b"fra-1" };
pub(crate) const TCP: Limits<'_> = Limits { transport: Transport::Tcp, nsid: b"fra-1" };

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

// === Packet ===

/// A packet under construction. Counts are those of what was added, until they are set.
#[derive(Clone)]
pub(crate) struct Packet {
    pub(crate) id: u16,
    pub(crate) flags: u16,
    /// Questions, answers, authority, additional.
    pub(crate) counts: [u16; 4],
    pub(crate) body: Vec<u8>,
}

impl Packet {
    /// A header and nothing else.
    pub(crate) fn new() -> Self {
        Self { id: 0x1234, flags: 0x0100, counts: [0; 4], body: Vec::new() }
    }

    /// A question with RD, in the letter case given.
    pub(crate) fn asks(at: &str, rtype: RecordType) -> Self {
        Self::new().question(&cased(at), rtype, 1)
    }

    pub(crate) fn question(mut self, wire: &[u8], rtype: RecordType, class: u16) -> Self {
        self.counts[0] += 1;
        self.body.extend_from_slice(wire);
        self.numbers(&[rtype.0, class])
    }

    pub(crate) fn flags(self, flags: u16) -> Self {
        Self { flags, ..self }
    }

    pub(crate) fn counts(self, counts: [u16; 4]) -> Self {
        Self { counts, ..self }
    }

    /// A record in section 1, 2 or 3.
    pub(crate) fn record(mut self, section: usize, owner: &[u8], rtype: RecordType, data: &[u8]) -> Self {
        self.counts[section] += 1;
        self.body.extend_from_slice(owner);
        let packet = self.numbers(&[rtype.0, 1, 0, 60]);
        packet.data(data)
    }

    /// An OPT record of version 0 that takes 1232 octets.
    pub(crate) fn opt(self, options: &[u8]) -> Self {
        self.opt_as(1232, [0, 0, 0, 0], options)
    }

    pub(crate) fn opt_as(mut self, payload: u16, ttl: [u8; 4], options: &[u8]) -> Self {
        self.counts[3] += 1;
        self.body.push(0);
        let mut packet = self.numbers(&[RecordType::OPT.0, payload]);
        packet.body.extend(ttl);
        packet.data(options)
    }

    fn data(self, data: &[u8]) -> Self {
        let mut packet = self.numbers(&[u16::try_from(data.len()).unwrap()]);
        packet.body.extend_from_slice(data);
        packet
    }

    fn numbers(mut self, numbers: &[u16]) -> Self {
        self.body.extend(numbers.iter().flat_map(|n| n.to_be_bytes()));
        self
    }

    /// A TSIG record (RFC 8945 section 4.2) of a key of that name.
    pub(crate) fn signed(self, key: &[u8]) -> Self {
        let data = [SIGNED, &[0, 32], &[0xee; 32], &self.id.to_be_bytes(), &[0; 4]].concat();
        let class_at = self.body.len() + key.len() + 2;
        let mut packet = self.record(3, key, RecordType::TSIG, &data);
        packet.body[class_at..class_at + 2].copy_from_slice(&[0, 255]);
        packet
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let header = [self.id, self.flags].into_iter().chain(self.counts);
        header.flat_map(u16::to_be_bytes).chain(self.body.iter().copied()).collect()
    }
}

/// The data of a signature before its MAC: the algorithm, and the first second of 2026 with five minutes to either side.
pub(crate) const SIGNED: &[u8] = b"\x0bhmac-sha256\0\0\0\x69\x55\xb9\0\x01\x2c";

/// Wire form with the letter case kept.
pub(crate) fn cased(text: &str) -> Vec<u8> {
    let labels = text.trim_end_matches('.').split('.').filter(|label| !label.is_empty());
    let mut wire: Vec<u8> =
        labels.flat_map(|l| [&[u8::try_from(l.len()).unwrap()], l.as_bytes()].concat()).collect();
    wire.push(0);
    wire
}

/// An EDNS option.
pub(crate) fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).unwrap();
    [&code.to_be_bytes(), &len.to_be_bytes(), value].concat()
}

/// A client subnet option: family, source, scope, address.
pub(crate) fn subnet(family: u16, source: u8, scope: u8, address: &[u8]) -> Vec<u8> {
    option(8, &[&family.to_be_bytes(), &[source, scope][..], address].concat())
}

pub(crate) const NSID: [u8; 4] = [0, 3, 0, 0];

pub(crate) fn decoded(packet: &[u8]) -> Decoded {
    decode(packet, &mut NameBuf::new())
}

#[track_caller]
pub(crate) fn request(packet: &Packet) -> Request {
    match decoded(&packet.bytes()) {
        Decoded::Query(request) => request,
        other => panic!("no query: {other:?}"),
    }
}

// === World ===

/// Facts and their snapshot, with the zone `example`.
pub(crate) struct World {
    fleet: Fleet,
    pub(crate) snapshot: Snapshot,
    serials: Serials,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut snapshot = Snapshot::new(7);
        snapshot.complete = true;
        let mut world = Self { fleet: Fleet::default(), snapshot, serials: Serials::default() };
        world.zone("example", &["ns1.example", "ns2.example"]);
        world
    }

    fn apply(&mut self, fact: Fact) {
        let touched = self.fleet.apply([fact]);
        let compiled = compile(&self.fleet, &self.snapshot, &touched);
        self.snapshot = self.snapshot.publish(compiled, &mut self.serials, 1);
    }

    pub(crate) fn zone(&mut self, apex: &str, name_servers: &[&str]) {
        let soa = Soa {
            mname: name(name_servers[0]),
            rname: name(apex).prepend("hostmaster").unwrap(),
            serial: 0,
            refresh: 7200,
            retry: 1800,
            expire: 86400,
            minimum: 30,
        };
        let name_servers = name_servers.iter().map(|ns| name(ns)).collect();
        let facts = ZoneFacts { soa, name_servers, ttl: Ttl::KUBEFED, policy: None, held_by: Sources::new() };
        self.apply(Fact::Zone(name(apex), Some(facts)));
    }

    /// A zone of a file, with records whose data is one name.
    pub(crate) fn zone_of_file(&mut self, apex: &str, records: &[(String, RecordType, String)]) {
        let apex = name(apex);
        let soa = Soa {
            mname: apex.clone(),
            rname: apex.clone(),
            serial: 1,
            refresh: 7200,
            retry: 1800,
            expire: 86400,
            minimum: 30,
        };
        let mut gather = Gather::new();
        gather.add(apex.borrowed(), RecordType::SOA, Ttl::DEFAULT, Rdata::soa(&soa).as_wire());
        for (at, rtype, target) in records {
            gather.add(name(at).borrowed(), *rtype, Ttl::DEFAULT, name(target).as_wire());
        }
        let (file, ..) = ZoneFile::build(&apex, self.snapshot.seed(), [gather].into()).unwrap();
        self.snapshot = self.snapshot.with_file(&apex, Some(file.into()), &mut self.serials);
    }

    pub(crate) fn name(&mut self, at: &str, targets: &[Target]) {
        self.name_at(&name(at), targets);
    }

    pub(crate) fn name_at(&mut self, at: &Name, targets: &[Target]) {
        let endpoints = targets.chunks(portolan_core::fleet::TARGETS_MAX).map(|targets| Endpoint {
            cluster: None,
            targets: targets.to_vec(),
            evidence: Evidence::None,
            weight: None,
            ttl: None,
        });
        let facts = NameFacts {
            owner: Owner { kind: "GlobalName".into(), namespace: "shop".into(), name: "web".into() },
            ttl: None,
            default_ttl: Ttl::DEFAULT,
            policy: None,
            fallback: None,
            endpoints: endpoints.collect(),
            held_by: Sources::new(),
        };
        self.apply(Fact::Name(at.clone(), Some(facts)));
    }

    /// Clusters in Germany and the US, and names below `geo.example` that are steered by these networks.
    pub(crate) fn steer(&mut self, networks: &[(&str, &str)]) {
        for (at, place) in [("eu", "EU/DE"), ("us", "NA/US")] {
            let cluster = portolan_core::cluster::Cluster { place: place.parse().ok(), ..Default::default() };
            self.apply(Fact::Cluster(ClusterName::from(at), Some(cluster)));
        }
        let networks = networks.iter().map(|(n, p)| (n.parse().unwrap(), p.parse().ok())).collect();
        let policy = Policy {
            hosts: ["*.geo.example".parse().unwrap()].into(),
            order: [Stage::Geo(NetworkMap { networks }.into())].into(),
            ..Policy::default()
        };
        self.apply(Fact::Policy(PolicyName("near".into()), Some(policy)));
        self.name("www.geo.example", &[]);
        let mut facts = self.fleet.names.get(name("www.geo.example").borrowed()).unwrap().to_facts();
        facts.endpoints = [("eu", "192.0.2.1"), ("us", "192.0.2.2")]
            .map(|(at, address)| Endpoint {
                cluster: Some(ClusterName::from(at)),
                targets: [target(address)].into(),
                evidence: Evidence::Ready,
                weight: None,
                ttl: None,
            })
            .into();
        self.apply(Fact::Name(name("www.geo.example"), Some(facts)));
    }

    /// The core's answer to a question.
    pub(crate) fn answer<'a>(
        &'a self,
        request: &Request,
        at: &'a NameBuf,
        aliases: &'a mut AliasBuf,
    ) -> Answer<'a> {
        answer(&self.snapshot, &request.query(at.borrowed(), SOURCE), Draw(1), &mut (), aliases)
    }

    /// A packet's reply, as a server makes it; none when none is due.
    pub(crate) fn reply(&self, packet: &[u8], limits: Limits<'_>) -> Option<Vec<u8>> {
        let mut out = [0xee; crate::TCP_OCTETS_MAX];
        let (mut at, mut aliases) = (NameBuf::new(), AliasBuf::new());
        let octets = match decode(packet, &mut at) {
            Decoded::Query(request) => {
                encode(&request, packet, &self.answer(&request, &at, &mut aliases), limits, &mut out)
            }
            Decoded::Error(request, code) => encode_error(&request, packet, code, limits, &mut out),
            Decoded::Identity(request) => encode_identity(&request, packet, limits, &mut out),
            Decoded::Drop(_) => return None,
        };
        Some(out[..octets].to_vec())
    }
}

/// An address or a host name.
pub(crate) fn target(text: &str) -> Target {
    text.parse().map_or_else(|_| Target::Host(name(text)), Target::Address)
}

pub(crate) fn record(rtype: RecordType, data: Rdata) -> Target {
    Target::Record(rtype, data)
}

/// A reply as another library reads it: flags and code, then the records of each section, sorted.
#[track_caller]
pub(crate) fn show(reply: &[u8]) -> String {
    let message = hickory_proto::op::Message::from_vec(reply).unwrap();
    let bits = u16::from_be_bytes([reply[2], reply[3]]);
    let mut line = alloc::format!("{:?}", message.metadata.response_code);
    for (bit, mark) in
        [(0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"), (0x0020, "ad"), (0x0010, "cd")]
    {
        if bits & bit != 0 {
            line = line + " " + mark;
        }
    }
    let sections = [&message.answers, &message.authorities, &message.additionals];
    for (section, mark) in sections.into_iter().zip(["", "authority ", "additional "]) {
        let mut records: Vec<String> = section.iter().map(ToString::to_string).collect();
        records.sort();
        for record in records {
            line = line + " | " + mark + &record;
        }
    }
    line
}
