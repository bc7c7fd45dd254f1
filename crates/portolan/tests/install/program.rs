//! Commands of the binary, and questions over DNS and HTTP.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr as _;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query};
use hickory_proto::rr::{Name, RecordType};

/// How long a reply may take.
const REPLY_PATIENCE: Duration = Duration::from_secs(2);

/// How a command ended, and all that it printed.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command of the binary to its end.
pub(crate) fn run(args: &[&str]) -> Ended {
    ended(Command::new(env!("CARGO_BIN_EXE_portolan")).args(args))
}

pub(crate) fn ended(command: &mut Command) -> Ended {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
    Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// What a command prints that succeeds.
pub(crate) fn printed(args: &[&str]) -> String {
    let ended = run(args);
    assert_eq!(ended.code, 0, "{args:?}: {}", ended.err);
    ended.out
}

/// An authority in a folder, with these certificates: a name, and what else is said of it.
pub(crate) fn authority(dir: &Path, certificates: &[(&str, &[&str])]) {
    let dir = dir.display().to_string();
    printed(&["pki", "init", "--dir", &dir]);
    for (name, said) in certificates {
        printed(&[&["pki", "issue", "--dir", &dir, "--name", name], *said].concat());
    }
}

/// The addresses that a name has; none when there is no reply.
pub(crate) fn addresses(server: SocketAddr, name: &str) -> Option<BTreeSet<String>> {
    let mut query = Message::new(7, MessageType::Query, OpCode::Query);
    query.add_query(Query::query(Name::from_str(&format!("{name}.")).unwrap(), RecordType::A));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(REPLY_PATIENCE)).unwrap();
    socket.connect(server).unwrap();
    socket.send(&query.to_vec().unwrap()).ok()?;
    let mut reply = [0; 1_232];
    let length = socket.recv(&mut reply).ok()?;
    let reply = Message::from_vec(&reply[..length]).unwrap();
    Some(reply.answers.iter().map(|record| record.data.to_string()).collect())
}

/// The status of a page; none when nobody is there.
pub(crate) fn status_of(server: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(server).ok()?;
    stream.set_read_timeout(Some(REPLY_PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.split(' ').nth(1).map(str::to_owned)
}
