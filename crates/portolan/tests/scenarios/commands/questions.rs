//! DNS questions.
//!
//! ```text
//! dig shop.example.org A from=203.0.113.7        (the client's address, sent by ECS; also a network: 203.0.113.0/24)
//! wire dig big.example.org TXT tcp               (only a server can tell)
//! wire dig shop.example.org A edns=no|1 size=512 class=3 opcode=4 nsid
//! share shop.example.org A times=100             (which record comes first, and how often)
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::IpAddr;

use crate::command::Command;
use crate::way::Question;

use super::Stage;

/// The class IN.
const CLASS_IN: i64 = 1;
/// What most resolvers take by UDP.
const SIZE: i64 = 1_232;

pub(super) fn run(stage: &mut Stage, c: &mut Command) -> String {
    let question = question(c);
    if c.verb == "dig" {
        return stage.way.ask(&stage.world.snapshot, &question).to_string();
    }
    let mut counts = BTreeMap::new();
    for _ in 0..c.number("times").unwrap_or(100) {
        let reply = stage.way.ask(&stage.world.snapshot, &question);
        let first = reply.sections[0].first().map(|line| line.data.clone());
        *counts.entry(first.unwrap_or_else(|| "nothing".into())).or_insert(0) += 1;
    }
    counts.iter().fold(String::new(), |mut text, (first, count)| {
        let _ = writeln!(text, "{count:>3} {first}");
        text
    })
}

fn question(c: &mut Command) -> Question {
    let (name, rtype) = (c.word(), c.word());
    let flags = c.words();
    if let Some(unknown) = flags.iter().find(|flag| !["tcp", "nsid"].contains(&flag.as_str())) {
        c.fail(&format!("does not know {unknown:?}"));
    }
    let edns = match c.option("edns").as_deref() {
        None => Some(0),
        Some("no") => None,
        Some(version) => Some(version.parse().unwrap_or_else(|_| c.fail("edns is no or a version"))),
    };
    let from = c.option("from").map(|text| network(c, &text));
    let mut number = |key, default| u16::try_from(c.number(key).unwrap_or(default)).expect("16 bits");
    let (size, class, opcode) = (number("size", SIZE), number("class", CLASS_IN), number("opcode", 0));
    Question {
        name: name.to_ascii_lowercase().parse().unwrap_or_else(|_| c.fail("no such name")),
        rtype: rtype.parse().unwrap_or_else(|_| c.fail("no such type")),
        from,
        tcp: flags.iter().any(|flag| flag == "tcp"),
        edns,
        size,
        nsid: flags.iter().any(|flag| flag == "nsid"),
        class,
        opcode: u8::try_from(opcode).expect("4 bits"),
    }
}

/// An address is a network of itself alone.
fn network(c: &Command, text: &str) -> (IpAddr, u8) {
    let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
    let address: IpAddr = address.parse().unwrap_or_else(|_| c.fail("from is an address or a network"));
    let width = if address.is_ipv4() { 32 } else { 128 };
    (address, prefix.map_or(width, |p| p.parse().unwrap_or_else(|_| c.fail("no such prefix"))))
}
