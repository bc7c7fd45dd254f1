//! Commands of the binary, and questions over HTTP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use portolan_testbed::program::{self, Ended, ended};

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_portolan");
/// How long a reply may take.
const REPLY_PATIENCE: Duration = Duration::from_secs(2);

/// Runs a command of the binary to its end.
pub(crate) fn run(args: &[&str]) -> Ended {
    ended(Command::new(BINARY).args(args))
}

/// What a command prints that succeeds.
pub(crate) fn printed(args: &[&str]) -> String {
    program::printed(BINARY, args)
}

/// An authority in a folder, with these certificates: a name, and what else is said of it.
pub(crate) fn authority(dir: &Path, certificates: &[(&str, &[&str])]) {
    let dir = dir.display().to_string();
    printed(&["pki", "init", "--dir", &dir]);
    for (name, said) in certificates {
        printed(&[&["pki", "issue", "--dir", &dir, "--name", name], *said].concat());
    }
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
