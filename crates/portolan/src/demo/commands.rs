//! The commands to try while the demo goes on serving: each as it can be pasted into a shell.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::clients::{CLIENTS, KUBEFED_NAME, NAME};
use super::folder::{CLUSTER_THAT_FAILS, ENDPOINTS};
use crate::control::Control;

/// Widest line, in characters; a longer command goes on on the next.
const WIDTH: usize = 78;

/// Something to try.
pub(super) struct Step {
    /// What it shows.
    pub(super) why: &'static str,
    words: Vec<String>,
}

/// What to try, in this order.
pub(super) fn to_try(server: SocketAddr, folder: &Path, control: Option<&Control>) -> Vec<Step> {
    let [client, ..] = &CLIENTS;
    let program = program();
    // Without a control socket the folder is read instead.
    let (flag, path) = match control {
        Some(control) => ("--control", control.path()),
        None => ("--fleet", folder),
    };
    let where_to_ask = format!("{flag} {}", quoted(&path.display().to_string()));
    let ours =
        |words: &[&str]| words.iter().copied().chain([where_to_ask.as_str()]).map(str::to_owned).collect();
    let (address, port) = (format!("@{}", server.ip()), server.port().to_string());
    let dig = |words: [&str; 2]| {
        ["dig", &address, "-p", &port].into_iter().chain(words).map(str::to_owned).collect()
    };
    let file = quoted(&folder.join(ENDPOINTS).display().to_string());
    let cluster = quoted(&folder.join(CLUSTER_THAT_FAILS).display().to_string());
    let change = ["sed", "-i", "'s/ready: true/ready: false/'", &file].map(str::to_owned).into();
    vec![
        Step {
            why: "what a client in Berlin gets",
            words: dig([NAME, &format!("+subnet={}", client.network_text())]),
        },
        Step {
            why: "and why",
            words: ours(&[&program, "explain", NAME, "--from", &client.address.to_string()]),
        },
        Step { why: "how the whole fleet is", words: ours(&[&program, "status"]) },
        Step { why: "the European region as KubeFed names it", words: dig(["+short", KUBEFED_NAME]) },
        Step { why: "turn its pods unready again: the table below follows", words: change },
        Step {
            why: "take the whole cluster away: it is silent, and its last facts stay",
            words: ["rm", "-r", &cluster].map(str::to_owned).into(),
        },
    ]
}

impl Step {
    /// The command, on as many lines as it takes.
    pub(super) fn lines(&self) -> Vec<String> {
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
fn quoted(word: &str) -> String {
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
