//! Two of them on one hub: one leads and writes, the other stands by. Who wrote what, the API server tells.
//!
//! F-50, F-52, R-01, R-04.

use std::time::Instant;

use portolan_testbed::{ApiServer, Program, Setup};
use serde_json::Value;

use super::followed::{HUB_RIGHTS, MEMBER_RIGHTS};
use super::walk::{intents, workload};
use super::{compat, definitions};

const LEASE: &str = "/apis/coordination.k8s.io/v1/namespaces/portolan/leases/portolan-control";
const RECORD: &str = "/apis/externaldns.k8s.io/v1alpha1/namespaces/shop/dnsendpoints/global-shop";
/// How long a token lives, in seconds.
const TOKEN_SECONDS: u32 = 3_600;

/// A hub that notes who writes.
struct Hub(ApiServer);

/// A process with a token of its own.
struct Replica {
    program: Program,
    token: String,
}

impl Hub {
    fn start() -> Option<Self> {
        let server = ApiServer::start_with("hub", Setup { audit: true, ..Setup::default() })?;
        let all = [MEMBER_RIGHTS, &definitions(), &compat(), HUB_RIGHTS].join("\n---\n");
        server.admin().apply(&all).unwrap();
        workload(&server, "hub", "192.0.2.1");
        server.admin().apply(&intents()).unwrap();
        Some(Self(server))
    }

    /// One that leads for so many seconds without a word.
    fn replica(&self, name: &str, seconds: &str) -> Replica {
        let token = self.0.admin().token("portolan", "portolan", TOKEN_SECONDS).unwrap();
        let kubeconfig = self.0.kubeconfig(&token).display().to_string();
        let program = Program::new(env!("CARGO_BIN_EXE_portolan"), name)
            .with(["run", "--role", "control", "--contexts", "hub", "--kubeconfig", &kubeconfig])
            .with(["--lease", "portolan-control", "--lease-seconds", seconds, "--http", "127.0.0.1:0"]);
        program.start();
        Replica { program, token }
    }

    /// Gives the load balancer another address.
    fn change(&self, address: &str) {
        workload(&self.0, "hub", address);
    }

    /// Waits until the record has an address.
    fn wait_for(&self, replica: &Replica, address: &str) {
        replica.program.wait(&format!("the record to have {address}"), || {
            let record = self.0.admin().get(RECORD).ok()?;
            (record["spec"]["endpoints"][0]["targets"][0] == address).then_some(())
        });
    }

    fn lease(&self) -> Value {
        self.0.admin().get(LEASE).unwrap()["spec"].clone()
    }

    /// What a replica wrote, but for the Lease.
    fn writes(&self, replica: &Replica) -> Vec<String> {
        let mut writes = self.0.writes_of(&replica.token);
        writes.retain(|write| !write.contains(" leases "));
        writes
    }
}

impl Replica {
    fn wait_until(&self, text: &str) {
        self.program.wait(&format!("status to say {text:?}"), || self.says(text).then_some(()));
    }

    fn says(&self, text: &str) -> bool {
        self.program.says(&["status"]).contains(text)
    }

    fn wait_until_it_leads(&self) {
        self.wait_until("This process leads");
    }

    /// It knows all that there is to know.
    fn wait_until_it_stands_by(&self) {
        self.wait_until("stands by");
        self.wait_until("shop.glb.example");
    }
}

#[test]
fn f_52_one_writes_and_the_other_takes_its_place_without_a_needless_write() {
    let Some(hub) = Hub::start() else { return };
    let first = hub.replica("first", "3");
    hub.wait_for(&first, "192.0.2.1");
    first.wait_until_it_leads();
    // Five minutes: whoever has to wait for that, waits in vain here.
    let second = hub.replica("second", "300");
    second.wait_until_it_stands_by();
    for address in ["192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        hub.change(address);
        hub.wait_for(&first, address);
    }
    assert!(!hub.writes(&first).is_empty());
    assert_eq!(hub.writes(&second), [""; 0], "it computes, and does not write");
    assert_eq!(hub.lease()["leaseTransitions"], 1);

    // Lost: the change that it did not live to write is written by the other, and nothing else is.
    first.program.pause();
    hub.change("192.0.2.5");
    first.program.kill();
    let lost = Instant::now();
    hub.wait_for(&second, "192.0.2.5");
    eprintln!("leader lost, Lease of 3 s: next write after {} ms", lost.elapsed().as_millis());
    let writes = hub.writes(&second);
    // The address stands in the records and in what is told of them.
    let is_of_it =
        |write: &String| write.starts_with("update dnsendpoints shop/") || write.contains("/status shop/");
    assert!(writes.iter().all(is_of_it), "{writes:?}");
    assert_eq!(hub.lease()["leaseTransitions"], 2);
    second.wait_until_it_leads();

    // Ended in good order: the next one need not wait, and nothing is written for that.
    let third = hub.replica("third", "3");
    third.wait_until_it_stands_by();
    second.program.stop();
    third.wait_until_it_leads();
    assert_eq!(hub.lease()["leaseTransitions"], 3);
    assert_eq!(hub.writes(&third), [""; 0], "nothing was to be written");
    hub.change("192.0.2.6");
    hub.wait_for(&third, "192.0.2.6");
}

#[test]
fn f_50_who_was_paused_writes_nothing_late() {
    let Some(hub) = Hub::start() else { return };
    let first = hub.replica("first", "3");
    hub.wait_for(&first, "192.0.2.1");
    first.wait_until_it_leads();
    let second = hub.replica("second", "3");
    second.wait_until_it_stands_by();

    // It hears of a change, and sleeps over its time.
    first.program.pause();
    let before = hub.writes(&first);
    for address in ["192.0.2.2", "192.0.2.3"] {
        hub.change(address);
        hub.wait_for(&second, address);
    }
    first.program.resume();
    first.wait_until_it_stands_by();
    hub.change("192.0.2.4");
    hub.wait_for(&second, "192.0.2.4");
    assert_eq!(hub.writes(&first), before, "what it had computed is not written");
    // And it is not lost for that.
    second.program.kill();
    hub.change("192.0.2.5");
    hub.wait_for(&first, "192.0.2.5");
    assert_eq!(hub.lease()["leaseTransitions"], 3);
}
