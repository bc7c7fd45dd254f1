//! The client as a provider: the battery, and what it asks for.

use std::sync::Arc;

use portolan_core::plan::{Desired, Gone, Labels, Options, Owner, SyncPolicy, Wanted};
use portolan_core::registry::Registry;

use portolan_testbed::ExternalDns;

use super::super::{Changes, Webhook, sets};
use super::endpoint;
use super::server::{Answer, Server};
use crate::battery::{self, Bench};
use crate::{Publisher, StepOutcome};

#[tokio::test]
async fn it_passes_the_battery() {
    let server = Server::of_book("bad.example.org");
    let url = server.url();
    let mut bench = Bench::new("example.org", move |_| Arc::new(Webhook::new(&url, None).unwrap()));
    bench.refused = Some("bad A 192.0.2.1");
    bench.others = &[
        "txt TXT hello world ttl=60",
        "mx MX 10 mail.example.net",
        "_sip._tcp.srv SRV 1 2 5060 sip.example.net",
        "ns NS ns1.example.net ns2.example.net",
    ];
    battery::run(&bench).await;
}

fn publisher(server: &Server) -> Publisher {
    let options = Options::new(Owner::new("me").unwrap(), SyncPolicy::Sync);
    Publisher::new(Arc::new(Webhook::new(&server.url(), None).unwrap()), Registry::default(), options)
}

fn desired(names: &[(&str, &str)]) -> Desired {
    let wanted = |(name, address): &(&str, &str)| Wanted {
        set: sets::set(&endpoint(name, "A", &[address])).unwrap(),
        resource: "crd/shop/web".into(),
        labels: Labels::new(),
    };
    let gone = Gone { resources: ["crd/shop/web".into()].into(), ..Gone::default() };
    Desired { sets: names.iter().map(wanted).collect(), stays: [].into(), gone, is_whole: true }
}

fn posted(server: &Server) -> Vec<Changes> {
    let asked = server.asked.lock().unwrap();
    let posts = asked.iter().filter(|asked| asked.line == "POST /records");
    posts.map(|asked| serde_json::from_slice(&asked.body).unwrap()).collect()
}

/// A set and its mark come, change and go together, the mark as a TXT endpoint as External-DNS' registry has it.
#[tokio::test]
async fn a_step_is_one_request_with_its_mark() {
    let server = Server::of_book("");
    let mut publisher = publisher(&server);
    for names in [
        &[("a.example.org", "192.0.2.1"), ("b.example.org", "192.0.2.1")][..],
        &[("a.example.org", "192.0.2.2")],
    ] {
        assert!(publisher.round(desired(names), false).await.unwrap().is_converged());
    }
    let [first, second] = posted(&server).try_into().unwrap();
    let names: Vec<&str> = first.create.iter().map(|one| one.dns_name.as_str()).collect();
    assert_eq!(names, ["a-a.example.org", "a.example.org", "a-b.example.org", "b.example.org"]);
    let mark = "\"heritage=external-dns,external-dns/owner=me,external-dns/resource=crd/shop/web\"";
    assert_eq!((first.create[0].record_type.as_str(), first.create[0].targets[0].as_str()), ("TXT", mark));
    assert_eq!(first.create[1].labels["owner"], "me");
    assert_eq!(first.create[1].labels["resource"], "crd/shop/web");
    assert_eq!(second.update_old[0].targets, ["192.0.2.1"]);
    assert_eq!(second.update_new[0].targets, ["192.0.2.2"]);
    let gone: Vec<&str> = second.delete.iter().map(|one| one.dns_name.as_str()).collect();
    assert_eq!(gone, ["b.example.org", "a-b.example.org"]);
}

/// Nobody knows what became of it, so it is read and planned anew; what is not asked for is not sent.
#[tokio::test]
async fn a_request_that_fails_fails_its_steps_and_no_more_are_sent() {
    let server = Server::start(|asked| match asked.line.as_str() {
        "GET /" => super::server::reply(b"{}"),
        "GET /records" => super::server::reply(b"[]"),
        "POST /adjustendpoints" => super::server::reply(&asked.body),
        _ => Answer::Reply(500, "text/plain", b"busy".to_vec()),
    });
    let names: Vec<String> = (0..1_200).map(|n| format!("n{n}.example.org")).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "192.0.2.1")).collect();
    let round = publisher(&server).round(desired(&names), false).await.unwrap();
    let failed = |outcome: &StepOutcome| matches!(outcome, StepOutcome::Failed(error) if error.to_string().contains("busy"));
    assert!(round.outcomes.len() == 1_200 && round.outcomes.values().all(failed));
    assert_eq!(posted(&server).len(), 1);
}

/// A record that a provider will not have is found among many, and costs itself.
#[tokio::test]
async fn a_record_that_is_refused_costs_itself_among_many() {
    let server = Server::of_book("n777.example.org");
    let names: Vec<String> = (0..1_200).map(|n| format!("n{n}.example.org")).collect();
    let names: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "192.0.2.1")).collect();
    let round = publisher(&server).round(desired(&names), false).await.unwrap();
    let refused: Vec<_> =
        round.outcomes.iter().filter(|(_, outcome)| **outcome != StepOutcome::Done).collect();
    let [(name, StepOutcome::Refused(why))] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(name.to_dotless(), "n777.example.org");
    assert_eq!(why, "answers 400 Bad Request: that name is bad");
    assert_eq!(round.outcomes.len(), 1_200);
}

/// The same against a stock External-DNS that serves the protocol, for a zone that it has in memory.
#[tokio::test]
async fn it_passes_the_battery_on_a_stock_external_dns() {
    let served = ExternalDns::serve(&["--provider=inmemory", "--inmemory-zone=example.org"]);
    if served.is_none() {
        return;
    }
    let mut bench = Bench::new("example.org", |_| Arc::new(Webhook::new(ExternalDns::SERVED, None).unwrap()));
    bench.others = &["txt TXT hello world ttl=60", "mx MX 10 mail.example.net"];
    bench.updates = 100;
    battery::run(&bench).await;
}
