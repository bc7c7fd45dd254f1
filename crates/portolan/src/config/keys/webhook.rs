//! The keys of the webhook protocol's server; `portolan webhook` has them under shorter flags.

use super::{Form, Key, etcd};
use crate::webhook::DOMAINS_MAX;

/// Where it is spoken.
pub(super) const LISTEN: Key = Key {
    name: "webhookListen",
    flag: "webhook-listen",
    env: "PORTOLAN_WEBHOOK_LISTEN",
    form: Form::Address,
    value: "ADDR:PORT",
    default: "none: not served",
    help: "Be a webhook provider of External-DNS here: what it publishes is answered",
    more: "The protocol has no authentication: stay on loopback, or where External-DNS alone reaches. With it there need not be a \
           fleet. What is acknowledged is kept beside the state file, as `FILE.webhook`. See \
           [feed Portolan from External-DNS](../how-to/webhook.md).",
    example: "127.0.0.1:8888",
};

/// Which names are taken.
pub(super) const DOMAINS: Key = Key {
    name: "webhookDomains",
    flag: "webhook-domain-filter",
    env: "PORTOLAN_WEBHOOK_DOMAINS",
    form: Form::Names(DOMAINS_MAX),
    value: "ZONE",
    default: "none: every name is taken, and answered where a Zone of the fleet is",
    help: "Take records of this domain from External-DNS, and answer for it as a zone; may be given several times",
    more: "As External-DNS' `--domain-filter`, which learns it from here: `.example.com` takes names below it alone. A Zone of the fleet with \
           the same apex counts instead, and then its rules must admit the namespace `webhook`.",
    example: "[example.com]",
};

/// Which are not.
pub(super) const EXCLUDED: Key = Key {
    name: "webhookExcluded",
    flag: "webhook-exclude-domains",
    env: "PORTOLAN_WEBHOOK_EXCLUDED",
    form: Form::Names(DOMAINS_MAX),
    value: "DOMAIN",
    default: "none",
    help: "Take no records of this domain from External-DNS; may be given several times",
    more: "As External-DNS' `--exclude-domains`.",
    example: "[internal.example.com]",
};

/// Where what is acknowledged is kept.
pub(super) const ETCD: Key = Key {
    name: "webhookEtcd",
    flag: "webhook-etcd",
    env: "PORTOLAN_WEBHOOK_ETCD",
    form: etcd::MEMBERS,
    value: "URL,…",
    default: "none: it is kept beside the state file",
    help: "Keep External-DNS' records in this etcd, and share them with whoever else does; a URL for each of its members",
    more: "Keys of our own, under `/portolan/webhook/records/`. Several servers with the same etcd are one provider. `etcdCa` and the keys \
           behind it say how it is reached.",
    example: "[\"http://127.0.0.1:2379\"]",
};

/// Who answers.
pub(super) const NAME_SERVERS: Key = Key {
    name: "webhookNameServers",
    flag: "webhook-name-server",
    env: "PORTOLAN_WEBHOOK_NAME_SERVERS",
    form: Form::Names(DOMAINS_MAX),
    value: "NAME[=IP]",
    default: "ns. and the zone, at the addresses that questions are answered at",
    help: "Name this server in the zones of these domains; may be given several times, for several addresses too",
    more: "A server inside a zone needs its address.",
    example: "[ns1.example.com=192.0.2.53, ns2.example.net]",
};
