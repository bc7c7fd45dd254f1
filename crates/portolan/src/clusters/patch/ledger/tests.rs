use std::sync::Arc;

use portolan_core::ClusterName;
use portolan_kube::manifest::Refused;
use portolan_kube::object::Read as _;
use portolan_kube::workload::Keep;
use tokio::time::advance;

use super::super::turns::AGAIN_MIN;
use super::*;
use crate::engine::tests::events;
use crate::engine::{Engine, Event, root};

const ZONE: &str = "
apiVersion: portolan.dev/v1alpha1
kind: Zone
metadata: {name: glb}
spec:
  apex: glb.example
  nameServers: [{name: ns1.elsewhere.example}]
  admit: [{namespaces: ['*'], hosts: ['*.glb.example']}]
";

/// A hub with so many intents, and a ledger.
struct Bench {
    engine: SharedEngine,
    ledger: Ledger,
    /// In how many groups the hub has `DNSEndpoint`s.
    groups: usize,
}

impl Bench {
    fn new(names: usize) -> Self {
        let engine = SharedEngine::new(Engine::new(0));
        let bench = Self { engine, ledger: Ledger::new("hub"), groups: 1 };
        let names: Vec<String> = (0..names).map(name).collect();
        bench.take([ZONE.to_owned(), names.join("---")].join("---").as_str());
        bench.engine.lock().take(vec![Event::Heard(ClusterName::from("eu-1")), Event::Heard(root())], 0);
        bench
    }

    /// The hub has these objects.
    fn take(&self, text: &str) {
        self.engine.lock().take(events("", text), 0);
    }

    fn look(&mut self) -> Vec<Write> {
        let groups: Vec<Resource> = dns_endpoints().collect();
        self.ledger.look(&self.engine, &groups[..self.groups], true).expect("the hub was read").writes
    }

    fn looked(&mut self) -> Vec<String> {
        self.look().iter().map(|write| write.at().to_string()).collect()
    }

    /// Writes all that is to be written, well or not.
    fn write(&mut self, went_well: bool) -> usize {
        let writes = self.look();
        for write in &writes {
            match went_well {
                true => self.ledger.written(write),
                false => self.ledger.failed(write, &Failure { code: Some(409), ..Failure::default() }),
            }
        }
        self.ledger.pass_ended();
        writes.len()
    }
}

fn name(number: usize) -> String {
    format!(
        "\napiVersion: portolan.dev/v1alpha1\nkind: GlobalName\nmetadata: {{name: n{number}, namespace: shop, uid: u{number}}}\n\
         spec: {{hosts: [n{number}.glb.example], backends: [{{kind: Service, name: web}}]}}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn only_what_was_touched_is_looked_at() {
    let mut bench = Bench::new(3);
    assert_eq!(
        bench.looked(),
        ["Zone glb", "GlobalName shop/n0", "GlobalName shop/n1", "GlobalName shop/n2"]
    );
    assert_eq!(bench.looked(), [""; 0], "nothing was touched since");
    let mut bench = Bench::new(3);
    assert_eq!(bench.write(true), 4);
    // An object that says the same: it is looked at, and nothing is to be written.
    bench.take(&name(1));
    assert_eq!(bench.looked(), [""; 0]);
    // One that says something else.
    bench.take(&name(1).replace("n1.glb", "other.elsewhere"));
    assert_eq!(bench.looked(), ["GlobalName shop/n1"]);
    // One that was made anew and says the same.
    bench.take(&name(2).replace("u2", "u9"));
    assert_eq!(bench.looked(), ["GlobalName shop/n2"]);
}

#[tokio::test(start_paused = true)]
async fn a_pass_is_bounded() {
    let mut bench = Bench::new(LOOKS_MAX + 10);
    assert_eq!(bench.write(true), LOOKS_MAX);
    assert_eq!(bench.write(true), 11);
    assert_eq!(bench.write(true), 0);
}

/// F-35.
#[tokio::test(start_paused = true)]
async fn what_failed_is_tried_a_few_at_a_time_and_in_turn() {
    let mut bench = Bench::new(99);
    assert_eq!(bench.write(false), 100);
    assert_eq!(bench.write(false), 0, "not at once");
    let mut tried = BTreeSet::new();
    for _ in 0..13 {
        advance(AGAIN).await;
        let writes = bench.look();
        assert_eq!(writes.len(), AGAIN_MIN);
        tried.extend(writes.iter().map(|write| write.at().clone()));
        writes.iter().for_each(|write| bench.ledger.failed(write, &Failure::default()));
    }
    assert_eq!(tried.len(), 100, "each has its turn");
    assert_eq!(bench.ledger.troubles().len(), 100);
    // It goes well again: more each time, without waiting.
    advance(AGAIN).await;
    assert_eq!([0; 5].map(|_| bench.write(true)), [8, 16, 32, 44, 0]);
    assert_eq!(bench.ledger.troubles(), []);
}

#[tokio::test(start_paused = true)]
async fn who_asks_to_be_left_alone_is() {
    let mut bench = Bench::new(1);
    let writes = bench.look();
    let retry_after = Some(Duration::from_secs(60));
    bench.ledger.failed(&writes[0], &Failure { code: Some(429), retry_after, ..Failure::default() });
    advance(Duration::from_secs(59)).await;
    assert_eq!(bench.looked(), [""; 0]);
    advance(Duration::from_secs(1)).await;
    assert_eq!(bench.looked(), ["Zone glb"]);
}

/// What was not tried goes on where it can; what is refused for ever slows nothing but itself.
#[tokio::test(start_paused = true)]
async fn what_was_put_off_does_not_wait_for_what_fails() {
    let mut bench = Bench::new(99);
    let writes = bench.look();
    let (bad, others) = writes.split_at(20);
    let refused = Failure { code: Some(422), ..Failure::default() };
    bad.iter().for_each(|write| bench.ledger.failed(write, &refused));
    others.iter().for_each(|write| bench.ledger.put_off(write));
    bench.ledger.gave_up(&refused);
    let bad: BTreeSet<At> = bad.iter().map(|write| write.at().clone()).collect();
    let mut written = 0;
    // The first turn is after ten seconds, and the next ones at once.
    advance(AGAIN).await;
    for _ in 0..5 {
        let writes = bench.look();
        for write in &writes {
            if bad.contains(write.at()) {
                bench.ledger.failed(write, &refused);
            } else {
                bench.ledger.written(write);
                written += 1;
            }
        }
        bench.ledger.pass_ended();
    }
    assert_eq!(written, others.len());
}

// === Records ===

const SERVICE: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer}
status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}
";
const KUBEFED: &str = "multiclusterdns.kubefed.io";

impl Bench {
    /// One whose first name has an address.
    fn with_record(groups: usize) -> Self {
        let bench = Self { groups, ..Self::new(1) };
        bench.engine.lock().take(events("eu-1", SERVICE), 0);
        bench
    }

    /// The hub has an object in a group: ours as it is written, or somebody else's.
    fn copy(&self, write: &Write, is_ours: bool) {
        let nobodys = |object: &mut DnsEndpoint| object.metadata.annotations = None;
        if is_ours { self.has(write, |_| {}) } else { self.has(write, nobodys) }
    }

    /// The hub has an object of ours, as somebody left it.
    fn has(&self, write: &Write, edit: impl FnOnce(&mut DnsEndpoint)) {
        let Write::Put(at, object, _) = write else { panic!("{write:?}") };
        let mut object = (**object).clone();
        edit(&mut object);
        let object = Some(Arc::new(object.object(&Keep::default())));
        let (resource, key) = (at.resource, at.key.clone());
        self.engine.lock().take(vec![Event::Copy { resource, key, object }], 0);
    }
}

/// DESIGN section 2: a stock External-DNS reads its own group, an older one KubeFed's.
#[tokio::test(start_paused = true)]
async fn a_record_is_written_in_every_group_that_the_hub_has() {
    for (groups, expected) in [
        (0, &[][..]),
        (1, &["DNSEndpoint shop/global-n0"]),
        (
            2,
            &[
                "DNSEndpoint shop/global-n0",
                "DNSEndpoint shop/global-n0 of multiclusterdns.federation.k8s.io",
            ],
        ),
    ] {
        let mut bench = Bench::with_record(groups);
        let writes = bench.look();
        let records: Vec<&Write> = writes.iter().filter(|write| matches!(write, Write::Put(..))).collect();
        assert_eq!(records.iter().map(|write| write.at().to_string()).collect::<Vec<_>>(), expected);
        for write in &writes {
            bench.ledger.written(write);
        }
        records.iter().for_each(|write| bench.copy(write, true));
        assert_eq!(bench.looked(), [""; 0], "each is as it is to be");
    }
}

#[tokio::test(start_paused = true)]
async fn each_group_is_judged_by_itself() {
    let mut bench = Bench::with_record(4);
    let writes = bench.look();
    for write in &writes {
        bench.ledger.written(write);
        if matches!(write, Write::Put(..)) {
            bench.copy(write, write.at().resource.group != KUBEFED);
        }
    }
    assert_eq!(bench.looked(), [""; 0], "somebody else's is left alone");
    let told: Vec<String> = bench.ledger.troubles().iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "the object, and the record that it is for: {told:?}");
    assert!(
        told.iter().all(|problem| problem.contains("of multiclusterdns.kubefed.io bears no annotation")),
        "{told:?}"
    );
    // What one group lacks is written there alone, and what another refuses keeps nobody.
    let of = |group: &str| writes.iter().find(|write| write.at().resource.group == group).unwrap();
    let at = of("externaldns.k8s.io").at().clone();
    bench.engine.lock().take(vec![Event::Copy { resource: at.resource, key: at.key, object: None }], 0);
    advance(ECHO).await;
    assert_eq!(bench.looked(), ["DNSEndpoint shop/global-n0"]);
}

/// An intent that nobody understands may ask for anything: its records must not go for that.
#[tokio::test(start_paused = true)]
async fn the_records_of_what_is_not_understood_stay() {
    let writes = Bench::with_record(1).look();
    let record = writes.iter().find(|write| matches!(write, Write::Put(..))).unwrap();
    let intent = ObjectKey::new(Kind::GlobalName, Some("shop"), "n0");
    let refused = |key: &ObjectKey| {
        Event::Refused(Arc::new(Refused {
            key: key.clone(),
            resource: None,
            uid: None,
            generation: Some(1),
            rest: None,
        }))
    };
    let deleted = |key: &ObjectKey| Event::Deleted { source: root(), key: key.clone() };
    let other = ObjectKey::new(Kind::GlobalName, Some("shop"), "other");
    for (key, goes) in [(&intent, false), (&other, true)] {
        let mut bench = Bench::new(0);
        bench.engine.lock().take(vec![refused(key)], 0);
        bench.copy(record, true);
        let writes: Vec<String> = bench
            .look()
            .iter()
            .filter(|write| matches!(write, Write::Delete(..)))
            .map(|w| w.at().to_string())
            .collect();
        assert_eq!(writes.is_empty(), !goes, "{writes:?}");
        assert_eq!(bench.ledger.troubles().is_empty(), goes, "it is told why it stays");
        // Its author takes it back: now it is known that nothing asks for them.
        bench.engine.lock().take(vec![deleted(key)], 0);
        assert_eq!(bench.looked().contains(&"DNSEndpoint shop/global-n0".to_owned()), !goes);
    }
}

/// A fleet has a thousand clusters, and a start may find none of them: what is told of that is short.
#[tokio::test(start_paused = true)]
async fn of_many_clusters_that_were_not_read_a_few_are_told() {
    let writes = Bench::with_record(1).look();
    let record = writes.iter().find(|write| matches!(write, Write::Put(..))).unwrap();
    for (unread, told) in [(1, "start is c0 (`"), (9, "start is c0, c1, c2, c3, c4, c5 and 3 more (`")] {
        let mut bench = Bench::new(0);
        let followed = (0..unread).map(|number| Event::Followed(ClusterName::from(&*format!("c{number}"))));
        bench.engine.lock().take(followed.collect(), 0);
        bench.copy(record, true);
        let goes = bench.look().iter().any(|write| matches!(write, Write::Delete(..)));
        assert!(!goes, "what may ask for it was not read");
        let troubles: Vec<String> = bench.ledger.troubles().iter().map(ToString::to_string).collect();
        assert!(troubles.len() == 1 && troubles[0].contains(told), "{troubles:?}");
    }
}

/// What is refused is told in the status of the version that is refused, each time anew.
#[tokio::test(start_paused = true)]
async fn what_is_not_understood_is_told() {
    let mut bench = Bench::new(0);
    let key = ObjectKey::new(Kind::GlobalName, Some("shop"), "n0");
    let resource = INTENTS.into_iter().find(|resource| resource.kind == Kind::GlobalName);
    let refused = |generation| {
        let refused =
            Refused { key: key.clone(), resource, uid: None, generation: Some(generation), rest: None };
        bench.engine.lock().take(vec![Event::Refused(Arc::new(refused))], 0);
    };
    refused(1);
    let writes = bench.ledger.look(&bench.engine, &[], true).unwrap().writes;
    let told = writes.iter().find(|write| write.at().key == key).unwrap();
    let Write::Status(status) = told else { panic!("{told:?}") };
    let Wanted::Ours { generation, conditions, .. } = &status.wanted else { panic!("{status:?}") };
    assert_eq!((*generation, conditions[0].type_, conditions[0].is_true), (Some(1), "Accepted", false));
    bench.ledger.written(told);
    refused(1);
    assert!(
        bench.ledger.look(&bench.engine, &[], true).unwrap().writes.iter().all(|write| write.at().key != key)
    );
    refused(2);
    assert!(
        bench.ledger.look(&bench.engine, &[], true).unwrap().writes.iter().any(|write| write.at().key == key)
    );
}

/// F-35: he changes what we write each time, then stops for as long as it was left to him. What he does after that is
/// the first of a new quarrel, and not the next of the old one.
#[tokio::test(start_paused = true)]
async fn a_quarrel_that_has_ended_begins_anew() {
    const RECORD: &[&str] = &["DNSEndpoint shop/global-n0"];
    let mut bench = Bench::with_record(1);
    let writes = bench.look();
    writes.iter().for_each(|write| bench.ledger.written(write));
    let record = writes.iter().find(|write| matches!(write, Write::Put(..))).unwrap();
    let is_changed = |bench: &Bench| {
        bench.has(record, |object| object.spec.endpoints[0].targets = vec!["203.0.113.66".to_owned()]);
    };
    // He changes it `after` so long, each time; it is put right then, and not before.
    let is_put_right_after = async |bench: &mut Bench, after: Duration| {
        is_changed(bench);
        if !after.is_zero() {
            assert_eq!(bench.looked(), [""; 0], "{after:?}: not at once");
            advance(after.saturating_sub(Duration::from_millis(1))).await;
            assert_eq!(bench.looked(), [""; 0], "{after:?}: not before");
            advance(Duration::from_millis(1)).await;
        }
        let writes = bench.look();
        assert_eq!(
            writes.iter().map(|write| write.at().to_string()).collect::<Vec<_>>(),
            RECORD,
            "{after:?}"
        );
        bench.ledger.written(&writes[0]);
    };
    is_put_right_after(&mut bench, ECHO).await;
    is_put_right_after(&mut bench, LEFT_MIN).await;
    is_put_right_after(&mut bench, LEFT_MIN * 2).await;
    let is_told = |bench: &Bench| bench.ledger.troubles().iter().any(|told| told.reason == Reason::Conflict);
    assert!(is_told(&bench), "three times are told");
    // He leaves it as it is: told for as long as it is left to him, and no longer.
    bench.copy(record, true);
    advance(LEFT_MIN * 4 - Duration::from_millis(1)).await;
    assert_eq!((bench.looked(), is_told(&bench)), (Vec::new(), true));
    advance(Duration::from_millis(1)).await;
    assert_eq!((bench.looked(), is_told(&bench)), (Vec::new(), false));
    is_put_right_after(&mut bench, Duration::ZERO).await;
    is_put_right_after(&mut bench, LEFT_MIN).await;
    assert!(!is_told(&bench));
}

impl Bench {
    /// A pass of one that stands by: what it would write, and what of it another has written already.
    fn stand_by(&mut self, stands: impl Fn(&Write) -> bool) -> Vec<String> {
        let writes = self.ledger.look(&self.engine, &[], false).unwrap().writes;
        for write in &writes {
            if stands(write) { self.ledger.written(write) } else { self.ledger.owed(write) }
        }
        self.ledger.pass_ended();
        writes.iter().map(|write| write.at().to_string()).collect()
    }
}

/// F-52: what another has written is not written again, and what it has not is there to be written at once.
#[tokio::test(start_paused = true)]
async fn who_stands_by_knows_what_is_left_to_write() {
    const ALL: [&str; 4] = ["Zone glb", "GlobalName shop/n0", "GlobalName shop/n1", "GlobalName shop/n2"];
    let mut bench = Bench::new(3);
    assert_eq!(bench.stand_by(|_| false), ALL, "the other has written nothing yet");
    let mut left = bench.stand_by(|write| write.at().key.name() != "n1");
    left.sort();
    assert_eq!(left, ["GlobalName shop/n0", "GlobalName shop/n1", "GlobalName shop/n2", "Zone glb"]);
    // It is lost: no second passes.
    assert_eq!(bench.looked(), ["GlobalName shop/n1"]);
    assert_eq!(bench.write(true), 1);
    assert_eq!(bench.write(true), 0);
    // The other leads again, and writes something else than we have; it is known when it is lost once more.
    bench.take(&name(2));
    assert_eq!(bench.stand_by(|_| false), ["GlobalName shop/n2"]);
    assert_eq!(bench.looked(), ["GlobalName shop/n2"]);
}
