use std::sync::atomic::{AtomicU8, Ordering};

use hickory_proto::op::MessageType;
use hickory_proto::rr::rdata::A;
use hickory_proto::rr::{RData, Record};

use super::*;

const NAME: &str = "shop.glb.example";
const ADDRESSES: [&str; 2] = ["192.0.2.10", "198.51.100.10"];

/// What a server does.
const ANSWERS: u8 = 0;
const SAYS_NOTHING: u8 = 1;
const HAS_ONE_LESS: u8 = 2;
const REFUSES: u8 = 3;

/// A server with a manner that can be changed.
fn server() -> (SocketAddr, Arc<AtomicU8>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (address, manner) = (socket.local_addr().unwrap(), Arc::new(AtomicU8::new(ANSWERS)));
    let told = manner.clone();
    thread::spawn(move || {
        let mut octets = [0; REPLY_OCTETS_MAX];
        while let Ok((length, from)) = socket.recv_from(&mut octets) {
            let manner = told.load(Ordering::Relaxed);
            let mut message = Message::from_vec(&octets[..length]).unwrap();
            message.metadata.message_type = MessageType::Response;
            if manner == REFUSES {
                message.metadata.response_code = ResponseCode::Refused;
            }
            let name = message.queries[0].name().clone();
            for address in ADDRESSES.iter().skip(usize::from(manner == HAS_ONE_LESS)) {
                let data = RData::A(A(address.parse().unwrap()));
                message.add_answer(Record::from_rdata(name.clone(), 30, data));
            }
            if manner != SAYS_NOTHING {
                socket.send_to(&message.to_vec().unwrap(), from).unwrap();
            }
        }
    });
    (address, manner)
}

#[test]
fn what_is_lost_and_what_is_wrong_is_found() {
    let [(first, of_first), (second, of_second)] = [(); 2].map(|()| server());
    let meter = Meter::start(&[[first, second]], &[NAME], &ADDRESSES);
    let is_asked =
        |count: u64| wait("questions", || (meter.lock().tally.counts().asked > count).then_some(()));
    let step = |manners: [u8; 2]| {
        of_first.store(manners[0], Ordering::Relaxed);
        of_second.store(manners[1], Ordering::Relaxed);
        // What was asked before was answered otherwise.
        drop(meter.step("before"));
        is_asked(20);
        meter.step("it")
    };
    let found = step([ANSWERS, ANSWERS]);
    assert_eq!(
        (found.counts.lost.as_slice(), found.lost(), found.counts.wrong),
        (&[0, 0][..], 0, 0),
        "{found}"
    );
    let found = step([SAYS_NOTHING, ANSWERS]);
    assert_eq!(
        (found.counts.lost[0], found.lost(), found.counts.wrong),
        (found.counts.asked, 0, 0),
        "{found}"
    );
    let found = step([SAYS_NOTHING, SAYS_NOTHING]);
    assert_eq!((found.lost(), found.counts.wrong), (found.counts.asked, 0), "{found}");
    let found = step([REFUSES, ANSWERS]);
    assert_eq!((found.lost(), found.counts.wrong), (0, found.counts.asked), "{found}");
    assert!(found.faults[0].contains("server 0: Query Refused"), "{found}");
    let found = step([ANSWERS, HAS_ONE_LESS]);
    assert_eq!(found.counts.wrong, found.counts.asked, "{found}");
    // It may, for a while; and then is right.
    meter.turn(ADDRESSES[0], false, Duration::from_secs(60), || ());
    assert_eq!(step([ANSWERS, HAS_ONE_LESS]).counts.wrong, 0);
    of_first.store(HAS_ONE_LESS, Ordering::Relaxed);
    meter.wait_for(&[0, 1], &ADDRESSES[..1]);
    meter.turn(ADDRESSES[0], true, Duration::from_secs(60), || {
        [&of_first, &of_second].into_iter().for_each(|manner| manner.store(ANSWERS, Ordering::Relaxed));
    });
    meter.wait_for(&[0, 1], &ADDRESSES);
    let changes = meter.step("both").changes;
    assert!(matches!(&changes[..], [(what, _)] if what == "192.0.2.10 comes"), "{changes:?}");
}

#[test]
fn many_changes_are_told_by_their_spread() {
    let changes = |count: u64| -> Vec<_> {
        (1..=count).map(|number| ("it goes".to_owned(), Duration::from_millis(number))).collect()
    };
    assert_eq!(told(&changes(2)), "it goes: 1 ms, it goes: 2 ms");
    assert_eq!(told(&changes(201)), "201 changes: p50 101 ms, p99 199 ms, at most 201 ms");
}
