use std::net::{TcpListener, UdpSocket};

use super::*;

#[cfg(target_endian = "little")]
#[test]
fn lines_of_proc_are_read() {
    let rest = "00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0";
    // (local address, state, transport, wanted, does it keep us from it)
    let table = [
        ("0100007F:041D", "0A", Transport::Tcp, "127.0.0.1:1053", true),
        ("0100007F:041D", "01", Transport::Tcp, "127.0.0.1:1053", false),
        ("0100007F:041D", "07", Transport::Udp, "127.0.0.1:1053", true),
        ("0100007F:041E", "0A", Transport::Tcp, "127.0.0.1:1053", false),
        ("0200007F:041D", "0A", Transport::Tcp, "127.0.0.1:1053", false),
        ("00000000:041D", "0A", Transport::Tcp, "127.0.0.1:1053", true),
        ("0200007F:041D", "0A", Transport::Tcp, "0.0.0.0:1053", true),
        ("00000000000000000000000001000000:041D", "0A", Transport::Tcp, "[::1]:1053", true),
        ("00000000000000000000000000000000:041D", "0A", Transport::Tcp, "127.0.0.1:1053", true),
        ("B80D0120000000000000000001000000:041D", "0A", Transport::Tcp, "[2001:db8::1]:1053", true),
        ("nonsense", "0A", Transport::Tcp, "127.0.0.1:1053", false),
        ("0100007F:", "0A", Transport::Tcp, "127.0.0.1:1053", false),
        ("ÄÄÄÄ:041D", "0A", Transport::Tcp, "127.0.0.1:1053", false),
    ];
    for (local, state, transport, wanted, expected) in table {
        let line = format!("   0: {local} 00000000:0000 {state} {rest}");
        let found = inode(&line, transport, wanted.parse().unwrap());
        assert_eq!(found, expected.then(|| "4711".to_owned()), "{local} {state} for {wanted}");
    }
    assert_eq!(inode("", Transport::Tcp, "127.0.0.1:1".parse().unwrap()), None);
    assert_eq!(
        inode("  sl  local_address rem_address", Transport::Tcp, "127.0.0.1:1".parse().unwrap()),
        None
    );
}

#[test]
fn this_process_is_found() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("[::1]:0").unwrap();
    let holders =
        [find(Transport::Tcp, tcp.local_addr().unwrap()), find(Transport::Udp, udp.local_addr().unwrap())];
    for holder in holders {
        let holder = holder.expect("the socket is ours");
        assert_eq!(holder.pid, std::process::id());
        assert!(!holder.command.is_empty());
    }
}
