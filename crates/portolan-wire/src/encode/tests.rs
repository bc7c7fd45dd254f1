use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use portolan_core::RecordType;
use portolan_core::answer::AliasBuf;
use portolan_core::name::NameBuf;
use portolan_core::record::{Rdata, Target};

use crate::testing::{NSID, Packet, SIGNED, TCP, UDP, World, cased, name, record, show, subnet, target};
use crate::{Decoded, ErrorCode, Limits, decode, encode, encode_error, is_truncated};

const A: RecordType = RecordType::A;

fn world() -> World {
    let mut world = World::new();
    world.name("www.example", &[target("192.0.2.1")]);
    world
}

/// Header flags and counts, and what is behind the question.
#[track_caller]
fn check_bytes(world: &World, packet: &Packet, flags: u16, counts: [u16; 4], behind: &[u8]) {
    let question = match packet.counts[0] {
        1 => packet.body[..packet.body.iter().position(|o| *o == 0).unwrap() + 5].to_vec(),
        _ => Vec::new(),
    };
    let mut expected = Packet::new().flags(flags).counts(counts);
    expected.body = [&question, behind].concat();
    assert_eq!(world.reply(&packet.bytes(), UDP).unwrap(), expected.bytes());
}

/// An OPT record as we send it.
fn opt(code_high: u8, dnssec_ok: u8, options: &[u8]) -> Vec<u8> {
    Packet::new().opt_as(1232, [code_high, 0, dnssec_ok, 0], options).body
}

const WWW: &[u8] = b"\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\xc0\0\x02\x01";

/// Question in its letter case, owner as a pointer to it; AA set, RD and CD repeated, RA, AD and Z clear.
#[test]
fn an_answer() {
    let world = world();
    let www = Packet::asks("wWw.eXample", A);
    check_bytes(&world, &www, 0x8500, [1, 1, 0, 0], WWW);
    check_bytes(&world, &www.clone().flags(0), 0x8400, [1, 1, 0, 0], WWW);
    check_bytes(&world, &www.clone().flags(0x07f0), 0x8510, [1, 1, 0, 0], WWW);
    let with = |options: &[u8]| [WWW, &opt(0, 0, options)].concat();
    check_bytes(&world, &www.clone().opt(&[]), 0x8500, [1, 1, 0, 1], &with(&[]));
    let dnssec_ok = [WWW, &opt(0, 0x80, &[])].concat();
    check_bytes(
        &world,
        &www.clone().opt_as(512, [0xff, 0, 0xff, 0xff], &[]),
        0x8500,
        [1, 1, 0, 1],
        &dnssec_ok,
    );
    check_bytes(&world, &www.clone().opt(&NSID), 0x8500, [1, 1, 0, 1], &with(b"\0\x03\0\x05fra-1"));
    let unknown = [0xfd, 0xe9, 0, 1, 7, 0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8];
    check_bytes(&world, &www.opt(&unknown), 0x8500, [1, 1, 0, 1], &with(&[]));
}

/// The owner of a DNAME is a pointer into the question, its target is written out (RFC 6672 section 2.5); the
/// alias that it makes has the letter case of the question in its owner, and ends in the DNAME's target.
#[test]
fn an_alias_that_a_dname_makes() {
    let mut world = world();
    world.zone_of_file("file", &[("d.file".into(), RecordType::DNAME, "to.file".into())]);
    let dname = b"\xc0\x10\0\x27\0\x01\0\0\0\x1e\0\x09\x02to\x04file\0";
    let alias = b"\xc0\x0c\0\x05\0\x01\0\0\0\x1e\0\x09\x03www\x02to\xc0\x12";
    let expected = [&dname[..], alias].concat();
    check_bytes(&world, &Packet::asks("wWw.d.file", RecordType::CNAME), 0x8500, [1, 2, 0, 0], &expected);
}

#[test]
fn errors() {
    let world = world();
    let www = Packet::asks("wWw.eXample", A);
    check_bytes(&world, &www.clone().flags(0x2110), 0xa114, [1, 0, 0, 0], &[]);
    check_bytes(&world, &Packet::new().flags(0x7800), 0xf804, [0; 4], &[]);
    check_bytes(&world, &Packet::new(), 0x8101, [0; 4], &[]);
    check_bytes(&world, &www.clone().opt(&[]).opt(&[]), 0x8101, [1, 0, 0, 1], &opt(0, 0, &[]));
    check_bytes(&world, &Packet::asks("a", RecordType::AXFR), 0x8105, [1, 0, 0, 0], &[]);
    check_bytes(&world, &Packet::new().question(&cased("a"), A, 3), 0x8105, [1, 0, 0, 0], &[]);
    // BADVERS is 16: 1 in OPT, 0 in the header; version 0, no data, no options.
    let version_1 = www.clone().opt_as(1232, [0, 1, 0x80, 0], &NSID);
    check_bytes(&world, &version_1, 0x8100, [1, 0, 0, 1], &opt(1, 0x80, &[]));
    // A question that does not parse is not echoed.
    let pointer = Packet::new().question(&[0xc0, 12], A, 1).bytes();
    assert_eq!(world.reply(&pointer, UDP).unwrap(), b"\x12\x34\x81\x01\0\0\0\0\0\0\0\0");
    let Decoded::Query(request) = decode(&www.bytes(), &mut NameBuf::new()) else { panic!("no query") };
    let mut out = [0; 512];
    let octets = encode_error(&request, &www.bytes(), ErrorCode::ServFail, UDP, &mut out);
    assert_eq!(
        out[2..octets],
        [&b"\x81\x02\0\x01\0\0\0\0\0\0"[..], &cased("wWw.eXample"), &[0, 1, 0, 1]].concat()
    );
}

/// RFC 4892, and RFC 9824 section 3.5.
#[test]
fn answers_about_the_server_alone() {
    let world = world();
    let id = Packet::new().question(&cased("Id.server"), RecordType::TXT, 3);
    let text = b"\xc0\x0c\0\x10\0\x03\0\0\0\0\0\x06\x05fra-1";
    check_bytes(&world, &id, 0x8500, [1, 1, 0, 0], text);
    let with_opt = [&text[..], &opt(0, 0, b"\0\x03\0\x05fra-1")].concat();
    check_bytes(&world, &id.clone().opt(&NSID), 0x8500, [1, 1, 0, 1], &with_opt);
    let nameless = Limits { nsid: b"", ..UDP };
    assert_eq!(show(&world.reply(&id.bytes(), nameless).unwrap()), "Refused rd");
    let nxname = Packet::asks("www.example", RecordType::NXNAME);
    check_bytes(&world, &nxname, 0x8101, [1, 0, 0, 0], &[]);
    check_bytes(&world, &nxname.opt(&[]), 0x8101, [1, 0, 0, 1], &opt(0, 0, &[0, 15, 0, 2, 0, 30]));
}

/// RFC 8945 section 5.3.2: without a signature, and with the key, the algorithm and the time that were sent.
#[test]
fn refused_signatures() {
    let world = world();
    let www = Packet::asks("wWw.eXample", A);
    let bad_key = |key: &[u8]| {
        let data = [SIGNED, b"\0\0\x12\x34\0\x11\0\0"].concat();
        let fixed = [&[0, 250, 0, 255, 0, 0, 0, 0, 0][..], &[u8::try_from(data.len()).unwrap()]].concat();
        [key, &fixed, &data].concat()
    };
    let key = cased("Key.eXample");
    check_bytes(&world, &www.clone().signed(&key), 0x8109, [1, 0, 0, 1], &bad_key(&key));
    let pointer = [3, b'k', b'e', b'y', 0xc0, 16];
    check_bytes(&world, &www.clone().signed(&pointer), 0x8109, [1, 0, 0, 1], &bad_key(&pointer));
    let with_opt = [opt(0, 0, &[]), bad_key(&key)].concat();
    check_bytes(&world, &www.clone().opt(&NSID).signed(&key), 0x8109, [1, 0, 0, 2], &with_opt);
    // Into a label of the question: nothing that could be repeated.
    let inside = [3, b'k', b'e', b'y', 0xc0, 17];
    check_bytes(&world, &www.signed(&inside), 0x8109, [1, 0, 0, 0], &[]);
    // No room by UDP: cut, and the whole by TCP.
    let label = |octets: u8| [&[octets][..], &alloc::vec![b'k'; usize::from(octets)]].concat();
    let long = [label(63).repeat(3), label(61), [0].into()].concat();
    let packet = Packet::new().question(&long, A, 1).signed(&long).bytes();
    let (cut, whole) = (world.reply(&packet, UDP).unwrap(), world.reply(&packet, TCP).unwrap());
    assert!(is_truncated(&cut) && cut.len() == 12 + 255 + 4);
    assert!(!is_truncated(&whole) && whole.ends_with(&bad_key(&long)));
}

/// The core's own refusals carry an extended error, where there is an OPT to carry it.
#[test]
fn extended_errors() {
    let mut world = world();
    let other = Packet::asks("other.test", A);
    check_bytes(&world, &other, 0x8105, [1, 0, 0, 0], &[]);
    check_bytes(&world, &other.clone().opt(&[]), 0x8105, [1, 0, 0, 1], &opt(0, 0, &[0, 15, 0, 2, 0, 20]));
    world.snapshot.complete = false;
    check_bytes(&world, &other.opt(&[]), 0x8102, [1, 0, 0, 1], &opt(0, 0, &[0, 15, 0, 2, 0, 14]));
}

/// The option comes back as it came, with the scope of what was answered (RFC 7871 section 7.2.1).
#[test]
fn client_subnets() {
    let mut world = world();
    world.steer(&[("203.0.112.0/20", "EU"), ("192.0.2.0/24", "NA"), ("2001:db8::/32", "EU")]);
    #[track_caller]
    fn check(world: &World, at: &str, sent: &[u8], expected: &[u8]) {
        let reply = world.reply(&Packet::asks(at, A).opt(sent).bytes(), UDP).unwrap();
        assert!(reply.ends_with(&opt(0, 0, expected)), "{at} {sent:?}: {reply:?}");
    }
    let (steered, plain) = ("www.geo.example", "www.example");
    check(&world, plain, &subnet(1, 24, 0, &[203, 0, 113]), &subnet(1, 24, 0, &[203, 0, 113]));
    check(&world, steered, &subnet(1, 24, 0, &[203, 0, 113]), &subnet(1, 24, 20, &[203, 0, 113]));
    // Told less than it takes to tell: 203.0.0.0 leaves 203.0.112.0/20 at the 18th bit.
    check(&world, steered, &subnet(1, 8, 0, &[203]), &subnet(1, 8, 18, &[203]));
    check(&world, steered, &subnet(1, 32, 0, &[192, 0, 2, 9]), &subnet(1, 32, 24, &[192, 0, 2, 9]));
    check(&world, steered, &subnet(1, 0, 0, &[]), &subnet(1, 0, 0, &[]));
    check(&world, steered, &subnet(2, 0, 0, &[]), &subnet(2, 0, 0, &[]));
    let v6 = [0x20, 1, 0xd, 0xb8, 0xfd, 0x13, 0x42];
    check(&world, steered, &subnet(2, 56, 0, &v6), &subnet(2, 56, 32, &v6));
    check(&world, steered, &subnet(3, 8, 0, &[1]), &[]);
    check(&world, steered, &[], &[]);
    let refused = world.reply(&Packet::asks("a", RecordType::AXFR).opt(&subnet(1, 8, 0, &[10])).bytes(), UDP);
    assert!(refused.unwrap().ends_with(&opt(0, 0, &subnet(1, 8, 0, &[10]))));
}

fn mx(preference: u16, at: &str) -> Target {
    record(RecordType::MX, Rdata::mx(preference, &name(at)))
}

fn srv(at: &str) -> Target {
    record(RecordType::SRV, Rdata::srv(1, 2, 3, &name(at)))
}

/// Octets that stand in a reply instead of a name.
#[test]
fn names_are_compressed_where_that_is_legal() {
    let mut world = world();
    world.name("a.example", &[target("www.example")]);
    world.name("mail.example", &[mx(10, "mx.mail.example")]);
    world.name("_http._tcp.example", &[srv("www.example")]);
    world.name("4.3.2.1.example", &[record(RecordType::PTR, Rdata::name(&name("host.other")))]);
    #[track_caller]
    fn check(world: &World, at: &str, rtype: RecordType, rest: &[&[u8]]) {
        let reply = world.reply(&Packet::asks(at, rtype).bytes(), UDP).unwrap();
        let behind = &reply[12 + cased(at).len() + 4..];
        assert_eq!(behind, rest.concat(), "{at} {rtype}");
    }
    let example_at = |at: &str| u8::try_from(12 + at.len() - "example".len()).unwrap();
    let head = |rtype: u8, ttl: u8, octets: u8| [0, rtype, 0, 1, 0, 0, 0, ttl, 0, octets];
    // The target of the alias is written once, its tail being the question's; then its own record points at it.
    check(
        &world,
        "a.EXAMPLE",
        A,
        &[
            &[0xc0, 12],
            &head(5, 30, 6),
            b"\x03www",
            &[0xc0, example_at("a.example")],
            &[0xc0, 12 + 15 + 12],
            &head(1, 30, 4),
            &[192, 0, 2, 1],
        ],
    );
    check(
        &world,
        "mail.example",
        RecordType::MX,
        &[&[0xc0, 12], &head(15, 30, 7), &[0, 10], b"\x02mx", &[0xc0, 12]],
    );
    check(
        &world,
        "_http._tcp.example",
        RecordType::SRV,
        &[&[0xc0, 12], &head(33, 30, 6 + 13), &[0, 1, 0, 2, 0, 3], &cased("www.example")],
    );
    check(
        &world,
        "4.3.2.1.example",
        RecordType::PTR,
        &[&[0xc0, 12], &head(12, 30, 12), &cased("host.other")],
    );
    // A negative answer: apex, primary and mailbox all lean on the question.
    let example = example_at("nope.example");
    let serial = u8::try_from(world.snapshot.zones().next().unwrap().serial).unwrap();
    let numbers = [0, 0, 0, serial, 0, 0, 0x1c, 0x20, 0, 0, 7, 8, 0, 1, 0x51, 0x80, 0, 0, 0, 30];
    check(
        &world,
        "nope.example",
        A,
        &[
            &[0xc0, example],
            &head(6, 30, 6 + 13 + 20),
            b"\x03ns1",
            &[0xc0, example],
            b"\x0ahostmaster",
            &[0xc0, example],
            &numbers,
        ],
    );
}

/// The line that a reply reads as: what was left out, and whether TC says so.
#[track_caller]
fn check_room(world: &World, at: &str, rtype: RecordType, payload: u16, limits: Limits<'_>, expected: &str) {
    let mut packet = Packet::asks(at, rtype).flags(0);
    if payload > 0 {
        packet = packet.opt_as(payload, [0; 4], &[]);
    }
    let reply = world.reply(&packet.bytes(), limits).unwrap();
    assert!(
        limits.transport == crate::Transport::Tcp || reply.len() <= usize::from(payload.clamp(512, 1232))
    );
    let line = show(&reply);
    assert_eq!(is_truncated(&reply), line.contains(" tc"));
    let code_and_counts = format!(
        "{} {}+{}+{}",
        line.split(" | ").next().unwrap(),
        u16::from_be_bytes([reply[6], reply[7]]),
        u16::from_be_bytes([reply[8], reply[9]]),
        u16::from_be_bytes([reply[10], reply[11]]),
    );
    assert_eq!(code_and_counts, expected, "{at} {rtype} in {payload}");
}

fn addresses(count: u8) -> Vec<Target> {
    (1..=count).map(|i| target(&format!("192.0.2.{i}"))).collect()
}

#[test]
fn an_answer_that_does_not_fit_is_cut_by_whole_sets() {
    let mut world = world();
    world.name("x.example", &addresses(30));
    world.name("y.example", &addresses(31));
    world.name("z.example", &addresses(200));
    world.name("alias.example", &[target("z.example")]);
    // 12 + 15 + 30 * 16 is 507.
    check_room(&world, "x.example", A, 0, UDP, "NoError aa 30+0+0");
    check_room(&world, "y.example", A, 0, UDP, "NoError aa tc 0+0+0");
    // OPT is 11 octets more, and never left out.
    check_room(&world, "x.example", A, 512, UDP, "NoError aa tc 0+0+1");
    check_room(&world, "x.example", A, 1, UDP, "NoError aa tc 0+0+1");
    check_room(&world, "x.example", A, 518, UDP, "NoError aa 30+0+1");
    check_room(&world, "x.example", A, 517, UDP, "NoError aa tc 0+0+1");
    check_room(&world, "z.example", A, 65535, UDP, "NoError aa tc 0+0+1");
    check_room(&world, "alias.example", A, 0, UDP, "NoError aa tc 1+0+0");
    check_room(&world, "alias.example", A, 0, TCP, "NoError aa 201+0+0");
    check_room(&world, "alias.example", A, 512, TCP, "NoError aa 201+0+1");
}

/// Beyond the first 16,384 octets no pointer reaches, and a message has no more than 65,535.
#[test]
fn long_streams() {
    let mut world = world();
    let text = |i: u8| record(RecordType::TXT, Rdata::txt(&[i; 600]).unwrap());
    let fits: Vec<Target> = (0..100).map(text).collect();
    let too_long: Vec<Target> = (0..110).map(text).collect();
    world.name("fits.example", &fits);
    world.name("too-long.example", &too_long);
    check_room(&world, "fits.example", RecordType::TXT, 0, TCP, "NoError aa 100+0+0");
    check_room(&world, "too-long.example", RecordType::TXT, 0, TCP, "NoError aa tc 0+0+0");
    let names: Vec<Target> = (0..250).map(|i| mx(i, &format!("{}.{i}.other", "a".repeat(60)))).collect();
    world.name("mx.example", &names);
    check_room(&world, "mx.example", RecordType::MX, 0, TCP, "NoError aa 250+0+0");
}

#[test]
fn a_negative_answer_keeps_its_soa_or_is_cut() {
    let mut world = world();
    let long = |c: &str| format!("{0}.{0}.{0}.{1}", c.repeat(63), c.repeat(50));
    world.zone("long", &[&long("p")]);
    // 12 octets, and 253 of question, 12 of head, 244 of primary, 13 of mailbox, 20 of numbers: 554.
    let nope = format!("{}.long", long("q"));
    check_room(&world, "nope.long", A, 0, UDP, "NXDomain aa 0+1+0");
    check_room(&world, &nope, A, 0, UDP, "NXDomain aa tc 0+0+0");
    check_room(&world, &nope, A, 554 + 10, UDP, "NXDomain aa tc 0+0+1");
    check_room(&world, &nope, A, 554 + 11, UDP, "NXDomain aa 0+1+1");
}

fn name_servers(names: &[String]) -> Vec<Target> {
    names.iter().map(|ns| record(RecordType::NS, Rdata::name(&name(ns)))).collect()
}

/// RFC 9471: glue inside the delegated zone is there whole, or TC; other addresses are a courtesy.
#[test]
fn referrals() {
    let mut world = world();
    let inside: Vec<String> = (0..6).map(|i| format!("n{i}.{}.cut.example", "i".repeat(60))).collect();
    let outside: Vec<String> = (0..6).map(|i| format!("n{i}.{}.example", "o".repeat(60))).collect();
    world.name("cut.example", &name_servers(&inside));
    world.name("side.example", &name_servers(&outside));
    for ns in inside.iter().chain(&outside) {
        world.name(ns, &[target("192.0.2.53"), target("2001:db8::53")]);
    }
    // 33 octets, six NS of 12 and 66 or 5, six pairs of addresses of 16 and 28: 460. The longer question has 57 more.
    check_room(&world, "www.cut.example", A, 0, UDP, "NoError 0+6+12");
    check_room(&world, "www.side.example", A, 0, UDP, "NoError 0+6+12");
    let deep = format!("{}.cut.example", "w".repeat(60));
    check_room(&world, &deep, A, 0, UDP, "NoError tc 0+6+11");
    let deep = format!("{}.side.example", "w".repeat(60));
    check_room(&world, &deep, A, 0, UDP, "NoError 0+6+11");
    check_room(&world, &deep, A, 1232, UDP, "NoError 0+6+13");
}

/// More glue than an answer has room for is missing by TCP too, and the client is told.
#[test]
fn a_referral_without_all_glue_is_cut() {
    let mut world = world();
    for (count, expected) in [(32, "NoError 0+32+64"), (33, "NoError tc 0+33+64")] {
        let inside: Vec<String> = (0..count).map(|i| format!("n{i}.cut.example")).collect();
        world.name("cut.example", &name_servers(&inside));
        for ns in &inside {
            world.name(ns, &[target("192.0.2.53"), target("2001:db8::53")]);
        }
        check_room(&world, "www.cut.example", A, 0, TCP, expected);
    }
}

/// Addresses of the apex' name servers are left out without TC; the extended error before anything, with TC.
#[test]
fn what_is_left_out_first() {
    let mut world = World::new();
    world.name("ns1.example", &addresses(26));
    world.name("ns2.example", &[target("192.0.2.1")]);
    check_room(&world, "example", RecordType::NS, 0, UDP, "NoError aa 2+0+27");
    world.name("ns1.example", &addresses(40));
    check_room(&world, "example", RecordType::NS, 0, UDP, "NoError aa 2+0+1");

    let link = |i: usize| format!("{}{}.file", i % 9, "l".repeat(52));
    let links: Vec<_> = (0..9).map(|i| (link(i), RecordType::CNAME, link(i + 1))).collect();
    world.zone_of_file("file", &links);
    // A circle of a file's aliases has an extended error, of 6 octets.
    let ede = [0, 15, 0, 2, 0, 24];
    let ask = |payload| {
        let packet = Packet::asks(&link(0), A).opt_as(payload, [0; 4], &[]);
        world.reply(&packet.bytes(), UDP).unwrap()
    };
    let whole = ask(1232);
    assert!(whole.ends_with(&ede) && !is_truncated(&whole));
    let payload = u16::try_from(whole.len()).unwrap();
    assert_eq!(ask(payload), whole);
    let without = ask(payload - 1);
    assert_eq!((without.len(), is_truncated(&without)), (whole.len() - 6, true));
    assert_eq!(without[4..12], whole[4..12], "all records are there");
    assert!(without.ends_with(&opt(0, 0, &[])));
}

/// A buffer of any size: nothing, or a whole reply that fits it.
#[test]
fn buffers_of_any_size() {
    let mut world = world();
    world.name("x.example", &addresses(20));
    let packet =
        Packet::asks("x.example", A).opt(&[&NSID[..], &subnet(1, 24, 0, &[192, 0, 2])].concat()).bytes();
    let (mut at, mut aliases) = (NameBuf::new(), AliasBuf::new());
    let Decoded::Query(request) = decode(&packet, &mut at) else { panic!("no query") };
    let answer = world.answer(&request, &at, &mut aliases);
    let least = 12 + 15 + 11 + 9 + 11;
    for size in 0..600 {
        let mut out = alloc::vec![0xee; size];
        let octets = encode(&request, &packet, &answer, UDP, &mut out);
        assert_eq!(octets >= least, size >= least, "{size}");
        assert!(octets <= size);
        if octets > 0 {
            let expected = if size >= least + 20 * 16 { "NoError aa rd | x" } else { "NoError aa tc rd" };
            assert!(show(&out[..octets]).starts_with(expected), "{size}");
        }
        let octets = encode_error(&request, &packet, ErrorCode::ServFail, UDP, &mut out);
        assert_eq!(octets, if size >= least { least } else { 0 });
    }
}

/// Of a longer server name, the first octets are sent.
#[test]
fn server_names() {
    let world = world();
    let packet = Packet::asks("www.example", A).opt(&NSID).bytes();
    for (len, sent) in [(0, None), (1, Some(1)), (64, Some(64)), (65, Some(64)), (70_000, Some(64))] {
        let nsid = alloc::vec![b'n'; len];
        let reply = world.reply(&packet, Limits { nsid: &nsid, ..UDP }).unwrap();
        let option = sent.map_or(Vec::new(), |sent| crate::testing::option(3, &nsid[..sent]));
        assert!(reply.ends_with(&opt(0, 0, &option)), "{len}");
    }
}
