//! One name's facts as octets, and the views that read them.
//!
//! A fleet of a million names holds a million of these, in memory and in the last good state, so they are
//! kept in the form that costs least: one run of octets, without pointers, that two fleets can share and
//! that is compared as it is. Nobody keeps the unpacked form; who needs a field reads it through a view.
//!
//! ```text
//!   flags  default_ttl  [ttl]  kind  namespace  name  [policy]  [fallback]  held_by   endpoints
//!   1      number       number text  text       text  text      name        list      list
//!
//!   endpoint: flags  [cluster]  [weight]  [ttl]  targets      target: tag  address, name, or type and data
//!             1      text       number    number list                 1
//!
//!   number: 7 bits an octet, the lowest first      text: its length as a number, then UTF-8
//!   name: its length in one octet, then wire form  list: its length as a number, then its members
//! ```
//!
//! One value has one packed form, so equal facts are equal octets. The form is also what format version 2
//! of portolan-store keeps: a change here is a new version there, and the old one's reader moves there.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::fleet::{Endpoint, Evidence, NameFacts};
use crate::record::Target;

mod octets;
mod view;

pub(super) use octets::{Reader, write_number};
use octets::{write_name, write_text};
pub(super) use view::check;
pub use view::{EndpointView, Endpoints, List, NameView, OwnerView, Sources, TargetView, Targets};

/// Flags of facts.
const HAS_TTL: u8 = 1;
const HAS_POLICY: u8 = 2;
const HAS_FALLBACK: u8 = 4;
/// Flags of an endpoint; its evidence is in the two lowest bits.
const HAS_CLUSTER: u8 = 4;
const HAS_WEIGHT: u8 = 8;
const HAS_OWN_TTL: u8 = 16;
/// Tags of targets.
const IPV4: u8 = 0;
const IPV6: u8 = 1;
const HOST: u8 = 2;
const RECORD: u8 = 3;

/// One name's facts, packed, for who keeps many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed(Box<[u8]>);

impl Packed {
    /// Packs facts.
    #[must_use]
    pub fn of(facts: &NameFacts) -> Self {
        let mut octets = Vec::with_capacity(128);
        pack(facts, &mut octets);
        Self(octets.into_boxed_slice())
    }

    /// The facts.
    #[must_use]
    pub fn view(&self) -> NameView<'_> {
        NameView::of(&self.0)
    }
}

/// Puts facts at the end of some octets.
pub(super) fn pack(facts: &NameFacts, out: &mut Vec<u8>) {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    out.push(
        flag(facts.ttl.is_some(), HAS_TTL)
            | flag(facts.policy.is_some(), HAS_POLICY)
            | flag(facts.fallback.is_some(), HAS_FALLBACK),
    );
    write_number(facts.default_ttl.seconds().into(), out);
    facts.ttl.inspect(|ttl| write_number(ttl.seconds().into(), out));
    for text in [&facts.owner.kind, &facts.owner.namespace, &facts.owner.name] {
        write_text(text, out);
    }
    facts.policy.iter().for_each(|policy| write_text(&policy.0, out));
    facts.fallback.iter().for_each(|name| write_name(name.borrowed(), out));
    write_length(facts.held_by.len(), out);
    facts.held_by.iter().for_each(|source| write_text(&source.0, out));
    write_length(facts.endpoints.len(), out);
    facts.endpoints.iter().for_each(|endpoint| pack_endpoint(endpoint, out));
}

fn pack_endpoint(endpoint: &Endpoint, out: &mut Vec<u8>) {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    let evidence = match endpoint.evidence {
        Evidence::Ready => 0,
        Evidence::NotReady => 1,
        Evidence::None => 2,
        Evidence::Allowed => 3,
    };
    out.push(
        evidence
            | flag(endpoint.cluster.is_some(), HAS_CLUSTER)
            | flag(endpoint.weight.is_some(), HAS_WEIGHT)
            | flag(endpoint.ttl.is_some(), HAS_OWN_TTL),
    );
    endpoint.cluster.iter().for_each(|cluster| write_text(&cluster.0, out));
    endpoint.weight.inspect(|weight| write_number((*weight).into(), out));
    endpoint.ttl.inspect(|ttl| write_number(ttl.seconds().into(), out));
    write_length(endpoint.targets.len(), out);
    for target in &endpoint.targets {
        match target {
            Target::Address(IpAddr::V4(address)) => {
                out.push(IPV4);
                out.extend_from_slice(&address.octets());
            }
            Target::Address(IpAddr::V6(address)) => {
                out.push(IPV6);
                out.extend_from_slice(&address.octets());
            }
            Target::Host(name) => {
                out.push(HOST);
                write_name(name.borrowed(), out);
            }
            Target::Record(rtype, rdata) => {
                out.push(RECORD);
                write_number(rtype.0.into(), out);
                write_length(rdata.as_wire().len(), out);
                out.extend_from_slice(rdata.as_wire());
            }
        }
    }
}

fn write_length(length: usize, out: &mut Vec<u8>) {
    write_number(u64::try_from(length).unwrap_or(u64::MAX), out);
}

#[cfg(test)]
mod tests;
