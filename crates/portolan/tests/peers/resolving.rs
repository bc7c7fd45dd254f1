//! Our resolver asks each server: what it makes of real replies.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use portolan_probe::Heard;
use portolan_probe::ask::{Asking, ask};

use crate::peer::{Kind, Peer};

/// Longer than the resolver's own patience: the machine may be busy.
const WAIT: Duration = Duration::from_secs(10);

fn draw() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
}

fn show(heard: &Heard) -> String {
    match heard {
        Heard::Addresses { addresses, ttl, .. } => {
            let mut addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            addresses.sort();
            format!("{} for {ttl}", addresses.join(","))
        }
        Heard::Nothing(why) | Heard::Failed(why) => format!("{why:?}"),
    }
}

#[test]
fn the_resolver_reads_what_each_server_says() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = [Kind::Portolan, Kind::Knot, Kind::Nsd, Kind::Bind];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for peer in kinds.iter().filter_map(|kind| Peer::start(*kind, folder.path())) {
        let asking = Asking { servers: vec![peer.address()], wait: WAIT, draw };
        for (name, expected) in [
            ("web.features.example", "192.0.2.80,192.0.2.81 for 300 | 2001:db8::80 for 300"),
            ("www.features.example", "192.0.2.80,192.0.2.81 for 300 | 2001:db8::80 for 300"),
            ("chain1.features.example", "192.0.2.80,192.0.2.81 for 30 | 2001:db8::80 for 30"),
            ("ns2.features.example", "192.0.2.54 for 60 | NoAddress"),
            ("dangling.features.example", "NoSuchName | NoSuchName"),
            ("out.features.example", "NotRecursive | NotRecursive"),
            ("elsewhere.example", "Refused(5) | Refused(5)"),
        ] {
            let heard = runtime.block_on(ask(&asking, &name.parse().unwrap()));
            let shown: Vec<String> = heard.iter().map(show).collect();
            assert_eq!(shown.join(" | "), expected, "{name} of {:?}", peer.kind);
        }
    }
}
