//! Packed facts, read where they lie.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::octets::Reader;
use super::{
    HAS_CLUSTER, HAS_FALLBACK, HAS_OWN_TTL, HAS_POLICY, HAS_TTL, HAS_WEIGHT, HOST, IPV4, IPV6, RECORD,
};
use crate::cluster::ClusterName;
use crate::fleet::{Endpoint, Evidence, NameFacts, Owner};
use crate::name::NameRef;
use crate::policy::PolicyName;
use crate::record::{RDATA_OCTETS_MAX, Rdata, RecordType, Target, Ttl};

/// Texts that name an owner: kind, namespace and name.
const OWNER_TEXTS: usize = 3;
/// What views rest on: octets come from [`super::pack`], or through [`check`].
const PACKED: &str = "facts are packed by us, or were checked when they were read";

/// True when octets are one name's facts, all of them, in the form that [`super::pack`] gives them.
pub(in crate::fleet) fn check(octets: &[u8]) -> bool {
    let whole = || {
        let mut view = NameView::read(octets)?;
        view.read_owner()?;
        let mut sources = view.held_by.clone();
        let mut before = None;
        for _ in 0..sources.left {
            let source = sources.try_next()?;
            if before.replace(source).is_some_and(|before| source <= before) {
                return None;
            }
        }
        for _ in 0..view.endpoints.left {
            // With all of its targets, behind which the next one begins.
            view.endpoints.try_next()?;
        }
        view.endpoints.rest.is_empty().then_some(())
    };
    whole().is_some()
}

/// One name's facts, read where they lie. See [`NameFacts`] for what the fields mean.
#[derive(Clone)]
pub struct NameView<'a> {
    /// What begins with the object that it belongs to: three texts.
    owner: &'a [u8],
    /// The TTL that the object names.
    pub ttl: Option<Ttl>,
    /// The TTL when neither the object nor the policy names one.
    pub default_ttl: Ttl,
    /// The policy that the object names.
    pub policy: Option<&'a str>,
    /// The name that it is an alias of while none of its own members is healthy.
    pub fallback: Option<NameRef<'a>>,
    /// Who holds the object.
    pub held_by: Sources<'a>,
    /// What clusters offer, sorted by cluster.
    pub endpoints: Endpoints<'a>,
}

/// See [`Owner`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnerView<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; empty for kinds that have none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// See [`Endpoint`].
#[derive(Clone)]
pub struct EndpointView<'a> {
    /// Whose it is; none for a record of unknown place.
    pub cluster: Option<&'a str>,
    /// Addresses, host names, or records of other types.
    pub targets: Targets<'a>,
    /// What its readiness rests on.
    pub evidence: Evidence,
    /// Its share under a weighted pick, where it says one itself.
    pub weight: Option<u32>,
    /// Its TTL, where it has one of its own.
    pub ttl: Option<Ttl>,
}

/// See [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetView<'a> {
    /// An address.
    Address(IpAddr),
    /// A host name.
    Host(NameRef<'a>),
    /// A record of another type, and its data.
    Record(RecordType, &'a [u8]),
}

impl<'a> NameView<'a> {
    /// The view of octets that [`super::pack`] made or that passed [`check`].
    pub(in crate::fleet) fn of(octets: &'a [u8]) -> Self {
        Self::read(octets).expect(PACKED)
    }

    /// Reads everything before the endpoints.
    fn read(octets: &'a [u8]) -> Option<Self> {
        let mut from = Reader(octets);
        let flags = from.octet()?;
        let has = |flag: u8| flags & flag != 0;
        if flags > HAS_TTL | HAS_POLICY | HAS_FALLBACK {
            return None;
        }
        let default_ttl = read_ttl(&mut from)?;
        let ttl = if has(HAS_TTL) { Some(read_ttl(&mut from)?) } else { None };
        let owner = from.0;
        for _ in 0..OWNER_TEXTS {
            from.skip_text()?;
        }
        let policy = if has(HAS_POLICY) { Some(from.text()?) } else { None };
        let fallback = if has(HAS_FALLBACK) { Some(from.name()?) } else { None };
        let held_by = Sources(List::new(&mut from)?);
        for _ in 0..held_by.left {
            let length = from.length()?;
            from.octets(length)?;
        }
        let endpoints = Endpoints(List::new(&mut from)?);
        Some(Self { owner, ttl, default_ttl, policy, fallback, held_by, endpoints })
    }

    /// The object that it belongs to, read where it is asked for: compile does not ask.
    #[must_use]
    pub fn owner(&self) -> OwnerView<'a> {
        self.read_owner().expect(PACKED)
    }

    fn read_owner(&self) -> Option<OwnerView<'a>> {
        let mut from = Reader(self.owner);
        Some(OwnerView { kind: from.text()?, namespace: from.text()?, name: from.text()? })
    }

    /// Unpacks them.
    #[must_use]
    pub fn to_facts(&self) -> NameFacts {
        let OwnerView { kind, namespace, name } = self.owner();
        NameFacts {
            owner: Owner { kind: kind.into(), namespace: namespace.into(), name: name.into() },
            ttl: self.ttl,
            default_ttl: self.default_ttl,
            policy: self.policy.map(|policy| PolicyName(policy.into())),
            fallback: self.fallback.map(NameRef::to_name),
            endpoints: self.endpoints.clone().map(|endpoint| endpoint.unpacked()).collect(),
            held_by: self.held_by.clone().map(ClusterName::from).collect(),
        }
    }

    /// The name that this one is nothing but an alias of.
    #[must_use]
    pub fn only_alias(&self) -> Option<NameRef<'a>> {
        let mut targets = self.endpoints.clone().flat_map(|endpoint| endpoint.targets);
        match targets.next() {
            Some(TargetView::Host(host)) => targets.next().is_none().then_some(host),
            Some(_) => None,
            None => self.fallback,
        }
    }
}

impl EndpointView<'_> {
    /// Unpacks it.
    #[must_use]
    pub fn unpacked(&self) -> Endpoint {
        Endpoint {
            cluster: self.cluster.map(ClusterName::from),
            targets: self.targets.clone().map(|target| target.to_target()).collect(),
            evidence: self.evidence,
            weight: self.weight,
            ttl: self.ttl,
        }
    }
}

impl<'a> Targets<'a> {
    /// The records that offer them: of each its type and data.
    pub(crate) fn records(&self) -> impl Iterator<Item = (RecordType, &'a [u8])> + use<'a> {
        let mut from = Reader(self.rest);
        (0..self.left).map(move |_| {
            let (_, rtype, data) = read_record(&mut from).expect(PACKED);
            (rtype, data)
        })
    }
}

impl TargetView<'_> {
    fn to_target(self) -> Target {
        match self {
            Self::Address(address) => Target::Address(address),
            Self::Host(name) => Target::Host(name.to_name()),
            Self::Record(rtype, data) => Target::Record(rtype, Rdata::from_wire(data).expect(PACKED)),
        }
    }
}

impl fmt::Display for OwnerView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(self.name)
    }
}

impl PartialEq<Owner> for OwnerView<'_> {
    fn eq(&self, other: &Owner) -> bool {
        *self == other.view()
    }
}

impl fmt::Debug for NameView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_facts().fmt(f)
    }
}

// === Lists ===

/// A list that is read one by one: how many are left, and the octets that they begin.
#[derive(Clone)]
pub struct List<'a> {
    left: usize,
    rest: &'a [u8],
}

impl<'a> List<'a> {
    fn new(from: &mut Reader<'a>) -> Option<Self> {
        let left = from.length()?;
        // A member is an octet at least, so a length that is made up ends here and not in a loop.
        (left <= from.0.len()).then_some(Self { left, rest: from.0 })
    }
}

macro_rules! list {
    ($(#[$doc:meta])* $name:ident of $item:ty, by $read:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name<'a>(List<'a>);

        impl<'a> $name<'a> {
            fn try_next(&mut self) -> Option<$item> {
                let mut from = Reader(self.0.rest);
                let item = $read(&mut from)?;
                self.0.left = self.0.left.saturating_sub(1);
                self.0.rest = from.0;
                Some(item)
            }
        }

        impl<'a> core::ops::Deref for $name<'a> {
            type Target = List<'a>;

            fn deref(&self) -> &List<'a> {
                &self.0
            }
        }

        impl<'a> Iterator for $name<'a> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                (self.0.left > 0).then(|| self.try_next().expect(PACKED))
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.0.left, Some(self.0.left))
            }
        }

        impl ExactSizeIterator for $name<'_> {}
    };
}

list!(
    /// The clusters that hold an object, in order.
    Sources of &'a str, by read_source
);
list!(
    /// What clusters offer for a name.
    Endpoints of EndpointView<'a>, by read_endpoint
);
list!(
    /// What one endpoint offers.
    Targets of TargetView<'a>, by read_target
);

fn read_source<'a>(from: &mut Reader<'a>) -> Option<&'a str> {
    from.text()
}

fn read_endpoint<'a>(from: &mut Reader<'a>) -> Option<EndpointView<'a>> {
    let flags = from.octet()?;
    let has = |flag: u8| flags & flag != 0;
    let evidence = match flags & 3 {
        0 => Evidence::Ready,
        1 => Evidence::NotReady,
        2 => Evidence::None,
        _ => Evidence::Allowed,
    };
    if flags > 3 | HAS_CLUSTER | HAS_WEIGHT | HAS_OWN_TTL {
        return None;
    }
    let cluster = if has(HAS_CLUSTER) { Some(from.text()?) } else { None };
    let weight = if has(HAS_WEIGHT) { Some(from.number32()?) } else { None };
    let ttl = if has(HAS_OWN_TTL) { Some(read_ttl(from)?) } else { None };
    let targets = Targets(List::new(from)?);
    // The next endpoint begins behind the last target, which only reading them tells; and `check` relies on it.
    let mut last = targets.clone();
    for _ in 0..targets.left {
        last.try_next()?;
    }
    from.0 = last.rest;
    Some(EndpointView { cluster, targets, evidence, weight, ttl })
}

fn read_target<'a>(from: &mut Reader<'a>) -> Option<TargetView<'a>> {
    let (tag, rtype, data) = read_record(from)?;
    Some(match tag {
        IPV4 => TargetView::Address(Ipv4Addr::from(*data.first_chunk::<4>()?).into()),
        IPV6 => TargetView::Address(Ipv6Addr::from(*data.first_chunk::<16>()?).into()),
        HOST => TargetView::Host(NameRef::trusted(data)),
        _ => TargetView::Record(rtype, data),
    })
}

/// A target's tag, and the record that it is: its data lies there as it goes on the wire.
fn read_record<'a>(from: &mut Reader<'a>) -> Option<(u8, RecordType, &'a [u8])> {
    let tag = from.octet()?;
    let (rtype, data) = match tag {
        IPV4 => (RecordType::A, from.octets(4)?),
        IPV6 => (RecordType::AAAA, from.octets(16)?),
        HOST => (RecordType::CNAME, from.name()?.as_wire()),
        RECORD => {
            let rtype = RecordType(u16::try_from(from.number()?).ok()?);
            let length = from.length().filter(|length| *length <= RDATA_OCTETS_MAX)?;
            (rtype, from.octets(length)?)
        }
        _ => return None,
    };
    Some((tag, rtype, data))
}

fn read_ttl(from: &mut Reader<'_>) -> Option<Ttl> {
    Ttl::from_seconds(from.number32()?)
}
