//! What each command does: one file for each group of them.

mod clusters;
mod files;
mod hosts;
mod lists;
mod objects;
mod questions;
mod records;
mod steering;

use crate::command::Command;
use crate::script::{Printed, Script};
use crate::way::Way;
use crate::world::World;

/// A scenario under way.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) way: Way,
}

/// Runs all blocks; says what each printed.
pub(crate) fn run(script: &Script, way: Way) -> Vec<Printed> {
    let mut stage = Stage { world: World::new(), way };
    script
        .blocks
        .iter()
        .map(|block| {
            let mut printed = Some(String::new());
            for (line, text) in (block.line..).zip(&block.commands) {
                let Some(command) = Command::parse(format!("{}:{line}", script.file), text) else { continue };
                match stage.run(command) {
                    Some(text) => printed = printed.map(|before| before + &without_gaps(&text)),
                    None => printed = None,
                }
            }
            printed
        })
        .collect()
}

/// An empty line would end the block, and no editor keeps spaces at the end of one.
fn without_gaps(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { "." } else { line.trim_end() });
    lines.fold(String::new(), |text, line| text + line + "\n")
}

impl Stage {
    /// Does one command; says what it prints, or that only a server could say.
    fn run(&mut self, mut command: Command) -> Printed {
        let c = &mut command;
        let printed = match c.verb.as_str() {
            "sources" | "cluster" | "drain" | "activate" | "disable" | "silent" | "heard" | "forget"
            | "restart" | "unread" | "read" => clusters::run(&mut self.world, c),
            "service" | "ready" | "ingress" | "delete" => objects::run(&mut self.world, c),
            "zone" | "domain" | "record" | "globalname" | "endpoint" => records::run(&mut self.world, c),
            "file" => files::run(&mut self.world, c),
            "resolve" | "grace" | "wait" => hosts::run(&mut self.world, c),
            "policy" | "net" => steering::run(&mut self.world, c),
            "dig" | "share" => return self.question(command),
            "explain" | "status" | "problems" | "serial" | "endpoints" => {
                self.world.settle();
                lists::run(&self.world, c)
            }
            _ => c.fail("is no command"),
        };
        command.end();
        Some(printed)
    }

    fn question(&mut self, mut command: Command) -> Printed {
        self.world.settle();
        self.way.publish(&self.world.snapshot);
        let printed = questions::run(self, &mut command);
        let is_heard = self.way.is_server() || !command.wire;
        command.end();
        is_heard.then_some(printed)
    }
}
