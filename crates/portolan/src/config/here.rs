//! Faults that only this machine can tell: an address that it does not have, a folder where a file is
//! wanted. `portolan check` looks for them; `portolan run` meets them by itself.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;

use portolan_core::{Problem, Reason};

use crate::config::RunConfig;
use crate::config::keys::STREAM_TLS;
use crate::config::said::Said;
use crate::config::value::{Value, fault};

/// What of a configuration cannot be had on this machine. Nothing is changed: a socket is bound to a free
/// port of each address and closed at once.
#[must_use]
pub fn faults(said: &Said, config: &RunConfig) -> Vec<Problem> {
    let place = |name: &str| said.values.get(name).map_or(String::new(), |v: &Value| v.source.to_string());
    let mut problems = Vec::new();
    let listen = if config.listen_is_default { &[][..] } else { &config.listen[..] };
    for (nth, address) in listen.iter().enumerate() {
        if let Some(why) = not_here(*address) {
            problems.push(fault(&format!("listen[{nth}]"), Reason::Invalid, why, &place("listen")));
        }
    }
    if let Some(why) = config.http.and_then(not_here) {
        problems.push(fault("http", Reason::Invalid, why, &place("http")));
    }
    let state = config.state.as_deref().and_then(no_state);
    let control = config.control.as_deref().and_then(no_file);
    for (name, why) in [("state", state), ("control", control)] {
        problems.extend(why.map(|why| fault(name, Reason::Invalid, why, &place(name))));
    }
    let stream = no_stream(config).into_iter();
    problems.extend(stream.map(|(name, why)| fault(name, Reason::Unreadable, why, &place(name))));
    problems
}

/// The files of the stream's TLS that cannot be read, each by its key, with why. They are read for each connection, so who
/// follows would hear of it no sooner than it is asked why it does not answer.
#[must_use]
pub fn no_stream(config: &RunConfig) -> Vec<(&'static str, String)> {
    let follow = config.follow.as_ref().map(|follow| [&follow.ca, &follow.cert, &follow.key]);
    let served = config.stream.as_ref().map(|stream| &stream.tls);
    let served = served.map(|tls| [&tls.authority, &tls.certificate, &tls.key]);
    let files = STREAM_TLS.into_iter().zip(follow.or(served).into_iter().flatten());
    files.filter_map(|(name, file)| Some((name, unread(file)?))).collect()
}

/// Why a file cannot be read time and again.
fn unread(path: &Path) -> Option<String> {
    let is_file = |metadata: std::fs::Metadata| match metadata.is_file() {
        true => File::open(path).map(drop),
        false => Err(io::Error::other("it is no file")),
    };
    let error = path.metadata().and_then(is_file).err()?;
    Some(format!("{} cannot be read: {error}", path.display()))
}

fn not_here(address: SocketAddr) -> Option<String> {
    let error = UdpSocket::bind((address.ip(), 0)).err()?;
    Some(format!("{} is not an address of this machine: {error}", address.ip()))
}

/// Why the last good state cannot be kept at a path: something else than a file is there, or no folder. A state that is
/// kept where nobody looks for it is lost with the next start: a typo must not pass, and folders are not made for it.
#[must_use]
pub fn no_state(path: &Path) -> Option<String> {
    let is_other = path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if is_other {
        return Some(format!("{} is a pipe, a socket or a device; a file is wanted", path.display()));
    }
    no_file(path)
}

fn no_file(path: &Path) -> Option<String> {
    if path.is_dir() {
        return Some(format!("{} is a directory; a file is wanted", path.display()));
    }
    no_folder(path)
}

/// Why nothing can be made at a path: its folder is not there.
fn no_folder(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty())?;
    let why = match folder.metadata() {
        Ok(metadata) if metadata.is_dir() => return None,
        Ok(_) => "is not a folder".to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is not there".to_owned(),
        Err(error) => format!("cannot be looked at: {error}"),
    };
    Some(format!("{}: the folder {} {why}", path.display(), folder.display()))
}
