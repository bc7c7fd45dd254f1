use std::sync::Arc;

use super::Memory;
use crate::battery::{self, Bench};

#[tokio::test]
async fn it_passes_the_battery() {
    let memory = Memory::default();
    memory.with(|state| state.refuses.insert("bad.example.org".parse().unwrap()));
    let mut bench = Bench::new("example.org", move |owner| Arc::new(memory.of(owner)));
    bench.refused = Some("bad A 192.0.2.1");
    bench.others = &[
        "txt TXT hello world ttl=60",
        "mx MX 10 mail.example.net",
        "_sip._tcp.srv SRV 1 2 5060 sip.example.net",
        "ns NS ns1.example.net ns2.example.net",
    ];
    battery::run(&bench).await;
}
