//! What happens to a name, in all eight makes of the chain at once.

use std::fmt::Write as _;

use portolan_testbed::EtcdCluster;
use portolan_testbed::ask::{RecordType, Reply, ResponseCode, ask};
use portolan_testbed::program::{poll, tails};

use crate::links::{Clusters, Servers, by_hand, keys, no_longer, serve};
use crate::make::{BY_HAND, Came, Chain, Link, Make, Wanted, patience};

/// Where each publisher writes.
const OURS: &str = "/ours/";
const STOCK: &str = "/stock/";
/// The file that the times are written to, for `bench/CHAIN.md`.
const TIMES_FILE: &str = "PORTOLAN_CHAIN_TIMES";

const EU: &str = "192.0.2.10";
const US: &str = "198.51.100.10";
const US_MOVED: &str = "198.51.100.20";

#[test]
fn every_link_can_be_exchanged() {
    let Some(etcd) = EtcdCluster::start("chain") else { return };
    let Some(clusters) = Clusters::start() else { return };
    let (hub, member) = (&clusters.hub, &clusters.member);
    let Some(_stock) = clusters.external_dns(&etcd, STOCK, &[]) else { return };
    let sync = clusters.sync(&etcd, OURS, &[]);
    sync.start();
    let federation = clusters.federation();
    let [Some(of_ours), Some(of_stock)] = [OURS, STOCK].map(|at| Servers::start(&etcd, at)) else { return };
    let makes = [of_ours.makes(Link::Ours), of_stock.makes(Link::Stock)].concat();
    let chain = Chain { makes: &makes, programs: &[&sync, &federation, &of_ours.ours, &of_stock.ours] };
    let mut times = Times::new(&makes);

    let records = |targets: &str| by_hand(hub, "web", &[(BY_HAND, "A", targets)]);
    let mut step = |what, federated: &[&str], by_hand: &[&str], act: &dyn Fn()| {
        let came = chain.change(&Wanted { federated, by_hand }, act);
        times.add(what, &came);
        // Its transactions are whole names; whoever reads its keys sees no moment without.
        let is_ours = |make: &Make| make.publisher == Link::Ours;
        let empty = makes.iter().zip(&came).find(|(make, came)| is_ours(make) && came.was_empty());
        (what == "a name comes")
            || empty.map(|(make, _)| panic!("{what}: {make}: a moment without")).is_none()
    };
    step("a name comes", &[EU], &[EU], &|| {
        serve(hub, EU, true);
        records(EU);
    });
    step("a target is added", &[EU, US], &[EU, US], &|| {
        serve(member, US, true);
        records(&format!("{EU}, {US}"));
    });
    step("a target is changed", &[EU, US_MOVED], &[EU, US_MOVED], &|| {
        serve(member, US_MOVED, true);
        records(&format!("{EU}, {US_MOVED}"));
    });
    step("a cluster goes unready", &[US_MOVED], &[EU, US_MOVED], &|| serve(hub, EU, false));
    step("it is ready again", &[EU, US_MOVED], &[EU, US_MOVED], &|| serve(hub, EU, true));
    step("a target is removed", &[EU], &[EU], &|| {
        member.admin().delete("/api/v1/namespaces/shop/services/web").unwrap();
        records(EU);
    });
    step("two targets again", &[EU, US], &[EU, US], &|| {
        serve(member, US, true);
        records(&format!("{EU}, {US}"));
    });
    what_stock_parts_get_wrong(&clusters, &chain);
    let record = "/apis/multiclusterdns.kubefed.io/v1alpha1/namespaces/shop/servicednsrecords/web";
    let came = chain.change(&Wanted { federated: &[], by_hand: &[] }, || {
        hub.admin().delete(record).unwrap();
        no_longer(hub, "web");
    });
    times.add("the name is deleted", &came);
    times.show();

    sync.wait("our keys to be gone", || keys(&etcd, OURS).is_empty().then_some(()));
    let left = keys(&etcd, STOCK);
    let is_mark = |text: &str| text.contains("heritage=external-dns");
    let stale = left.iter().filter(|(_, value, _)| !value["text"].as_str().is_some_and(is_mark));
    assert_eq!(stale.count(), 0, "External-DNS leaves ownership keys behind, and nothing else: {left:?}");
    assert!(!left.is_empty(), "External-DNS has learnt to take its ownership keys away: say so in the table");
}

/// A question about names that were asked for by hand, and what each pair of publisher and server says. Where it is not
/// what it should be, that is a stock part's.
struct Row {
    name: &'static str,
    rtype: RecordType,
    right: &'static [&'static str],
    /// External-DNS to us; sync to CoreDNS; External-DNS to CoreDNS. None: right.
    wrong: [Option<(ResponseCode, &'static [&'static str])>; 3],
}

const ROWS: &[Row] = &[
    Row { name: "alias.hand.test", rtype: RecordType::A, right: &[EU, US], wrong: [None, None, None] },
    // CoreDNS looks for an alias at the exact key alone, and keys have one more label.
    Row {
        name: "alias.hand.test",
        rtype: RecordType::CNAME,
        right: &["web.hand.test."],
        wrong: [None, Some((ResponseCode::NXDomain, &[])), Some((ResponseCode::NXDomain, &[]))],
    },
    Row { name: "dual.hand.test", rtype: RecordType::A, right: &[EU], wrong: [None, None, None] },
    Row {
        name: "dual.hand.test",
        rtype: RecordType::AAAA,
        right: &["2001:db8::1"],
        wrong: [None, None, None],
    },
    // A name between exists, with nothing (RFC 8020); CoreDNS answers it with whatever is below.
    Row {
        name: "deep.hand.test",
        rtype: RecordType::A,
        right: &[],
        wrong: [None, Some((ResponseCode::NoError, &[EU])), Some((ResponseCode::NoError, &[EU]))],
    },
    Row { name: "one.deep.hand.test", rtype: RecordType::A, right: &[EU], wrong: [None, None, None] },
];

fn what_stock_parts_get_wrong(clusters: &Clusters, chain: &Chain<'_>) {
    by_hand(
        &clusters.hub,
        "rows",
        &[
            ("alias.hand.test", "CNAME", BY_HAND),
            ("dual.hand.test", "A", EU),
            ("dual.hand.test", "AAAA", "'2001:db8::1'"),
            ("one.deep.hand.test", "A", EU),
        ],
    );
    let made = |publisher, server| {
        *chain
            .makes
            .iter()
            .find(|make| {
                make.federation == Link::Stock && make.publisher == publisher && make.server == server
            })
            .unwrap()
    };
    let pairs = [
        made(Link::Ours, Link::Ours),
        made(Link::Stock, Link::Ours),
        made(Link::Ours, Link::Stock),
        made(Link::Stock, Link::Stock),
    ];
    let mut faults = String::new();
    for row in ROWS {
        let right = (ResponseCode::NoError, row.right);
        let wanted =
            [Some(right)].into_iter().chain(row.wrong.iter().map(|wrong| Some(wrong.unwrap_or(right))));
        for (make, wanted) in pairs.iter().zip(wanted) {
            let (code, data) = wanted.unwrap();
            let mut last = None;
            let found = poll(chain.programs, patience(), || {
                last = ask(make.address, row.name, row.rtype);
                let is_so = |last: &Reply| last.code == code && last.data(row.rtype) == data;
                last.as_ref().is_some_and(is_so).then_some(())
            });
            if found.is_none() {
                writeln!(faults, "{make}: {} {}: {code} {data:?} but {last:?}", row.name, row.rtype).unwrap();
            }
        }
    }
    assert!(faults.is_empty(), "not as the table has it:\n{faults}{}", tails(chain.programs));
    no_longer(&clusters.hub, "rows");
    for name in ["alias.hand.test", "dual.hand.test", "one.deep.hand.test"] {
        let is_gone = poll(chain.programs, patience(), || {
            ask(pairs[0].address, name, RecordType::A).filter(|reply| reply.data(RecordType::A).is_empty())
        });
        assert!(is_gone.is_some(), "{name} is not gone\n{}", tails(chain.programs));
    }
}

/// When each make answered as it should, step by step.
struct Times {
    text: String,
}

impl Times {
    fn new(makes: &[Make]) -> Self {
        let mut text = String::from("| milliseconds from change to answer |");
        makes.iter().for_each(|make| write!(text, " {make} |").unwrap());
        text.push_str("\n| --- |");
        makes.iter().for_each(|_| text.push_str(" ---: |"));
        text.push('\n');
        Self { text }
    }

    fn add(&mut self, what: &str, came: &[Came]) {
        write!(self.text, "| {what} |").unwrap();
        for came in came {
            let gap = if came.was_empty() && what != "a name comes" { ", a moment without" } else { "" };
            write!(self.text, " {}{gap} |", came.after.as_millis()).unwrap();
        }
        self.text.push('\n');
    }

    fn show(&self) {
        println!("{}", self.text);
        if let Some(file) = std::env::var_os(TIMES_FILE) {
            std::fs::write(file, &self.text).unwrap();
        }
    }
}
