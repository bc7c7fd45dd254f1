//! The engine is told what time it is, where nothing else happens.

use std::time::{Duration, Instant};

use crate::clock;
use crate::engine::SharedEngine;
use crate::threads::Regular;

/// How often.
pub const TICK: Duration = Duration::from_secs(1);

/// The thread that tells it. Dropping it ends the thread.
#[derive(Debug)]
pub struct Ticks {
    _thread: Regular,
}

impl Ticks {
    /// Begins to tell.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(engine: SharedEngine) -> anyhow::Result<Self> {
        let began = Instant::now();
        let tell = move || {
            let steady = i64::try_from(began.elapsed().as_secs()).unwrap_or(i64::MAX);
            engine.lock().tick(clock::now(), steady);
        };
        Ok(Self { _thread: Regular::start("ticks", TICK, tell)? })
    }
}
