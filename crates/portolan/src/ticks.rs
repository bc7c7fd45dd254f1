//! The engine is told what time it is, where nothing else happens.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::clock;
use crate::engine::SharedEngine;

/// How often.
pub const TICK: Duration = Duration::from_secs(1);

/// The thread that tells it. Dropping it ends the thread.
#[derive(Debug)]
pub struct Ticks {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticks {
    /// Begins to tell.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(engine: SharedEngine) -> anyhow::Result<Self> {
        let (stop, stopped) = sync_channel(0);
        let began = Instant::now();
        let run = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let steady = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
                engine.lock().tick(clock::now(), steady);
            }
        };
        let thread = std::thread::Builder::new().name("ticks".into()).spawn(run);
        let thread = thread.context("cannot start the thread that tells the time")?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The engine catches what panics inside.
            let _ = thread.join();
        }
    }
}
