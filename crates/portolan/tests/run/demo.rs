//! The demo, as it looks on a terminal.

use std::process::Command;

/// Narrowest terminal that it is made for, in characters.
const WIDTH: usize = 80;

#[test]
fn all_is_right_and_fits_a_terminal() {
    let shown = Command::new(env!("CARGO_BIN_EXE_portolan")).args(["demo", "--once"]).output().unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.status.success(), "{text}{}", String::from_utf8_lossy(&shown.stderr));
    assert!(text.contains("Failover in ") && text.contains("Back in "), "{text}");
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > WIDTH).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}
