//! A value ↔ the records that it offers, as the RFCs have names.
//!
//! | what a value has | what its name has |
//! | --- | --- |
//! | `host`, an address | A or AAAA; with a `port` also SRV, with `mail` also MX, both to the name itself |
//! | `host`, a name, with `mail` | MX |
//! | `host`, a name, with a `port` | SRV |
//! | `host`, a name, under `in-addr.arpa` or `ip6.arpa` | PTR |
//! | `host`, a name, otherwise | CNAME; a `text` beside it is a mark, and not answered |
//! | `text` | TXT |
//! | our own field with `type` and `target` | that record and no other |
//!
//! A stock CoreDNS has more rules than these, for subtrees; they stand elsewhere.

use std::net::IpAddr;

use portolan_core::fleet::unusable_address;
use portolan_core::record::{Present, RDATA_OCTETS_MAX, Rdata, TXT_STRING_OCTETS_MAX};
use portolan_core::{Name, NameRef, RecordType, Target, Ttl};

use super::value::{PLACED_TEXT_OCTETS_MAX, Placed, Value};
use super::{Wrong, shown};

/// TTL where neither the value nor a lease says one (CoreDNS' own).
pub const TTL_DEFAULT: u32 = 300;
/// Least TTL that a lease gives (`min-lease-ttl`).
pub const LEASE_TTL_MIN: u64 = 30;
/// Highest TTL that a lease gives (`max-lease-ttl`): a day.
pub const LEASE_TTL_MAX: u64 = 24 * 60 * 60;
/// Priority where a value says none.
pub const PRIORITY_DEFAULT: u16 = 10;
/// Weight where a value says none.
pub const WEIGHT_DEFAULT: u32 = 100;

/// What a value offers to its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The records, each with its type. Never empty.
    pub targets: Vec<Target>,
    /// Whose they are, and how it stands with them, where our own field says it.
    pub placed: Option<Placed>,
}

/// What a `host` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// A name.
    Name(Name),
}

impl Placed {
    /// True when something ready stands behind the target and others may answer it.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.ready && !self.withheld
    }
}

impl Value {
    /// The value that makes a stock server answer a record of a name, and ours exactly that record. Its `ttl` and
    /// `target_strip` are the caller's to say.
    #[must_use]
    pub fn of(owner: NameRef<'_>, target: &Target) -> Self {
        let mut value = plainly(target);
        if value.targets(owner).ok().as_deref() != Some(std::slice::from_ref(target)) {
            value.placed = Some(exactly(target));
        }
        value
    }

    /// The value that has a record of a name and makes nobody answer it now.
    #[must_use]
    pub fn withheld(target: &Target) -> Self {
        let placed = Placed { withheld: true, ..exactly(target) };
        Self { placed: Some(placed), ..Self::default() }
    }

    /// The records that it offers to the name that it is about.
    ///
    /// # Errors
    /// The first thing that is wrong, or that there is nothing to answer.
    pub fn records(&self, owner: NameRef<'_>) -> Result<Records, Wrong> {
        let targets = self.targets(owner)?;
        if targets.is_empty() {
            return Err(Wrong::whole("the value has neither host nor text: there is nothing to answer"));
        }
        Ok(Records { targets, placed: self.placed.clone() })
    }

    /// Seconds that what it offers may be kept: the lesser of its own and its lease's.
    #[must_use]
    pub fn ttl(&self, lease: Option<u64>) -> Ttl {
        let lease = lease.filter(|&seconds| seconds > 0);
        let lease = lease.map(|seconds| seconds.clamp(LEASE_TTL_MIN, LEASE_TTL_MAX));
        let lease = lease.and_then(|seconds| u32::try_from(seconds).ok());
        let own = (self.ttl > 0).then_some(self.ttl);
        Ttl::from_seconds(own.into_iter().chain(lease).min().unwrap_or(TTL_DEFAULT)).unwrap_or(Ttl::MAX)
    }

    /// What its `host` is; none when it has none.
    ///
    /// # Errors
    /// When it is neither an address that can be answered nor a host name.
    pub fn host(&self) -> Result<Option<Host>, Wrong> {
        if self.host.is_empty() {
            return Ok(None);
        }
        if let Ok(address) = self.host.parse::<IpAddr>() {
            let address = address.to_canonical();
            return match unusable_address(address) {
                Some(why) => Err(Wrong::field("host", &self.host, why)),
                None => Ok(Some(Host::Address(address))),
            };
        }
        let name = host_name(&self.host).map_err(|rule| Wrong::field("host", &self.host, rule))?;
        Ok(Some(Host::Name(name)))
    }

    fn targets(&self, owner: NameRef<'_>) -> Result<Vec<Target>, Wrong> {
        if let Some(exact) = self.placed.as_ref().map(exact).transpose()?.flatten() {
            return Ok(vec![exact]);
        }
        let mut targets = Vec::new();
        let mut is_alias = false;
        match self.host()? {
            None => {}
            Some(Host::Address(address)) => {
                targets.push(Target::Address(address));
                // Nobody can be sent to a wildcard.
                if !owner.is_wildcard() {
                    targets.extend(self.services(&owner.to_name()));
                }
            }
            Some(Host::Name(name)) => {
                let services = self.services(&name);
                match services.is_empty() {
                    false => targets.extend(services),
                    true if is_reverse(owner) => {
                        targets.push(Target::Record(RecordType::PTR, Rdata::name(&name)));
                    }
                    true => {
                        is_alias = true;
                        targets.push(Target::Host(name));
                    }
                }
            }
        }
        if !self.text.is_empty() && !is_alias {
            targets.push(self.text_target()?);
        }
        Ok(targets)
    }

    /// The SRV and MX records that it makes of a host.
    fn services(&self, host: &Name) -> Vec<Target> {
        let priority = self.priority();
        let mut services = Vec::new();
        if let Ok(port @ 1..) = u16::try_from(self.port) {
            let weight = u16::try_from(self.weight()).unwrap_or(u16::MAX);
            services.push(Target::Record(RecordType::SRV, Rdata::srv(priority, weight, port, host)));
        }
        if self.mail {
            services.push(Target::Record(RecordType::MX, Rdata::mx(priority, host)));
        }
        services
    }

    /// Its priority, said or not.
    #[must_use]
    pub fn priority(&self) -> u16 {
        if self.priority == 0 { PRIORITY_DEFAULT } else { self.priority }
    }

    /// Its weight, said or not.
    #[must_use]
    pub fn weight(&self) -> u32 {
        if self.weight == 0 { WEIGHT_DEFAULT } else { self.weight }
    }

    fn text_target(&self) -> Result<Target, Wrong> {
        let rdata = Rdata::txt(self.text.as_bytes());
        let rdata =
            rdata.ok_or_else(|| Wrong::field("text", &self.text, "is longer than a record can be"))?;
        Ok(Target::Record(RecordType::TXT, rdata))
    }
}

/// A record in the words that the layout has for it; as if there were nothing, where it has none.
fn plainly(target: &Target) -> Value {
    let mut value = Value::default();
    let Target::Record(rtype, rdata) = target else {
        value.host = match target {
            Target::Host(name) => name.to_dotless(),
            _ => target.to_string(),
        };
        return value;
    };
    let octets = rdata.as_wire();
    let number = |at: usize| octets.get(at..at + 2).map_or(0, |two| u16::from_be_bytes([two[0], two[1]]));
    let host = || rdata.target_name(*rtype).filter(|name| !name.is_root()).map(NameRef::to_dotless);
    match *rtype {
        RecordType::TXT => value.text = one_text(octets).unwrap_or_default(),
        RecordType::PTR => value.host = host().unwrap_or_default(),
        RecordType::MX => {
            value.host = host().unwrap_or_default();
            (value.mail, value.priority) = (true, number(0));
        }
        RecordType::SRV => {
            value.host = host().unwrap_or_default();
            (value.priority, value.weight, value.port) =
                (number(0), u32::from(number(2)), i32::from(number(4)));
        }
        _ => {}
    }
    value
}

/// A record in our own field.
fn exactly(target: &Target) -> Placed {
    let (rtype, rdata) = (target.record_type(), target.rdata());
    let target = if WORDS.contains(&rtype) {
        Present(rtype, rdata.as_wire()).to_string()
    } else {
        // RFC 3597 section 5: as octets, for which the type that is presented has no words.
        Present(RecordType::OPT, rdata.as_wire()).to_string()
    };
    Placed { rtype: Some(rtype.to_string()), target: Some(target), ..Placed::default() }
}

/// Types whose data our own field has in words; those of others are in octets.
const WORDS: [RecordType; 8] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CNAME,
    RecordType::MX,
    RecordType::NS,
    RecordType::PTR,
    RecordType::SRV,
    RecordType::TXT,
];

/// The record that our own field has; none when it has none.
fn exact(placed: &Placed) -> Result<Option<Target>, Wrong> {
    let (rtype, target) = match (&placed.rtype, &placed.target) {
        (None, None) => return Ok(None),
        (Some(rtype), Some(target)) => (rtype, target),
        _ => return Err(Wrong::whole("portolan has only one of type and target")),
    };
    let of_type =
        rtype.parse::<RecordType>().ok().filter(|rtype| !rtype.is_meta() && *rtype != RecordType::SOA);
    let of_type = of_type.ok_or_else(|| Wrong::field("portolan.type", rtype, "is no type of record"))?;
    let refused = |rule: String| Wrong::field("portolan.target", target, rule);
    of_words(of_type, target).map(Some).map_err(refused)
}

fn of_words(rtype: RecordType, text: &str) -> Result<Target, String> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let name = |text: &str| text.parse::<Name>().map_err(|error| error.to_string());
    let number = |text: &str| {
        text.parse::<u16>().map_err(|_| format!("has {}, not 0 to 65535", shown(text.as_bytes())))
    };
    let record = |rdata: Rdata| Ok(Target::Record(rtype, rdata));
    match (rtype, words.as_slice()) {
        (RecordType::A | RecordType::AAAA, [address]) => {
            let address: IpAddr = address.parse().map_err(|_| "is no address".to_owned())?;
            if let Some(why) = unusable_address(address) {
                return Err(why.to_owned());
            }
            let target = Target::Address(address);
            if target.record_type() == rtype { Ok(target) } else { Err("is of the other family".into()) }
        }
        (RecordType::CNAME, [host]) => Ok(Target::Host(name(host)?)),
        (RecordType::NS | RecordType::PTR, [host]) => record(Rdata::name(&name(host)?)),
        (RecordType::MX, [preference, host]) => record(Rdata::mx(number(preference)?, &name(host)?)),
        (RecordType::SRV, [priority, weight, port, host]) => {
            record(Rdata::srv(number(priority)?, number(weight)?, number(port)?, &name(host)?))
        }
        (RecordType::TXT, _) => {
            let strings = strings(text).ok_or("is no text in quotes")?;
            let rdata = Rdata::txt_of(strings.iter().map(Vec::as_slice));
            record(rdata.ok_or("is longer than a record can be, or empty")?)
        }
        (_, ["\\#", length, octets @ ..]) => {
            let octets = octets_of(length, &octets.concat()).ok_or("is not \\# LENGTH OCTETS")?;
            record(Rdata::from_wire(&octets).ok_or("is longer than a record can be")?)
        }
        _ => Err(format!("is not the data of a record of type {rtype}")),
    }
}

/// Texts in quotes, with `\C` and `\DDD` (RFC 1035 section 5.1).
fn strings(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut strings = Vec::new();
    let mut rest = text.bytes();
    let mut inside: Option<Vec<u8>> = None;
    while let Some(octet) = rest.next() {
        match (octet, &mut inside) {
            (b'"', Some(_)) => strings.extend(inside.take()),
            (b'"', None) => inside = Some(Vec::new()),
            (b'\\', Some(string)) => {
                let first = rest.next()?;
                string.push(if first.is_ascii_digit() { by_number(first, &mut rest)? } else { first });
            }
            (octet, Some(string)) => string.push(octet),
            (b' ' | b'\t', None) => {}
            _ => return None,
        }
    }
    (inside.is_none() && strings.iter().all(|string| string.len() <= TXT_STRING_OCTETS_MAX))
        .then_some(strings)
}

fn by_number(first: u8, rest: &mut std::str::Bytes<'_>) -> Option<u8> {
    let mut number = u16::from(first - b'0');
    for _ in 0..2 {
        number = number * 10 + u16::from(rest.next().filter(u8::is_ascii_digit)? - b'0');
    }
    u8::try_from(number).ok()
}

/// Octets in hexadecimal digits, as many as were said.
fn octets_of(length: &str, digits: &str) -> Option<Vec<u8>> {
    let length: usize = length.parse().ok()?;
    if length > RDATA_OCTETS_MAX || digits.len() != 2 * length || digits.len() > PLACED_TEXT_OCTETS_MAX * 2 {
        return None;
    }
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The strings of a TXT record as one text, where they are text.
fn one_text(mut octets: &[u8]) -> Option<String> {
    let mut text = Vec::with_capacity(octets.len());
    while let Some((&length, rest)) = octets.split_first() {
        let (string, rest) = rest.split_at_checked(usize::from(length))?;
        text.extend_from_slice(string);
        octets = rest;
    }
    String::from_utf8(text).ok()
}

/// A host name as values have it: letters, digits, `-` and `_`, and no address.
fn host_name(text: &str) -> Result<Name, String> {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'/');
    if !text.bytes().all(is_plain) {
        return Err("is neither an address nor a host name".into());
    }
    let name: Name = text.parse().map_err(|error| format!("is no host name: it {error}"))?;
    let last = name.borrowed().labels().last().unwrap_or_default();
    if last.iter().all(u8::is_ascii_digit) {
        return Err("is neither an address nor a host name".into());
    }
    Ok(name)
}

/// True of names that stand for addresses.
pub(super) fn is_reverse(name: NameRef<'_>) -> bool {
    const TREES: [&[u8]; 2] = [b"\x07in-addr\x04arpa\x00", b"\x03ip6\x04arpa\x00"];
    TREES.iter().any(|tree| NameRef::from_wire(tree).is_ok_and(|tree| name.is_at_or_below(tree)))
}
