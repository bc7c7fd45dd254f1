//! Asking a running server.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::{Reply, Request, place};

/// How long a reply may take.
const REPLY: Duration = Duration::from_secs(30);
/// Longest reply: the status of a large fleet.
const REPLY_BYTES_MAX: u64 = 512 << 20;

/// Asks a running server; without a path the one that this user runs.
///
/// # Errors
/// When there is none or there are several, and what the server itself says.
pub fn ask(path: Option<&Path>, request: &Request) -> anyhow::Result<Value> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => the_one(place::live()?)?,
    };
    let about = || format!("control socket {path:?}");
    let stream = UnixStream::connect(&path)
        .with_context(|| format!("{}: no server answers there; is `portolan run` running?", about()))?;
    match talk(&stream, request).with_context(about)? {
        Reply::Ok(value) => Ok(value),
        Reply::Error(message) => bail!(message),
    }
}

pub(super) fn the_one(live: Vec<PathBuf>) -> anyhow::Result<PathBuf> {
    match <[PathBuf; 1]>::try_from(live) {
        Ok([path]) => Ok(path),
        Err(none) if none.is_empty() => {
            let folder = place::folder()?;
            bail!(
                "no server of this user is running (no live socket in {folder:?}); start one with `portolan run` \
                 (--kubeconfig FILE or --fleet DIR), or name its socket with --control PATH; of a folder, `status` and \
                 `explain` tell without a server (--fleet DIR)"
            )
        }
        Err(several) => {
            let list: Vec<String> =
                several.iter().map(|path| format!("\n  --control {}", path.display())).collect();
            bail!("several servers of this user are running; name one:{}", list.concat())
        }
    }
}

fn talk(mut stream: &UnixStream, request: &Request) -> anyhow::Result<Reply> {
    stream.set_read_timeout(Some(REPLY))?;
    stream.set_write_timeout(Some(REPLY))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).context("cannot send the request")?;
    let mut reply = String::new();
    BufReader::new(stream.take(REPLY_BYTES_MAX)).read_line(&mut reply).context("no reply came")?;
    serde_json::from_str(&reply).context("the reply is none of this program's; are both of the same version?")
}
