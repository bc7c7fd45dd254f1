//! The commands to try while the demo goes on serving: each as it can be pasted into a shell.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Scene;
use super::clients::{CLIENTS, KUBEFED_NAME, NAME};
use crate::control::Control;

/// Widest line, in characters; a longer command goes on on the next.
const WIDTH: usize = 78;

/// A command to try.
pub struct Step {
    /// What it shows.
    pub why: &'static str,
    words: Vec<String>,
}

/// What to try, in this order.
pub(super) fn to_try(server: SocketAddr, scene: &dyn Scene, control: Option<&Control>) -> Vec<Step> {
    let [client, ..] = &CLIENTS;
    let program = program();
    // Without a control socket the folder is read instead.
    let (flag, path) = match (control, scene.folder()) {
        (Some(control), _) => ("--control ", control.path()),
        (None, Some(folder)) => ("--fleet ", folder),
        (None, None) => ("", std::path::Path::new("")),
    };
    let where_to_ask = format!("{flag}{}", quoted(&path.display().to_string()));
    let ours = |why, words: &[&str]| Step::new(why, &[words, &[where_to_ask.as_str()]].concat());
    let (address, port) = (format!("@{}", server.ip()), server.port().to_string());
    let dig = |why, words: [&str; 2]| {
        Step::new(why, &[&["dig", address.as_str(), "-p", port.as_str()][..], &words].concat())
    };
    let from = client.address.to_string();
    let mut steps = vec![
        dig("what a client in Berlin gets", [NAME, &format!("+subnet={}", client.network_text())]),
        ours("and why", &[&program, "explain", NAME, "--from", &from]),
        ours("how the whole fleet is", &[&program, "status"]),
        dig("the European region as KubeFed names it", ["+short", KUBEFED_NAME]),
    ];
    steps.extend(scene.to_try());
    steps
}

impl Step {
    /// A command of these words, and what it shows.
    #[must_use]
    pub fn new(why: &'static str, words: &[&str]) -> Self {
        Self { why, words: words.iter().map(|word| (*word).to_owned()).collect() }
    }

    /// The command, on as many lines as it takes.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in &self.words {
            match lines.last_mut() {
                // Room is kept for what joins the lines.
                Some(line) if length(line) + 1 + length(word) + 2 <= WIDTH => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(line) => {
                    line.push_str(" \\");
                    lines.push(format!("  {word}"));
                }
                None => lines.push(word.clone()),
            }
        }
        lines
    }
}

/// This program as it was called: found by PATH, or by a path, which is told from where we are.
fn program() -> String {
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_else(|| "portolan".into());
    let here = std::env::current_dir().unwrap_or_default();
    let short = called.strip_prefix(&here).unwrap_or(&called);
    let is_found_by_path = called.components().count() == 1;
    let needs_dot = !is_found_by_path && short.components().count() == 1;
    let text = short.display().to_string();
    quoted(&if needs_dot { format!("./{text}") } else { text })
}

/// A word as a shell reads it back.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@%,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests;
