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
        ("nameserver fe80::1%eth0\nnameserver dns.example\nnameservers 192.0.2.1\n", ""),
        ("", ""),
    ];
    for (text, expected) in cases {
        let servers: Vec<String> = of_resolv_conf(text).iter().map(ToString::to_string).collect();
        assert_eq!(servers.join(" "), expected, "{text}");
    }
    assert!(Servers::These(vec![]).is_off() && !Servers::default().is_off());
}

/// Nobody is asked in silence whom the file did not name.
#[test]
fn a_file_that_says_nothing_is_told_of() {
    let folder = std::env::temp_dir().join(format!("portolan-servers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("resolv.conf");
    let now = |before: &[SocketAddr]| Servers::File(file.clone()).now(before);
    let ours: SocketAddr = "127.0.0.1:53".parse().unwrap();
    let (path, ten) = (file.display(), "192.0.2.10:53".parse().unwrap());

    let Now { servers, trouble } = now(&[]);
    assert_eq!(servers, [ours]);
    let trouble = trouble.unwrap();
    assert!(trouble.starts_with(&format!("{path} cannot be read (")), "{trouble}");
    assert!(trouble.ends_with("; asked is 127.0.0.1:53"), "{trouble}");
    // It was there before: a fault takes nobody away.
    let Now { servers, trouble } = now(&[ten]);
    assert!(servers == [ten] && trouble.unwrap().ends_with("; asked is 192.0.2.10:53"));

    std::fs::write(&file, "search shop.svc.cluster.local\n").unwrap();
    let trouble = Some(format!("{path} names no name server; 127.0.0.1:53 is asked"));
    assert_eq!(now(&[ten]), Now { servers: vec![ours], trouble });
    std::fs::write(&file, "nameserver 192.0.2.10\n").unwrap();
    assert_eq!(now(&[]), Now { servers: vec![ten], trouble: None });
    std::fs::remove_dir_all(&folder).unwrap();
}
