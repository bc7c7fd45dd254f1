//! As much of etcd's JSON gateway as fills it: transactions of puts, by plain HTTP on loopback.
//!
//! etcd's own client would be one more program to build, and a gRPC client one more library, for one request.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long etcd may take to come up.
const START_MAX: Duration = Duration::from_secs(30);
/// How long it may take for one request.
const REPLY_MAX: Duration = Duration::from_secs(10);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Longest reply that is read, in octets.
const REPLY_OCTETS_MAX: u64 = 1 << 20;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A key and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Put {
    pub(super) key: String,
    pub(super) value: String,
}

/// An etcd that is up.
pub(super) struct Gateway {
    address: SocketAddr,
}

impl Gateway {
    /// Waits until etcd says that it is healthy.
    ///
    /// # Errors
    /// When it does not in time.
    #[expect(clippy::disallowed_methods, reason = "another process' start is polled")]
    pub(super) fn wait(address: SocketAddr) -> Result<Self> {
        let (gateway, begun) = (Self { address }, Instant::now());
        loop {
            match gateway.request("GET /health", "") {
                Ok(_) => return Ok(gateway),
                Err(error) if begun.elapsed() > START_MAX => return Err(error.context("etcd is not healthy")),
                Err(_) => std::thread::sleep(PAUSE),
            }
        }
    }

    /// Writes all of them in one transaction.
    ///
    /// # Errors
    /// When etcd does not take it.
    pub(super) fn put_all(&self, puts: &[Put]) -> Result<()> {
        let reply = self.request("POST /v3/kv/txn", &transaction(puts))?;
        ensure!(reply.contains(r#""succeeded":true"#), "etcd did not take {} keys: {reply}", puts.len());
        Ok(())
    }

    fn request(&self, what: &str, body: &str) -> Result<String> {
        let mut stream = TcpStream::connect(self.address).context("connecting to etcd")?;
        stream.set_read_timeout(Some(REPLY_MAX)).context("a time limit")?;
        let length = body.len();
        // Its end is the end of the connection, so that nothing of HTTP's framing need be read.
        let head = format!("{what} HTTP/1.0\r\nHost: etcd\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all((head + body).as_bytes()).context("asking etcd")?;
        let mut reply = String::new();
        stream.take(REPLY_OCTETS_MAX).read_to_string(&mut reply).context("etcd's reply")?;
        match reply.split_once("\r\n\r\n") {
            Some((head, body)) if head.split(' ').nth(1) == Some("200") => Ok(body.to_owned()),
            _ => bail!("etcd says {reply:?}"),
        }
    }
}

/// Puts as the gateway wants them: octets in base 64.
fn transaction(puts: &[Put]) -> String {
    let mut text = String::from(r#"{"success":["#);
    for (number, put) in puts.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let [key, value] = [&put.key, &put.value].map(|octets| base64(octets.as_bytes()));
        write!(text, r#"{comma}{{"requestPut":{{"key":"{key}","value":"{value}"}}}}"#)
            .expect("a String takes everything");
    }
    text + "]}"
}

/// RFC 4648 section 4.
fn base64(octets: &[u8]) -> String {
    let mut text = String::new();
    for three in octets.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(three.get(at).copied().unwrap_or_default()));
        let bits = a << 16 | b << 8 | c;
        for at in 0..4 {
            let sextet = (bits >> (18 - 6 * at) & 0x3f) as usize;
            text.push(if at <= three.len() { char::from(BASE64[sextet]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests;
