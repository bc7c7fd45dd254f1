//! The demo, as it looks on a terminal.

use portolan_testbed::program::printed;

use crate::server::BINARY;

/// Narrowest terminal that it is made for, in characters.
const WIDTH: usize = 80;

#[test]
fn all_is_right_and_fits_a_terminal() {
    let text = printed(BINARY, &["demo", "--once"]);
    assert!(text.contains("Failover in ") && text.contains("Back in "), "{text}");
    let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > WIDTH).collect();
    assert!(wide.is_empty(), "{wide:#?}");
}
