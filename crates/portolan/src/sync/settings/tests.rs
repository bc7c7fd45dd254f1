use std::collections::BTreeMap;

use super::*;
use crate::config::keys::SYNC;
use crate::config::value::{Source, Value};

/// Settles flags, as `--provider etcd --etcd http://x`.
fn settle(line: &str) -> Result<Settings, Vec<String>> {
    let mut values: BTreeMap<&'static str, Value> = BTreeMap::new();
    let mut words = line.split_whitespace().peekable();
    while let Some(flag) = words.next() {
        let flag = flag.trim_start_matches('-');
        let key = SYNC.iter().find(|key| key.flag == flag).unwrap_or_else(|| panic!("no flag {flag}"));
        let text = words.next_if(|word| !word.starts_with("--")).unwrap_or("true").to_owned();
        let source = Source::Flag(key.flag);
        values.entry(key.name).or_insert(Value { texts: Vec::new(), source }).texts.push(text);
    }
    Settings::settle(&values, "").map_err(|all| all.iter().map(ToString::to_string).collect())
}

const ETCD: &str = "--provider etcd --etcd http://127.0.0.1:2379 --owner-id me";

#[test]
fn what_is_not_said_has_a_default() {
    let settings = settle(ETCD).unwrap();
    assert_eq!((&*settings.name, settings.owner.as_str()), ("etcd", "me"));
    assert_eq!(settings.policy, SyncPolicy::Sync);
    assert_eq!(settings.interval, INTERVAL_DEFAULT);
    assert_eq!(settings.managed, [RecordType::A, RecordType::AAAA, RecordType::CNAME].into());
    let Make::Etcd { etcd, prefix } = &settings.make else { panic!("{settings:?}") };
    assert_eq!((&**prefix, etcd.members.len()), ("/skydns/", 1));
    assert!(
        settings.options().unwrap().filters[0]
            .takes("any.example".parse::<portolan_core::Name>().unwrap().borrowed())
    );
}

#[test]
fn lists_and_forms() {
    let settings = settle(
        "--provider etcd --etcd https://a:1,https://b:2 --etcd https://c:3 --etcd-ca ca.crt --owner-id me --policy upsert-only \
         --domain-filter example.org --domain-filter .example.com --exclude-domains no.example.org \
         --managed-record-types A --managed-record-types TXT --interval 5m --adopt --share \
         --migrate-from-txt-owner old --txt-prefix %{record_type}-x.",
    )
    .unwrap();
    let Make::Etcd { etcd, .. } = &settings.make else { panic!("{settings:?}") };
    assert_eq!(etcd.members, ["https://a:1", "https://b:2", "https://c:3"]);
    assert_eq!(settings.policy, SyncPolicy::UpsertOnly);
    assert_eq!(settings.interval, Duration::from_secs(300));
    assert_eq!(settings.managed, [RecordType::A, RecordType::TXT].into());
    assert!(settings.adopts && settings.shares);
    let takes = |name: &str| {
        let name: portolan_core::Name = name.parse().unwrap();
        settings.options().unwrap().filters[0].takes(name.borrowed())
    };
    assert!(takes("a.example.org") && takes("a.example.com"));
    assert!(!takes("a.no.example.org") && !takes("example.com") && !takes("example.net"));

    let settings = settle(&format!("{ETCD} --regex-domain-filter ^a --regex-domain-exclusion b$")).unwrap();
    let filter = settings.filter.made().unwrap();
    let takes = |name: &str| filter.takes(name.parse::<portolan_core::Name>().unwrap().borrowed());
    assert!(takes("a.example") && !takes("b.example") && !takes("a.example.b"));
}

/// What is wrong with each of these lines, in order.
fn faults_are(lines: &[(&str, &[&str])]) {
    for (line, expected) in lines {
        let faults = settle(line).unwrap_err();
        assert_eq!(faults.len(), expected.len(), "{line}: {faults:?}");
        for (fault, expected) in faults.iter().zip(*expected) {
            assert!(fault.contains(expected), "{line}\n   found: {fault}\nexpected: {expected}");
        }
    }
}

#[test]
fn faults_are_told_all_at_once() {
    faults_are(&[
        ("", &["provider: Invalid: is not set; it is one of etcd", "owner-id: Invalid: is not set"]),
        (
            "--provider ectd --owner-id me",
            &["\"ectd\" is not one of etcd, rfc2136, webhook, zonefile; did you mean \"etcd\"?"],
        ),
        ("--provider etcd --owner-id me", &["etcd: Invalid: names no member"]),
        (
            "--provider etcd --etcd 127.0.0.1:2379 --owner-id me",
            &["etcd[0]: Invalid: \"127.0.0.1:2379\" must begin with http:// or https://"],
        ),
        ("--provider etcd --etcd http://a:1 --owner-id a,b", &["owner-id: Invalid: \"a,b\" has a comma"]),
        (
            "--provider etcd --etcd http://a:1 --owner-id me --policy all",
            &["policy: Invalid: \"all\" is not one of"],
        ),
        ("--provider etcd --etcd http://a:1 --owner-id me --interval 0", &["interval: Invalid"]),
        (
            "--provider etcd --etcd http://a:1 --owner-id me --etcd-cert x",
            &[
                "etcd-cert: Invalid: says nothing without `etcd-key`",
                "etcd-cert: Invalid: says nothing without `etcd-ca`",
            ],
        ),
        (
            "--provider etcd --etcd https://a:1 --owner-id me",
            &["etcd: Invalid: has members with https, which need `etcd-ca`"],
        ),
        (
            "--provider etcd --etcd http://a:1 --owner-id me --rfc2136-port 53",
            &["rfc2136-port: Invalid: says nothing with the provider etcd"],
        ),
        (
            "--provider etcd --etcd http://a:1 --owner-id me --txt-prefix a --txt-suffix b",
            &["txt-suffix: Invalid"],
        ),
        (
            "--provider etcd --etcd http://a:1 --owner-id me --txt-encrypt-enabled",
            &["txt-encrypt-enabled: Invalid: needs"],
        ),
        (
            "--provider etcd --etcd http://a:1 --owner-id me --regex-domain-filter (",
            &["regex-domain-filter: Invalid: \"(\" is no regular expression"],
        ),
        ("--provider etcd --etcd http://a:1 --owner-id me --domain-filter a..b", &["domain-filter: Invalid"]),
        ("--provider etcd --etcd http://a:1 --owner-id me --name a/b", &["name: Invalid"]),
    ]);
}

#[test]
fn faults_of_other_providers_are_told_all_at_once() {
    faults_are(&[
        (
            "--provider rfc2136 --owner-id me",
            &["rfc2136-host: Invalid: is not set", "rfc2136-zone: Invalid", "rfc2136-tsig-keyname: Invalid"],
        ),
        (
            "--provider rfc2136 --owner-id me --rfc2136-host h --rfc2136-zone z --rfc2136-tsig-keyname k",
            &["rfc2136-tsig-keyname: Invalid: and its secret need each other"],
        ),
        (
            "--provider webhook --owner-id me --webhook-provider-url ftp://x",
            &["webhook-provider-url: Invalid"],
        ),
        (
            "--provider webhook --owner-id me --webhook-provider-url http://x --webhook-provider-ca ca.crt",
            &["webhook-provider-ca: Invalid: says nothing with \"http://x\", which is not https"],
        ),
        (
            "--provider zonefile --owner-id me --zone-file x",
            &["domain-filter: Invalid: names not one domain"],
        ),
        ("--provider zonefile --owner-id me --domain-filter a", &["zone-file: Invalid: is not set"]),
    ]);
}

#[test]
fn name_servers_and_their_key() {
    let settings = settle(
        "--provider rfc2136 --owner-id me --rfc2136-host 127.0.0.1 --rfc2136-host 127.0.0.2 --rfc2136-port 5353 \
         --rfc2136-zone example.org --rfc2136-tsig-keyname k --rfc2136-tsig-secret c2VjcmV0 --rfc2136-min-ttl 1m",
    )
    .unwrap();
    let Make::Rfc2136(rfc2136) = &settings.make else { panic!("{settings:?}") };
    assert_eq!((rfc2136.hosts.len(), rfc2136.port, rfc2136.min_ttl, rfc2136.batch), (2, 5353, 60, 1_000));
    assert!(rfc2136.reads);
    assert!(!format!("{settings:?}").contains("c2VjcmV0"), "a secret does not show");
}

#[test]
fn a_secret_is_read_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "c2VjcmV0\n").unwrap();
    assert_eq!(Secret::File(file).read().unwrap(), "c2VjcmV0");
    let absent = Secret::File(folder.path().join("absent")).read().unwrap_err();
    assert!(format!("{absent:#}").contains("absent cannot be read"));
}
