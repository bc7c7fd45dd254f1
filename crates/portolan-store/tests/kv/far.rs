//! etcd that is far away.

use std::net::SocketAddr;
use std::time::Duration;

use portolan_store::kv::etcd::{Etcd, Options};
use portolan_store::kv::{Kv, Span};
use portolan_testbed::{EtcdCluster, Link};
use tokio::time::timeout;

use crate::battery::{self, events, now};
use crate::gateway;
use crate::members::settle;

/// How far behind an update may be.
const LAG_MAX: Duration = Duration::from_secs(10);
const UPDATES: u32 = 15;

/// F-25: 200 ms each way, one in twenty is lost. Updates are slower, and that is all.
#[tokio::test(flavor = "multi_thread")]
async fn f25_an_etcd_behind_a_poor_line_is_followed_and_written() {
    let Some(cluster) = EtcdCluster::start("kv-f25") else { return };
    let links = cluster.urls().into_iter().map(|url| Link::poor(address(&url)));
    let links: Vec<Link> = links.collect();
    let urls = links.iter().map(|link| format!("http://{}", link.address()));
    let far = Etcd::new(Options::new(urls.collect::<Vec<_>>())).unwrap();
    let near = gateway::client(&cluster);
    let mut watch = far.watch(Span::prefix(b"f25/"), now(&near).await);
    for update in 0..UPDATES {
        let value = update.to_string();
        let written = settle(&near, "f25/theirs", &value).await;
        let seen = timeout(LAG_MAX, events(&mut watch, written)).await.expect("an update is seen in time");
        assert_eq!(seen, [battery::told("f25/theirs", &value, written)]);
    }
    let ours = timeout(LAG_MAX, settle(&far, "f25/ours", "1")).await.expect("a key is written in time");
    assert_eq!(events(&mut watch, ours).await, [battery::told("f25/ours", "1", ours)]);
}

/// Where a URL leads.
fn address(url: &str) -> SocketAddr {
    url.strip_prefix("http://").expect("members here have no certificates").parse().unwrap()
}
