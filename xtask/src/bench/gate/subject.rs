//! The server of the gate under callgrind, and the ways to ask it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use tempfile::TempDir;

use super::questions::Kind;
use crate::bench::callgrind::{self, Cost, Counter};

/// Questions in one burst, and in one write of a stream.
const BURST: u32 = 32;
/// How long a reply may take, with a valgrind below and a busy machine around.
const REPLY_MAX: Duration = Duration::from_secs(20);
/// How long the server may take to stop or to end when it is told.
const END_MAX: Duration = Duration::from_secs(10);
/// Between two looks at it.
const LOOK: Duration = Duration::from_micros(200);
/// The longest reply, in octets.
const REPLY_OCTETS_MAX: usize = 4_096;

/// How questions are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By UDP, each when the one before was answered.
    OneByOne,
    /// By UDP, so many at once while the server is stopped.
    Bursts,
    /// By one TCP connection, so many in one write.
    Stream,
}

/// The server, what counts it, and what asks it.
pub(super) struct Subject {
    counter: Counter,
    client: Client,
    _server: Server,
}

impl Subject {
    /// Starts it and connects to it.
    ///
    /// # Errors
    /// When valgrind or the server does not start.
    pub(super) fn start(program: &Path) -> Result<Self> {
        let mut server = Server::start(program)?;
        let address = server.address()?;
        let counter = Counter::switch_on(server.folder.path())?;
        let client = Client::connect(address, server.pid()?)?;
        Ok(Self { counter, client, _server: server })
    }

    /// Asks so many questions.
    ///
    /// # Errors
    /// When a reply is wrong or does not come.
    pub(super) fn ask(&mut self, kind: Kind, way: Way, queries: u32) -> Result<()> {
        self.client.ask(kind, way, queries)
    }

    /// Asks so many questions, and counts what they cost.
    ///
    /// # Errors
    /// When a reply is wrong or does not come.
    pub(super) fn count(&mut self, kind: Kind, way: Way, queries: u32) -> Result<Cost> {
        let Self { counter, client, .. } = self;
        counter.count(|| client.ask(kind, way, queries)).map(|((), cost)| cost)
    }
}

/// The process. It ends with its input; stopped as it may be, it is killed with us, whatever ends us.
struct Server {
    child: Child,
    folder: TempDir,
}

impl Server {
    fn start(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir().context("a temporary folder")?;
        let counted = callgrind::wrapped(&super::command(program, &["serve", "127.0.0.1:0"]), folder.path());
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(counted.get_program()).args(counted.get_args());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command.spawn().context("cannot start valgrind by setpriv (see `cargo xtask setup`)")?;
        Ok(Self { child, folder })
    }

    /// Where it listens, as it says itself.
    fn address(&mut self) -> Result<SocketAddr> {
        let mut line = String::new();
        let out = self.child.stdout.take().context("its output is a pipe")?;
        BufReader::new(out).read_line(&mut line).context("its first line")?;
        let address = line.trim().strip_prefix("listening on ").and_then(|address| address.parse().ok());
        address.with_context(|| {
            format!(
                "{line:?} does not say where it listens; without valgrind (`cargo xtask setup`) it cannot"
            )
        })
    }

    fn pid(&self) -> Result<Pid> {
        Ok(Pid::from_raw(i32::try_from(self.child.id()).context("a process id")?))
    }
}

impl Drop for Server {
    #[expect(clippy::disallowed_methods, reason = "a child's end is polled: std has no wait with a limit")]
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let begun = Instant::now();
        while begun.elapsed() < END_MAX && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(LOOK);
        }
        // It is ours; after an end of its own this does nothing.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What asks.
struct Client {
    server: Pid,
    udp: UdpSocket,
    tcp: TcpStream,
    /// The next question's number.
    number: u32,
}

impl Client {
    fn connect(address: SocketAddr, server: Pid) -> Result<Self> {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("a socket")?;
        udp.connect(address).context("the server's address")?;
        udp.set_read_timeout(Some(REPLY_MAX)).context("a time limit")?;
        let tcp = TcpStream::connect(address).context("a connection to the server")?;
        tcp.set_read_timeout(Some(REPLY_MAX)).context("a time limit")?;
        tcp.set_nodelay(true).context("no delay")?;
        Ok(Self { server, udp, tcp, number: 0 })
    }

    fn ask(&mut self, kind: Kind, way: Way, queries: u32) -> Result<()> {
        let at_once = if way == Way::OneByOne { 1 } else { BURST };
        let end = self.number + queries;
        while self.number < end {
            let numbers = self.number..(self.number + at_once).min(end);
            self.number = numbers.end;
            match way {
                Way::OneByOne => {
                    self.send(kind, numbers.clone())?;
                    self.receive(kind, numbers)?;
                }
                Way::Bursts => self.burst(kind, numbers)?,
                Way::Stream => self.stream(kind, numbers)?,
            }
        }
        Ok(())
    }

    /// Sends all while the server is stopped, so that all of them are there when it goes on.
    fn burst(&self, kind: Kind, numbers: Range<u32>) -> Result<()> {
        kill(self.server, Signal::SIGSTOP).context("stopping the server")?;
        self.wait_until_stopped()?;
        self.send(kind, numbers.clone())?;
        kill(self.server, Signal::SIGCONT).context("letting the server go on")?;
        self.receive(kind, numbers)
    }

    fn send(&self, kind: Kind, numbers: Range<u32>) -> Result<()> {
        for number in numbers {
            self.udp.send(&kind.question(number)).context("sending by UDP")?;
        }
        Ok(())
    }

    /// One worker answers in the order of the questions.
    fn receive(&self, kind: Kind, numbers: Range<u32>) -> Result<()> {
        let mut reply = [0; REPLY_OCTETS_MAX];
        for number in numbers {
            let octets = self.udp.recv(&mut reply).with_context(|| format!("the reply to query {number}"))?;
            kind.check(number, &reply[..octets])?;
        }
        Ok(())
    }

    /// A stop reaches threads one after the other.
    #[expect(clippy::disallowed_methods, reason = "another process' state can only be polled")]
    fn wait_until_stopped(&self) -> Result<()> {
        let begun = Instant::now();
        while !is_stopped(self.server)? {
            ensure!(begun.elapsed() < END_MAX, "the server does not stop");
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Sends all by one write, and reads all replies.
    fn stream(&mut self, kind: Kind, numbers: Range<u32>) -> Result<()> {
        let mut octets = Vec::new();
        for number in numbers.clone() {
            let question = kind.question(number);
            octets.extend(u16::try_from(question.len()).context("a question")?.to_be_bytes());
            octets.extend(question);
        }
        self.tcp.write_all(&octets).context("writing by TCP")?;
        for number in numbers {
            let mut length = [0; 2];
            self.tcp.read_exact(&mut length).with_context(|| format!("the reply to query {number}"))?;
            let mut reply = vec![0; usize::from(u16::from_be_bytes(length))];
            self.tcp.read_exact(&mut reply).with_context(|| format!("the reply to query {number}"))?;
            kind.check(number, &reply)?;
        }
        Ok(())
    }
}

/// True when every thread of a process is stopped.
fn is_stopped(process: Pid) -> Result<bool> {
    let threads = format!("/proc/{process}/task");
    for thread in std::fs::read_dir(&threads).with_context(|| threads.clone())? {
        let path = thread.context("a thread")?.path().join("stat");
        let Ok(stat) = std::fs::read_to_string(&path) else { continue };
        // The state stands behind the name, which stands in brackets and may hold any character.
        if !stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')) {
            return Ok(false);
        }
    }
    Ok(true)
}
