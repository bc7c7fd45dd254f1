//! Threads and tasks: work that several share, with its results in order, work that one does again and again, and work
//! that goes on whatever becomes of it once.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::FutureExt as _;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// How long after a task failed inside it begins anew.
const ANEW: Duration = Duration::from_secs(1);

/// A thread that does some work again and again, whatever becomes of it once. Dropping it ends the thread, after the
/// work at hand.
#[derive(Debug)]
pub(crate) struct Regular {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Regular {
    /// Does it once in each period, the first time after one. A panic inside costs that time alone.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn start(
        name: &'static str,
        period: Duration,
        mut work: impl FnMut() + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (stop, stopped) = channel();
        let run = move || {
            while stopped.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                if catch_unwind(AssertUnwindSafe(&mut work)).is_err() {
                    tracing::error!(
                        thread = name,
                        "failed inside, which is a fault of this program; it goes on"
                    );
                }
            }
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(run);
        let thread = thread.with_context(|| format!("cannot start the thread {name:?}"))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

/// Does work that blocks, in a task. Where a runtime has one thread alone, as those of tests have whose time is paused, there
/// is nobody else to run meanwhile.
pub(crate) fn in_place<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::CurrentThread => work(),
        _ => block_in_place(work),
    }
}

impl Drop for Regular {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // Panics were caught and logged inside.
            let _ = thread.join();
        }
    }
}

/// Has work that knows no end done for as long as it is waited for: when it fails inside it begins anew, after a moment.
/// It is `begin` that makes it, each time.
pub(crate) async fn supervised<W: Future<Output = ()>>(name: &'static str, mut begin: impl FnMut() -> W) {
    while AssertUnwindSafe(async { begin().await }).catch_unwind().await.is_err() {
        tracing::error!(task = name, "failed inside, which is a fault of this program; it begins anew");
        tokio::time::sleep(ANEW).await;
    }
}

/// As many threads as the process may use cores; no more than so many.
pub(crate) fn cores(most: usize) -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).min(most)
}

/// Works on each item, on so many threads: each takes the next one when it is free. The results are in the
/// order of the items. A panic in one is the caller's, as if it had done all of it itself.
pub(crate) fn share<T: Send, R: Send>(
    items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator + Send>,
    threads: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let items = items.into_iter();
    let threads = threads.min(items.len());
    let items = Mutex::new(items.enumerate());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take = || {
        let mut done = Vec::new();
        while let Some((at, item)) = next() {
            done.push((at, work(item)));
        }
        done
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut all = take();
        for other in others {
            match other.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    all.sort_unstable_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_fails_inside_begins_anew_and_one_that_ends_has_ended() {
        let mut times = 0;
        supervised("test", || {
            times += 1;
            let nth = times;
            async move { assert_eq!(nth, 3, "the first two fail") }
        })
        .await;
        assert_eq!(times, 3);
    }

    #[test]
    fn regular_work_goes_on_after_a_panic_and_ends_when_it_is_dropped() {
        let (tell, told) = channel();
        let mut times = 0;
        let regular = Regular::start("test", Duration::from_millis(1), move || {
            times += 1;
            assert_ne!(times, 2, "the second time fails");
            // Nobody hears it any more when the test is at its end.
            let _ = tell.send(times);
        })
        .unwrap();
        let heard = |_| told.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!([(); 3].map(heard), [1, 3, 4]);
        drop(regular);
        // The sender went with the thread.
        while told.recv_timeout(Duration::from_secs(60)).is_ok() {}
        assert_eq!(told.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected));
    }
}
