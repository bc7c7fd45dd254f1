//! Load balancers' host names, resolved or not; a status that goes empty; time that goes by.
//!
//! ```text
//! resolve lb.example.net ip=192.0.2.1,2001:db8::1       resolve lb.example.net fails=NXDOMAIN
//! grace 120                                             wait 60
//! ```

use std::net::IpAddr;

use portolan_kube::index::Resolution;

use crate::command::Command;
use crate::world::World;

pub(super) fn run(world: &mut World, c: &mut Command) -> String {
    match c.verb.as_str() {
        "resolve" => resolve(world, c),
        "grace" => {
            let seconds = c.word().parse().unwrap_or_else(|_| c.fail("needs seconds"));
            world.keep_balancers(seconds);
        }
        _ => {
            let seconds = c.word().parse().unwrap_or_else(|_| c.fail("needs seconds"));
            world.wait(seconds);
        }
    }
    String::new()
}

fn resolve(world: &mut World, c: &mut Command) {
    let host = c.word().parse().unwrap_or_else(|_| c.fail("needs a host name"));
    let said = c.list("ip");
    let addresses: Vec<IpAddr> = said.iter().map_while(|text| text.parse().ok()).collect();
    if addresses.len() < said.len() {
        c.fail("has an ip that is none");
    }
    let count = addresses.len();
    world
        .resolve(&host, Resolution { addresses, count, failure: c.option("fails"), ..Resolution::default() });
}
