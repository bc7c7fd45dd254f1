//! What an operator looks at beside answers.
//!
//! ```text
//! explain shop.example.org A from=203.0.113.7
//! status shop.example.org       (its members, their verdicts, and why)
//! problems                      (all of them, without the places in files)
//! serial example.org
//! endpoints                     (the DNSEndpoints that federation would write)
//! ```

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use portolan::explain::explain;
use portolan::status::{Ages, Status};
use portolan_core::{Name, RecordType};
use portolan_kube::endpoints;
use portolan_kube::kubefed::RecordTtl;

use crate::command::Command;
use crate::world::World;

pub(super) fn run(world: &World, c: &mut Command) -> String {
    match c.verb.as_str() {
        "explain" => explained(world, c),
        "status" => status(world, c),
        "problems" => problems(world),
        "serial" => serial(world, c),
        _ => projected(world),
    }
}

fn explained(world: &World, c: &mut Command) -> String {
    let name: Name = c.word().parse().expect("a name");
    let rtype: RecordType = c.word().parse().expect("a type");
    let from = c.option("from").map_or(Ipv4Addr::LOCALHOST.into(), |text| text.parse::<IpAddr>().unwrap());
    explain(&world.snapshot, &world.fleet, &name, rtype, from).text(false)
}

fn status(world: &World, c: &mut Command) -> String {
    let name = c.word();
    let status = Status::of(&world.snapshot, &world.fleet, &world.problems(), &Ages::default());
    let row = status.names.iter().find(|row| row.name == name);
    let row = row.unwrap_or_else(|| c.fail("no such name"));
    row.members.iter().fold(String::new(), |mut text, member| {
        let cluster = member.cluster.as_deref().unwrap_or("-");
        let _ = writeln!(text, "{cluster} {:?}: {}", member.verdict, member.why);
        text
    })
}

fn problems(world: &World) -> String {
    let text: String =
        world.problems().iter().map(|problem| format!("{}\n", problem.to_string().trim_end())).collect();
    if text.is_empty() { "none\n".to_owned() } else { text }
}

fn serial(world: &World, c: &mut Command) -> String {
    let apex: Name = c.word().parse().expect("a name");
    let zone = world.snapshot.zones().find(|zone| zone.apex == apex);
    zone.map_or_else(|| c.fail("no such zone"), |zone| format!("{}\n", zone.serial))
}

fn projected(world: &World) -> String {
    let mut text = String::new();
    for object in endpoints::project(&world.snapshot, &world.fleet, &world.index.apart(), |_, _| true) {
        let name = |part: &Option<String>| part.clone().unwrap_or_default();
        let _ = writeln!(text, "{}/{}", name(&object.metadata.namespace), name(&object.metadata.name));
        for record in &object.spec.endpoints {
            let ttl = match &record.record_ttl {
                RecordTtl::Seconds(ttl) => ttl.seconds().to_string(),
                _ => "-".into(),
            };
            let targets = record.targets.join(" ");
            let _ = writeln!(text, "  {} {ttl} {} {targets}", record.dns_name, record.record_type);
        }
    }
    text
}
