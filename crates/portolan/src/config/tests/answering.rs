//! What the threads and connections that answer may have.

use super::*;

#[test]
fn pinning_is_one_of_three_words() {
    for (word, expected) in [("auto", Pin::Auto), ("yes", Pin::Yes), ("no", Pin::No)] {
        let (_, config) = settled(&format!("version: v1alpha1\nfleet: f\npin: {word}\n"), &[], &[]);
        assert_eq!(config.unwrap().pin, expected);
    }
}

#[test]
fn what_tcp_clients_may_have_is_a_number() {
    let text = "version: v1alpha1\nfleet: f\ntcpConnections: 4096\ntcpConnectionsPerClient: 2048\n";
    let (_, config) = settled(text, &[], &[]);
    let config = config.unwrap();
    assert_eq!((config.tcp_connections, config.tcp_connections_per_client), (Some(4_096), Some(2_048)));
    let (_, config) = settled("version: v1alpha1\nfleet: f\ntcpConnections: 65537\n", &[], &[]);
    let faults: Vec<String> = config.unwrap_err().iter().map(ToString::to_string).collect();
    assert!(
        faults[0].contains("tcpConnections: Invalid: \"65537\" is not a whole number from 1 to 65536"),
        "{faults:?}"
    );
}
