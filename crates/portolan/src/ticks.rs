//! The engine is told what time it is, where nothing else happens; and memory that was freed goes back.

use std::time::{Duration, Instant};

use crate::clock;
use crate::engine::SharedEngine;
use crate::threads::Regular;

/// How often.
pub const TICK: Duration = Duration::from_secs(1);

/// What makes mimalloc look at its arenas: more than it keeps for each thread. It is not touched.
const NUDGE_OCTETS: usize = 1 << 20;

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
            give_memory_back();
        };
        Ok(Self { _thread: Regular::start("ticks", TICK, tell)? })
    }
}

/// What reading a zone file took and freed is some three times what is kept of it, and of a fleet folder a tenth. mimalloc
/// gives such memory back to the system a moment later, but looks only when somebody asks it for more; where nobody does,
/// it is asked here.
fn give_memory_back() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(NUDGE_OCTETS)));
}
