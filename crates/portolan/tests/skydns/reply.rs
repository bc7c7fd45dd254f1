//! A server's reply, as text that can be compared.

use std::fmt;
use std::net::SocketAddr;

use portolan_testbed::ask::{Record, RecordType, over_tcp};

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: String,
    pub(crate) authoritative: bool,
    /// Owner, type and data of each record, and its TTL.
    pub(crate) answer: Vec<(String, u32)>,
    pub(crate) authority: Vec<(String, u32)>,
    pub(crate) additional: Vec<(String, u32)>,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}{}", self.code, if self.authoritative { " aa" } else { "" })?;
        for (section, records) in
            [("", &self.answer), ("authority ", &self.authority), ("additional ", &self.additional)]
        {
            for (record, ttl) in records {
                writeln!(f, "  {section}{record} (ttl {ttl})")?;
            }
        }
        Ok(())
    }
}

/// The reply to a question over TCP, which holds the whole of it.
pub(crate) fn ask(server: SocketAddr, name: &str, rtype: RecordType) -> Reply {
    let reply = over_tcp(server, name, rtype).unwrap_or_else(|| panic!("no reply for {name} {rtype}"));
    let section = |records: &[Record]| {
        let text = |record: &Record| {
            let (owner, data) = (record.name.to_string().to_lowercase(), record.data.to_string());
            (format!("{owner} {} {data}", record.record_type()), record.ttl)
        };
        let mut section: Vec<(String, u32)> = records.iter().map(text).collect();
        section.sort();
        section
    };
    Reply {
        code: reply.code.to_string(),
        authoritative: reply.is_authoritative,
        answer: section(&reply.answers),
        authority: section(&reply.authorities),
        additional: section(&reply.additionals),
    }
}
