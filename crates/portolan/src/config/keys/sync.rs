//! The options of a publisher: flags of `portolan sync`, and keys of an item of `sync:` in the file of `portolan run`.
//!
//! What External-DNS has too is called as it calls it.

use super::sources::RECORD_TYPES;
use super::{Form, Key, etcd};

/// What stands before the name of an option in the name of its key.
pub const SYNC_SECTION: &str = "sync.";
/// Most publishers of one process.
pub const PUBLISHERS_MAX: usize = 32;

/// The makes of DNS that there are.
pub const PROVIDERS: &[&str] = &["etcd", "rfc2136", "webhook", "zonefile"];
const POLICIES: &[&str] = &["sync", "upsert-only", "create-only"];
const ALGORITHMS: &[&str] = &["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"];
const STRATEGIES: &[&str] = &["disabled", "round-robin", "random"];

options! {
    SYNC, "sync.", "PORTOLAN_SYNC_";
    "name", "NAME", Form::Text(63), "NAME", "the provider's",
        "What this publisher is called in logs, metrics and holds", "Needed where two have one provider.", "etcd";
    "provider", "PROVIDER", Form::Word(PROVIDERS), "PROVIDER", "none",
        "The make of DNS to publish to: etcd, rfc2136, webhook, zonefile", "It has to be said.", "etcd";
    "owner-id", "OWNER_ID", Form::Text(128), "ID", "none",
        "Who the records belong to; only records that bear it are ever changed or deleted",
        "It has to be said: External-DNS' default, `default`, makes two installations one. As its `--txt-owner-id`.",
        "eu-1";
    "policy", "POLICY", Form::Word(POLICIES), "POLICY", "sync",
        "What may be done: sync (all), upsert-only (nothing is deleted), create-only",
        "`sync` unless said otherwise, as deletes have guards here: External-DNS has no default.", "upsert-only";
    "domain-filter", "DOMAIN_FILTER", Form::Texts, "ZONE", "all",
        "Only names at or below this domain; `.ZONE` for those below it; may be given several times", "",
        "[example.org]";
    "exclude-domains", "EXCLUDE_DOMAINS", Form::Texts, "ZONE", "none",
        "No names at or below this domain; may be given several times", "", "[internal.example.org]";
    "regex-domain-filter", "REGEX_DOMAIN_FILTER", Form::Free, "REGEX", "none",
        "Only names that this regular expression matches, instead of domain-filter",
        "Beside a regular expression the plain filters are not looked at.", "\"\\\\.example\\\\.(org|com)$\"";
    "regex-domain-exclusion", "REGEX_DOMAIN_EXCLUSION", Form::Free, "REGEX", "none",
        "No names that this regular expression matches", "Alone, all others are taken.", "\"^internal\\\\.\"";
    "managed-record-types", "MANAGED_RECORD_TYPES", Form::Words(RECORD_TYPES), "TYPE", "A, AAAA, CNAME",
        "Only records of this type; may be given several times", "", "[A, AAAA, CNAME, TXT, SRV]";
    "exclude-record-types", "EXCLUDE_RECORD_TYPES", Form::Words(RECORD_TYPES), "TYPE", "none",
        "No records of this type; may be given several times", "", "[AAAA]";
    "adopt", "ADOPT", Form::Switch, "BOOL", "false",
        "Take over records that bear nobody's mark, where they are asked for",
        "So a zone that people kept by hand comes over without a gap.", "true";
    "share", "SHARE", Form::Switch, "BOOL", "false",
        "Claim targets instead of whole names, so that several owners feed one name",
        "The last owner's delete removes it. External-DNS leaves such names alone.", "true";
    "instance-id", "INSTANCE_ID", Form::Text(128), "ID", "found by itself",
        "What tells this installation from another one with the same owner id, which is refused",
        "By default which cluster is read (the uid of its kube-system), and in `run` the hub's name.", "eu-1-blue";
    "take-over", "TAKE_OVER", Form::Switch, "BOOL", "false",
        "Go on where another installation published as this owner", "For the first start after a move.", "true";
    "interval", "INTERVAL", Form::Duration, "TIME", "60",
        "How often everything is read and compared again, beside what events bring at once", "", "1m";
    "txt-prefix", "TXT_PREFIX", Form::Free, "TEXT", "none",
        "What stands before the name of a mark; may have %{record_type} in it", "Not beside `txt-suffix`.", "_owner.";
    "txt-suffix", "TXT_SUFFIX", Form::Free, "TEXT", "none",
        "What stands behind the first label of a mark; may have %{record_type} in it", "", "-owner";
    "txt-wildcard-replacement", "TXT_WILDCARD_REPLACEMENT", Form::Free, "TEXT", "none",
        "What stands for `*` in the name of a mark", "", "wild";
    "txt-encrypt-enabled", "TXT_ENCRYPT_ENABLED", Form::Switch, "BOOL", "false",
        "Write marks encrypted (AES-256-GCM)", "Needs a key. Marks in the clear are read all the same.", "true";
    "txt-encrypt-aes-key", "TXT_ENCRYPT_AES_KEY", Form::Secret, "KEY", "none",
        "The key of encrypted marks: 32 octets, or base64 of 32",
        "Who sees the command line sees it; a file or the environment keeps it closer.", "Zm9v…";
    "txt-encrypt-aes-key-file", "TXT_ENCRYPT_AES_KEY_FILE", Form::Path, "FILE", "none",
        "The file that has the key of encrypted marks", "", "/etc/portolan/txt-key";
    "migrate-from-txt-owner", "MIGRATE_FROM_TXT_OWNER", Form::Text(128), "ID", "none",
        "Who the owner was before: what that id has is taken over", "Also `--txt-owner-old`.", "default";
    "etcd", "ETCD", etcd::MEMBERS, "URL,…", "none",
        "The members of etcd, with commas between them; may be given several times", "For the provider etcd.",
        "[\"https://etcd-0:2379\", \"https://etcd-1:2379\", \"https://etcd-2:2379\"]";
    "coredns-prefix", "COREDNS_PREFIX", Form::Free, "PREFIX", "/skydns/",
        "What the keys in etcd begin with", "As CoreDNS' `path`.", "/skydns/";
    "etcd-ca", "ETCD_CA", etcd::CA.form, etcd::CA.value, etcd::CA.default, etcd::CA.help, etcd::CA.more, etcd::CA.example;
    "etcd-cert", "ETCD_CERT", etcd::CERT.form, etcd::CERT.value, etcd::CERT.default, etcd::CERT.help, etcd::CERT.more, etcd::CERT.example;
    "etcd-key", "ETCD_KEY", etcd::KEY.form, etcd::KEY.value, etcd::KEY.default, etcd::KEY.help, etcd::KEY.more, etcd::KEY.example;
    "etcd-user", "ETCD_USER", etcd::USER.form, etcd::USER.value, etcd::USER.default, etcd::USER.help, etcd::USER.more, etcd::USER.example;
    "etcd-password-file", "ETCD_PASSWORD_FILE", etcd::PASSWORD.form, etcd::PASSWORD.value, etcd::PASSWORD.default, etcd::PASSWORD.help, etcd::PASSWORD.more, etcd::PASSWORD.example;
    "rfc2136-host", "RFC2136_HOST", Form::Texts, "HOST", "none",
        "The name server to update; may be given several times", "For the provider rfc2136.", "[192.0.2.53]";
    "rfc2136-port", "RFC2136_PORT", Form::Number(65_535), "PORT", "53, or 853 with TLS", "The port of the name servers", "", "53";
    "rfc2136-zone", "RFC2136_ZONE", Form::Texts, "ZONE", "none",
        "A zone to update; may be given several times", "Of several the longest that a name is in.", "[example.org]";
    "rfc2136-tsig-keyname", "RFC2136_TSIG_KEYNAME", Form::Free, "NAME", "none", "The name of the TSIG key", "",
        "portolan-key";
    "rfc2136-tsig-secret", "RFC2136_TSIG_SECRET", Form::Secret, "SECRET", "none",
        "The secret of the TSIG key (base64)",
        "Who sees the command line sees it; a file or the environment keeps it closer.", "Zm9v…";
    "rfc2136-tsig-secret-file", "RFC2136_TSIG_SECRET_FILE", Form::Path, "FILE", "none",
        "The file that has the secret of the TSIG key", "", "/etc/portolan/tsig";
    "rfc2136-tsig-secret-alg", "RFC2136_TSIG_SECRET_ALG", Form::Word(ALGORITHMS), "ALGORITHM", "hmac-sha256",
        "The algorithm of the TSIG key", "", "hmac-sha512";
    "rfc2136-insecure", "RFC2136_INSECURE", Form::Switch, "BOOL", "false", "Update without TSIG", "", "true";
    "rfc2136-axfr", "RFC2136_AXFR", Form::Switch, "BOOL", "true",
        "Read zones by transfer (AXFR)",
        "Without it nothing there can be seen, so that records are only created. External-DNS wants it said.", "false";
    "rfc2136-min-ttl", "RFC2136_MIN_TTL", Form::Duration, "TTL", "0", "The lowest TTL that is written", "", "60";
    "rfc2136-batch-change-size", "RFC2136_BATCH_CHANGE_SIZE", Form::Number(1_000), "N", "1000",
        "Most names of one update",
        "Updates begin with 50 names and grow while the server takes them at once, up to 64 KiB.", "50";
    "rfc2136-use-tls", "RFC2136_USE_TLS", Form::Switch, "BOOL", "false", "Reach the name servers over TLS", "", "true";
    "rfc2136-tls-ca", "RFC2136_TLS_CA", Form::Path, "FILE", "the system's",
        "The certificates that the name servers' are checked by (PEM)", "", "/etc/portolan/dns-ca.crt";
    "rfc2136-tls-client-cert", "RFC2136_TLS_CLIENT_CERT", Form::Path, "FILE", "none",
        "Our certificate to the name servers (PEM)", "", "/etc/portolan/dns.crt";
    "rfc2136-tls-client-cert-key", "RFC2136_TLS_CLIENT_CERT_KEY", Form::Path, "FILE", "none",
        "The key of our certificate to the name servers (PEM)", "", "/etc/portolan/dns.key";
    "rfc2136-load-balancing-strategy", "RFC2136_LOAD_BALANCING_STRATEGY", Form::Word(STRATEGIES), "STRATEGY", "disabled",
        "Which of several name servers is asked: disabled (the first that answers), round-robin, random", "", "round-robin";
    "webhook-provider-url", "WEBHOOK_PROVIDER_URL", Form::Free, "URL", "http://localhost:8888",
        "The webhook that publishes, as External-DNS has them", "For the provider webhook.", "http://localhost:8888";
    "webhook-provider-ca", "WEBHOOK_PROVIDER_CA", Form::Path, "FILE", "the system's",
        "The certificates that the webhook's are checked by (PEM)", "", "/etc/portolan/webhook-ca.crt";
    "zone-file", "ZONE_FILE", Form::Path, "FILE", "none",
        "The zone file that is written", "For the provider zonefile. Its zone is the one that `domain-filter` names.",
        "/var/lib/portolan/example.org.zone";
}
