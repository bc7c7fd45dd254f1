use portolan_core::ClusterName;
use tokio::time::advance;

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
}

impl Bench {
    fn new(names: usize) -> Self {
        let engine = SharedEngine::new(Engine::new(0));
        let bench = Self { engine, ledger: Ledger::new("hub") };
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
        self.ledger.look(&self.engine).expect("the hub was read").writes
    }

    fn looked(&mut self) -> Vec<String> {
        self.look().iter().map(|write| write.key().to_string()).collect()
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
        if went_well && !writes.is_empty() {
            self.ledger.went_well();
        }
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
        tried.extend(writes.iter().map(|write| write.key().clone()));
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
