//! A running provider: its protocol, its answers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use portolan_testbed::Program;
use portolan_testbed::ask::RecordType;
use portolan_testbed::wait::PATIENCE;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_portolan");
/// The media type of the protocol.
pub(crate) const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";

/// `portolan webhook`, or `run` as one.
pub(crate) struct Server {
    pub(crate) program: Program,
    pub(crate) http: SocketAddr,
}

/// The reply to a request.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Server {
    /// Starts for `example.com`, with its state in a folder.
    pub(crate) fn start(folder: &TempDir) -> Self {
        Self::start_with(
            folder.path(),
            &["webhook", "--listen", "127.0.0.1:0", "--domain-filter", "example.com", "--dns", "127.0.0.1:0"],
        )
    }

    /// Starts with these words, and its state in a folder.
    pub(crate) fn start_with(folder: &Path, words: &[&str]) -> Self {
        let program = Program::new(BINARY, "webhook").with(words).with(["--workers", "1", "--state"]);
        let program = program.with([folder.join("state")]);
        program.start();
        let http = program.address("webhook provider on http://");
        Self { program, http }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Sends a request; none when it was not answered whole.
    pub(crate) fn try_send(&self, request: &str, kind: &str, body: &[u8]) -> Option<Reply> {
        send_to(self.http, request, kind, body)
    }

    pub(crate) fn send(&self, request: &str, kind: &str, body: &[u8]) -> Reply {
        self.try_send(request, kind, body).expect("a reply")
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path}"), MEDIA_TYPE, b"")
    }

    pub(crate) fn apply(&self, changes: &Value) -> Reply {
        self.send("POST /records", MEDIA_TYPE, changes.to_string().as_bytes())
    }

    /// Has endpoints created, which must be acknowledged.
    pub(crate) fn create(&self, endpoints: &[Value]) {
        let reply = self.apply(&json!({ "create": endpoints }));
        assert_eq!(reply.status, 204, "{}", String::from_utf8_lossy(&reply.body));
    }

    /// All records, sorted: name, type, targets.
    pub(crate) fn records(&self) -> Vec<String> {
        let reply = self.get("/records");
        assert_eq!(reply.status, 200);
        let list: Vec<Value> = serde_json::from_slice(&reply.body).unwrap();
        let mut lines: Vec<String> = list.iter().map(line).collect();
        lines.sort();
        lines
    }

    /// What a question is answered with: the code, and the data of each record, sorted.
    pub(crate) fn answer(&self, name: &str, rtype: RecordType) -> (u16, Vec<String>) {
        let reply = self.program.ask(name, rtype);
        let mut data: Vec<String> = reply.answers.iter().map(|record| record.data.to_string()).collect();
        data.sort();
        (reply.code.into(), data)
    }

    pub(crate) fn addresses(&self, name: &str) -> Vec<String> {
        self.answer(name, RecordType::A).1
    }
}

/// Sends a request to a provider; none when it was not answered whole.
pub(crate) fn send_to(address: SocketAddr, request: &str, kind: &str, body: &[u8]) -> Option<Reply> {
    send_as(address, "localhost", request, kind, body)
}

/// The same with a name for the provider.
pub(crate) fn send_as(
    address: SocketAddr,
    host: &str,
    request: &str,
    kind: &str,
    body: &[u8],
) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {host}\r\nAccept: {MEDIA_TYPE}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    // A body that is too long is refused while it is sent.
    let _ = stream.write_all(body);
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).ok()?;
    let end = reply.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(reply[..end].to_vec()).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Reply { status, head, body: reply[end + 4..].to_vec() })
}

/// An endpoint.
pub(crate) fn endpoint(name: &str, rtype: &str, targets: &[&str]) -> Value {
    json!({ "dnsName": name, "recordType": rtype, "targets": targets })
}

/// An endpoint in words.
pub(crate) fn line(endpoint: &Value) -> String {
    let text = |key: &str| endpoint[key].as_str().unwrap_or_default().to_owned();
    let targets: Vec<&str> =
        endpoint["targets"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    format!("{} {} {}", text("dnsName"), text("recordType"), targets.join(" "))
}

/// Texts, sorted.
pub(crate) fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    let mut texts = texts.map(str::to_owned).to_vec();
    texts.sort();
    texts
}
