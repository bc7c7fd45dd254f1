//! The webhook protocol's server.

use super::settled;
use crate::webhook::{Config, LISTEN_DEFAULT};

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
            "must begin with http",
        ),
        (&[("webhookListen", &["127.0.0.1:1"][..]), ("webhookNameServers", &["ns=x"])], "has no IP address"),
    ] {
        let faults = settled("version: v1alpha1\nfleet: f\n", &[], flags).1.unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains(says)), "{says}: {faults:?}");
    }
}
