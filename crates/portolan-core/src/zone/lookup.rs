//! Where a question leads inside a zone: to records, to a delegation, to nothing.

use arrayvec::ArrayVec;

use crate::name::{NAME_OCTETS_MAX, NameRef, Suffixes, hash_of};
use crate::record::RecordType;
use crate::rrset::Rrset;
use crate::zone::file::FileNode;
use crate::zone::{Depths, Records, Snapshot, Zone};

/// Where a question leads inside a zone.
pub(crate) enum Lookup<'s, 'q> {
    /// Records, by the name itself or by a wildcard.
    Found(Stored<'s>, bool),
    /// A delegation at this name, what stands there, and the name servers among it.
    Cut(NameRef<'q>, Stored<'s>, Rrset<'s>),
    /// A DNAME above, at this name.
    Redirected(NameRef<'q>, Rrset<'s>),
    /// Names below, no records here.
    Empty,
    /// Nothing.
    Missing,
}

/// What stands at a name.
#[derive(Clone, Copy)]
pub(crate) enum Stored<'s> {
    /// What the fleet offers.
    Fleet(&'s Records),
    /// What a zone file has.
    File(FileNode<'s>),
}

/// What is known of a name: its records, or that there are names below it.
enum Known<'s> {
    Records(Stored<'s>),
    Empty,
}

impl<'s> Stored<'s> {
    fn name_servers(self) -> Option<Rrset<'s>> {
        match self {
            Self::Fleet(records) => records.pool(RecordType::NS).map(|pool| pool.set.borrowed()),
            Self::File(node) => node.set(RecordType::NS),
        }
    }
}

impl Snapshot {
    /// Looks a name up in the zone that holds it.
    #[inline]
    pub(crate) fn lookup<'s, 'q>(&'s self, zone: &'s Zone, suffixes: &Suffixes<'q>) -> Lookup<'s, 'q> {
        let cuts = self.cuts_of(zone) & Depths::between(zone.depth, suffixes.labels());
        if cuts != Depths::NONE
            && let Some(cut) = self.cut(zone, suffixes, cuts)
        {
            return cut;
        }
        match self.known(zone, suffixes, 0) {
            Some(Known::Records(stored)) => match stored.name_servers() {
                Some(name_servers) if suffixes.name(0) != zone.apex.borrowed() => {
                    Lookup::Cut(suffixes.name(0), stored, name_servers)
                }
                _ => Lookup::Found(stored, false),
            },
            Some(Known::Empty) => Lookup::Empty,
            None => self.by_encloser(zone, suffixes),
        }
    }

    /// The depths at which there may be delegations in a zone.
    #[inline]
    fn cuts_of(&self, zone: &Zone) -> u64 {
        let of_fleet = if zone.facts.is_some() { self.cuts.mask() } else { Depths::NONE };
        of_fleet | zone.file.as_ref().map_or(Depths::NONE, |file| file.cuts())
    }

    /// What stands at a name, whatever zone it is in and whatever is delegated: for glue.
    pub(crate) fn stored(&self, name: NameRef<'_>) -> Option<Stored<'_>> {
        let suffixes = self.suffixes(name);
        match self.known(self.zone_among(&suffixes, 0)?, &suffixes, 0)? {
            Known::Records(stored) => Some(stored),
            Known::Empty => None,
        }
    }

    #[inline]
    fn known<'s>(&'s self, zone: &'s Zone, suffixes: &Suffixes<'_>, skip: usize) -> Option<Known<'s>> {
        self.known_by(zone, suffixes.hash(skip)?, suffixes.name(skip))
    }

    /// A name of the fleet hides what the file has there.
    #[inline]
    fn known_by<'s>(&'s self, zone: &'s Zone, hash: u64, name: NameRef<'_>) -> Option<Known<'s>> {
        let mut known = None;
        if zone.facts.is_some()
            && let Some(entry) = self.names.find(hash, name)
        {
            match entry.value.records.as_ref() {
                Some(records) => return Some(Known::Records(Stored::Fleet(records))),
                None => known = Some(Known::Empty),
            }
        }
        match zone.file.as_ref().and_then(|file| file.find(hash, name)) {
            Some(node) if !node.is_empty() => Some(Known::Records(Stored::File(node))),
            Some(_) => Some(Known::Empty),
            None if zone.has_zones_below => self.names.find(hash, name).and_then(|entry| {
                // Names of the fleet there may be are not this zone's.
                (entry.value.zones > 0).then_some(Known::Empty)
            }),
            None => known,
        }
    }

    /// The highest delegation above a name and below the apex.
    fn cut<'s, 'q>(&'s self, zone: &'s Zone, suffixes: &Suffixes<'q>, cuts: u64) -> Option<Lookup<'s, 'q>> {
        let above = suffixes.labels().saturating_sub(1);
        for depth in Depths::deepest_first(cuts, above).rev().skip_while(|depth| *depth <= zone.depth) {
            let skip = suffixes.labels() - depth;
            if let Some(Known::Records(stored)) = self.known(zone, suffixes, skip)
                && let Some(name_servers) = stored.name_servers()
            {
                return Some(Lookup::Cut(suffixes.name(skip), stored, name_servers));
            }
        }
        None
    }

    /// What the closest encloser makes of a name that is not there: by the wildcard below it (RFC 4592 section
    /// 3.3.1), or by its DNAME (RFC 6672 section 3.2). A zone file has nothing below a DNAME, so a wildcard
    /// there is the fleet's, which goes first. Neither answers in place of a name that may not be read yet.
    fn by_encloser<'s, 'q>(&'s self, zone: &'s Zone, suffixes: &Suffixes<'q>) -> Lookup<'s, 'q> {
        if !self.complete || !zone.is_whole {
            return Lookup::Missing;
        }
        let encloser = self.encloser(zone, suffixes);
        let mut wire = ArrayVec::<u8, { NAME_OCTETS_MAX + 2 }>::new();
        // A name has no more octets than there is room for behind these two.
        let _ = wire.try_extend_from_slice(&[1, b'*']);
        let _ = wire.try_extend_from_slice(suffixes.name(encloser).as_wire());
        let wildcard = NameRef::trusted(&wire);
        match self.known_by(zone, hash_of(wildcard, self.seed()), wildcard) {
            Some(Known::Records(stored)) => Lookup::Found(stored, true),
            Some(Known::Empty) => Lookup::Empty,
            None if zone.file.as_ref().is_some_and(|file| file.has_dname()) => {
                self.below_dname(zone, suffixes, encloser).unwrap_or(Lookup::Missing)
            }
            None => Lookup::Missing,
        }
    }

    /// By the DNAME of a zone file at a name, where no name of the fleet hides it.
    #[cold]
    fn below_dname<'s, 'q>(
        &'s self,
        zone: &'s Zone,
        suffixes: &Suffixes<'q>,
        skip: usize,
    ) -> Option<Lookup<'s, 'q>> {
        match self.known(zone, suffixes, skip)? {
            Known::Records(Stored::File(node)) => {
                Some(Lookup::Redirected(suffixes.name(skip), node.set(RecordType::DNAME)?))
            }
            _ => None,
        }
    }

    /// How many labels of a name are to be left out to come to the closest one that is there. Above one that
    /// is there all are, up to the apex, so halving finds it: a name of a hundred labels costs seven looks.
    fn encloser(&self, zone: &Zone, suffixes: &Suffixes<'_>) -> usize {
        let apex = suffixes.labels().saturating_sub(zone.depth);
        let (mut missing, mut there) = (suffixes.too_deep().saturating_sub(1), apex);
        while missing + 1 < there {
            let middle = missing.midpoint(there);
            match self.known(zone, suffixes, middle) {
                Some(_) => there = middle,
                None => missing = middle,
            }
        }
        there
    }
}
