//! The OPT record of a reply (RFC 6891 section 6.1): there when the request has one, always last.

use core::net::IpAddr;

use portolan_core::RecordType;

use crate::encode::Limits;
use crate::encode::writer::{Full, Writer};
use crate::message::{
    DNSSEC_OK, FAMILY_IPV4, FAMILY_IPV6, OPTION_EDE, OPTION_NSID, OPTION_SUBNET, UDP_OCTETS_MAX,
};
use crate::request::{Edns, Request, Subnet};

/// Longest server name in a reply (NSID), in octets.
pub const NSID_OCTETS_MAX: usize = 64;

/// Root owner, type, class, TTL, length.
const FIXED_OCTETS: usize = 11;
/// Code and length of an option.
const OPTION_OCTETS: usize = 4;
/// Family and both prefix lengths of a client subnet.
const SUBNET_FIXED_OCTETS: usize = 4;
/// An extended error's code; we send no text with it.
const EDE_OCTETS: usize = 2;
/// [`UDP_OCTETS_MAX`], as it stands in the record.
const PAYLOAD: u16 = 1232;
const _: () = assert!(PAYLOAD as usize == UDP_OCTETS_MAX);

/// What is to be said.
pub(super) struct Opt<'l> {
    edns: &'l Edns,
    /// Empty: not asked for, or nothing to say.
    nsid: &'l [u8],
    /// As it was decided, for a reply to a question with a client subnet.
    scope: u8,
    options_octets: usize,
}

impl<'l> Opt<'l> {
    /// None when the request has none.
    #[inline]
    pub(super) fn of(request: &'l Request, limits: Limits<'l>, scope: u8) -> Option<Self> {
        let edns = request.edns.as_ref()?;
        let mut opt = Self { edns, nsid: &[], scope, options_octets: 0 };
        if edns.nsid && !limits.nsid.is_empty() {
            opt.nsid = limits.nsid.get(..NSID_OCTETS_MAX).unwrap_or(limits.nsid);
            opt.options_octets += OPTION_OCTETS + opt.nsid.len();
        }
        if let Some(subnet) = &edns.subnet {
            opt.options_octets += OPTION_OCTETS + SUBNET_FIXED_OCTETS + address_octets(subnet);
        }
        Some(opt)
    }

    /// Its length, but for the extended error.
    #[inline]
    pub(super) fn octets(&self) -> usize {
        FIXED_OCTETS + self.options_octets
    }

    /// Writes it. `Full` is that there was no room for the extended error; all else is there.
    #[inline]
    pub(super) fn write(&self, writer: &mut Writer<'_>, code: u16, ede: Option<u16>) -> Result<(), Full> {
        let with_ede = OPTION_OCTETS + EDE_OCTETS;
        let room = writer.room() >= self.octets() + with_ede;
        let options = self.options_octets + if ede.is_some() && room { with_ede } else { 0 };
        let [_, code_high] = (code >> 4).to_be_bytes();
        let [t1, t0] = RecordType::OPT.0.to_be_bytes();
        let [p1, p0] = PAYLOAD.to_be_bytes();
        let [f1, f0] = if self.edns.dnssec_ok { DNSSEC_OK.to_be_bytes() } else { [0, 0] };
        let [o1, o0] = u16::try_from(options).map_err(|_| Full)?.to_be_bytes();
        writer.put(&[0, t1, t0, p1, p0, code_high, 0, f1, f0, o1, o0])?;
        self.write_nsid(writer)?;
        self.write_subnet(writer)?;
        match ede {
            Some(_) if !room => Err(Full),
            Some(ede) => write_option(writer, OPTION_EDE, &ede.to_be_bytes()),
            None => Ok(()),
        }
    }

    fn write_nsid(&self, writer: &mut Writer<'_>) -> Result<(), Full> {
        if self.nsid.is_empty() {
            return Ok(());
        }
        write_option(writer, OPTION_NSID, self.nsid)
    }

    /// Family, source and address come back as they were sent (RFC 7871 section 7.2.1).
    fn write_subnet(&self, writer: &mut Writer<'_>) -> Result<(), Full> {
        let Some(subnet) = &self.edns.subnet else {
            return Ok(());
        };
        let octets = address_octets(subnet);
        let family = if subnet.address.is_ipv4() { FAMILY_IPV4 } else { FAMILY_IPV6 };
        let length = u16::try_from(SUBNET_FIXED_OCTETS + octets).map_err(|_| Full)?;
        let ([o1, o0], [l1, l0]) = (OPTION_SUBNET.to_be_bytes(), length.to_be_bytes());
        let [f1, f0] = family.to_be_bytes();
        writer.put(&[o1, o0, l1, l0, f1, f0, subnet.source, subnet.scope(self.scope)])?;
        match subnet.address {
            IpAddr::V4(v4) => writer.put(v4.octets().get(..octets).unwrap_or_default()),
            IpAddr::V6(v6) => writer.put(v6.octets().get(..octets).unwrap_or_default()),
        }
    }
}

fn write_option(writer: &mut Writer<'_>, code: u16, value: &[u8]) -> Result<(), Full> {
    writer.number(code)?;
    writer.number(u16::try_from(value.len()).map_err(|_| Full)?)?;
    writer.put(value)
}

/// Octets that hold a prefix.
fn address_octets(subnet: &Subnet) -> usize {
    usize::from(subnet.source).div_ceil(8)
}
