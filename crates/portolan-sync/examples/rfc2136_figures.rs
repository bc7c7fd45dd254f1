//! What it takes to publish many names to a real server by updates (RFC 2136).
//!
//! ```text
//! cargo run --release -p portolan-sync --example rfc2136_figures -- [bind|knot|powerdns] [NAMES] [CHANGES]
//! ```
//!
//! A first sync of NAMES names (100,000), with at most CHANGES changes in a message (1,000); then a round in which nothing is to be done, one that
//! changes one name and needs no list, and the deletes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a figure that cannot be taken ends here")]

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use portolan_core::Name;
use portolan_core::plan::{
    Desired, Gone, Labels, Options as PlanOptions, Owner, RecordSet, SyncPolicy, Targets, Wanted,
};
use portolan_core::record::{RecordType, Target, Ttl};
use portolan_core::registry::Registry;
use portolan_sync::Publisher;
use portolan_sync::rfc2136::{CHANGES_DEFAULT, Options, Rfc2136, Server, TsigKey};
use portolan_testbed::NameServer;
use portolan_testbed::name_server::{KEY_ALGORITHM, KEY_NAME, KEY_SECRET, Make};

const ZONE: &str = "example.net";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1);
    let make = match args.next().as_deref() {
        None | Some("bind") => Make::Bind,
        Some("knot") => Make::Knot,
        Some("powerdns") => Make::PowerDns,
        Some(other) => panic!("{other:?} is none of bind, knot and powerdns"),
    };
    let mut number = |default: usize| args.next().map_or(default, |text| text.parse().unwrap());
    let (names, changes_max) = (number(100_000), number(CHANGES_DEFAULT));
    let Some(server) = NameServer::start(make, "figures", &[(ZONE, "")]) else { return };
    let address = Server { host: server.address().ip().to_string(), port: server.address().port() };
    let draw = || RandomState::new().hash_one(0_u8);
    let mut options = Options::new(address, vec![name(ZONE)], Arc::new(SystemTime::now), Arc::new(draw));
    options.key = Some(TsigKey::new(name(KEY_NAME), KEY_ALGORITHM, KEY_SECRET).unwrap());
    options.changes_max = changes_max;
    options.numbered_for = Some(Owner::new("me").unwrap());
    let provider = Arc::new(Rfc2136::new(options).unwrap());
    let mut publisher = Publisher::new(
        provider,
        Registry::default(),
        PlanOptions::new(Owner::new("me").unwrap(), SyncPolicy::Sync),
    );

    println!("{make:?}, {names} names, at most {changes_max} changes in a message");
    let all = desired(names, 1);
    publisher.claim().await.unwrap();
    let taken = took("first sync", publisher.round(all.clone(), false)).await.unwrap();
    assert!(taken.is_converged(), "{} problems", taken.problems.told.len());
    let again = took("a round with nothing to do", publisher.round(all, false)).await.unwrap();
    assert!(!again.has_work());
    let touched = BTreeSet::from([name("n7.example.net")]);
    let few = took("one name, no list", publisher.round_of(&touched, desired(8, 2))).await.unwrap();
    assert!(few.is_some_and(|round| round.is_converged()));
    let none = Desired { sets: Vec::new(), ..desired(0, 1) };
    let gone = took("all of them go", publisher.round(none, false)).await.unwrap();
    assert!(gone.is_converged());
}

async fn took<T>(what: &str, work: impl Future<Output = T>) -> T {
    let (begin, cpu) = (Instant::now(), cpu());
    let done = work.await;
    println!("{what}: {:.2} s, of our own CPU {:.2} s", begin.elapsed().as_secs_f64(), self::cpu() - cpu);
    done
}

/// Seconds that this process has computed.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

fn desired(names: usize, last: u8) -> Desired {
    let wanted = |n: usize| {
        let address = Target::Address([198, 51, 100, last].into());
        let targets: Targets = [address].into_iter().collect();
        let set =
            RecordSet::new(name(&format!("n{n}.{ZONE}")), RecordType::A, targets, Ttl::from_seconds(60));
        Wanted { set, resource: "crd/shop/web".into(), labels: Labels::new() }
    };
    let gone = Gone { resources: ["crd/shop/web".into()].into(), ..Gone::default() };
    Desired { sets: (0..names).map(wanted).collect(), stays: BTreeSet::new(), gone, is_whole: true }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}
