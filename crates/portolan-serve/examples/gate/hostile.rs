//! Packets made of what is cheapest to send and dearest to read; and every packet that one flipped bit
//! or a cut makes of a good question.
//!
//! They are made and not kept, because most are as long as a packet can be.

/// Longest message of a stream, in octets.
const STREAM_OCTETS: usize = 65_535;
/// Longest datagram that comes whole over an Ethernet, in octets.
const DATAGRAM_OCTETS: usize = 1_472;
/// Highest place in a message that a pointer can name.
const POINTER_MAX: u16 = 0x3fff;
/// A TXT record without its owner and without data.
const EMPTY: &[u8] = &[0, 16, 0, 1, 0, 0, 0, 0, 0, 0];
/// The root, as an owner.
const ROOT: &[u8] = &[0];
/// A pointer to the question's name, as an owner.
const TO_QUESTION: &[u8] = &[0xc0, 12];
/// A name that exists.
const KNOWN: &[u8] = b"\x06s00007\x07example\x03org\0";
/// One that has a policy.
const STEERED: &[u8] = b"\x06p00007\x07example\x03org\0";
/// The end of names below the zone.
const APEX: &[u8] = b"\x07example\x03org\0";
/// Where the four counts of a header stand.
const COUNTS: [usize; 4] = [4, 6, 8, 10];

/// Questions as good clients send them: the first is what all packets are compared with.
pub(crate) fn good() -> Vec<(String, Vec<u8>)> {
    let edns = |octets: u8| [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, octets];
    let subnet = [0, 8, 0, 7, 0, 1, 24, 0, 1, 0, 65];
    let [mut plain, mut policy] = [KNOWN, STEERED].map(asks);
    plain.extend(edns(0));
    policy.extend(edns(11));
    policy.extend(subnet);
    [("good", plain), ("good-with-subnet", policy)]
        .map(|(what, mut packet)| {
            count(&mut packet, 3, 1);
            (what.to_owned(), packet)
        })
        .into()
}

/// All of them, by name.
pub(crate) fn packets(good: &[(String, Vec<u8>)]) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = [("datagram", DATAGRAM_OCTETS), ("stream", STREAM_OCTETS)]
        .iter()
        .flat_map(|(by, octets)| sized(*octets).map(|(what, packet)| (format!("{what}-by-{by}"), packet)))
        .collect();
    let below_us = [b"\x01a".repeat(121).as_slice(), APEX].concat();
    let mut unknown_options = asks(KNOWN);
    count(&mut unknown_options, 3, 1);
    unknown_options.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 60]);
    unknown_options.extend((0..15).flat_map(|option| [0xff, option, 0, 0]));
    all.extend(
        [
            ("labels-127", asks(&many_labels())),
            ("labels-below-us", asks(&below_us)),
            ("options-15", unknown_options),
        ]
        .map(|(what, packet)| (what.to_owned(), packet)),
    );
    all.extend(good.iter().flat_map(|(what, packet)| broken(what, packet)));
    all
}

/// Those that are as long as may be.
fn sized(octets: usize) -> [(&'static str, Vec<u8>); 10] {
    let roots = || full_of(octets, 3, &[ROOT, EMPTY].concat());
    let mut beyond = roots();
    count(&mut beyond, 3, u16::MAX);
    let mut silent = asks(KNOWN);
    silent.resize(octets, 0);
    [
        ("records-at-root", roots()),
        ("records-at-pointers", full_of(octets, 3, &[TO_QUESTION, EMPTY].concat())),
        ("records-at-127-labels", full_of(octets, 3, &[&many_labels(), EMPTY].concat())),
        ("records-at-chained-pointers", chain(octets)),
        ("records-as-answers", full_of(octets, 1, &[ROOT, EMPTY].concat())),
        ("records-fewer-than-counted", beyond),
        ("options-unknown", options(octets, &[0xff, 0, 0, 0])),
        ("options-nsid", options(octets, &[0, 3, 0, 0])),
        ("questions", full_of(octets, 0, &[KNOWN, &[0, 1, 0, 1]].concat())),
        ("octets-behind-the-question", silent),
    ]
}

/// Every cut, and every flip of one bit.
fn broken(what: &str, packet: &[u8]) -> Vec<(String, Vec<u8>)> {
    let cuts = (0..packet.len()).map(|len| (format!("{what}-cut-at-{len}"), packet[..len].to_vec()));
    let flips = (0..packet.len() * 8).map(|bit| {
        let mut flipped = packet.to_vec();
        flipped[bit / 8] ^= 0x80 >> (bit % 8);
        (format!("{what}-flipped-at-{}.{}", bit / 8, bit % 8), flipped)
    });
    cuts.chain(flips).collect()
}

/// A question for A.
fn asks(name: &[u8]) -> Vec<u8> {
    [&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, &[0, 1, 0, 1]].concat()
}

/// A question and as many times the unit as there is room for, counted in that section.
fn full_of(octets: usize, section: usize, unit: &[u8]) -> Vec<u8> {
    let mut packet = asks(KNOWN);
    let times = (octets - packet.len()) / unit.len();
    packet.extend(unit.repeat(times));
    // A question stands there already where questions are repeated.
    let times = times + usize::from(section == 0);
    count(&mut packet, section, u16::try_from(times).unwrap_or(u16::MAX));
    packet
}

/// Records whose owners are pointers, each to the one before. Who followed them would take a step a pair.
fn chain(octets: usize) -> Vec<u8> {
    let mut packet = asks(KNOWN);
    let (mut before, mut records) = (12_u16, 0);
    while let Some(here) = u16::try_from(packet.len()).ok().filter(|here| *here <= POINTER_MAX)
        && packet.len() + TO_QUESTION.len() + EMPTY.len() <= octets
    {
        packet.extend((0xc000 | before).to_be_bytes());
        packet.extend(EMPTY);
        (before, records) = (here, records + 1);
    }
    count(&mut packet, 3, records);
    packet
}

/// One OPT record full of one option.
fn options(octets: usize, option: &[u8]) -> Vec<u8> {
    let mut packet = asks(KNOWN);
    let room = octets - packet.len() - ROOT.len() - EMPTY.len();
    let data = option.repeat(room / option.len());
    packet.extend([0, 0, 41, 4, 208, 0, 0, 0, 0]);
    packet.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
    packet.extend(data);
    count(&mut packet, 3, 1);
    packet
}

/// As many labels as a name can have.
fn many_labels() -> Vec<u8> {
    [b"\x01a".repeat(127).as_slice(), ROOT].concat()
}

fn count(packet: &mut [u8], section: usize, count: u16) {
    let at = COUNTS[section];
    packet[at..at + 2].copy_from_slice(&count.to_be_bytes());
}
