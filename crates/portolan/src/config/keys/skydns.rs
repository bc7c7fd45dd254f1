//! The keys of those who answer from an etcd in SkyDNS' layout.

use super::{Form, Key};
use crate::skydns::{NAME_SERVERS_MAX, URLS_MAX, ZONES_MAX};

/// The words of [`COMPAT`].
pub const COMPAT_WORDS: [&str; 2] = ["rfc", "skydns"];

/// The store.
pub(super) const URLS: Key = Key {
    name: "skydns",
    flag: "skydns",
    env: "PORTOLAN_SKYDNS",
    form: Form::Urls(URLS_MAX),
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

/// Whom to trust.
pub(super) const CA: Key = Key {
    name: "etcdCa",
    flag: "etcd-ca",
    env: "PORTOLAN_ETCD_CA",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The certificates of the authorities that etcd's members have theirs from (PEM)",
    more: "URLs with https need it. It is read for each connection, so it may change.",
    example: "/etc/portolan/etcd/ca.crt",
};

/// Our certificate.
pub(super) const CERT: Key = Key {
    name: "etcdCert",
    flag: "etcd-cert",
    env: "PORTOLAN_ETCD_CERT",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The certificate that we show to etcd (PEM), with etcdKey",
    more: "Both are read for each connection, so they may change.",
    example: "/etc/portolan/etcd/tls.crt",
};

/// Its key.
pub(super) const KEY: Key = Key {
    name: "etcdKey",
    flag: "etcd-key",
    env: "PORTOLAN_ETCD_KEY",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The key of etcdCert (PEM)",
    more: "It is read with the certificate.",
    example: "/etc/portolan/etcd/tls.key",
};

/// Who we are.
pub(super) const USER: Key = Key {
    name: "etcdUser",
    flag: "etcd-user",
    env: "PORTOLAN_ETCD_USER",
    form: Form::Text(256),
    value: "NAME",
    default: "none",
    help: "The user that we are to etcd, with etcdPasswordFile",
    more: "Reading the keys under the prefix is all that is needed.",
    example: "portolan",
};

/// And that we are.
pub(super) const PASSWORD: Key = Key {
    name: "etcdPasswordFile",
    flag: "etcd-password-file",
    env: "PORTOLAN_ETCD_PASSWORD_FILE",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The file with the password of etcdUser; a line feed at its end is none of it",
    more: "It is read whenever a token is asked for, so it may change.",
    example: "/etc/portolan/etcd/password",
};
