//! `portolan run --role control`: the federation alone.

use portolan_testbed::program::printed;
use portolan_testbed::shop::{self, INTENTS, NAME, NAMESPACE};
use portolan_testbed::{ApiServer, Program};

use super::BINARY;

const MEMBER_RIGHTS: &str = include_str!("../../../../deploy/rbac/member.yaml");
const HUB_RIGHTS: &str = include_str!("../../../../deploy/rbac/hub.yaml");

#[test]
fn it_writes_records_and_answers_nobody() {
    let Some(server) = ApiServer::start("control") else { return };
    let hub = server.admin();
    let kinds = format!("{}\n---\n{}", printed(BINARY, &["crds"]), printed(BINARY, &["crds", "--compat"]));
    hub.apply(&format!("{MEMBER_RIGHTS}\n---\n{kinds}\n---\n{HUB_RIGHTS}")).unwrap();
    hub.apply(&[NAMESPACE, &shop::workload("192.0.2.10", true), INTENTS].join("---")).unwrap();
    let token = hub.token("portolan", "portolan", 3_600).unwrap();
    let kubeconfig = server.kubeconfig(&token).display().to_string();
    let args = ["run", "--role", "control", "--kubeconfig", &kubeconfig, "--contexts", "control"];
    let program = Program::new(BINARY, "control").with(args);
    program.start();
    let path = "/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/global-shop";
    let object = program.wait("the record", || hub.get(path).ok());
    assert_eq!(object["spec"]["endpoints"][0]["targets"][0], "192.0.2.10");
    assert!(program.says(&["status"]).contains(NAME));
    program.stop();
    assert!(!program.out().contains("listening"), "{}", program.out());

    let refused = program.run(&["--listen", "127.0.0.1:0"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("role control"), "{}", refused.err);
}
