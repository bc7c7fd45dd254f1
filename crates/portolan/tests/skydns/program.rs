//! A running binary, and how it and others are asked.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hickory_proto::op::Message;
use hickory_proto::rr::Record;
use portolan_core::{Name, RecordType};
use portolan_testbed::wait::wait;

/// How long a reply may take: a stock server asks its store for each.
const REPLY_PATIENCE: Duration = Duration::from_secs(10);

/// `portolan run`, and the folder that its state is in.
pub(crate) struct Program {
    child: Option<Child>,
    flags: Vec<String>,
    folder: tempfile::TempDir,
    pub(crate) dns: SocketAddr,
}

impl Program {
    /// Starts it with these flags, on a free port.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        let mut program = Self { child: None, flags, folder, dns: SocketAddr::from(([127, 0, 0, 1], 0)) };
        program.go();
        program
    }

    /// Starts it, the first time or again, with the state that it left.
    pub(crate) fn go(&mut self) {
        let log = File::options().create(true).append(true).open(self.beside("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
        command.args(["run", "--listen", "127.0.0.1:0", "--workers", "1", "--resolver", "none", "--state"]);
        command.arg(self.beside("state")).arg("--control").arg(self.beside("control.sock")).args(&self.flags);
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| Some(line.ok()?.strip_prefix("listening on ")?.to_owned()));
        let line = line.unwrap_or_else(|| panic!("it does not listen; the log:\n{}", self.log()));
        self.dns = line.split(' ').next().unwrap().parse().unwrap();
        self.child = Some(child);
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends it in good order.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        let status = wait("the program to stop", || child.try_wait().unwrap());
        assert!(status.success(), "{status}; the log:\n{}", self.log());
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.beside("log")).unwrap()
    }

    /// What another command of the binary says of this one.
    pub(crate) fn says(&self, command: &[&str]) -> String {
        let mut said = Command::new(env!("CARGO_BIN_EXE_portolan"));
        let said = said.args(command).arg("--control").arg(self.beside("control.sock")).output().unwrap();
        String::from_utf8([said.stdout, said.stderr].concat()).unwrap()
    }

    pub(crate) fn ask(&self, name: &str, rtype: RecordType) -> Reply {
        ask(self.dns, name, rtype)
    }

    /// Waits until a name has exactly these records of a type.
    pub(crate) fn wait_for(&self, name: &str, rtype: RecordType, data: &[&str]) {
        let wanted: BTreeSet<String> = data.iter().map(|data| (*data).to_owned()).collect();
        let mut last = String::new();
        let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait("records", || {
                let reply = self.ask(name, rtype);
                last = reply.to_string();
                (reply.data(rtype) == wanted).then_some(())
            });
        }));
        assert!(found.is_ok(), "{name} {rtype} is not {wanted:?} but\n{last}the log:\n{}", self.log());
    }

    pub(crate) fn wait_for_status(&self, words: &str) -> String {
        wait(&format!("{words:?} in the status"), || {
            let said = self.says(&["status", "-o", "json"]);
            said.contains(words).then_some(said)
        })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A reply, as text that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) code: String,
    pub(crate) authoritative: bool,
    /// Owner, type and data of each record, and its TTL.
    pub(crate) answer: Vec<(String, u32)>,
    pub(crate) authority: Vec<(String, u32)>,
    pub(crate) additional: Vec<(String, u32)>,
}

impl Reply {
    /// The data of the records of a type in the answer, whoever owns them.
    pub(crate) fn data(&self, rtype: RecordType) -> BTreeSet<String> {
        let word = format!(" {rtype} ");
        let data = self.answer.iter().filter_map(|(record, _)| Some(record.split_once(&word)?.1.to_owned()));
        data.collect()
    }
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

/// The reply of a server to a question over TCP, which holds the whole of it.
pub(crate) fn ask(server: SocketAddr, name: &str, rtype: RecordType) -> Reply {
    let name: Name = name.parse().unwrap();
    let mut packet = vec![7, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    packet.extend(name.as_wire());
    packet.extend(rtype.0.to_be_bytes());
    packet.extend([0, 1]);
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(REPLY_PATIENCE)).unwrap();
    stream.write_all(&[&u16::try_from(packet.len()).unwrap().to_be_bytes(), &packet[..]].concat()).unwrap();
    let mut length = [0; 2];
    stream.read_exact(&mut length).unwrap_or_else(|error| panic!("no reply for {name} {rtype}: {error}"));
    let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut reply).unwrap();
    let message = Message::from_vec(&reply).unwrap();
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
        code: message.metadata.response_code.to_string(),
        authoritative: message.metadata.authoritative,
        answer: section(&message.answers),
        authority: section(&message.authorities),
        additional: section(&message.additionals),
    }
}
