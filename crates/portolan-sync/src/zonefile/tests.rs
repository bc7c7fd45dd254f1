use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use portolan_core::Name;
use portolan_core::plan::{Desired, Options as PlanOptions, Owner, SyncPolicy};
use portolan_core::registry::Registry;
use portolan_testbed::CoreDns;

use super::zone::{HEADER, NUMBERS};
use super::{Options, ZoneFile};
use crate::battery::{self, Bench};
use crate::provider::{Provider, ProviderError, StepOutcome};
use crate::publisher::{Publisher, Round};

fn options(path: &Path, owner: &str, instance: &str) -> Options {
    let owner = Owner::new(owner).unwrap();
    let mut options = Options::new(path.into(), "example.org".parse().unwrap(), owner, instance.into());
    options.name_servers = vec!["ns1.example.net".parse().unwrap(), "ns2.example.net".parse().unwrap()];
    options
}

fn provider(path: &Path, owner: &str) -> ZoneFile {
    ZoneFile::new(options(path, owner, "here"))
}

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("example.org.zone");
    (folder, path)
}

fn desired(lines: &[&str]) -> Desired {
    Bench::new("example.org", |_| unreachable!("only for words")).desired(lines)
}

async fn publisher(path: &Path) -> Publisher {
    let options = PlanOptions::new(Owner::new("me").unwrap(), SyncPolicy::Sync);
    let mut publisher = Publisher::new(Arc::new(provider(path, "me")), Registry::default(), options);
    publisher.claim().await.unwrap();
    publisher
}

async fn publish(publisher: &mut Publisher, lines: &[&str]) -> Round {
    let round = publisher.round(desired(lines), false).await.unwrap();
    assert!(round.is_converged(), "{:#?}", round.outcomes);
    round
}

fn serial(path: &Path) -> u32 {
    let text = fs::read_to_string(path).unwrap();
    let soa = text.lines().find(|line| line.contains(" SOA ")).unwrap();
    soa.split(' ').nth(6).unwrap().parse().unwrap()
}

#[tokio::test]
async fn it_passes_the_battery() {
    let (_folder, path) = file();
    let mut bench = Bench::new("example.org", move |owner| Arc::new(provider(&path, owner)));
    bench.refused = Some("bad CNAME a.example.net b.example.net");
    bench.updates = 100;
    bench.others = &[
        "txt TXT hello world ttl=60",
        "mx MX 10 mail.example.net",
        "_sip._tcp.srv SRV 1 2 5060 sip.example.net",
        "sub NS ns1.example.net ns2.example.net",
    ];
    battery::run(&bench).await;
}

#[tokio::test]
async fn the_serial_grows_with_content_and_only_then() {
    let (_folder, path) = file();
    let mut me = publisher(&path).await;
    let first = serial(&path);
    publish(&mut me, &["foo A 192.0.2.1"]).await;
    assert_eq!(serial(&path), first + 1);
    publish(&mut me, &["foo A 192.0.2.1"]).await;
    // A new process claims, which is a write, and no change of content.
    let mut again = publisher(&path).await;
    publish(&mut again, &["foo A 192.0.2.1"]).await;
    assert_eq!(serial(&path), first + 1);
    publish(&mut again, &["foo A 192.0.2.2", "bar A 192.0.2.2"]).await;
    assert_eq!(serial(&path), first + 2);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&format!(" {} ", first + 2), " 4294967295 ")).unwrap();
    publish(&mut again, &["foo A 192.0.2.3"]).await;
    assert_eq!(serial(&path), 1, "RFC 1982");
}

const THEIRS: &str = "\
$TTL 1h
@ IN SOA ns1.example.net. hostmaster ( 7 2h 30m 2w 5m ) ; kept by hand
  IN NS ns1.example.net.
www 60 A 192.0.2.80
here LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
odd TYPE4711 \\# 3 010203
quoted TXT \"a \\\"b\\\" ; c\" \"d\\195\\169\"
";

/// Everything that others have in the file is there afterwards, and their file as it was is kept.
#[tokio::test]
async fn a_file_that_people_kept_is_taken_over() {
    let (_folder, path) = file();
    fs::write(&path, THEIRS).unwrap();
    let before = provider(&path, "me").list().await.unwrap().sets;
    let mut me = publisher(&path).await;
    publish(&mut me, &["foo A 192.0.2.1"]).await;
    publish(&mut me, &[]).await;
    assert_eq!(provider(&path, "me").list().await.unwrap().sets, before);
    assert_eq!(serial(&path), 9);
    assert_eq!(fs::read_to_string(path.with_extension("zone.orig")).unwrap(), THEIRS);
}

#[tokio::test]
async fn a_file_that_is_not_understood_is_left_alone() {
    let (_folder, path) = file();
    let newer = format!(
        "{HEADER}\n{NUMBERS}{{\"version\":2,\"publishers\":{{}}}}\n@ 60 IN SOA ns1.example.net. hostmaster 7 2 3 4 5\n"
    );
    for (text, why) in [
        (newer.as_str(), "version 2"),
        ("", "has no SOA"),
        ("@ 60 IN SOA ns1.example.net. hostmaster 7 2 3 4 5\nwww 60 IN A 192.0.2\n", ":2:"),
        ("@ 60 IN SOA ns1.example.net. hostmaster 7 2 3 4 5\n$INCLUDE other\n", ":2:"),
        (
            "@ 60 IN SOA ns1.example.net. hostmaster 7 2 3 4 5\n@ 60 IN NSEC www.example.org. A NSEC\n",
            "is signed",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let ProviderError::Unsound(told) = provider(&path, "me").list().await.unwrap_err() else {
            panic!("{text}")
        };
        assert!(told.contains(why), "{told}");
        let batch = crate::provider::Batch::default();
        let outcome = provider(&path, "me").apply(batch).await.outcomes;
        assert!(matches!(outcome[..], [StepOutcome::Failed(_)]));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

/// The mark of one name may stand where another name is an alias: a server would load nothing of such a zone.
#[tokio::test]
async fn a_mark_never_stands_beside_an_alias() {
    let (_folder, path) = file();
    let mut me = publisher(&path).await;
    publish(&mut me, &["a-shop CNAME lb.example.net"]).await;
    let lines = ["a-shop CNAME lb.example.net", "shop A 192.0.2.1", "fine A 192.0.2.1"];
    let round = me.round(desired(&lines), false).await.unwrap();
    let outcome = |name: &str| round.outcomes[&name.parse::<Name>().unwrap()].clone();
    let refused = outcome("shop.example.org");
    assert!(
        matches!(&refused, StepOutcome::Refused(rule) if rule.contains("a-shop.example.org.")),
        "{refused:?}"
    );
    assert_eq!(outcome("fine.example.org"), StepOutcome::Done);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with("a-shop.example.org.")).count(), 1, "{text}");
}

#[tokio::test]
async fn a_zone_keeps_its_name_servers() {
    let (_folder, path) = file();
    let me = publisher(&path).await;
    let listing = me.provider().list().await.unwrap();
    let is_ns = |(set, _): &&portolan_core::registry::Listed| set.rtype == portolan_core::RecordType::NS;
    let servers = listing.sets.iter().find(is_ns).unwrap().0.clone();
    let batch = crate::provider::Batch {
        number: portolan_core::plan::PlanNumber { epoch: 9, revision: 1 },
        follows: listing.applied,
        steps: vec![battery::step_of(&listing.sets, servers, false)],
    };
    let outcomes = me.provider().apply(batch).await.outcomes;
    assert!(
        matches!(&outcomes[..], [StepOutcome::Refused(rule)] if rule.contains("name servers")),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn b_30_what_a_zone_cannot_have_is_refused_by_name() {
    let (_folder, path) = file();
    let provider = provider(&path, "me");
    let bench = Bench::new("example.org", |_| unreachable!("only for words"));
    let apex = {
        let mut set = bench.set("x CNAME lb.example.net");
        set.name = "example.org".parse().unwrap();
        set
    };
    let outside = {
        let mut set = bench.set("x A 192.0.2.1");
        set.name = "example.com".parse().unwrap();
        set
    };
    let listing = provider.list().await.unwrap();
    let steps =
        [apex, outside, bench.set("fine A 192.0.2.1")].map(|set| battery::step_of(&listing.sets, set, true));
    let batch = crate::provider::Batch {
        number: portolan_core::plan::PlanNumber { epoch: 1, revision: 1 },
        follows: None,
        steps: steps.into(),
    };
    let outcomes = provider.apply(batch).await.outcomes;
    let [StepOutcome::Refused(apex), StepOutcome::Refused(outside), StepOutcome::Done] = &outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert!(apex.contains("top of a zone") && outside.contains("not in the zone"), "{outcomes:?}");
}

#[tokio::test]
async fn b_37_the_second_installation_of_an_owner_refuses() {
    let (_folder, path) = file();
    let mut first = publisher(&path).await;
    publish(&mut first, &["foo A 192.0.2.1"]).await;
    let second = ZoneFile::new(options(&path, "me", "there"));
    assert!(matches!(second.list().await, Err(ProviderError::Refused(why)) if why.contains("here")));
    let takes_over = Options { takes_over: true, ..options(&path, "me", "there") };
    assert!(ZoneFile::new(takes_over).list().await.is_ok());
}

#[tokio::test]
async fn changes_of_others_are_told() {
    let (_folder, path) = file();
    let mut me = publisher(&path).await;
    publish(&mut me, &["foo A 192.0.2.1"]).await;
    let told = me.provider().clone();
    let news = tokio::spawn(async move { told.changed().unwrap().await });
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}by-hand.example.org. 60 IN A 192.0.2.9\n")).unwrap();
    tokio::time::timeout(Duration::from_secs(60), news).await.expect("it is told").unwrap();
}

/// A stock CoreDNS reads the file again, and answers from it.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_server_reads_it() {
    let (_folder, path) = file();
    let mut me = publisher(&path).await;
    publish(&mut me, &["foo A 192.0.2.1"]).await;
    let Some(coredns) = CoreDns::on_file("sync-zonefile", "example.org", &path) else { return };
    let address = coredns.address();
    let is_answered = |expected: &'static [&'static str]| {
        coredns.wait("the answer", || {
            let asked = crate::ask::ask(address, "foo.example.org", domain::base::iana::Rtype::A)?;
            (asked == expected).then_some(())
        });
    };
    is_answered(&["192.0.2.1"]);
    publish(&mut me, &["foo A 192.0.2.2 192.0.2.3"]).await;
    is_answered(&["192.0.2.2", "192.0.2.3"]);
}
