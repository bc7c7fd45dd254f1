//! Answering on the control socket.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use portolan_core::{Name, RecordType};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::{Reply, Request, place};
use crate::clock;
use crate::clusters::{Gate, Holds};
use crate::engine::SharedEngine;
use crate::explain::explain;
use crate::problem::chain;
use crate::status::{Ages, Status};

/// Longest request, in bytes.
pub const REQUEST_BYTES_MAX: u64 = 16 << 10;
/// Most connections at once; others wait.
pub const CONNECTIONS_MAX: usize = 16;
/// How long a request may take to come, and a reply to go.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait where no connection can be taken, for want of file descriptors.
const BACK_OFF: Duration = Duration::from_millis(200);

/// What is asked there.
#[derive(Clone, Debug)]
pub struct Known {
    /// What a server knows; none of a process that answers no DNS, which knows of holds alone.
    pub engine: Option<SharedEngine>,
    /// What is held.
    pub holds: Arc<Holds>,
    /// Who leads.
    pub gate: Gate,
}

impl Known {
    /// Of a server that follows no clusters.
    #[must_use]
    pub fn alone(engine: &SharedEngine) -> Self {
        Self { engine: Some(engine.clone()), holds: Arc::default(), gate: Gate::always_open() }
    }
}

/// A control socket that is answered. Dropping it takes the file away.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Control {
    /// Opens a socket and answers on it. To be called within a runtime.
    ///
    /// # Errors
    /// When the path cannot be had, or another server answers there.
    pub fn open(path: &Path, known: Known) -> anyhow::Result<Self> {
        place::prepare(path)?;
        let listener = match UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                if place::is_live(path) {
                    bail!("control socket {path:?} is in use: another server answers there");
                }
                // Left behind by a server that was killed.
                fs::remove_file(path)
                    .with_context(|| format!("cannot remove the stale control socket {path:?}"))?;
                UnixListener::bind(path)
            }
            bound => bound,
        };
        let listener = listener.with_context(|| format!("cannot open the control socket {path:?}"))?;
        let task = tokio::spawn(serve(listener, known));
        Ok(Self { path: path.into(), task })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(socket = %self.path.display(), "cannot be removed: {error}");
        }
    }
}

async fn serve(listener: UnixListener, known: Known) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let permit = room.clone().acquire_owned().await.ok();
        match listener.accept().await {
            Ok((stream, _)) => {
                let known = known.clone();
                tokio::spawn(async move {
                    let _room = permit;
                    // A client that went away is no concern of the server's.
                    let _ = converse(stream, known).await;
                });
            }
            Err(error) => {
                tracing::warn!("control socket: {error}");
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

async fn converse(stream: UnixStream, known: Known) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(read.take(REQUEST_BYTES_MAX));
    match timeout(PATIENCE, reader.read_line(&mut line)).await {
        Ok(Ok(0)) => return Ok(()),
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return Err(error),
        Err(_) => return Err(io::ErrorKind::TimedOut.into()),
    }
    let reply = spawn_blocking(move || answer(&line, &known));
    let reply = reply
        .await
        .unwrap_or_else(|_| Reply::Error("the request failed inside; see the server's log".into()));
    let mut octets = serde_json::to_vec(&reply)?;
    octets.push(b'\n');
    match timeout(PATIENCE, write.write_all(&octets)).await {
        Ok(written) => written,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

fn answer(line: &str, known: &Known) -> Reply {
    let answered = match serde_json::from_str(line) {
        Ok(request) => carry_out(request, known),
        Err(error) if !line.ends_with('\n') => Err(anyhow::anyhow!(
            "a request has at most {REQUEST_BYTES_MAX} bytes and ends with a line feed: {error}"
        )),
        Err(error) => Err(anyhow::anyhow!("not a request: {error}")),
    };
    match answered {
        Ok(value) => Reply::Ok(value),
        Err(error) => Reply::Error(chain(&error)),
    }
}

fn carry_out(request: Request, Known { engine, holds, gate }: &Known) -> anyhow::Result<Value> {
    let server = || engine.as_ref().map(SharedEngine::lock).context(NO_SERVER);
    match request {
        Request::Explain { name, rtype, from } => {
            let name: Name = name.parse().with_context(|| format!("name {name:?}"))?;
            let Ok(rtype) = rtype.parse::<RecordType>() else {
                bail!("type {rtype:?} is no record type (A, AAAA, CNAME, TXT, … or TYPE123)");
            };
            let engine = server()?;
            let explanation = explain(&engine.snapshot(), engine.fleet(), &name, rtype, from);
            let explanation = explanation.with_reasons(&|name, cluster| engine.without_rule(name, cluster));
            Ok(serde_json::to_value(explanation.knowing(|| (engine.intents_of(&name), engine.problems())))?)
        }
        Request::Status => {
            let engine = server()?;
            let ages = Ages { leader: gate.leader(), ..Ages::of(&engine, clock::now()) };
            let status = Status::of(&engine.snapshot(), engine.fleet(), &engine.problems(), &ages);
            let status = status.with_reasons(&|name, cluster| engine.without_rule(name, cluster));
            Ok(serde_json::to_value(status)?)
        }
        Request::Holds => Ok(serde_json::to_value(holds.all())?),
        Request::Release { id } => {
            if !holds.release(&id) {
                bail!("nothing is held by the id {id:?}; `portolan holds` lists what is");
            }
            Ok(Value::Null)
        }
        Request::Forget { cluster } => {
            server()?.forget(&cluster, clock::now())?;
            Ok(Value::Null)
        }
    }
}

/// What a process says that is asked what only a server knows.
const NO_SERVER: &str =
    "this is `portolan sync`, which answers no DNS; `portolan holds` is all that it can be asked";
