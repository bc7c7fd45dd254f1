//! Zones out of messages, whole or not at all.

use domain::base::iana::{Class, Rtype};
use domain::base::rdata::UnknownRecordData;
use domain::base::{Message, MessageBuilder, Record};
use portolan_core::record::Soa;
use proptest::prelude::*;

use super::super::transfer::Transfer;
use super::*;

/// Lines as [`set`] has them, `SOA` followed by its serial, `BAD` being a record of type A with three octets.
pub(super) fn message(id: u16, lines: &[&str]) -> Message<Vec<u8>> {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_id(id);
    builder.header_mut().set_qr(true);
    let mut answer = builder.answer();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let owner = name(words[0]);
        let records: Vec<(u16, u32, Vec<u8>)> = match words[1] {
            "SOA" => vec![(6, 300, soa(words[2].parse().unwrap()).as_wire().to_vec())],
            "BAD" => vec![(1, 300, vec![192, 0, 2])],
            _ => {
                let set = set(line);
                let ttl = set.ttl.map_or(300, Ttl::seconds);
                set.targets
                    .iter()
                    .map(|target| (set.rtype.0, ttl, target.rdata().as_wire().to_vec()))
                    .collect()
            }
        };
        for (rtype, ttl, data) in records {
            let owner = domain::base::Name::from_slice(owner.as_wire()).unwrap();
            let data = UnknownRecordData::from_octets(Rtype::from_int(rtype), data).unwrap();
            answer.push(Record::new(owner, Class::IN, domain::base::Ttl::from_secs(ttl), data)).unwrap();
        }
    }
    answer.into_message()
}

fn soa(serial: u32) -> Rdata {
    let (mname, rname) = (name("ns1.example.net"), name("hostmaster.example.net"));
    Rdata::soa(&Soa { mname, rname, serial, refresh: 3600, retry: 600, expire: 86400, minimum: 60 })
}

/// The sets of a transfer without its SOA, as lines, and its problems; or what is wrong with it.
fn transferred(messages: &[&[&str]]) -> Result<(Vec<String>, usize), String> {
    let mut transfer = Transfer::new(name("example.net"));
    for lines in messages {
        transfer.take(&message(7, lines)).map_err(|error| error.to_string())?;
    }
    if !transfer.is_whole() {
        return Err("is not whole".into());
    }
    let (sets, problems) = transfer.into_sets();
    let line = |set: &RecordSet| {
        let targets: Vec<String> = set.targets.iter().map(ToString::to_string).collect();
        format!("{set} {} ttl={}", targets.join(" "), set.ttl.unwrap().seconds())
    };
    let sets = sets.iter().filter(|set| set.rtype != RecordType::SOA).map(line).collect();
    Ok((sets, problems.told.len()))
}

const BEGIN: &str = "example.net SOA 1";

#[test]
fn records_come_together_as_sets_however_they_are_spread() {
    let (sets, problems) = transferred(&[
        &[BEGIN, "b.example.net A 192.0.2.2 ttl=60"],
        &["a.example.net A 192.0.2.1", "b.example.net TXT text", "b.example.net NSEC c.example.net"],
        &["b.example.net A 192.0.2.1 ttl=50", "A.Example.net CNAME LB.example.org", BEGIN],
    ])
    .unwrap();
    let expected = [
        "a.example.net. A 192.0.2.1 ttl=300",
        "a.example.net. CNAME lb.example.org. ttl=300",
        "b.example.net. A 192.0.2.1 192.0.2.2 ttl=50",
        "b.example.net. TXT \"text\" ttl=300",
    ];
    assert_eq!(sets, expected);
    assert_eq!(problems, 0);
}

#[test]
fn a_set_that_cannot_be_read_costs_itself() {
    let lines = [BEGIN, "a.example.net BAD", "a.example.net A 192.0.2.1", "b.example.net A 192.0.2.1", BEGIN];
    assert_eq!(transferred(&[&lines]).unwrap(), (vec!["b.example.net. A 192.0.2.1 ttl=300".to_owned()], 1));
}

#[test]
fn half_a_zone_is_none() {
    for (messages, rule) in [
        (&[&[BEGIN, "a.example.net A 192.0.2.1"][..]][..], "is not whole"),
        (&[&["a.example.net A 192.0.2.1", BEGIN]], "begins with a.example.net. A and not with its SOA"),
        (&[&[BEGIN, "a.example.org A 192.0.2.1", BEGIN]], "which is not in it"),
        (&[&[BEGIN, "a.example.net SOA 1", BEGIN]], "has an SOA at a.example.net."),
        (&[&[BEGIN, "example.net SOA 2"]], "another SOA than it began with"),
        (&[&[BEGIN, BEGIN, "a.example.net A 192.0.2.1"]], "goes on behind its end"),
        (&[&[BEGIN], &[]], "a message without records"),
    ] {
        let said = transferred(messages).unwrap_err();
        assert!(said.contains(rule), "{said:?} says nothing of {rule:?}");
    }
}

#[test]
fn a_message_that_is_cut_is_an_error_wherever_it_is_cut() {
    let whole = message(7, &[BEGIN, "a.example.net A 192.0.2.1", "a.example.net TXT text", BEGIN]);
    for end in 12..whole.as_slice().len() {
        let cut = Message::from_octets(whole.as_slice()[..end].to_vec()).unwrap();
        let mut transfer = Transfer::new(name("example.net"));
        assert!(transfer.take(&cut).is_err() || !transfer.is_whole(), "cut at {end}");
    }
}

proptest! {
    /// Octets of whatever kind are a zone or an error.
    #[test]
    fn garbage_is_no_zone(octets in proptest::collection::vec(any::<u8>(), 12..400)) {
        let mut transfer = Transfer::new(name("example.net"));
        let _ = transfer.take(&Message::from_octets(octets).unwrap());
        let _ = transfer.into_sets();
    }

    /// And so are messages that were sound once.
    #[test]
    fn bent_messages_are_a_zone_or_an_error(at in 12_usize..200, with in any::<u8>(), drop in 0_usize..40) {
        let lines = [BEGIN, "a.example.net A 192.0.2.1", "m.example.net MX mail.example.net", "t.example.net TXT text", BEGIN];
        let mut octets = message(7, &lines).into_octets();
        let at = at.min(octets.len() - 1);
        octets[at] = with;
        octets.truncate(octets.len() - drop);
        let mut transfer = Transfer::new(name("example.net"));
        let _ = transfer.take(&Message::from_octets(octets).unwrap());
        let _ = transfer.into_sets();
    }
}
