//! `portolan sync` from a real API server to a webhook over TLS.

use std::path::Path;

use portolan_testbed::{Program, TlsDoor, Webhook};

use super::BINARY;
use super::cluster::{put_in, read_from};

/// Its certificate is held against the file that is named, and nothing is sent where it is another's.
#[test]
fn over_tls_a_webhook_is_who_its_authority_says() {
    let Some((server, kubeconfig)) = read_from("sync-tls") else { return };
    put_in(&server, "externaldns.k8s.io", "web", &[("web.example.org", "192.0.2.1")]);
    let webhook = Webhook::start();
    let [door, other] = ["webhook", "other"].map(|name| TlsDoor::before(name, webhook.address()));
    let once = |ca: &Path| {
        let (url, ca) = (door.url(), ca.display().to_string());
        let args =
            ["sync", "--kubeconfig", &kubeconfig, "--owner-id", "me", "--once", "--provider", "webhook"];
        let more = ["--webhook-provider-url", &url, "--webhook-provider-ca", &ca];
        Program::new(BINARY, "sync-tls").with(args).with(more).run(&[])
    };
    let refused = once(other.authority());
    assert_eq!(refused.code, 1, "{}{}", refused.out, refused.err);
    let says = "its certificate is signed by no authority that is trusted";
    assert!(
        refused.err.contains(says) && refused.err.contains(&door.url()),
        "{}{}",
        refused.out,
        refused.err
    );
    assert_eq!(webhook.endpoints().len(), 0);

    let published = once(door.authority());
    assert_eq!(published.code, 0, "{}{}", published.out, published.err);
    let endpoints = webhook.endpoints();
    assert!(endpoints.iter().any(|one| one["dnsName"] == "web.example.org"), "{endpoints:?}");
}
