//! Logs: text on a terminal, JSON otherwise.
//!
//! Much of what is logged was written by strangers: names of objects, values of fields, labels. A line
//! break in one of them must not look like a second log line, nor an escape sequence drive somebody's
//! terminal, so every control character is escaped on the way out ([`plain`], and [`Escaping`] for logs).

use std::backtrace::{Backtrace, BacktraceStatus};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, StderrLock, Write};
use std::os::fd::AsFd as _;
use std::panic::PanicHookInfo;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tracing_subscriber::EnvFilter;

/// In what form logs are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text when standard error is a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One line of text an event.
    Text,
    /// One JSON object an event.
    Json,
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

/// Starts logging to standard error; standard output is for what a command was asked for.
///
/// # Errors
/// When `level` is no level and no list of directives, or logging was started before.
pub fn start(level: &str, format: LogFormat) -> Result<()> {
    let filter = filter(level).with_context(|| format!("log: {level:?}"))?;
    let terminal = io::stderr().is_terminal();
    let text = match format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false);
    let started = if text {
        let colours = terminal && std::env::var_os("NO_COLOR").is_none();
        builder.with_ansi(colours).with_target(false).with_writer(|| Escaping::new(Heard)).try_init()
    } else {
        builder.json().flatten_event(true).with_writer(|| Escaping::new(Heard)).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot be started: {error}"))?;
    std::panic::set_hook(Box::new(tell_panic));
    Ok(())
}

/// As everything else is told: on a line of its own, and without waiting for whoever does not read it.
fn tell_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let backtrace = Backtrace::capture();
    match backtrace.status() {
        BacktraceStatus::Captured => tracing::error!(thread = thread.name(), %backtrace, "{panic}"),
        _ => tracing::error!(thread = thread.name(), "{panic}"),
    }
}

/// What a level or list of directives lets through. A library that calls each failure of a request an error is
/// heard only where somebody names it: what failed, and what follows, we say ourselves.
///
/// # Errors
/// When it is neither.
pub fn filter(level: &str) -> Result<EnvFilter> {
    let filter = EnvFilter::builder().parse(level).map_err(|error| anyhow::anyhow!("{error}"))?;
    let is_named = |target: &str| target.split("::").next().is_some_and(|library| level.contains(library));
    let said_by_us = SAID_BY_US.into_iter().filter(|target| !is_named(target));
    let directives = said_by_us.filter_map(|target| format!("{target}=off").parse().ok());
    Ok(directives.fold(filter, EnvFilter::add_directive))
}

/// Who logs what we say as well, in fewer words: a request that failed, of whatever cluster.
const SAID_BY_US: [&str; 1] = ["kube_client::client::builder"];

/// The text with its control characters escaped, so that it stays on its line and moves no cursor.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        push(&mut escaped, character);
    }
    Cow::Owned(escaped)
}

fn push(to: &mut String, character: char) {
    match character {
        '\n' => to.push_str("\\n"),
        '\r' => to.push_str("\\r"),
        '\t' => to.push_str("\\t"),
        c if c.is_control() => {
            // Writing to a string cannot fail.
            let _ = write!(to, "\\u{{{:x}}}", u32::from(c));
        }
        c => to.push(c),
    }
}

/// How long a line waits for somebody to read those before it, in milliseconds.
const PATIENCE_MILLISECONDS: u16 = 1_000;
/// What a pipe has room for where it has any, in octets (`PIPE_BUF`).
const PIPE_OCTETS: usize = 4_096;
/// The last line waited in vain.
static IS_UNREAD: AtomicBool = AtomicBool::new(false);

/// Standard error, for as long as somebody reads it.
///
/// A pipe that nobody reads is full after a while, and a write to it never ends; with it would go whoever logs. So a line
/// waits for room, and is lost where none comes; after that none waits until there is room again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard;

impl Heard {
    /// Whether there is room, or comes within so many milliseconds.
    fn has_room(stderr: &StderrLock<'_>, patience: u16) -> bool {
        let mut room = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
        // What cannot be asked is written to, as ever.
        poll(&mut room, PollTimeout::from(patience)) != Ok(0)
    }
}

impl Write for Heard {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        // Until it is written: the room is for one line, and another thread would wait for ever.
        let mut stderr = io::stderr().lock();
        let patience = if IS_UNREAD.load(Ordering::Relaxed) { 0 } else { PATIENCE_MILLISECONDS };
        let has_room = Self::has_room(&stderr, patience);
        IS_UNREAD.store(!has_room, Ordering::Relaxed);
        if !has_room {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        stderr.write(octets.get(..PIPE_OCTETS).unwrap_or(octets))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A writer of whole events that escapes the control characters in each, but for its last line break and
/// the colours: an escape character of a user is escaped by tracing before it gets here.
///
/// It never fails: where nobody reads the log any more, or the disk under it is full, the event is lost and nothing
/// else is. (Told of a failure, tracing would say so on standard error, which panics when that fails as well.)
struct Escaping<W> {
    inner: W,
}

impl<W> Escaping<W> {
    fn new(inner: W) -> Self {
        Self { inner }
    }
}

impl<W: Write> Write for Escaping<W> {
    /// Takes one event: the subscriber hands each over in one piece.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (text, end) = match event.strip_suffix(b"\n") {
            Some(text) => (text, "\n"),
            None => (event, ""),
        };
        let mut line = String::with_capacity(event.len() + 8);
        for character in String::from_utf8_lossy(text).chars() {
            match character {
                '\x1b' => line.push(character),
                other => push(&mut line, other),
            }
        }
        line.push_str(end);
        let _ = self.inner.write_all(line.as_bytes());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.inner.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("plain", "plain"),
            ("ö ünicode", "ö ünicode"),
            ("a\nINFO forged", "a\\nINFO forged"),
            ("a\r\tb", "a\\r\\tb"),
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("\0", "\\u{0}"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn an_event_stays_on_its_line() {
        let mut out = Escaping::new(Vec::new());
        out.write_all(b"first\nINFO forged\x07\n").unwrap();
        assert_eq!(String::from_utf8(out.inner).unwrap(), "first\\nINFO forged\\u{7}\n");
    }

    /// A disk that is full.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_log_that_cannot_be_written_is_no_failure() {
        let mut out = Escaping::new(Full);
        out.write_all(b"lost\n").unwrap();
        out.flush().unwrap();
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// `failed with error client error (Connect)` names no cluster, and stands beside our own words of it.
    #[test]
    fn what_a_library_says_of_each_request_is_heard_where_it_is_asked_for() {
        for (level, is_heard) in [
            ("info", false),
            ("debug", false),
            ("portolan=debug,info", false),
            ("info,kube_client=error", true),
            ("kube_client::client::builder=warn,info", true),
        ] {
            let lines = Lines::default();
            let to = lines.clone();
            let logs = tracing_subscriber::fmt().with_env_filter(filter(level).unwrap());
            let logs = logs.with_writer(move || to.clone()).finish();
            tracing::subscriber::with_default(logs, || {
                tracing::error!(target: "kube_client::client::builder", "failed with error client error (Connect)");
                tracing::error!("is not reached");
            });
            let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert!(said.contains("is not reached"), "{level}: {said}");
            assert_eq!(said.contains("(Connect)"), is_heard, "{level}: {said}");
        }
    }

    #[test]
    fn levels_are_checked() {
        for level in ["info", "debug", "off", "portolan_serve=trace,info"] {
            assert!(filter(level).is_ok(), "{level}");
        }
        for level in ["portolan=loud", "=", "a=b=c"] {
            assert!(filter(level).is_err(), "{level}");
        }
    }
}
