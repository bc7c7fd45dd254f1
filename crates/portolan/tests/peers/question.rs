//! The questions: names in, above, below and beside those of the zones, and all types.

use std::fmt;
use std::path::Path;

use portolan_core::{Name, RecordType};
use portolan_zonefile::{Context, Piece, cut, read};

use crate::peer::{ZONE_FOLDER, ZONES};

/// Types that the zone has, types that it could have, and one that nobody has heard of.
const TYPES: [RecordType; 37] = [
    RecordType::A,
    RecordType::NS,
    RecordType::CNAME,
    RecordType::SOA,
    RecordType::PTR,
    RecordType::HINFO,
    RecordType::MX,
    RecordType::TXT,
    RecordType::RP,
    RecordType::AFSDB,
    RecordType::RT,
    RecordType::AAAA,
    RecordType::LOC,
    RecordType::SRV,
    RecordType::NAPTR,
    RecordType::KX,
    RecordType::CERT,
    RecordType::DNAME,
    RecordType::APL,
    RecordType::DS,
    RecordType::SSHFP,
    RecordType::TLSA,
    RecordType::OPENPGPKEY,
    RecordType::SVCB,
    RecordType::HTTPS,
    RecordType::SPF,
    RecordType::URI,
    RecordType::CAA,
    RecordType(65_400),
    RecordType(65_401),
    RecordType(65_402),
    RecordType(1_000),
    RecordType::A,
    RecordType::AAAA,
    RecordType::TXT,
    RecordType::CNAME,
    RecordType::ANY,
];
/// What a client says that it can take over UDP; none: it has no EDNS.
const SIZES: [Option<u16>; 5] = [None, None, Some(512), Some(1232), Some(4096)];
/// What every server sends at most over UDP, by its configuration or by itself (RFC 9715).
const UDP_OCTETS_MAX: usize = 1232;

/// One question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    id: u16,
    /// In the case in which it is asked.
    name: Vec<u8>,
    pub(crate) rtype: RecordType,
    edns: Option<u16>,
}

impl Question {
    pub(crate) fn soa(apex: &str) -> Self {
        let apex: Name = apex.parse().unwrap();
        Self { id: 0, name: apex.as_wire().to_vec(), rtype: RecordType::SOA, edns: None }
    }

    pub(crate) fn name(&self) -> Name {
        Name::from_wire(&self.name).unwrap()
    }

    /// The longest reply over UDP.
    pub(crate) fn octets_max(&self) -> usize {
        self.edns.map_or(512, |size| usize::from(size).clamp(512, UDP_OCTETS_MAX))
    }

    pub(crate) fn packet(&self) -> Vec<u8> {
        let [high, low] = self.id.to_be_bytes();
        let mut packet = vec![high, low, 0, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(self.edns.is_some())];
        packet.extend_from_slice(&self.name);
        packet.extend_from_slice(&self.rtype.0.to_be_bytes());
        packet.extend_from_slice(&[0, 1]);
        if let Some(size) = self.edns {
            let [high, low] = size.to_be_bytes();
            packet.extend_from_slice(&[0, 0, 41, high, low, 0, 0, 0, 0, 0, 0]);
        }
        packet
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} edns={:?}", self.name(), self.rtype, self.edns)
    }
}

/// Questions without end, from a seed.
pub(crate) struct Questions {
    state: u64,
    id: u16,
    names: Vec<Name>,
    /// Those of them that have DNAMEs.
    dnames: Vec<Name>,
}

impl Questions {
    pub(crate) fn new(seed: u64) -> Self {
        let (names, dnames) = names_of_the_zones();
        Self { state: seed, id: 0, names, dnames }
    }

    fn below(&mut self, most: usize) -> usize {
        // splitmix64
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(most).unwrap()).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn name(&mut self) -> Name {
        let name = self.around();
        if self.below(6) > 0 {
            return name;
        }
        // Below a DNAME, with labels that its target may have.
        let dnames = std::mem::take(&mut self.dnames);
        let dname = self.pick(&dnames);
        self.dnames = dnames;
        let own = name.borrowed().labels().count().saturating_sub(2).max(1);
        let labels = name.borrowed().labels().take(own).chain(dname.borrowed().labels());
        Name::from_labels(labels).unwrap_or(dname)
    }

    /// A name of a zone, or one that stands to one in some way.
    fn around(&mut self) -> Name {
        let names = std::mem::take(&mut self.names);
        let name = self.pick(&names);
        self.names = names;
        let labels: Vec<Vec<u8>> = name.borrowed().labels().map(<[u8]>::to_vec).collect();
        let own = labels.len().saturating_sub(2);
        let made = match self.below(12) {
            0..5 => labels,
            // Above, and the zone's parent at times.
            5 => labels[self.below(labels.len())..].to_vec(),
            6 | 7 => [vec![self.label()], labels].concat(),
            8 => [vec![self.label(), self.label()], labels].concat(),
            // Beside, at any depth.
            9 | 10 if own > 0 => {
                let mut labels = labels;
                let at = self.below(own);
                labels[at] = self.label();
                labels
            }
            11 if self.below(3) == 0 => vec![self.label(), b"other".to_vec(), b"example".to_vec()],
            _ => {
                let skip = self.below(own + 1);
                [vec![self.label()], labels[skip..].to_vec()].concat()
            }
        };
        Name::from_labels(made.iter().map(Vec::as_slice)).unwrap_or(name)
    }

    fn label(&mut self) -> Vec<u8> {
        let labels: [&[u8]; 12] = [
            b"a",
            b"www",
            b"*",
            b"x",
            b"ns",
            b"zz-nothing",
            b"_tcp",
            b"\x00",
            b"\xff.",
            b"0",
            b"host",
            b"child",
        ];
        if self.below(12) == 0 { vec![b'q'; 63] } else { self.pick(&labels).to_vec() }
    }
}

impl Iterator for Questions {
    type Item = Question;

    fn next(&mut self) -> Option<Question> {
        self.id = self.id.wrapping_add(1);
        let mut name = self.name().as_wire().to_vec();
        if self.below(3) == 0 {
            // A length is below 64, so only letters change.
            for octet in &mut name {
                if octet.is_ascii_lowercase() && self.below(2) == 0 {
                    octet.make_ascii_uppercase();
                }
            }
        }
        let (rtype, edns) = (self.pick(&TYPES), self.pick(&SIZES));
        Some(Question { id: self.id, name, rtype, edns })
    }
}

/// The owners in the zone files and in what they include, in their order, and those of DNAMEs.
fn names_of_the_zones() -> (Vec<Name>, Vec<Name>) {
    let (mut names, mut dnames): (Vec<Name>, Vec<Name>) = (Vec::new(), Vec::new());
    let of = |(apex, file): (&str, &str)| (file.to_owned(), Context::new(apex.parse().unwrap()));
    let mut files = ZONES.map(of).to_vec();
    while let Some((file, context)) = files.pop() {
        let text = std::fs::read(Path::new(ZONE_FOLDER).join(&file)).unwrap();
        let (pieces, faults) = cut(&text, &context, 1);
        assert_eq!(faults.count(), 0);
        for piece in pieces {
            match piece {
                Piece::Part(part) => {
                    let found = read(&text, &part, |record| {
                        if names.last().is_none_or(|last| last.borrowed() != record.owner) {
                            names.push(record.owner.to_name());
                        }
                        if record.rtype == RecordType::DNAME {
                            dnames.push(record.owner.to_name());
                        }
                    });
                    assert_eq!(found.faults.count(), 0, "{file}: {:?}", found.faults);
                }
                Piece::Include(include) => files.push((include.path, include.context)),
            }
        }
    }
    (names, dnames)
}
