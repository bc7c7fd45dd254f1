//! The resolver against a server on loopback that answers as a script says (faults.md F-40).
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod script;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portolan_core::Name;
use portolan_probe::ask::{Asking, ask};
use portolan_probe::hosts::News;
use portolan_probe::{ADDRESSES_MAX, Heard, Report, Resolver, Servers, Wanting, Why, wanted};
use tokio::sync::mpsc;

use script::{Asked, Script, reply};

/// How long a server that says nothing is waited for.
const WAIT: Duration = Duration::from_millis(500);
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

fn draw() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // Far apart, so that the numbers of questions are different ones.
    NEXT.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
}

fn host() -> Name {
    "lb.example.net".parse().unwrap()
}

async fn asked(servers: &[SocketAddr]) -> String {
    let asking = Asking { servers: servers.to_vec(), wait: WAIT, draw };
    let heard = ask(&asking, &host()).await;
    heard.iter().map(show).collect::<Vec<_>>().join(" | ")
}

fn show(heard: &Heard) -> String {
    match heard {
        Heard::Addresses { addresses, ttl, .. } if addresses.len() <= 4 => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            format!("{} for {ttl}", addresses.join(","))
        }
        Heard::Addresses { addresses, ttl, .. } => format!("{} addresses for {ttl}", addresses.len()),
        Heard::Nothing(why) | Heard::Failed(why) => format!("{why:?}"),
    }
}

/// Answers as `of` says for each question; what came of both of them is expected.
async fn check(of: impl Fn(&Asked) -> Vec<Vec<u8>> + Send + 'static, expected: &str) {
    let script = Script::start(of);
    assert_eq!(asked(&[script.address()]).await, expected);
}

#[tokio::test]
async fn what_a_server_says() {
    check(
        |q| vec![reply(q, 0, &["@ 60 A 192.0.2.1", "@ 60 AAAA 2001:db8::1"])],
        "192.0.2.1 for 60 | 2001:db8::1 for 60",
    )
    .await;
    check(
        |q| vec![reply(q, 0, &["@ 60 CNAME a.example", "a.example 30 A 10.0.0.1"])],
        "10.0.0.1 for 30 | NoAddress",
    )
    .await;
    check(
        |q| vec![reply(q, 0, &["@ 60 CNAME a.example", "a.example 60 CNAME lb.example.net"])],
        "Loop | Loop",
    )
    .await;
    check(|q| vec![reply(q, 0, &[])], "NoAddress | NoAddress").await;
    check(|q| vec![reply(q, 3, &[])], "NoSuchName | NoSuchName").await;
    check(|q| vec![reply(q, 2, &[])], "ServerFailed | ServerFailed").await;
    check(|_| vec![], "TimedOut | TimedOut").await;
    check(|_| vec![b"no DNS message".to_vec()], "TimedOut | TimedOut").await;
}

#[tokio::test]
async fn only_the_reply_to_the_question_counts() {
    let wrong_id = |q: &Asked| {
        let mut packet = reply(q, 0, &["@ 60 A 198.51.100.66"]);
        packet[0] ^= 0xff;
        packet
    };
    let wrong_name = |q: &Asked| {
        let mut packet = reply(q, 0, &["@ 60 A 198.51.100.66"]);
        packet[13] = b'x';
        packet
    };
    check(move |q| vec![wrong_id(q)], "TimedOut | TimedOut").await;
    check(
        move |q| vec![wrong_id(q), wrong_name(q), reply(q, 0, &["@ 60 A 192.0.2.1"])],
        "192.0.2.1 for 60 | NoAddress",
    )
    .await;
    // Guesses without end are given up; the next try may be luckier, and here is not.
    check(move |q| (0..64).map(|_| wrong_id(q)).collect(), "Malformed | Malformed").await;
}

#[tokio::test]
async fn what_does_not_fit_is_asked_for_over_tcp() {
    let thousand = |q: &Asked| {
        let records: Vec<String> =
            (0..1_000_u16).map(|n| format!("@ 60 A 10.1.{}.{}", n / 256, n % 256)).collect();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        if q.is_tcp { reply(q, 0, &records) } else { reply(q, 0x0200, &[]) }
    };
    check(move |q| vec![thousand(q)], "1000 addresses for 60 | NoAddress").await;
    check(|q| vec![reply(q, 0x0200, &[])], "Malformed | Malformed").await;
    check(|q| if q.is_tcp { vec![] } else { vec![reply(q, 0x0200, &[])] }, "Unreachable | Unreachable").await;
}

#[tokio::test]
async fn an_old_server_is_asked_without_edns() {
    check(
        |q| if q.has_edns { vec![reply(q, 1, &[])] } else { vec![reply(q, 0, &["@ 60 A 192.0.2.1"])] },
        "192.0.2.1 for 60 | NoAddress",
    )
    .await;
}

#[tokio::test]
async fn the_next_server_is_asked_where_one_cannot_say() {
    let silent = Script::start(|_| vec![]);
    let failing = Script::start(|q| vec![reply(q, 2, &[])]);
    let refusing = Script::start(|q| vec![reply(q, 5, &[])]);
    let good = Script::start(|q| vec![reply(q, 0, &["@ 60 A 192.0.2.1"])]);
    let late = Script::start(|q| vec![reply(q, 0, &["@ 60 A 198.51.100.1"])]);
    let servers = [&silent, &failing, &refusing, &good, &late].map(Script::address);
    assert_eq!(asked(&servers).await, "192.0.2.1 for 60 | NoAddress");
    assert_eq!(late.count(), 0, "who comes later is not asked");
    assert_eq!((failing.count(), silent.count()), (2, 2), "one question for each family");
    assert_eq!(asked(&servers[..3]).await, "Refused(5) | Refused(5)");
    assert_eq!(failing.count(), 2 + 4, "each is asked twice");
    assert_eq!(asked(&[]).await, "NoServer | NoServer");
}

#[tokio::test]
async fn numbers_and_ports_differ_with_each_question() {
    let script = Script::start(|q| vec![reply(q, 2, &[])]);
    for _ in 0..4 {
        asked(&[script.address()]).await;
    }
    let seen = script.seen();
    let ids: BTreeSet<u16> = seen.iter().map(|asked| asked.id).collect();
    let ports: BTreeSet<u16> = seen.iter().map(|asked| asked.from.port()).collect();
    assert_eq!(seen.len(), 16);
    assert!(ids.len() > 12 && ports.len() > 12, "{ids:?} {ports:?}");
}

/// A resolver that runs, and what it reports.
struct Running {
    wanting: Wanting,
    wants: Mutex<BTreeSet<Name>>,
    reports: mpsc::Receiver<Vec<News>>,
    waiting: std::vec::IntoIter<News>,
}

impl Running {
    fn start(server: SocketAddr) -> Self {
        let (wanting, wanted) = wanted();
        let (sender, reports) = mpsc::channel(8);
        let resolver = Resolver::new(Servers::These(vec![server]), draw).waiting(WAIT);
        tokio::spawn(resolver.run(wanted, sender));
        Self { wanting, wants: Mutex::default(), reports, waiting: Vec::new().into_iter() }
    }

    fn want(&self, names: &[&str]) {
        let now: BTreeSet<Name> = names.iter().map(|name| name.parse().unwrap()).collect();
        let before = std::mem::replace(&mut *self.wants.lock().unwrap(), now.clone());
        let changed = now.symmetric_difference(&before);
        self.wanting.tell(changed.map(|name| (name.clone(), now.contains(name))).collect());
    }

    async fn next(&mut self) -> News {
        loop {
            if let Some(news) = self.waiting.next() {
                return news;
            }
            let news = tokio::time::timeout(PATIENCE, self.reports.recv()).await;
            self.waiting = news.expect("a report in time").expect("a resolver that runs").into_iter();
        }
    }

    async fn report(&mut self) -> Report {
        match self.next().await {
            News::Now(report) => report,
            News::Gone(name) => panic!("{name} is gone"),
        }
    }
}

#[tokio::test]
async fn the_last_good_addresses_stay_and_it_is_said_why() {
    let turn = Arc::new(AtomicU64::new(0));
    let script = {
        let turn = turn.clone();
        Script::start(move |q| match turn.load(Ordering::Relaxed) {
            0 => vec![reply(q, 3, &[])],
            _ => vec![reply(q, 0, &["@ 0 A 192.0.2.1"])],
        })
    };
    let mut running = Running::start(script.address());
    running.want(&["lb.example.net"]);
    let report = running.report().await;
    assert_eq!((report.addresses.len(), report.failure), (0, Some(Why::NoSuchName)));
    turn.store(1, Ordering::Relaxed);
    // After the first failure it is asked for again within five seconds.
    let report = running.report().await;
    assert_eq!((report.addresses.len(), report.failure), (1, None));
    running.want(&[]);
    assert_eq!(running.next().await, News::Gone(host()));
    running.want(&["lb.example.net"]);
    assert_eq!(running.report().await.failure, None, "wanted again, it is reported again");
}

#[tokio::test]
async fn many_names_are_resolved_and_many_addresses_cut() {
    let script = Script::start(|q| {
        let records: Vec<String> = (0..70).map(|n| format!("@ 60 A 10.2.0.{n}")).collect();
        let records: Vec<&str> = records.iter().map(String::as_str).collect();
        vec![reply(q, 0, &records)]
    });
    let mut running = Running::start(script.address());
    let names: Vec<String> = (0..100).map(|n| format!("lb-{n}.example.net")).collect();
    running.want(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut seen = BTreeSet::new();
    while seen.len() < names.len() {
        let report = running.report().await;
        assert_eq!((report.addresses.len(), report.count), (ADDRESSES_MAX, 70));
        seen.insert(report.host);
    }
}
