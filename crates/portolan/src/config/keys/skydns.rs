//! The keys of those who answer from an etcd in SkyDNS' layout.

use super::{Form, Key, etcd};
use crate::skydns::{NAME_SERVERS_MAX, ZONES_MAX};

/// The words of [`COMPAT`].
pub const COMPAT_WORDS: [&str; 2] = ["rfc", "skydns"];

/// The store.
pub(super) const URLS: Key = Key {
    name: "skydns",
    flag: "skydns",
    env: "PORTOLAN_SKYDNS",
    form: etcd::MEMBERS,
    value: "URL,…",
    default: "none",
    help: "Answer from this etcd too, which anybody fills in SkyDNS' layout; a URL for each of its members",
    more: "As CoreDNS' plugin `etcd` does, and from memory: see [an etcd that others fill](../how-to/skydns.md). It needs \
           `skydnsZones`, and stands alone or beside a fleet, whose names hide those of keys.",
    example: "[http://127.0.0.1:2379]",
};

/// Their zones.
pub(super) const ZONES: Key = Key {
    name: "skydnsZones",
    flag: "skydns-zone",
    env: "PORTOLAN_SKYDNS_ZONES",
    form: Form::Domains(ZONES_MAX),
    value: "ZONE",
    default: "none",
    help: "Serve this zone from the keys of --skydns; may be given several times",
    more: "Its name servers are what stands under `ns.dns.ZONE`, as with CoreDNS. Keys outside these zones are passed over.",
    example: "[example.org]",
};

/// Their name servers.
pub(super) const NAME_SERVERS: Key = Key {
    name: "skydnsNameServers",
    flag: "skydns-name-server",
    env: "PORTOLAN_SKYDNS_NAME_SERVERS",
    form: Form::Domains(NAME_SERVERS_MAX),
    value: "NAME",
    default: "ns.dns.ZONE, with the addresses that questions are answered at",
    help: "The name server of these zones where no key under ns.dns.ZONE names one; may be given several times",
    more: "An address of `0.0.0.0` or `::` says nothing of where this server is reached: behind one, name it here.",
    example: "[ns1.example.net, ns2.example.net]",
};

/// Where the keys are.
pub(super) const PREFIX: Key = Key {
    name: "skydnsPrefix",
    flag: "skydns-prefix",
    env: "PORTOLAN_SKYDNS_PREFIX",
    form: Form::Text(portolan_store::skydns::key::PREFIX_OCTETS_MAX),
    value: "PREFIX",
    default: portolan_store::skydns::PREFIX,
    help: "How the keys begin",
    more: "CoreDNS' `path`, External-DNS' `--coredns-prefix`.",
    example: "/skydns",
};

/// What names have of them.
pub(super) const COMPAT: Key = Key {
    name: "skydnsCompat",
    flag: "skydns-compat",
    env: "PORTOLAN_SKYDNS_COMPAT",
    form: Form::Word(&COMPAT_WORDS),
    value: "RULES",
    default: "rfc",
    help: "What a name has of the keys: rfc (its own), skydns (those below it too, as CoreDNS has it)",
    more: "With `skydns` a question for a name is answered with all that stands below it. What differs from CoreDNS all the same is \
           in [an etcd that others fill](../how-to/skydns.md#as-coredns-answers).",
    example: "skydns",
};
