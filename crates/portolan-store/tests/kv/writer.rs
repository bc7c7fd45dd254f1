//! F-16: the writer is killed, also while the store is compacted and while a member dies. What was acknowledged is there, and
//! nothing is there by half.
//!
//! The writer is this test binary once more, in a process of its own. It says on standard output what was acknowledged to it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use portolan_store::kv::etcd::{Etcd, Options};
use portolan_store::kv::{Compare, Kv, KvError, Outcome, Revision, Span, Transaction};
use portolan_testbed::EtcdCluster;

use crate::battery::{contents, now, put};
use crate::gateway;

/// What the writer is told: members, and the number of its life.
const WRITER: &str = "PORTOLAN_TEST_KV_WRITER";
/// How often the writer is killed.
const KILLS: usize = 30;
/// Keys of one transaction.
const PARTS: [&str; 3] = ["a", "b", "c"];

#[tokio::test(flavor = "multi_thread")]
async fn f16_what_was_acknowledged_is_there_and_nothing_by_half() {
    let Some(cluster) = EtcdCluster::start("kv-f16") else { return };
    let etcd = gateway::client(&cluster);
    let mut acknowledged = BTreeMap::new();
    for life in 0..KILLS {
        let mut writer = start(&cluster, life);
        let said = BufReader::new(writer.stdout.take().unwrap()).lines();
        let said = said.map_while(Result::ok).filter_map(|line| parsed(&line)).take(5 + life % 7);
        acknowledged.extend(said.map(|(number, revision)| ((life, number), revision)));
        let oldest = now(&etcd).await;
        std::thread::scope(|scope| {
            if life % 3 == 0 {
                scope.spawn(|| gateway::compact(&cluster, oldest));
            }
            if life % 10 == 1 {
                cluster.kill(life % 3);
            }
            writer.kill().unwrap();
        });
        writer.wait().unwrap();
        if life % 10 == 1 {
            cluster.restart(life % 3);
        }
    }
    let all = contents(&etcd, "f16/", None).await;
    let at: BTreeMap<&str, Revision> = all.iter().map(|(key, _, at)| (key.as_str(), *at)).collect();
    assert!(acknowledged.len() >= KILLS * 5, "the writer got on");
    for ((life, number), revision) in &acknowledged {
        for part in PARTS {
            assert_eq!(at.get(key(*life, *number, part).as_str()), Some(revision), "{life} {number} {part}");
        }
    }
    for (whole, revision) in &at {
        let (stem, _) = whole.rsplit_once('/').unwrap();
        assert!(
            PARTS.iter().all(|part| at.get(format!("{stem}/{part}").as_str()) == Some(revision)),
            "{stem}"
        );
    }
}

fn start(cluster: &EtcdCluster, life: usize) -> Child {
    let mut writer = Command::new(std::env::current_exe().unwrap());
    writer.args(["--exact", "writer::a_writer_until_it_is_killed", "--nocapture"]);
    writer.env(WRITER, format!("{} {life}", cluster.urls().join(",")));
    writer.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// The number and the revision of a line that the writer said.
fn parsed(line: &str) -> Option<(usize, Revision)> {
    let (number, revision) = line.strip_prefix("acknowledged ")?.split_once(' ')?;
    Some((number.parse().ok()?, revision.parse().ok()?))
}

fn key(life: usize, number: usize, part: &str) -> String {
    format!("f16/{life}/{number}/{part}")
}

/// What runs in the writer's process, and nothing in the tests' own.
#[tokio::test]
async fn a_writer_until_it_is_killed() {
    let Ok(told) = std::env::var(WRITER) else { return };
    let (members, life) = told.split_once(' ').unwrap();
    let etcd = Etcd::new(Options::new(members.split(',').map(str::to_owned).collect())).unwrap();
    let life = life.parse().unwrap();
    // The harness has begun a line of its own.
    println!();
    for number in 0.. {
        let revision = write(&etcd, life, number).await;
        println!("acknowledged {number} {revision}");
        std::io::stdout().flush().unwrap();
    }
}

/// Writes one transaction of several keys, until it is known to be done.
async fn write(etcd: &Etcd, life: usize, number: usize) -> Revision {
    let keys = PARTS.map(|part| key(life, number, part));
    let compares = keys.iter().map(|key| Compare::Modified(key.as_bytes().to_vec(), 0)).collect();
    let operations = keys.iter().map(|key| put(key, "1")).collect();
    let transaction = Transaction { compares, operations };
    loop {
        match etcd.transact(transaction.clone()).await {
            Ok(Outcome::Done(revision)) => return revision,
            Ok(Outcome::Lost(_)) => {
                // Its answer was lost before.
                let page = etcd.range(Span::key(keys[0].as_bytes()), None, 1).await;
                if let Ok(page) = page {
                    return page.pairs[0].modified;
                }
            }
            Err(KvError::Unknown(_) | KvError::Unreachable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
