//! The webhook protocol's server.

use super::{lease, settled};
use crate::etcd::Etcd;
use crate::webhook::{Config, LISTEN_DEFAULT};

/// What a file says beside a key, where it must say more than the version.
pub(super) fn bare(key: &str) -> &'static str {
    match key {
        "webhookDomains" | "webhookExcluded" | "webhookEtcd" | "webhookNameServers" => {
            "version: v1alpha1\nfleet: f\nwebhookListen: 127.0.0.1:1\n"
        }
        name => lease::bare(name),
    }
}

#[test]
fn a_server_needs_no_fleet() {
    let flags: &[(&'static str, &[&'static str])] = &[
        ("webhookListen", &["127.0.0.1:8888"]),
        ("webhookDomains", &["example.com", ".example.org,example.net."]),
        (
            "webhookNameServers",
            &["ns1.example.com=192.0.2.1", "ns1.example.com=2001:db8::1", "ns2.example.net"],
        ),
    ];
    let config = settled("version: v1alpha1\n", &[], flags).1.unwrap();
    assert!(!config.has_fleet());
    let webhook = config.webhook.unwrap();
    assert_eq!(webhook.domains, ["example.com", ".example.org", "example.net."]);
    let servers: Vec<(String, usize)> =
        webhook.name_servers.iter().map(|server| (server.name.to_string(), server.addresses.len())).collect();
    assert_eq!(servers, [("ns1.example.com.".to_owned(), 2), ("ns2.example.net.".to_owned(), 0)]);
}

#[test]
fn a_server_alone_listens_where_external_dns_looks_and_answers_nowhere() {
    let said = settled("version: v1alpha1\nfleet: f\n", &[], &[]).0;
    let config = said.settle_webhook().unwrap();
    assert_eq!(config.webhook, Some(Config { listen: LISTEN_DEFAULT, ..Config::default() }));
    assert!(config.listen.is_empty() && config.fleet.is_none());
    let said =
        settled("version: v1alpha1\nwebhookListen: 127.0.0.1:1\n", &[], &[("listen", &["127.0.0.1:2"])]).0;
    let config = said.settle_webhook().unwrap();
    assert_eq!(config.webhook.unwrap().listen.port(), 1);
    assert_eq!(config.listen.len(), 1);
}

/// What says how an etcd is reached goes for the records' and for the one that names are answered from.
#[test]
fn an_etcd_is_reached_as_one_is() {
    let text = "version: v1alpha1\nwebhookListen: 127.0.0.1:1\nwebhookEtcd: [https://a:1, https://b:1]\netcdCa: ca\netcdCert: cert\n\
                etcdKey: key\netcdUser: dns\netcdPasswordFile: password\nskydns: [https://c:1]\nskydnsZones: [example.org]\n";
    let config = settled(text, &[], &[]).1.unwrap();
    let etcd = config.webhook.unwrap().etcd.unwrap();
    assert_eq!(etcd.members, ["https://a:1", "https://b:1"]);
    assert_eq!(
        (etcd.ca.clone(), etcd.identity.clone()),
        (Some("ca".into()), Some(("cert".into(), "key".into())))
    );
    assert_eq!(etcd.user, Some(("dns".to_owned(), "password".into())));
    assert_eq!(config.skydns.unwrap().etcd, Etcd { members: vec!["https://c:1".to_owned()], ..etcd });
}

#[test]
fn what_is_wrong_is_told() {
    for (flags, says) in [
        (&[("webhookDomains", &["example.com"][..])][..], "says nothing without `webhookListen`"),
        (&[("webhookListen", &["127.0.0.1"][..])], "has no port"),
        (&[("webhookListen", &["127.0.0.1:1053"][..])], "127.0.0.1:1053 is taken"),
        (&[("webhookListen", &["127.0.0.1:1"][..]), ("webhookDomains", &["a..b"])], "\"a..b\""),
        (&[("webhookListen", &["127.0.0.1:1"][..]), ("webhookExcluded", &["192.0.2.1"])], "\"192.0.2.1\""),
        (
            &[("webhookListen", &["127.0.0.1:1"][..]), ("webhookEtcd", &["127.0.0.1:2379"])],
            "\"127.0.0.1:2379\" must begin with http:// or https://",
        ),
        (
            &[("webhookListen", &["127.0.0.1:1"][..]), ("webhookEtcd", &["https://a:1"])],
            "has members with https, which need `etcdCa`",
        ),
        (
            &[
                ("webhookListen", &["127.0.0.1:1"][..]),
                ("webhookEtcd", &["http://a:1"]),
                ("etcdUser", &["dns"]),
            ],
            "says nothing without `etcdPasswordFile`",
        ),
        (
            &[("webhookListen", &["127.0.0.1:1"][..]), ("etcdCa", &["ca.crt"])],
            "says nothing without `skydns` or `webhookEtcd`",
        ),
        (&[("webhookListen", &["127.0.0.1:1"][..]), ("webhookNameServers", &["ns=x"])], "has no IP address"),
    ] {
        let faults = settled("version: v1alpha1\nfleet: f\n", &[], flags).1.unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains(says)), "{says}: {faults:?}");
    }
}
