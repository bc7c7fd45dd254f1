use super::*;

const QUESTION: Question<'static> =
    Question { name: "n00001.glb.example", kind: A, edns: true, subnet: None };

fn reply(code: u8, addresses: &[IpAddr], authority: u16) -> Reply {
    Reply { code, authoritative: true, addresses: addresses.to_vec(), authority, scope: None }
}

#[test]
fn only_the_exact_answer_passes() {
    let [one, two] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
    let check = |reply: &Reply| exactly(&QUESTION, reply, NOERROR, &[one, two]).is_ok();
    assert!(check(&reply(NOERROR, &[one, two], 0)));
    assert!(check(&reply(NOERROR, &[one, two], 1)));
    assert!(!check(&reply(NXDOMAIN, &[one, two], 0)));
    assert!(!check(&reply(NOERROR, &[one], 0)));
    assert!(!check(&reply(NOERROR, &[one, two, two], 0)));
    assert!(!check(&Reply { authoritative: false, ..reply(NOERROR, &[one, two], 0) }));
}

#[test]
fn an_empty_answer_needs_the_zones_soa() {
    let check = |reply: &Reply| exactly(&QUESTION, reply, NXDOMAIN, &[]).is_ok();
    assert!(check(&reply(NXDOMAIN, &[], 1)));
    assert!(!check(&reply(NXDOMAIN, &[], 0)));
    assert!(!check(&reply(NOERROR, &[], 1)));
}

/// A steered reply to a client in the network of that number: the address of a cluster.
fn steered(network: u32, kind: u16, cluster: usize, scope: Option<(u8, u8)>) -> Result<usize> {
    let subnet = Some(Networks.network(network));
    let question = Question { name: "n00002.glb.example", kind, edns: true, subnet };
    let address = if kind == A { v4(2, cluster).into() } else { v6(2, cluster).into() };
    let reply = Reply { scope, ..reply(NOERROR, &[address], 0) };
    one_of(&question, &reply, 2, &right_clusters(Answers::Steered, network), true)
}

#[test]
fn a_steered_answer_is_of_a_near_cluster_and_has_a_scope() {
    for network in 0..100 {
        let (_, near) = PLACES[Networks.place(network)];
        for cluster in 0..CLUSTERS.len() {
            for kind in [A, AAAA] {
                let passes = steered(network, kind, cluster, Some((24, 24))).is_ok();
                assert_eq!(passes, near.contains(&cluster), "network {network}, cluster {cluster}");
            }
        }
        assert!(steered(network, A, near[0], None).is_err());
        assert!(steered(network, A, near[0], Some((24, 0))).is_err());
        assert!(steered(network, A, near[0], Some((16, 24))).is_err());
    }
}

#[test]
fn two_addresses_are_one_too_many() {
    let addresses = [v4(2, 0).into(), v4(2, 1).into()];
    let check = |reply: &Reply| one_of(&QUESTION, reply, 2, &[0, 1], false).is_ok();
    assert!(check(&reply(NOERROR, &addresses[..1], 0)));
    assert!(!check(&reply(NOERROR, &addresses, 0)));
    assert!(!check(&reply(NOERROR, &[], 0)));
}

#[test]
fn shares_must_be_near_their_weights() {
    assert!(Shares([0, 0]).check().is_ok());
    assert!(Shares([150, 50]).check().is_ok());
    assert!(Shares([165, 35]).check().is_ok());
    assert!(Shares([100, 100]).check().is_err());
    assert!(Shares([200, 0]).check().is_err());
}

/// A server that gives every question the same answer.
#[test]
fn a_server_that_answers_wrongly_fails() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(3))).unwrap();
    let (address, begun) = (socket.local_addr().unwrap(), std::time::Instant::now());
    let subject = Subject { processes: Vec::new(), helpers: Vec::new(), address, begun };
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok((len, client)) = socket.recv_from(&mut bytes) {
            // No error, no answers.
            bytes[2] |= 0x84;
            socket.send_to(&bytes[..len], client).unwrap();
        }
    });
    for answers in [Answers::Zone, Answers::Steered, Answers::Nearest, Answers::Weighted, Answers::PortUp] {
        let error = check(&subject, answers, &crate::bench::dataset::STATIC).unwrap_err().to_string();
        assert!(error.starts_with("WRONG ANSWER"), "{error}");
    }
}
