//! What an OPT record says (RFC 6891 section 6.1).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::decode::reader::{Malformed, Reader, Record};
use crate::message::{DNSSEC_OK, FAMILY_IPV4, FAMILY_IPV6, OPTION_COOKIE, OPTION_NSID, OPTION_SUBNET};
use crate::request::{Edns, Subnet};

/// Most options that an OPT record may have; what is known to be sent has less than ten.
pub const OPTIONS_MAX: usize = 48;

/// What stands in the record's fixed part.
pub(super) fn fixed(record: &Record<'_>) -> Edns {
    let [_code, version, high, low] = record.ttl;
    Edns { payload: record.class, version, dnssec_ok: is_dnssec_ok([high, low]), nsid: false, subnet: None }
}

/// Whether DO is set in the record's flags (RFC 3225).
#[inline]
pub(super) fn is_dnssec_ok(flags: [u8; 2]) -> bool {
    u16::from_be_bytes(flags) & DNSSEC_OK != 0
}

/// Reads the options of version 0; those that we do not know are passed over.
pub(super) fn options(rdata: &[u8], edns: &mut Edns) -> Result<(), Malformed> {
    let mut reader = Reader::new(rdata);
    let mut subnet_seen = false;
    let mut options = 0;
    while !reader.is_empty() {
        options += 1;
        if options > OPTIONS_MAX {
            return Err(Malformed);
        }
        let code = reader.number()?;
        let len = reader.number()?;
        let value = reader.octets(usize::from(len))?;
        match code {
            OPTION_NSID => edns.nsid = true,
            OPTION_SUBNET if subnet_seen => return Err(Malformed),
            OPTION_SUBNET => {
                subnet_seen = true;
                edns.subnet = subnet(value)?;
            }
            // A client's part alone, or with a server's.
            OPTION_COOKIE if !matches!(value.len(), 8 | 16..=40) => return Err(Malformed),
            _ => {}
        }
    }
    Ok(())
}

/// A client subnet (RFC 7871 section 6); none when its family is not ours.
fn subnet(value: &[u8]) -> Result<Option<Subnet>, Malformed> {
    let mut reader = Reader::new(value);
    let family = reader.number()?;
    let [source, scope] = reader.array()?;
    let octets = reader.octets(value.len() - reader.position())?;
    let address = match family {
        FAMILY_IPV4 => IpAddr::V4(Ipv4Addr::from(prefix::<4>(octets, source)?)),
        FAMILY_IPV6 => IpAddr::V6(Ipv6Addr::from(prefix::<16>(octets, source)?)),
        _ => return Ok(None),
    };
    if scope != 0 {
        return Err(Malformed);
    }
    Ok(Some(Subnet { address, source }))
}

/// An address from just the octets that hold its first `bits` bits, the others being zero.
fn prefix<const N: usize>(octets: &[u8], bits: u8) -> Result<[u8; N], Malformed> {
    let bits = usize::from(bits);
    if bits > N * 8 || octets.len() != bits.div_ceil(8) {
        return Err(Malformed);
    }
    if let (Some(last), used @ 1..) = (octets.last(), bits % 8)
        && last << used != 0
    {
        return Err(Malformed);
    }
    let mut address = [0; N];
    for (to, from) in address.iter_mut().zip(octets) {
        *to = *from;
    }
    Ok(address)
}
