//! Replies, written out: what they say, and which are none.

use super::*;

const HOST: &str = "lb.example.net";

fn question(family: Family) -> Question {
    Question { id: 0x1234, host: HOST.parse().unwrap(), family, has_edns: true }
}

fn wire(text: &str) -> Vec<u8> {
    text.parse::<Name>().unwrap().as_wire().to_vec()
}

/// A reply with these flags and records, each `owner TTL TYPE data`.
fn packet(flags: u16, records: &[&str]) -> Vec<u8> {
    let mut packet = Vec::new();
    for number in [0x1234, flags, 1, u16::try_from(records.len()).unwrap(), 0, 0] {
        packet.extend(number.to_be_bytes());
    }
    packet.extend(wire(HOST));
    packet.extend([0, 1, 0, 1]);
    for record in records {
        let [owner, ttl, rtype, data] = record.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let data = match rtype {
            "A" => data.parse::<std::net::Ipv4Addr>().unwrap().octets().to_vec(),
            "AAAA" => data.parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec(),
            "CNAME" => wire(data),
            _ => data.as_bytes().to_vec(),
        };
        // The name that was asked for is written as most servers do: by a pointer to the question.
        packet.extend(if owner == "@" { vec![0xc0, 12] } else { wire(owner) });
        packet.extend(rtype.parse::<RecordType>().unwrap().0.to_be_bytes());
        packet.extend([0, 1]);
        packet.extend(ttl.parse::<u32>().unwrap().to_be_bytes());
        packet.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        packet.extend(data);
    }
    packet
}

const QR: u16 = 0x8000;
const AA: u16 = 0x0400;
const TRUNCATED: u16 = 0x0200;
const RA: u16 = 0x0080;

fn show(reply: Option<Reply>) -> String {
    match reply {
        None => "not ours".into(),
        Some(Reply::Heard(Heard::Addresses { addresses, ttl, way })) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let way: String = way.iter().map(|name| format!(" by {}", name.to_dotless())).collect();
            format!("{} for {ttl}{way}", addresses.join(","))
        }
        Some(Reply::Heard(Heard::Nothing(why) | Heard::Failed(why))) => format!("{why:?}"),
        Some(other) => format!("{other:?}"),
    }
}

#[test]
fn what_replies_say() {
    let cases: [(u16, &[&str], &str); 18] = [
        (RA, &["@ 60 A 192.0.2.1", "@ 30 A 192.0.2.2"], "192.0.2.1,192.0.2.2 for 30"),
        (AA, &["LB.Example.NET 60 A 192.0.2.1"], "192.0.2.1 for 60"),
        (
            RA,
            &["@ 20 CNAME a.example", "a.example 300 CNAME B.example", "b.example 60 A 192.0.2.1"],
            "192.0.2.1 for 20 by a.example by b.example",
        ),
        (RA, &["b.example 60 A 192.0.2.1", "@ 90 CNAME b.example"], "192.0.2.1 for 60 by b.example"),
        (RA, &["other.example 60 A 192.0.2.1"], "NoAddress"),
        (RA, &["@ 60 CNAME a.example"], "NoAddress"),
        (RA, &["@ 60 TXT x"], "NoAddress"),
        (RA, &["@ 60 CNAME a.example", "a.example 60 CNAME lb.example.net"], "Loop"),
        (RA, &["@ 60 CNAME lb.example.net"], "Loop"),
        (RA, &[], "NoAddress"),
        (AA, &[], "NoAddress"),
        (0, &[], "NotRecursive"),
        (AA, &["@ 60 CNAME a.elsewhere"], "NotRecursive"),
        (AA, &["@ 60 CNAME a.example", "a.example 60 A 192.0.2.1"], "192.0.2.1 for 60 by a.example"),
        (RA | 3, &[], "NoSuchName"),
        (RA | 2, &[], "ServerFailed"),
        (5, &[], "Refused(5)"),
        (RA | TRUNCATED, &["@ 60 A 192.0.2.1"], "Cut"),
    ];
    for (flags, records, expected) in cases {
        assert_eq!(show(question(Family::V4).reply(&packet(QR | flags, records))), expected, "{records:?}");
    }
}

/// An alias of the server's own zone, of which the end has no such record.
#[test]
fn a_zone_that_names_itself_knows() {
    let mut reply = packet(QR | AA, &["@ 60 CNAME a.example", "example 60 SOA x"]);
    reply[7] = 1;
    reply[9] = 1;
    assert_eq!(show(question(Family::V4).reply(&reply)), "NoAddress");
}

#[test]
fn what_is_no_reply_to_the_question() {
    let good = packet(QR | RA, &["@ 60 A 192.0.2.1"]);
    let changed = |at: usize, octet: u8| {
        let mut packet = good.clone();
        packet[at] = octet;
        show(question(Family::V4).reply(&packet))
    };
    let after_name = 12 + wire(HOST).len();
    let cases = [
        ("the id", changed(1, 0x35)),
        ("a question", changed(2, 0)),
        ("another name", changed(13, b'x')),
        ("another type", changed(after_name + 1, 28)),
        ("another class", changed(after_name + 3, 3)),
        ("no question", changed(5, 0)),
    ];
    for (what, shown) in cases {
        assert_eq!(shown, "not ours", "{what}");
    }
    assert_eq!(show(question(Family::V6).reply(&good)), "not ours");
    assert_eq!(show(question(Family::V4).reply(&good[..good.len() - 1])), "Malformed");
    for end in 0..12 {
        assert_eq!(show(question(Family::V4).reply(&good[..end])), "not ours", "{end}");
    }
    // A pointer that leads to itself.
    let mut circle = good.clone();
    let owner = after_name + 4;
    circle[owner + 1] = u8::try_from(owner).unwrap();
    assert_eq!(show(question(Family::V4).reply(&circle)), "Malformed");
}

#[test]
fn who_does_not_know_edns_is_asked_without() {
    let mut bare = packet(QR | 1, &[]);
    bare.truncate(12);
    bare[5] = 0;
    for packet in [packet(QR | 1, &[]), packet(QR | 4, &[]), bare] {
        assert_eq!(question(Family::V4).reply(&packet), Some(Reply::Plain));
    }
    let plain = Question { has_edns: false, ..question(Family::V4) };
    assert_eq!(show(plain.reply(&packet(QR | 1, &[]))), "Refused(1)");
    assert_eq!((plain.packet().len(), question(Family::V4).packet().len()), (32, 43));
}
