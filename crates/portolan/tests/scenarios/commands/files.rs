//! Zone files.
//!
//! ```text
//! file example.org www 60 A 192.0.2.1
//! ```
//!
//! Each command adds a line to the file of a zone, which begins with an SOA record and the name server `ns1`;
//! the TTL that a line does not have is 300.

use crate::command::Command;
use crate::world::World;

pub(super) fn run(world: &mut World, c: &mut Command) -> String {
    let apex = c.word().parse().unwrap_or_else(|_| c.fail("needs the name of a zone"));
    let line = c.words().join(" ");
    if let Err(fault) = world.zone_file_line(&apex, &line) {
        c.fail(&fault);
    }
    String::new()
}
