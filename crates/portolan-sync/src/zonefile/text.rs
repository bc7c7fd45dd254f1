//! The text of a zone file, read.

use portolan_core::record::{Rdata, RecordType, Soa, Ttl};
use portolan_core::{Name, NameRef};
use portolan_zonefile::{Context, Part, read as read_part};

use super::Options;
use super::zone::{HEADER, NUMBERS, Numbers, Records, VERSION, Zone};
use crate::provider::ProviderError;

/// Reads a whole zone.
///
/// # Errors
/// When not all of it is understood, or it is no zone that can be written anew without a loss: no plan is made from
/// half a zone.
pub(super) fn read(text: &[u8], options: &Options) -> Result<Zone, ProviderError> {
    let unsound = |why: String| ProviderError::Unsound(format!("{}{why}", options.path.display()));
    let mut soa: Option<(Soa, Ttl)> = None;
    let mut records: Vec<(Name, RecordType, Ttl, Rdata)> = Vec::new();
    let context = Context::new(options.zone.clone());
    let part = Part { start: 0, end: text.len(), line: 1, context };
    let found = read_part(text, &part, |record| match record.rtype {
        RecordType::SOA => soa = soa.take().or_else(|| Some((soa_of(record.rdata)?, record.ttl))),
        rtype => {
            records.extend(
                Rdata::from_wire(record.rdata).map(|data| (record.owner.to_name(), rtype, record.ttl, data)),
            );
        }
    });
    if let Some(fault) = found.faults.kept().first() {
        return Err(unsound(format!(":{}:{}: {}", fault.line, fault.column, fault.message)));
    }
    if found.dnssec > 0 {
        return Err(unsound(": is signed; publish to the file that the signer reads".into()));
    }
    let Some((soa, soa_ttl)) = soa else {
        return Err(unsound(": has no SOA record, so it is not a whole zone".into()));
    };
    let mut zone = Zone::of(options.zone.clone(), soa, soa_ttl);
    for (name, rtype, ttl, data) in records {
        let sets = zone.sets.entry(name).or_default();
        let set = sets.entry(rtype).or_insert_with(|| Records { ttl, data: [].into() });
        // One set has one TTL (RFC 2181 section 5.2).
        set.ttl = set.ttl.min(ttl);
        set.data.insert(data);
    }
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    zone.is_foreign = lines.next() != Some(HEADER);
    if let Some(numbers) =
        lines.next().filter(|_| !zone.is_foreign).and_then(|line| line.strip_prefix(NUMBERS))
    {
        zone.numbers = serde_json::from_str::<Numbers>(numbers)
            .map_err(|error| unsound(format!(":2: the numbers of plans do not parse: {error}")))?;
        if zone.numbers.version != VERSION {
            let version = zone.numbers.version;
            let rule =
                format!(":2: the numbers of plans have the version {version}; this program reads {VERSION}");
            return Err(unsound(rule));
        }
    }
    Ok(zone)
}

fn soa_of(octets: &[u8]) -> Option<Soa> {
    let (mname, rest) = NameRef::split_first(octets)?;
    let (rname, rest) = NameRef::split_first(rest)?;
    let mut numbers = rest.chunks_exact(4).map(|four| four.try_into().map_or(0, u32::from_be_bytes));
    let [serial, refresh, retry, expire, minimum] =
        std::array::from_fn(|_| numbers.next().unwrap_or_default());
    let (mname, rname) = (mname.to_name(), rname.to_name());
    Some(Soa { mname, rname, serial, refresh, retry, expire, minimum })
}
