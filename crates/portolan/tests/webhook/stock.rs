//! A stock External-DNS that publishes to `portolan webhook`: what it says is answered, and either may take over from
//! the other.

use std::sync::Arc;

use portolan_core::plan::{Desired, Gone, Labels, Options, Owner, RecordSet, SyncPolicy, Targets, Wanted};
use portolan_core::record::{Target, Ttl};
use portolan_core::registry::Registry;
use portolan_sync::webhook::Webhook;
use portolan_sync::{Publisher, Round};
use portolan_testbed::ask::RecordType;
use portolan_testbed::{ApiServer, ExternalDns, missing, part};

use crate::server::{Server, texts};

/// External-DNS' own definition.
const BASE: &str = include_str!("../../../portolan-kube/compat/dnsendpoints.externaldns.k8s.io.yaml");
/// How long its token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;
/// How it is run here.
const FLAGS: [&str; 4] = ["--source=crd", "--registry=txt", "--txt-owner-id=eu", "--policy=sync"];

/// An API server that External-DNS may read, and its token; none, after a loud line, when a part is missing.
pub(crate) fn stage(name: &str) -> Option<(ApiServer, String)> {
    missing::program(&part::EXTERNAL_DNS)?;
    let cluster = ApiServer::start(name)?;
    cluster.admin().apply(&format!("{BASE}\n---\n{}", ExternalDns::ACCOUNT)).unwrap();
    let token = cluster.admin().token("default", "external-dns", TOKEN_SECONDS).unwrap();
    Some((cluster, token))
}

/// The one object that says what is wanted.
pub(crate) fn object(endpoints: &str) -> String {
    format!(
        "apiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {{name: shop}}\nspec: {{endpoints: [{endpoints}]}}\n"
    )
}

/// A round of our own publisher, as External-DNS is run here.
pub(crate) fn round(url: &str, sets: Vec<RecordSet>) -> Round {
    let wanted = |set| Wanted { set, resource: "crd/default/shop".into(), labels: Labels::new() };
    let gone = Gone { resources: ["crd/default/shop".into()].into(), ..Gone::default() };
    let desired =
        Desired { sets: sets.into_iter().map(wanted).collect(), stays: [].into(), gone, is_whole: true };
    let options = Options::new(Owner::new("eu").unwrap(), SyncPolicy::Sync);
    let mut publisher =
        Publisher::new(Arc::new(Webhook::new(url, None).unwrap()), Registry::default(), options);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let round = runtime.block_on(publisher.round(desired, false)).unwrap();
    assert!(round.is_converged(), "{round:#?}");
    round
}

/// A set of addresses, or of one alias.
pub(crate) fn set(name: &str, targets: &[&str], ttl: u32) -> RecordSet {
    let target = |text: &&str| match text.parse() {
        Ok(address) => Target::Address(address),
        Err(_) => Target::Host(text.parse().unwrap()),
    };
    let targets: Targets = targets.iter().map(target).collect();
    let rtype = targets.iter().next().map_or(portolan_core::RecordType::A, Target::record_type);
    RecordSet::new(
        name.parse().unwrap(),
        rtype,
        targets,
        Ttl::from_seconds(ttl).filter(|ttl| ttl.seconds() > 0),
    )
}

#[test]
fn what_a_stock_external_dns_publishes_is_answered() {
    let Some((cluster, token)) = stage("webhook") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let apply = |endpoints: &str| drop(cluster.admin().apply(&object(endpoints)).unwrap());
    apply(
        "{dnsName: shop.example.com, recordType: A, recordTTL: 30, targets: [192.0.2.1, 198.51.100.1]}, \
         {dnsName: www.example.com, recordType: CNAME, targets: [lb.example.net]}, \
         {dnsName: '*.any.example.com', recordType: A, targets: [192.0.2.5]}, \
         {dnsName: shop.example.org, recordType: A, targets: [192.0.2.1]}",
    );
    let dns = ExternalDns::start_on_url(&cluster, &token, &server.url(), &FLAGS).unwrap();
    let wait_for = |name: &str, expected: &[&str]| {
        dns.wait(&format!("{name} to be {expected:?}; {}", server.program.tail()), || {
            (server.addresses(name) == expected).then_some(())
        });
    };
    wait_for("shop.example.com", &["192.0.2.1", "198.51.100.1"]);
    wait_for("www.example.com", &["lb.example.net."]);
    wait_for("a.any.example.com", &["192.0.2.5"]);
    assert_eq!(server.program.ask("shop.example.com", RecordType::A).answers[0].ttl, 30);
    let records = server.records();
    let mark = "\"heritage=external-dns,external-dns/owner=eu,external-dns/resource=crd/default/shop\"";
    assert!(records.contains(&format!("a-shop.example.com TXT {mark}")), "{records:#?}");
    assert!(records.contains(&format!("cname-www.example.com TXT {mark}")), "{records:#?}");
    assert!(
        !records.iter().any(|line| line.contains("example.org")),
        "outside of the filter that it learned"
    );

    // A target goes, a type changes, a name goes.
    apply(
        "{dnsName: shop.example.com, recordType: A, recordTTL: 30, targets: [198.51.100.1]}, \
         {dnsName: www.example.com, recordType: A, targets: [192.0.2.9]}",
    );
    wait_for("shop.example.com", &["198.51.100.1"]);
    wait_for("www.example.com", &["192.0.2.9"]);
    dns.wait("the wildcard to go", || {
        (server.answer("a.any.example.com", RecordType::A).0 == 3).then_some(())
    });
    let listed = server.records();
    dns.wait("its marks to go", || {
        let records = server.records();
        let left =
            records.iter().filter(|line| line.contains("any.example.com") || line.contains("cname-")).count();
        (left == 0).then_some(())
    });
    dns.kill();
    it_is_taken_over_and_given_back(&cluster, &token, &server, &listed);
}

/// Taken over by our own publisher: nothing is to be done; and what it changes, External-DNS finds as it wants it.
fn it_is_taken_over_and_given_back(cluster: &ApiServer, token: &str, server: &Server, listed: &[String]) {
    let apply = |endpoints: &str| drop(cluster.admin().apply(&object(endpoints)).unwrap());
    let ours =
        |shop: &str| vec![set("shop.example.com", &[shop], 30), set("www.example.com", &["192.0.2.9"], 0)];
    let first = round(&server.url(), ours("198.51.100.1"));
    assert!(!first.has_work(), "{:#?} of {listed:#?}", first.plan.changes);
    assert_eq!(first.strays, 0);
    let second = round(&server.url(), ours("203.0.113.1"));
    assert_eq!(second.outcomes.len(), 1, "{:#?}", second.plan.changes);
    assert_eq!(server.addresses("shop.example.com"), texts(["203.0.113.1"]));
    apply(
        "{dnsName: shop.example.com, recordType: A, recordTTL: 30, targets: [203.0.113.1]}, \
         {dnsName: www.example.com, recordType: A, targets: [192.0.2.9]}",
    );
    let changes = applied(server);
    let once = |what: &str| {
        let ended = ExternalDns::run_once_on_url(cluster, token, &server.url(), &FLAGS).unwrap();
        assert_eq!(ended, Ok(()), "{what}");
    };
    once("taken back");
    assert_eq!(applied(server), changes, "External-DNS finds nothing to do");
    // All goes.
    cluster.admin().delete("/apis/externaldns.k8s.io/v1alpha1/namespaces/default/dnsendpoints/shop").unwrap();
    once("all deleted");
    assert_eq!(server.records(), [""; 0], "no record and no mark is left");
    assert_eq!(server.answer("shop.example.com", RecordType::A).0, 3);
}

/// How many changes were applied.
fn applied(server: &Server) -> u64 {
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    let name = "portolan_webhook_requests_total{result=\"applied\"} ";
    metrics.lines().find_map(|line| line.strip_prefix(name)?.parse().ok()).unwrap()
}

/// Two clusters' External-DNS share one server: each has its own names, and neither touches the other's.
#[test]
fn several_owners_share_a_server() {
    let Some((cluster, token)) = stage("webhook-owners") else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder);
    let once = |owner: &str, endpoints: &str| {
        cluster.admin().apply(&object(endpoints)).unwrap();
        let owner = format!("--txt-owner-id={owner}");
        let flags = ["--source=crd", "--registry=txt", owner.as_str(), "--policy=sync"];
        let ended = ExternalDns::run_once_on_url(&cluster, &token, &server.url(), &flags).unwrap();
        assert_eq!(ended, Ok(()), "{owner}");
    };
    let (eu, us) = (
        "{dnsName: eu.example.com, recordType: A, targets: [192.0.2.1]}",
        "{dnsName: us.example.com, recordType: A, targets: [192.0.2.2]}",
    );
    once("eu", eu);
    // It wants the other's name too, and does not get it.
    once("us", &format!("{us}, {}", eu.replace("192.0.2.1", "192.0.2.66")));
    assert_eq!(server.addresses("eu.example.com"), texts(["192.0.2.1"]));
    assert_eq!(server.addresses("us.example.com"), texts(["192.0.2.2"]));
    once("eu", "{dnsName: eu2.example.com, recordType: A, targets: [192.0.2.3]}");
    assert_eq!(server.answer("eu.example.com", RecordType::A).0, 3);
    assert_eq!(server.addresses("us.example.com"), texts(["192.0.2.2"]));
    assert_eq!(server.records().len(), 4, "{:#?}", server.records());
}
