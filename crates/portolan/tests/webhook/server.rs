//! A running binary: its lines, its protocol, its answers.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hickory_proto::op::Message;
use portolan_core::{Name, RecordType};
use portolan_testbed::wait::{PATIENCE, wait};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The media type of the protocol.
pub(crate) const MEDIA_TYPE: &str = "application/external.dns.webhook+json;version=1";

/// `portolan webhook`, or `run` as one.
pub(crate) struct Server {
    child: Child,
    pub(crate) http: SocketAddr,
    pub(crate) dns: SocketAddr,
    folder: PathBuf,
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

    /// Starts with these words, a state and a control socket.
    pub(crate) fn start_with(folder: &Path, words: &[&str]) -> Self {
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_portolan"))
            .args(words)
            .args(["--workers", "1"])
            .arg("--state")
            .arg(folder.join("state"))
            .arg("--control")
            .arg(folder.join("control.sock"))
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut find = |before: &str| -> SocketAddr {
            let line = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with(before)));
            let log = std::fs::read_to_string(folder.join("log")).unwrap();
            let line = line.unwrap_or_else(|| panic!("no line {before:?}; the log:\n{log}")).unwrap();
            line[before.len()..].split(' ').next().unwrap().parse().unwrap()
        };
        let http = find("webhook provider on http://");
        let dns = find("listening on ");
        Self { child, http, dns, folder: folder.to_owned() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) {
        let sent = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
        let status = wait("the server to stop", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}; the log:\n{}", self.log());
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

    /// The reply to a question over UDP.
    pub(crate) fn ask(&self, name: &str, rtype: RecordType) -> Message {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(self.dns).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut packet = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        packet.extend(name.parse::<Name>().unwrap().as_wire());
        packet.extend(rtype.0.to_be_bytes());
        packet.extend([0, 1]);
        socket.send(&packet).unwrap();
        let mut reply = [0; 4096];
        let octets = socket.recv(&mut reply).expect("a reply");
        Message::from_vec(&reply[..octets]).unwrap()
    }

    /// What a question is answered with: the code, and the data of each record.
    pub(crate) fn answer(&self, name: &str, rtype: RecordType) -> (u16, BTreeSet<String>) {
        let reply = self.ask(name, rtype);
        let data = reply.answers.iter().map(|record| record.data.to_string());
        (reply.metadata.response_code.into(), data.collect())
    }

    pub(crate) fn addresses(&self, name: &str) -> BTreeSet<String> {
        self.answer(name, RecordType::A).1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, as its test wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
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

/// A set of texts.
pub(crate) fn texts<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.map(str::to_owned).into()
}
