//! An etcd that a stock External-DNS fills, answered by us; its members go, and all of them, and we start again.

use portolan_testbed::ask::{RecordType, ResponseCode, over_tcp};
use portolan_testbed::{ApiServer, CoreDns, EtcdCluster, ExternalDns};

use crate::program;
use crate::store::Store as _;

/// External-DNS' own definition.
const DNS_ENDPOINT_CRD: &str =
    include_str!("../../../portolan-kube/compat/dnsendpoints.externaldns.k8s.io.yaml");

const ENDPOINTS: &str = "
apiVersion: externaldns.k8s.io/v1alpha1
kind: DNSEndpoint
metadata: {name: shop}
spec:
  endpoints:
  - {dnsName: shop.filled.test, recordType: A, recordTTL: 30, targets: [192.0.2.1, 198.51.100.1]}
  - {dnsName: www.filled.test, recordType: CNAME, targets: [shop.filled.test]}
";

const SHOP: &str = "shop.filled.test";
const BOTH: [&str; 2] = ["192.0.2.1", "198.51.100.1"];

#[test]
fn an_etcd_that_external_dns_fills_is_answered_and_its_loss_is_not_seen() {
    let Some(store) = EtcdCluster::start("filled") else { return };
    let Some(cluster) = ApiServer::start("filled") else { return };
    cluster.admin().apply(DNS_ENDPOINT_CRD).unwrap();
    cluster.admin().apply(ENDPOINTS).unwrap();
    cluster.admin().apply(ExternalDns::ACCOUNT).unwrap();
    let token = cluster.admin().token("default", "external-dns", 3600).unwrap();
    let args = ["--source=crd", "--registry=txt", "--txt-owner-id=filled"];
    let Some(external_dns) = ExternalDns::start_on_etcd(&cluster, &token, &store.urls(), &args) else {
        return;
    };
    let urls = store.urls().join(",");
    let program = program(&["--skydns", &urls, "--skydns-zone", "filled.test"]);
    program.wait_for(SHOP, RecordType::A, &BOTH);
    program.wait_for("www.filled.test", RecordType::CNAME, &["shop.filled.test."]);
    program.wait_for("www.filled.test", RecordType::A, &BOTH);
    program.wait("its marks, which it writes last", || {
        let marks = program.ask("a-shop.filled.test", RecordType::TXT);
        (!marks.answers.is_empty()).then_some(())
    });
    if let Some(stock) = CoreDns::on_etcd("filled", &store.urls(), &["filled.test"], "/skydns", &[]) {
        let reply = over_tcp(stock.address(), SHOP, RecordType::A).unwrap();
        assert_eq!(reply.data(RecordType::A), BOTH);
    }

    // A target goes.
    cluster.admin().apply(&ENDPOINTS.replace(", 198.51.100.1", "")).unwrap();
    program.wait_for(SHOP, RecordType::A, &["192.0.2.1"]);
    external_dns.kill();
    let keys = store.count();

    // F-17: one member of three is dead.
    store.kill(2);
    store.put("test/filled/late", r#"{"host":"192.0.2.7"}"#);
    program.wait_for("late.filled.test", RecordType::A, &["192.0.2.7"]);

    // All members are gone, and we start again: answers go on.
    (0..2).for_each(|member| store.kill(member));
    program.wait_for_status(&["is not reached"]);
    program.wait_for(SHOP, RecordType::A, &["192.0.2.1"]);
    program.kill();
    program.start();
    program.wait_for(SHOP, RecordType::A, &["192.0.2.1"]);
    program.wait_for("www.filled.test", RecordType::A, &["192.0.2.1"]);
    assert_eq!(program.ask("nothing.filled.test", RecordType::A).code, ResponseCode::NXDomain);
    program.wait_for_status(&["is not reached"]);

    // They are back.
    store.restart_all();
    program.wait("the store to be followed again", || {
        (!program.says(&["status", "-o", "json"]).contains("is not reached")).then_some(())
    });
    assert_eq!(store.count(), keys + 1);
    store.put("test/filled/later", r#"{"host":"192.0.2.8"}"#);
    program.wait_for("later.filled.test", RecordType::A, &["192.0.2.8"]);

    // F-22: all members begin anew, without data.
    store.wipe();
    program.wait("the hold", || program.says(&["holds"]).contains("etcd:store").then_some(()));
    program.wait_for(SHOP, RecordType::A, &["192.0.2.1"]);
    store.put("test/filled/later", r#"{"host":"192.0.2.9"}"#);
    program.says(&["holds", "--release", "etcd:store"]);
    program.wait_for("later.filled.test", RecordType::A, &["192.0.2.9"]);
    program.wait_for(SHOP, RecordType::A, &[]);
    program.stop();
}
