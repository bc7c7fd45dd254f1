//! A load balancer that has a host name, which a name server on loopback resolves; and one whose status goes
//! empty.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::{Arc, Mutex};

use portolan_testbed::ask::RecordType;

use crate::fleet::{EU, FleetFolder, US, WEB};
use crate::server::Server;

const LB: &str = "lb.elb.example";

/// A name server that gives every A question the same answer: an address, or a response code.
struct NameServer {
    address: String,
    says: Arc<Mutex<Result<Ipv4Addr, u8>>>,
}

impl NameServer {
    fn start(says: Result<Ipv4Addr, u8>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let says = Arc::new(Mutex::new(says));
        let answers = says.clone();
        std::thread::spawn(move || {
            let mut packet = [0; 512];
            while let Ok((octets, from)) = socket.recv_from(&mut packet) {
                let reply = reply(&packet[..octets], *answers.lock().unwrap());
                socket.send_to(&reply, from).unwrap();
            }
        });
        Self { address, says }
    }

    fn say(&self, says: Result<Ipv4Addr, u8>) {
        *self.says.lock().unwrap() = says;
    }
}

fn reply(question: &[u8], says: Result<Ipv4Addr, u8>) -> Vec<u8> {
    let name = question[12..].iter().position(|octet| *octet == 0).unwrap();
    let end = 12 + name + 5;
    let is_a = question[end - 4..end - 2] == u16::from(RecordType::A).to_be_bytes();
    let address = says.ok().filter(|_| is_a);
    let mut reply = question[..2].to_vec();
    reply.extend([0x80, 0x80 | says.err().unwrap_or(0), 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    reply.extend(&question[12..end]);
    if let Some(address) = address {
        // The least TTL that there is: it is asked for again as soon as the resolver's floor lets it.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        reply.extend(address.octets());
    }
    reply
}

fn offer_host(fleet: &FleetFolder) {
    fleet.offer("eu-1", EU, true);
    let text = std::fs::read_to_string(fleet.path("eu-1/web.yaml")).unwrap();
    fleet.write("eu-1/web.yaml", &text.replace(&format!("{{ip: {EU}}}"), &format!("{{hostname: {LB}}}")));
}

fn aliases(server: &Server) -> usize {
    server.program.ask(WEB, RecordType::A).data(RecordType::CNAME).len()
}

#[test]
fn a_host_name_is_answered_as_its_addresses_across_a_restart() {
    let names = NameServer::start(Ok(Ipv4Addr::new(203, 0, 113, 7)));
    let fleet = FleetFolder::new();
    offer_host(&fleet);
    let server = Server::start_flagged(&fleet, &["--resolver", &names.address]);
    server.wait_for_web("203.0.113.7");
    let serial = server.serial();
    server.program.stop();

    // Nobody resolves it now: what it resolved to stays, and it is said why.
    names.say(Err(2));
    let server = Server::start_flagged(&fleet, &["--resolver", &names.address]);
    assert_eq!(server.web(), ["203.0.113.7"], "the first answer is as before");
    server.program.wait("the problem", || {
        (server.metric("portolan_problems{reason=\"Unresolved\"}") == 1).then_some(())
    });
    let status = server.program.tell(&["status"]).out;
    assert!(status.contains("does not resolve since") && status.contains("SERVFAIL"), "{status}");
    assert_eq!((server.web(), server.serial()), (vec!["203.0.113.7".to_owned()], serial));

    names.say(Ok(Ipv4Addr::new(203, 0, 113, 8)));
    server.wait_for_web("203.0.113.8");
    server.program.wait("no problem", || {
        (server.metric("portolan_problems{reason=\"Unresolved\"}") == 0).then_some(())
    });
}

#[test]
fn without_resolvers_a_host_name_is_an_alias() {
    let fleet = FleetFolder::new();
    std::fs::remove_file(fleet.path("us-1/web.yaml")).unwrap();
    offer_host(&fleet);
    let server = Server::start_flagged(&fleet, &["--resolver", "none"]);
    server.program.wait("the alias", || (aliases(&server) == 1).then_some(()));
}

#[test]
fn a_status_that_goes_empty_is_kept_and_then_not() {
    let fleet = FleetFolder::new();
    let server = Server::start_flagged(&fleet, &["--resolver", "none", "--load-balancer-grace", "5"]);
    server.wait_for_web(EU);
    let text = std::fs::read_to_string(fleet.path("eu-1/web.yaml")).unwrap();
    fleet.write("eu-1/web.yaml", &text.replace(&format!("{{ip: {EU}}}"), ""));
    server
        .program
        .wait("the problem", || (server.metric("portolan_problems{reason=\"Kept\"}") == 1).then_some(()));
    server.wait_for_web(US);
    assert_eq!(server.metric("portolan_problems{reason=\"Kept\"}"), 0);
}
