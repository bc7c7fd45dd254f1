use portolan_serve::{Config, Published, Server};

use super::*;

fn rendered(gauges: Gauges, leader: Option<Leader>) -> String {
    let config =
        Config { listen: vec!["127.0.0.1:0".parse().unwrap()], workers: Some(1), ..Config::default() };
    let published = Published::new(portolan_core::Snapshot::new(1));
    let running = Server::bind(config).unwrap().start(&published).unwrap();
    render(gauges, Some(running.counters().sum()), Vec::new(), None, leader).unwrap()
}

#[test]
fn every_metric_of_the_reference_is_there() {
    let gauges = Gauges {
        revision: 7,
        data_age: 61,
        snapshot_failed: 2,
        clusters: [("silent", 1)].into(),
        problems: [(Reason::Unreadable, 3)].into(),
        serials: [("glb.example".parse().unwrap(), 1_700_000_001)].into(),
        ..Gauges::default()
    };
    let text = rendered(gauges, None);
    for line in [
        "portolan_queries_total{transport=\"udp\"} 0",
        "portolan_answers_total{rcode=\"NXDOMAIN\"} 0",
        "portolan_dropped_total{reason=\"short\"} 0",
        "portolan_truncated_total 0",
        "portolan_worker_restarts_total 0",
        "portolan_data_age_seconds 61",
        "portolan_revision 7",
        "portolan_holds 0",
        "portolan_narrow_orders 0",
        "portolan_snapshot_failed_total 2",
        "portolan_snapshot_age_seconds 0",
        "portolan_problems{reason=\"Unreadable\"} 3",
        "portolan_problems{reason=\"Loop\"} 0",
        "portolan_clusters{state=\"silent\"} 1",
        "portolan_zone_serial{zone=\"glb.example\"} 1700000001",
        concat!("portolan_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[test]
fn every_counter_of_the_sockets_is_there_in_words() {
    let text = rendered(Gauges::default(), None);
    for count in Count::ALL {
        let (family, label, value) = count.metric();
        let (name, help) = described(family);
        let labels = if label.is_empty() { String::new() } else { format!("{{{label}=\"{value}\"}}") };
        let line = format!("portolan_{name}_total{labels} 0");
        assert!(text.lines().any(|found| found == line), "{line} of {count:?} is not in\n{text}");
        assert_ne!(help, UNDESCRIBED, "{family} needs a help text");
    }
    assert_eq!(families().count(), families().collect::<BTreeSet<_>>().len());
}

#[test]
fn who_leads_is_there_where_somebody_is_elected() {
    assert!(!rendered(Gauges::default(), None).contains("lease"));
    let leader = Leader {
        lease: "portolan/portolan-control".into(),
        me: "a_1".into(),
        holder: "b_2".into(),
        since: Some(1_700_000_000),
        transitions: 3,
        trouble: None,
        is_me: false,
    };
    let text = rendered(Gauges::default(), Some(leader));
    for line in [
        "portolan_leader 0",
        "portolan_lease_since_timestamp_seconds 1700000000",
        "portolan_lease_transitions 3",
        "portolan_lease_reached 1",
        "portolan_lease_holder_info{lease=\"portolan/portolan-control\",holder=\"b_2\",me=\"a_1\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}
