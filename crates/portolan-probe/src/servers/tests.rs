use super::*;

#[test]
fn resolv_conf() {
    let cases = [
        ("nameserver 10.96.0.10\nsearch shop.svc.cluster.local\noptions ndots:5\n", "10.96.0.10:53"),
        (
            "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\nnameserver\t2001:db8::53 # ours\n",
            "[2001:db8::53]:53",
        ),
        (
            "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
            "192.0.2.1:53 192.0.2.2:53 192.0.2.3:53",
        ),
        ("nameserver fe80::1%eth0\nnameserver dns.example\nnameservers 192.0.2.1\n", "127.0.0.1:53"),
        ("", "127.0.0.1:53"),
    ];
    for (text, expected) in cases {
        let servers: Vec<String> = of_resolv_conf(text).iter().map(ToString::to_string).collect();
        assert_eq!(servers.join(" "), expected, "{text}");
    }
    assert_eq!(Servers::File("nowhere/resolv.conf".into()).now(), of_resolv_conf(""));
    assert!(Servers::These(vec![]).is_off() && !Servers::default().is_off());
}
